//! A model that logs in in five calls, without latency.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{GREETING, PASSWORD, USER};
use crate::server::Server;

/// A server that speaks OpenAI's API and finds each element by its label in the page view.
pub struct Model {
    server: Server,
    calls: Arc<Calls>,
}

struct Calls {
    /// Of the login page.
    site: String,
    received: Mutex<Vec<(Instant, Value)>>,
}

impl Model {
    /// Starts a model for the login page at `site`.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn start(site: &str) -> io::Result<Self> {
        let calls = Arc::new(Calls { site: site.to_owned(), received: Mutex::default() });
        let router = Router::new()
            .route("/v1/chat/completions", post(answer))
            .layer(DefaultBodyLimit::disable())
            .with_state(calls.clone());
        Ok(Self { server: Server::start(router).await?, calls })
    }

    /// The settings of a service that asks this model.
    pub fn settings(&self) -> [(&'static str, String); 2] {
        [("OPENAI_BASE_URL", self.server.url("/v1")), ("OPENAI_API_KEY", "not-needed".to_owned())]
    }

    /// The request of a run.
    pub fn request() -> Value {
        let task =
            format!("Log in to Kettles and more as {USER} with the password {PASSWORD}, then tell how it greets you.");
        json!({ "task": task, "provider": "openai", "model": "gpt-4.1-mini" })
    }

    /// The requests received since the last time, and when.
    pub fn take_calls(&self) -> Vec<(Instant, Value)> {
        std::mem::take(&mut *self.calls.received.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn answer(State(calls): State<Arc<Calls>>, Json(request): Json<Value>) -> Response {
    let received = Instant::now();
    let decision = match calls.decide(&request) {
        Ok(decision) => decision,
        Err(error) => json!({"actions": [{"action": "done", "text": format!("{error:#}"), "success": false}]}),
    };
    let is_streamed = request["stream"] == true;
    calls.received.lock().unwrap_or_else(PoisonError::into_inner).push((received, request));
    let said = json!({"role": "assistant", "content": decision.to_string()});
    if !is_streamed {
        return Json(json!({"choices": [{"index": 0, "message": said, "finish_reason": "stop"}]})).into_response();
    }
    let chunk = json!({"choices": [{"index": 0, "delta": said, "finish_reason": "stop"}]});
    ([("content-type", "text/event-stream")], format!("data: {chunk}\n\ndata: [DONE]\n\n")).into_response()
}

impl Calls {
    /// Decides by the latest page view.
    fn decide(&self, request: &Value) -> anyhow::Result<Value> {
        let view = view(request)?;
        let (evaluation, memory, goal, action) = if view.contains(GREETING) {
            let done = json!({"action": "done", "text": GREETING, "success": true});
            ("The login worked.", "The page greets with the open orders.", "Tell the greeting.", done)
        } else if !view.contains("/login") {
            let open = json!({"action": "navigate", "url": self.site, "newTab": null});
            ("", "", "Open the login page.", open)
        } else if !view.contains(&format!("value={USER}")) {
            let index = index_of(&view, "User name")?;
            ("The login page is open.", "", "Type the user name.", input(index, USER))
        } else if !view.contains("filled") {
            let index = index_of(&view, "Password")?;
            ("The user name is typed.", "", "Type the password.", input(index, PASSWORD))
        } else {
            let click = json!({"action": "click", "index": index_of(&view, "Log in")?});
            ("The password is typed.", "", "Submit the form.", click)
        };
        Ok(json!({
            "evaluationPreviousGoal": evaluation,
            "memory": memory,
            "nextGoal": goal,
            "actions": [action],
        }))
    }
}

fn input(index: u32, text: &str) -> Value {
    json!({"action": "input", "index": index, "text": text, "clear": null, "submit": null})
}

/// The text of the last message.
fn view(request: &Value) -> anyhow::Result<String> {
    let message = request["messages"].as_array().and_then(|messages| messages.last()).context("no messages")?;
    let content = &message["content"];
    let text = match content.as_array() {
        None => content.as_str(),
        Some(parts) => parts.iter().find_map(|part| part["text"].as_str()),
    };
    Ok(text.context("the last message has no text")?.to_owned())
}

/// The index of the last control with this label: `[12]<button />Log in`.
fn index_of(view: &str, label: &str) -> anyhow::Result<u32> {
    let line = view.lines().rev().find(|line| line.contains('[') && line.trim_end().ends_with(label));
    let line = line.with_context(|| format!("no {label} in:\n{view}"))?;
    let control = &line[line.rfind('[').context("no index")? + 1..];
    Ok(control.split(']').next().unwrap_or_default().parse()?)
}
