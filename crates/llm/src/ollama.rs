//! Ollama's native API.
//!
//! Responses are always streamed: bytes keep flowing while a slow machine works, so that no proxy takes the silence for a
//! dead server, and Ollama stops generating when the client disconnects.

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use agent::ports::{ChatReply, ChatRequest, Message, ModelError, Provider, Role, Usage};

use super::MAX_OUTPUT_TOKENS;
use super::capabilities::{Capabilities, Family, Feature, OutputLimit, OutputMode, Streaming, mentioned};
use super::endpoint::{Endpoint, KeyHeader};
use super::protocol::{ImageQuery, Outcome, Protocol, Received, says_too_long, system_prompt};
use super::retry::AttemptError;

/// Smallest context requested, in tokens. Ollama's default is smaller than one page.
const MIN_CONTEXT_TOKENS: usize = 32_768;
/// Tokens of an image and bytes of text per token, both conservative.
const TOKENS_PER_IMAGE: usize = 2048;
const BYTES_PER_TOKEN: usize = 3;

pub(crate) static PROTOCOL: Protocol = Protocol {
    provider: Provider::Ollama,
    key: KeyHeader::BEARER,
    headers: &[],
    families: &[Family {
        prefixes: &[""],
        supports: Capabilities {
            output: OutputMode::JsonSchema,
            temperature: true,
            images: true,
            limit: OutputLimit::MaxTokens,
            streaming: Streaming::Lines,
        },
    }],
    request,
    read,
    // An image for a model that takes none fails differently in every version.
    image_query: Some(ImageQuery { request: show_request, read: read_capabilities }),
};

/// Words in the errors about a schema, such as "invalid JSON schema in format".
const FIELDS: &[(&str, Feature)] =
    &[("format", Feature::Output), ("grammar", Feature::Output), ("schema", Feature::Output)];

fn request(endpoint: &Endpoint, model: &str, request: &ChatRequest<'_>, capabilities: Capabilities) -> (Url, Value) {
    let mut messages = vec![json!({"role": "system", "content": system_prompt(request, capabilities.output)})];
    messages.extend(request.messages.iter().map(|message| self::message(message, capabilities.images)));
    let mut body = json!({
        "model": model,
        "messages": messages,
        "stream": true,
        // Servers that know the field report a prompt that does not fit instead of truncating it.
        "truncate": false,
        "options": {
            "temperature": request.temperature,
            "num_predict": MAX_OUTPUT_TOKENS,
            "num_ctx": context_tokens(request),
        },
    });
    match capabilities.output {
        OutputMode::JsonSchema => body["format"] = request.schema.clone(),
        OutputMode::JsonMode => body["format"] = json!("json"),
        _ => {}
    }
    (endpoint.method(&["api", "chat"]), body)
}

fn message(message: &Message, images: bool) -> Value {
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    match &message.image {
        Some(image) if images => {
            json!({"role": role, "content": message.text, "images": [image.base64]})
        }
        _ => json!({"role": role, "content": message.text}),
    }
}

/// The context size for the request and its answer. A power of two, since the server reloads the model whenever the size
/// changes. The server lowers it to what the model supports.
fn context_tokens(request: &ChatRequest<'_>) -> usize {
    let bytes = request.system.len() + request.messages.iter().map(|message| message.text.len()).sum::<usize>();
    let images = request.messages.iter().filter(|message| message.image.is_some()).count();
    let tokens = bytes / BYTES_PER_TOKEN + images * TOKENS_PER_IMAGE + MAX_OUTPUT_TOKENS as usize;
    tokens.next_power_of_two().max(MIN_CONTEXT_TOKENS)
}

/// A line of the stream.
#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    message: ChunkMessage,
    #[serde(default)]
    done: bool,
    done_reason: Option<String>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
    /// The model failed after the status was sent.
    error: Option<String>,
}

#[derive(Deserialize, Default)]
struct ChunkMessage {
    #[serde(default)]
    content: String,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: String,
}

fn read(received: &Received<'_>) -> Result<Outcome, AttemptError> {
    let response = received.response;
    if !response.is_success() {
        let body = serde_json::from_slice::<ErrorBody>(&response.body);
        let message = body.map(|body| body.error).unwrap_or_default();
        // The engine behind the server reports this with any status.
        if says_too_long(&message) {
            return Err(received.context_too_long());
        }
        return received.server_error(response.status, &message, mentioned(&message, FIELDS), None);
    }
    let mut text = String::new();
    for chunk in serde_json::Deserializer::from_slice(&response.body).into_iter::<Chunk>() {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            // The stream ends within a line.
            Err(error) if error.is_eof() => break,
            Err(_) => return Err(received.malformed()),
        };
        if chunk.error.is_some() {
            let provider = received.name.provider.clone();
            return Err(AttemptError::transient(ModelError::Unavailable { provider, status: 500 }));
        }
        text.push_str(&chunk.message.content);
        if !chunk.done {
            continue;
        }
        if chunk.done_reason.as_deref() == Some("length") {
            return Err(received.cut_off());
        }
        let usage = Usage {
            calls: 1,
            prompt_tokens: chunk.prompt_eval_count.unwrap_or_default(),
            cached_tokens: 0,
            cache_written_tokens: 0,
            completion_tokens: chunk.eval_count.unwrap_or_default(),
        };
        return Ok(Outcome::Reply(ChatReply { text: received.first_text([text])?, usage }));
    }
    Err(received.interrupted())
}

fn show_request(endpoint: &Endpoint, model: &str) -> (Url, Value) {
    (endpoint.method(&["api", "show"]), json!({"model": model}))
}

/// Images are assumed to be supported if the server does not say: servers before 0.6.4, and gateways without the method.
fn read_capabilities(received: &Received<'_>) -> Result<bool, AttemptError> {
    #[derive(Deserialize)]
    struct ModelInfo {
        capabilities: Vec<String>,
    }
    let response = received.response;
    if !response.is_success() {
        return match received.server_error(response.status, "", None, None) {
            Err(transient @ AttemptError::Transient { .. }) => Err(transient),
            Ok(_) | Err(AttemptError::Permanent(_)) => Ok(true),
        };
    }
    let info = serde_json::from_slice::<ModelInfo>(&response.body);
    Ok(info.map_or(true, |info| info.capabilities.iter().any(|capability| capability == "vision")))
}
