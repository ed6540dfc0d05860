//! A model that acts for some calls and then answers.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::post;
use serde_json::{Value, json};

/// Calls before it is done.
const STEPS: usize = 4;

pub(crate) fn router() -> Router {
    // A prompt holds a page and pictures.
    Router::new().route("/v1/chat/completions", post(complete)).layer(axum::extract::DefaultBodyLimit::max(64 << 20))
}

/// Counts the steps of a run by their memories in the prompt.
async fn complete(body: String) -> impl IntoResponse {
    let step = body.matches(MEMORY).count();
    let action = match step {
        0 => json!({"scroll": {"direction": "down"}}),
        step if step < STEPS => match clickable(&body) {
            Some(index) => json!({"click": {"index": index}}),
            None => json!({"wait": {"seconds": 0.2}}),
        },
        _ => json!({"done": {"text": "seen enough", "success": true}}),
    };
    let decision = json!({
        "evaluationPreviousGoal": "", "memory": MEMORY, "nextGoal": "continue", "actions": [action],
    });
    let chunk = |delta: Value, finish: Value| {
        let chunk = json!({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
        format!("data: {chunk}\n\n")
    };
    let text = decision.to_string();
    let (head, tail) = text.split_at(text.len() / 2);
    let stream = [
        chunk(json!({"role": "assistant", "content": head}), Value::Null),
        chunk(json!({"content": tail}), Value::Null),
        chunk(json!({}), json!("stop")),
        "data: [DONE]\n\n".to_owned(),
    ];
    ([("content-type", "text/event-stream")], stream.concat())
}

/// The memory of each step.
const MEMORY: &str = "one more step is done";

/// The last button of the latest page.
fn clickable(body: &str) -> Option<u32> {
    let offered = body.rfind("]<button")?;
    body[..offered].rsplit('[').next()?.parse().ok()
}
