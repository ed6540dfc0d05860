//! Request bodies.

use serde_json::{Value, json};
use url::Url;

use crate::MAX_OUTPUT_TOKENS;
use crate::capabilities::{Capabilities, OutputLimit, OutputMode, Streaming};
use crate::endpoint::Endpoint;
use crate::protocol::{system_prompt, turns};
use agent::ports::{ChatRequest, Message, Role};

use super::schema;

pub(super) fn request(
    endpoint: &Endpoint,
    model: &str,
    request: &ChatRequest<'_>,
    capabilities: Capabilities,
) -> (Url, Value) {
    // Names are in use with and without it.
    let model = model.strip_prefix("models/").unwrap_or(model);
    let whole = capabilities.streaming == Streaming::Off;
    let method = if whole { "generateContent" } else { "streamGenerateContent" };
    let mut url = endpoint.method(&["models", &format!("{model}:{method}")]);
    if !whole {
        url.query_pairs_mut().append_pair("alt", "sse");
    }
    (url, body(request, capabilities))
}

fn body(request: &ChatRequest<'_>, capabilities: Capabilities) -> Value {
    let mut config = json!({});
    if capabilities.output != OutputMode::Prompt {
        config["responseMimeType"] = json!("application/json");
    }
    if capabilities.output == OutputMode::JsonSchema {
        config["responseJsonSchema"] = schema::json_schema(request.schema);
    }
    if capabilities.temperature {
        config["temperature"] = json!(request.temperature);
    }
    if capabilities.limit != OutputLimit::Minimal {
        config["maxOutputTokens"] = json!(MAX_OUTPUT_TOKENS);
    }
    let contents = turns(request.messages).map(|turn| {
        let role = match turn[0].1.role {
            Role::User => "user",
            Role::Assistant => "model",
        };
        let parts: Vec<_> = turn.into_iter().flat_map(|(_, message)| parts(message, capabilities.images)).collect();
        json!({"role": role, "parts": parts})
    });
    json!({
        "systemInstruction": {"parts": [{"text": system_prompt(request, capabilities.output)}]},
        "contents": contents.collect::<Vec<_>>(),
        "generationConfig": config,
    })
}

fn parts(message: &Message, images: bool) -> Vec<Value> {
    let text = json!({"text": message.text});
    match &message.image {
        Some(image) if images => {
            vec![text, json!({"inlineData": {"mimeType": image.format.media_type(), "data": image.base64}})]
        }
        _ => vec![text],
    }
}
