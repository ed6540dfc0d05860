//! Ollama's native API.
//!
//! Responses are always streamed. A slow machine then keeps sending bytes, so that no proxy times out, and Ollama stops
//! generating when the client disconnects.

use serde_json::{Value, json};
use url::Url;

use agent::ports::{ChatReply, ChatRequest, Message, ModelError, Provider, Usage};

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
    let mut written = json!({"role": message.role, "content": message.text});
    if let Some(image) = message.image.as_ref().filter(|_| images) {
        written["images"] = json!([image.base64]);
    }
    written
}

/// The context size for the request and its answer. A power of two, since the server reloads the model whenever the size
/// changes. The server lowers it to what the model supports.
fn context_tokens(request: &ChatRequest<'_>) -> usize {
    let bytes = request.system.len() + request.messages.iter().map(|message| message.text.len()).sum::<usize>();
    let images = request.messages.iter().filter(|message| message.image.is_some()).count();
    let tokens = bytes / BYTES_PER_TOKEN + images * TOKENS_PER_IMAGE + MAX_OUTPUT_TOKENS as usize;
    tokens.next_power_of_two().max(MIN_CONTEXT_TOKENS)
}

fn read(received: &Received<'_>) -> Result<Outcome, AttemptError> {
    let response = received.response;
    if !response.is_success() {
        let body = serde_json::from_slice::<Value>(&response.body).unwrap_or_default();
        let message = body["error"].as_str().unwrap_or_default();
        // The engine behind the server reports this with any status.
        if says_too_long(message) {
            return Err(received.context_too_long());
        }
        return received.server_error(response.status, message, mentioned(message, FIELDS), None);
    }
    let mut text = String::new();
    for line in serde_json::Deserializer::from_slice(&response.body).into_iter::<Value>() {
        let line = match line {
            Ok(line) if line.is_object() => line,
            // The stream ends within a line.
            Err(error) if error.is_eof() => break,
            _ => return Err(received.malformed()),
        };
        // The model failed after the status was sent.
        if line["error"].is_string() {
            let provider = received.name.provider.clone();
            return Err(AttemptError::transient(ModelError::Unavailable { provider, status: 500 }));
        }
        text.push_str(line["message"]["content"].as_str().unwrap_or_default());
        if line["done"] != true {
            continue;
        }
        if line["done_reason"] == "length" {
            return Err(received.cut_off());
        }
        let tokens = |field: &str| line[field].as_u64().unwrap_or_default();
        let usage = Usage {
            calls: 1,
            prompt_tokens: tokens("prompt_eval_count"),
            completion_tokens: tokens("eval_count"),
            ..Usage::default()
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
    let response = received.response;
    if !response.is_success() {
        return match received.server_error(response.status, "", None, None) {
            Err(transient @ AttemptError::Transient { .. }) => Err(transient),
            Ok(_) | Err(AttemptError::Permanent(_)) => Ok(true),
        };
    }
    let info = serde_json::from_slice::<Value>(&response.body).unwrap_or_default();
    Ok(info["capabilities"].as_array().is_none_or(|capabilities| capabilities.contains(&json!("vision"))))
}
