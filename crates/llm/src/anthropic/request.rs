//! Requests, with cache breakpoints behind what stays the same from call to call.

use serde_json::{Value, json};
use url::Url;

use crate::MAX_ANSWER_TOKENS;
use crate::dialect::{AnswerForm, Dialect, Limit, Presence, Streaming};
use crate::endpoint::Endpoint;
use crate::protocol::{system_with_schema, turns};
use agent::ports::{ChatRequest, Message, Role};

/// What the oldest models served can give; the API has no answer without a limit.
const SMALL_ANSWER_TOKENS: u32 = 4_096;

pub(super) fn request(endpoint: &Endpoint, model: &str, request: &ChatRequest<'_>, dialect: Dialect) -> (Url, Value) {
    (endpoint.method(&["v1", "messages"]), body(model, request, dialect))
}

fn body(model: &str, request: &ChatRequest<'_>, dialect: Dialect) -> Value {
    let name = request.schema_name;
    let system = match dialect.form {
        AnswerForm::ToolCall => request.system.to_owned(),
        AnswerForm::ToolOffer => {
            format!("{}\n\nAnswer by calling the tool {name} once, without other text.", request.system)
        }
        _ => system_with_schema(request),
    };
    let mut body = json!({
        "model": model,
        "max_tokens": match dialect.limit {
            Limit::Full => MAX_ANSWER_TOKENS,
            _ => SMALL_ANSWER_TOKENS,
        },
        "stream": dialect.stream != Streaming::Off,
    });
    if matches!(dialect.form, AnswerForm::ToolCall | AnswerForm::ToolOffer) {
        let tool = json!({"name": name, "description": "Gives the answer.", "input_schema": request.schema});
        body["tools"] = json!([tool]);
        body["tool_choice"] = match dialect.form {
            AnswerForm::ToolCall => json!({"type": "tool", "name": name, "disable_parallel_tool_use": true}),
            _ => json!({"type": "auto", "disable_parallel_tool_use": true}),
        };
    }
    // Tools come before the system prompt, so this breakpoint is behind both.
    body["system"] = json!([cached(json!({"type": "text", "text": system}))]);
    let turns = turns(request.messages).map(|turn| {
        let role = match turn[0].1.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let content: Vec<_> =
            turn.into_iter().flat_map(|(at, message)| blocks(at, message, request, dialect)).collect();
        json!({"role": role, "content": content})
    });
    body["messages"] = turns.collect();
    if dialect.temperature == Presence::Sent {
        // The API's scale ends at 1.
        body["temperature"] = json!(request.temperature.min(1.0));
    }
    body
}

fn blocks(at: usize, message: &Message, request: &ChatRequest<'_>, dialect: Dialect) -> Vec<Value> {
    let text = json!({"type": "text", "text": message.text});
    let text = if at + 1 == request.stable { cached(text) } else { text };
    match &message.image {
        // Pictures are understood best before the text that goes with them.
        Some(image) if dialect.images == Presence::Sent => {
            let source = json!({
                "type": "base64",
                "media_type": image.format.media_type(),
                "data": image.base64,
            });
            vec![json!({"type": "image", "source": source}), text]
        }
        _ => vec![text],
    }
}

/// A block with a breakpoint behind it: what stands up to there may come from the cache.
fn cached(mut block: Value) -> Value {
    block["cache_control"] = json!({"type": "ephemeral"});
    block
}
