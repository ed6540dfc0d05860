//! Request bodies.

use serde_json::{Value, json};
use url::Url;

use crate::MAX_OUTPUT_TOKENS;
use crate::capabilities::{Capabilities, OutputLimit, OutputMode, Streaming};
use crate::endpoint::Endpoint;
use crate::protocol::system_prompt;
use agent::ports::{ChatRequest, Message};

pub(super) fn request(
    endpoint: &Endpoint,
    model: &str,
    request: &ChatRequest<'_>,
    capabilities: Capabilities,
) -> (Url, Value) {
    let ChatRequest { schema, schema_name, .. } = request;
    let mut messages = vec![json!({"role": "system", "content": system_prompt(request, capabilities.output)})];
    messages.extend(request.messages.iter().map(|message| self::message(message, capabilities.images)));
    let mut body = json!({"model": model, "messages": messages});
    match capabilities.output {
        OutputMode::JsonSchema => {
            body["response_format"] = json!({
                "type": "json_schema",
                "json_schema": {"name": schema_name, "strict": true, "schema": schema},
            });
        }
        OutputMode::ForcedTool | OutputMode::OfferedTool => {
            body["tools"] = json!([{
                "type": "function",
                "function": {"name": schema_name, "description": "Gives the answer.", "parameters": schema},
            }]);
            body["tool_choice"] = match capabilities.output {
                OutputMode::ForcedTool => json!({"type": "function", "function": {"name": schema_name}}),
                _ => json!("auto"),
            };
        }
        OutputMode::JsonMode => body["response_format"] = json!({"type": "json_object"}),
        OutputMode::Prompt => {}
    }
    if capabilities.temperature {
        body["temperature"] = json!(request.temperature);
    }
    match capabilities.limit {
        OutputLimit::MaxCompletionTokens => body["max_completion_tokens"] = json!(MAX_OUTPUT_TOKENS),
        OutputLimit::MaxTokens => body["max_tokens"] = json!(MAX_OUTPUT_TOKENS),
        OutputLimit::Minimal => {}
    }
    body["stream"] = json!(capabilities.streaming != Streaming::Off);
    if capabilities.streaming == Streaming::EventsWithUsage {
        body["stream_options"] = json!({"include_usage": true});
    }
    (endpoint.method(&["chat", "completions"]), body)
}

fn message(message: &Message, images: bool) -> Value {
    let role = message.role;
    match &message.image {
        // The image is of limited size, so the server may choose the detail.
        Some(image) if images => json!({"role": role, "content": [
            {"type": "text", "text": message.text},
            {"type": "image_url", "image_url": {"url": image.data_url(), "detail": "auto"}},
        ]}),
        _ => json!({"role": role, "content": message.text}),
    }
}
