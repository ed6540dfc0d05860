//! Ollama's native API.
//!
//! Answers are asked for as a stream: bytes keep flowing while a slow machine thinks, so that no proxy on the way takes
//! the silence for a dead server, and Ollama stops generating as soon as the caller is gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::agent::ports::{ChatModel, ChatReply, ChatRequest, Message, ModelError, ModelName, Provider, Role, Usage};

use super::MAX_ANSWER_TOKENS;
use super::endpoint::Endpoint;
use super::providers::chosen;
use super::record::recorded;
use super::retry::Fault;
use super::transport::{Answer, Call, Transport};

/// Smallest context asked for, in tokens. Ollama's own default is smaller than one page, and what does not fit is cut
/// off without a word.
const MIN_CONTEXT_TOKENS: usize = 32_768;
/// What a picture takes of the context, in tokens, and how many bytes of text take one; both on the safe side.
const TOKENS_PER_IMAGE: usize = 2048;
const BYTES_PER_TOKEN: usize = 3;

/// Models whose abilities are remembered. Names come from callers, so there must be an end to them.
const MAX_MODELS: usize = 256;

pub(super) struct Ollama {
    transport: Arc<Transport>,
    endpoint: Endpoint,
    default_model: String,
    /// Whether a model takes pictures, asked once for each.
    sighted: Mutex<HashMap<String, bool>>,
}

impl Ollama {
    pub(super) fn new(transport: Arc<Transport>, endpoint: Endpoint, default_model: String) -> Self {
        Self { transport, endpoint, default_model, sighted: Mutex::default() }
    }
}

pub(super) struct OllamaModel {
    ollama: Arc<Ollama>,
    name: ModelName,
}

impl OllamaModel {
    pub(super) fn new(ollama: Arc<Ollama>, model: Option<&str>) -> Self {
        let name = chosen(Provider::Ollama, model, &ollama.default_model);
        Self { ollama, name }
    }

    async fn chat(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        let with_image = request.messages.iter().any(|message| message.image.is_some());
        let images = with_image && self.takes_pictures(&request).await?;
        let body = body(&self.name.model, &request, images);
        let read = |answer| read_chat(answer, &self.name, &self.ollama.endpoint);
        self.call("chat", &body, &request, read).await
    }

    /// Asks the server, since sending a picture to a model without eyes fails in a different way with every version.
    async fn takes_pictures(&self, request: &ChatRequest<'_>) -> Result<bool, ModelError> {
        let ModelName { provider, model } = &self.name;
        let known = self.ollama.sighted.lock().unwrap_or_else(PoisonError::into_inner).get(model).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let read = |answer| read_capabilities(answer, &self.name);
        let sighted = self.call("show", &json!({"model": model}), request, read).await?;
        let mut models = self.ollama.sighted.lock().unwrap_or_else(PoisonError::into_inner);
        if models.len() >= MAX_MODELS {
            models.clear();
        }
        models.insert(model.clone(), sighted);
        drop(models);
        if !sighted {
            request.notices.notice(format!("{provider}'s model {model} takes no pictures, going on without them"));
        }
        Ok(sighted)
    }

    async fn call<T>(
        &self,
        method: &str,
        body: &Value,
        request: &ChatRequest<'_>,
        read: impl Fn(Answer) -> Result<T, Fault>,
    ) -> Result<T, ModelError> {
        let Ollama { transport, endpoint, .. } = &*self.ollama;
        let url = endpoint.method(&["api", method]);
        transport.call(Call { name: &self.name, endpoint, url, body, notices: request.notices }, read).await
    }
}

#[async_trait]
impl ChatModel for OllamaModel {
    fn name(&self) -> ModelName {
        self.name.clone()
    }

    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        recorded(&self.name, self.chat(request)).await
    }
}

fn body(model: &str, request: &ChatRequest<'_>, images: bool) -> Value {
    let mut messages = vec![json!({"role": "system", "content": request.system})];
    messages.extend(request.messages.iter().map(|message| self::message(message, images)));
    json!({
        "model": model,
        "messages": messages,
        "format": request.schema,
        "stream": true,
        "options": {
            "temperature": request.temperature,
            "num_predict": MAX_ANSWER_TOKENS,
            "num_ctx": context_tokens(request),
        },
    })
}

