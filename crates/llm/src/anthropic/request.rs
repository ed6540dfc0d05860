//! Request bodies, with cache breakpoints after what stays the same from call to call.

use serde_json::{Value, json};
use url::Url;

use crate::MAX_OUTPUT_TOKENS;
use crate::capabilities::{Capabilities, OutputLimit, OutputMode, Streaming};
use crate::endpoint::Endpoint;
use crate::protocol::{system_prompt, turns};
use agent::ports::{ChatRequest, Message};

/// What the oldest models support; the API requires a limit.
const MINIMAL_OUTPUT_TOKENS: u32 = 4_096;

pub(super) fn request(
    endpoint: &Endpoint,
    model: &str,
    request: &ChatRequest<'_>,
    capabilities: Capabilities,
) -> (Url, Value) {
    let ChatRequest { schema, schema_name, .. } = request;
    let mut body = json!({
        "model": model,
        "max_tokens": match capabilities.limit {
            OutputLimit::Minimal => MINIMAL_OUTPUT_TOKENS,
            _ => MAX_OUTPUT_TOKENS,
        },
        "stream": capabilities.streaming != Streaming::Off,
    });
    if matches!(capabilities.output, OutputMode::ForcedTool | OutputMode::OfferedTool) {
        let tool = json!({"name": schema_name, "description": "Gives the answer.", "input_schema": schema});
        body["tools"] = json!([tool]);
        body["tool_choice"] = match capabilities.output {
            OutputMode::ForcedTool => json!({"type": "tool", "name": schema_name, "disable_parallel_tool_use": true}),
            _ => json!({"type": "auto", "disable_parallel_tool_use": true}),
        };
    }
    // Tools precede the system prompt, so this breakpoint covers both.
    let system = system_prompt(request, capabilities.output);
    body["system"] = json!([cached(json!({"type": "text", "text": system}))]);
    let turns = turns(request.messages).map(|turn| {
        let role = turn[0].1.role;
        let content: Vec<_> =
            turn.into_iter().flat_map(|(at, message)| blocks(at, message, request, capabilities.images)).collect();
        json!({"role": role, "content": content})
    });
    body["messages"] = turns.collect();
    if capabilities.temperature {
        // The API's maximum is 1.
        body["temperature"] = json!(request.temperature.min(1.0));
    }
    (endpoint.method(&["v1", "messages"]), body)
}

fn blocks(at: usize, message: &Message, request: &ChatRequest<'_>, images: bool) -> Vec<Value> {
    let text = json!({"type": "text", "text": message.text});
    let text = if at + 1 == request.stable { cached(text) } else { text };
    match &message.image {
        // Images work best before the text that refers to them.
        Some(image) if images => {
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

/// A block with a breakpoint after it: everything up to there may come from the cache.
fn cached(mut block: Value) -> Value {
    block["cache_control"] = json!({"type": "ephemeral"});
    block
}
