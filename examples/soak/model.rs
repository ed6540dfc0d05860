//! A model that plays along for some calls and then says that it is done.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::post;
use serde_json::{Value, json};

/// What it does before it is done, a call each.
const STEPS: usize = 4;

pub(crate) fn router() -> Router {
    // A prompt holds a page and pictures.
    Router::new().route("/v1/chat/completions", post(complete)).layer(axum::extract::DefaultBodyLimit::max(64 << 20))
}

/// How far a run has come is seen from what it is asked: each step leaves its trace in the prompt.
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
        "evaluationPreviousGoal": "", "memory": MEMORY, "nextGoal": "go on", "actions": [action],
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

/// What the model notes down in each step.
const MEMORY: &str = "one more step is behind me";

/// The first element that the newest page offers.
fn clickable(body: &str) -> Option<u32> {
    let offered = body.rfind("]<button")?;
    body[..offered].rsplit('[').next()?.parse().ok()
}