fn message(message: &Message, images: bool) -> Value {
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    match &message.image {
        Some(image) if images => json!({"role": role, "content": message.text, "images": [image.base64]}),
        _ => json!({"role": role, "content": message.text}),
    }
}

/// A context that the request and its answer fit in. A power of two, since the server loads the model anew whenever the
/// figure changes; one that the model cannot have is lowered by the server.
fn context_tokens(request: &ChatRequest<'_>) -> usize {
    let bytes = request.system.len() + request.messages.iter().map(|message| message.text.len()).sum::<usize>();
    let images = request.messages.iter().filter(|message| message.image.is_some()).count();
    let tokens = bytes / BYTES_PER_TOKEN + images * TOKENS_PER_IMAGE + MAX_ANSWER_TOKENS as usize;
    tokens.next_power_of_two().max(MIN_CONTEXT_TOKENS)
}

/// One line of the stream.
#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    message: Said,
    #[serde(default)]
    done: bool,
    done_reason: Option<String>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
    /// The model failed while it was answering; the status had gone out before.
    error: Option<String>,
}

#[derive(Deserialize, Default)]
struct Said {
    #[serde(default)]
    content: String,
}

#[derive(Deserialize)]
struct Failure {
    error: String,
}

pub(super) fn read_chat(answer: Answer, name: &ModelName, endpoint: &Endpoint) -> Result<ChatReply, Fault> {
    check_status(&answer, name, endpoint)?;
    let provider = || name.provider.clone();
    let mut text = String::new();
    for chunk in serde_json::Deserializer::from_slice(&answer.body).into_iter::<Chunk>() {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            // The stream breaks off within a line.
            Err(error) if error.is_eof() => break,
            Err(_) => return Err(Fault::Final(ModelError::Malformed { provider: provider() })),
        };
        if chunk.error.is_some() {
            return Err(Fault::passing(ModelError::Unavailable { provider: provider(), status: 500 }));
        }
        text.push_str(&chunk.message.content);
        if !chunk.done {
            continue;
        }
        if chunk.done_reason.as_deref() == Some("length") {
            return Err(Fault::Final(ModelError::CutOff { provider: provider() }));
        }
        if text.trim().is_empty() {
            return Err(Fault::Final(ModelError::Empty { provider: provider() }));
        }
        let usage = Usage {
            calls: 1,
            prompt_tokens: chunk.prompt_eval_count.unwrap_or_default(),
            cached_tokens: 0,
            completion_tokens: chunk.eval_count.unwrap_or_default(),
        };
        return Ok(ChatReply { text, usage });
    }
    // The connection was closed in order, but before the stream's last line: the server was stopped.
    Err(Fault::passing(ModelError::Malformed { provider: provider() }))
}

/// Servers before 0.6.4 do not tell, and a server behind a gateway may not be asked: they get the picture.
fn read_capabilities(answer: Answer, name: &ModelName) -> Result<bool, Fault> {
    #[derive(Deserialize)]
    struct Shown {
        capabilities: Vec<String>,
    }
    if !(200..300).contains(&answer.status) {
        return match Fault::of_status(answer.status, answer.retry_after, name, String::new) {
            Fault::Final(_) => Ok(true),
            passing => Err(passing),
        };
    }
    let shown = serde_json::from_slice::<Shown>(&answer.body);
    Ok(shown.map_or(true, |shown| shown.capabilities.iter().any(|capability| capability == "vision")))
}

fn check_status(answer: &Answer, name: &ModelName, endpoint: &Endpoint) -> Result<(), Fault> {
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    Err(Fault::of_status(answer.status, answer.retry_after, name, || {
        match serde_json::from_slice::<Failure>(&answer.body) {
            Ok(failure) => endpoint.quote(&failure.error),
            Err(_) => format!("status {}", answer.status),
        }
    }))
}
