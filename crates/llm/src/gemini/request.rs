//! Requests, written in a model's dialect.

use serde_json::{Value, json};
use url::Url;

use crate::MAX_ANSWER_TOKENS;
use crate::dialect::{AnswerForm, Dialect, Limit, Presence, Streaming};
use crate::endpoint::Endpoint;
use crate::protocol::{system_with_schema, turns};
use agent::ports::{ChatRequest, Message, Role};

use super::schema;

pub(super) fn request(endpoint: &Endpoint, model: &str, request: &ChatRequest<'_>, dialect: Dialect) -> (Url, Value) {
    // Both spellings are in use.
    let model = model.strip_prefix("models/").unwrap_or(model);
    let whole = dialect.stream == Streaming::Off;
    let method = if whole { "generateContent" } else { "streamGenerateContent" };
    let mut url = endpoint.method(&["models", &format!("{model}:{method}")]);
    if !whole {
        url.query_pairs_mut().append_pair("alt", "sse");
    }
    (url, body(request, dialect))
}

fn body(request: &ChatRequest<'_>, dialect: Dialect) -> Value {
    let mut config = json!({});
    let system = match dialect.form {
        AnswerForm::StrictSchema => {
            config["responseMimeType"] = json!("application/json");
            config["responseJsonSchema"] = schema::ordered(request.schema);
            request.system.to_owned()
        }
        AnswerForm::OpenApiSchema => {
            config["responseMimeType"] = json!("application/json");
            config["responseSchema"] = schema::open_api(request.schema);
            request.system.to_owned()
        }
        AnswerForm::JsonMode => {
            config["responseMimeType"] = json!("application/json");
            system_with_schema(request)
        }
        _ => system_with_schema(request),
    };
    if dialect.temperature == Presence::Sent {
        config["temperature"] = json!(request.temperature);
    }
    if dialect.limit == Limit::Full {
        config["maxOutputTokens"] = json!(MAX_ANSWER_TOKENS);
    }
    let contents = turns(request.messages).map(|turn| {
        let role = match turn[0].1.role {
            Role::User => "user",
            Role::Assistant => "model",
        };
        let parts: Vec<_> = turn.into_iter().flat_map(|(_, message)| parts(message, dialect.images)).collect();
        json!({"role": role, "parts": parts})
    });
    json!({
        "systemInstruction": {"parts": [{"text": system}]},
        "contents": contents.collect::<Vec<_>>(),
        "generationConfig": config,
    })
}

fn parts(message: &Message, images: Presence) -> Vec<Value> {
    let text = json!({"text": message.text});
    match &message.image {
        Some(image) if images == Presence::Sent => {
            vec![text, json!({"inlineData": {"mimeType": image.format.media_type(), "data": image.base64}})]
        }
        _ => vec![text],
    }
}
