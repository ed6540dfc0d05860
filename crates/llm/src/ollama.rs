//! Ollama's native API.
//!
//! Answers are asked for as a stream: bytes keep flowing while a slow machine thinks, so that no proxy on the way takes
//! the silence for a dead server, and Ollama stops generating as soon as the caller is gone.

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use agent::ports::{ChatReply, ChatRequest, Message, ModelError, ModelName, Provider, Role, Usage};

use super::MAX_ANSWER_TOKENS;
use super::dialect::{AnswerForm, Cause, Dialect, Ladder, Limit, OPTIONAL, Presence, Streaming};
use super::endpoint::{Endpoint, KeyHeader};
use super::protocol::{Inquiry, Outcome, Protocol, Rejection, says_too_long, system_with_schema};
use super::retry::Fault;
use super::transport::Answer;

/// Smallest context asked for, in tokens. Ollama's own default is smaller than one page.
const MIN_CONTEXT_TOKENS: usize = 32_768;
/// What a picture takes of the context, in tokens, and how many bytes of text take one; both on the safe side.
const TOKENS_PER_IMAGE: usize = 2048;
const BYTES_PER_TOKEN: usize = 3;

pub(super) static PROTOCOL: Protocol = Protocol {
    provider: Provider::Ollama,
    key: KeyHeader::BEARER,
    headers: &[],
    ladder: Ladder {
        form: &[AnswerForm::StrictSchema, AnswerForm::JsonMode, AnswerForm::Plain],
        temperature: &[Presence::Sent],
        limit: &[Limit::Full],
        stream: &[Streaming::Bare],
        images: OPTIONAL,
    },
    request,
    read,
    // Sending a picture to a model without eyes fails in a different way with every version.
    eyes: Some(Inquiry { request: ask_capabilities, read: read_capabilities }),
};

fn request(endpoint: &Endpoint, model: &str, request: &ChatRequest<'_>, dialect: Dialect) -> (Url, Value) {
    let system = match dialect.form {
        AnswerForm::StrictSchema => request.system.to_owned(),
        _ => system_with_schema(request),
    };
    let mut messages = vec![json!({"role": "system", "content": system})];
    messages.extend(request.messages.iter().map(|message| self::message(message, dialect.images)));
    let mut body = json!({
        "model": model,
        "messages": messages,
        "stream": true,
        // What does not fit is an error and not cut off without a word, where the server knows the field.
        "truncate": false,
        "options": {
            "temperature": request.temperature,
            "num_predict": MAX_ANSWER_TOKENS,
            "num_ctx": context_tokens(request),
        },
    });
    match dialect.form {
        AnswerForm::StrictSchema => body["format"] = request.schema.clone(),
        AnswerForm::JsonMode => body["format"] = json!("json"),
        _ => {}
    }
    (endpoint.method(&["api", "chat"]), body)
}

fn message(message: &Message, images: Presence) -> Value {
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    match &message.image {
        Some(image) if images == Presence::Sent => {
            json!({"role": role, "content": message.text, "images": [image.base64]})
        }
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

fn read(answer: &Answer, name: &ModelName, endpoint: &Endpoint) -> Result<Outcome, Fault> {
    if !answer.is_success() {
        return failure(answer, name, endpoint);
    }
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
            return Err(Fault::passing(ModelError::Empty { provider: provider() }));
        }
        let usage = Usage {
            calls: 1,
            prompt_tokens: chunk.prompt_eval_count.unwrap_or_default(),
            cached_tokens: 0,
            cache_written_tokens: 0,
            completion_tokens: chunk.eval_count.unwrap_or_default(),
        };
        return Ok(Outcome::Reply(ChatReply { text, usage }));
    }
    // The connection was closed in order, but before the stream's last line: the server was stopped.
    Err(Fault::passing(ModelError::Interrupted { provider: provider() }))
}

fn failure(answer: &Answer, name: &ModelName, endpoint: &Endpoint) -> Result<Outcome, Fault> {
    let ModelName { provider, model } = name.clone();
    let said = serde_json::from_slice::<Failure>(&answer.body).map(|failure| failure.error).unwrap_or_default();
    // The engine behind the server says so with any status.
    if says_too_long(&said) {
        return Err(Fault::Final(ModelError::ContextTooLong { provider, model }));
    }
    let message = match said.as_str() {
        "" => format!("status {}", answer.status),
        said => endpoint.quote(said),
    };
    if answer.status == 400 {
        return Ok(Outcome::Rejected(Rejection { cause: Cause::Unnamed, message }));
    }
    Err(Fault::of_status(answer.status, answer.retry_after, name, || message))
}

fn ask_capabilities(endpoint: &Endpoint, model: &str) -> (Url, Value) {
    (endpoint.method(&["api", "show"]), json!({"model": model}))
}

/// Servers before 0.6.4 do not tell, and a server behind a gateway may not be asked: they get the picture.
fn read_capabilities(answer: &Answer, name: &ModelName) -> Result<bool, Fault> {
    #[derive(Deserialize)]
    struct Shown {
        capabilities: Vec<String>,
    }
    if !answer.is_success() {
        return match Fault::of_status(answer.status, answer.retry_after, name, String::new) {
            Fault::Final(_) => Ok(true),
            passing => Err(passing),
        };
    }
    let shown = serde_json::from_slice::<Shown>(&answer.body);
    Ok(shown.map_or(true, |shown| shown.capabilities.iter().any(|capability| capability == "vision")))
}
