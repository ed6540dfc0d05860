//! Requests, written in a model's dialect.

use serde_json::{Value, json};
use url::Url;

use crate::MAX_ANSWER_TOKENS;
use crate::dialect::{AnswerForm, Dialect, Limit, Presence, Streaming};
use crate::endpoint::Endpoint;
use crate::protocol::system_with_schema;
use agent::ports::{ChatRequest, Message, Role};

pub(super) fn request(endpoint: &Endpoint, model: &str, request: &ChatRequest<'_>, dialect: Dialect) -> (Url, Value) {
    (endpoint.method(&["chat", "completions"]), body(model, request, dialect))
}

fn body(model: &str, request: &ChatRequest<'_>, dialect: Dialect) -> Value {
    let ChatRequest { schema, schema_name, .. } = request;
    let mut body = json!({"model": model});
    let system = match dialect.form {
        AnswerForm::StrictSchema | AnswerForm::OpenApiSchema => {
            body["response_format"] = json!({
                "type": "json_schema",
                "json_schema": {"name": schema_name, "strict": true, "schema": schema},
            });
            request.system.to_owned()
        }
        AnswerForm::ToolCall | AnswerForm::ToolOffer => {
            body["tools"] = json!([{
                "type": "function",
                "function": {"name": schema_name, "description": "Gives the answer.", "parameters": schema},
            }]);
            body["tool_choice"] = json!({"type": "function", "function": {"name": schema_name}});
            request.system.to_owned()
        }
        AnswerForm::JsonMode => {
            body["response_format"] = json!({"type": "json_object"});
            system_with_schema(request)
        }
        AnswerForm::Plain => system_with_schema(request),
    };
    let mut messages = vec![json!({"role": "system", "content": system})];
    messages.extend(request.messages.iter().map(|message| self::message(message, dialect.images)));
    body["messages"] = messages.into();
    if dialect.temperature == Presence::Sent {
        body["temperature"] = json!(request.temperature);
    }
    match dialect.limit {
        Limit::Full => body["max_completion_tokens"] = json!(MAX_ANSWER_TOKENS),
        Limit::OlderName | Limit::Small => body["max_tokens"] = json!(MAX_ANSWER_TOKENS),
        Limit::Omitted => {}
    }
    body["stream"] = json!(dialect.stream != Streaming::Off);
    if dialect.stream == Streaming::Counted {
        body["stream_options"] = json!({"include_usage": true});
    }
    body
}

fn message(message: &Message, images: Presence) -> Value {
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    match &message.image {
        // The picture's size is bounded by whoever took it, so the server may choose how closely to look.
        Some(image) if images == Presence::Sent => json!({"role": role, "content": [
            {"type": "text", "text": message.text},
            {"type": "image_url", "image_url": {"url": image.data_url(), "detail": "auto"}},
        ]}),
        _ => json!({"role": role, "content": message.text}),
    }
}
