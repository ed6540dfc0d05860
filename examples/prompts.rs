//! Runs a login in five model calls and prints each prompt as a line of JSON; `make tokens` counts the tokens.
//! The run is real, in a real browser. The model is a server in this process that speaks OpenAI's API and finds each element
//! by its label in the page view.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::{Context, ensure};
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use testkit::login::{GREETING, PASSWORD, Site, USER};
use testkit::run::RunSummary;
use testkit::server::Server;
use testkit::service::{self, Service};

/// The scripted model, with the requests it received.
struct Policy {
    site: String,
    requests: Mutex<Vec<Value>>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let executable = service::executable_from_args()?;
    let log = std::env::temp_dir().join("browser-use-prompts.log");
    let site = Site::open().await?;
    let policy = Arc::new(Policy { site: site.url.clone(), requests: Mutex::default() });
    let router = Router::new().route("/v1/chat/completions", post(answer)).with_state(policy.clone());
    let model = Server::start(router).await?;

    let base = model.url("/v1");
    let settings = [("OPENAI_BASE_URL", base.as_str()), ("OPENAI_API_KEY", "not-needed")];
    let service = Service::start_with(&executable, &log, &settings).await?;
    let task =
        format!("Log in to Kettles and more as {USER} with the password {PASSWORD}, then tell how it greets you.");
    let request = json!({"task": task, "provider": "openai", "model": "gpt-4.1-mini"});
    let run = RunSummary::read(service.run(&request).await?, Instant::now(), |_, _| Ok(())).await;
    service.stop().await?;
    let run = run?;
    ensure!(run.success && run.answer == GREETING, "the login failed: {}", run.answer);

    let requests = policy.requests.lock().map_err(|_| anyhow::anyhow!("a call panicked"))?;
    for request in requests.iter() {
        println!("{}", parts(request)?);
    }
    std::fs::remove_file(log)?;
    Ok(())
}

async fn answer(State(policy): State<Arc<Policy>>, Json(request): Json<Value>) -> impl IntoResponse {
    let decision = match policy.decide(&request) {
        Ok(decision) => decision,
        Err(error) => json!({"actions": [{"action": "done", "text": format!("{error:#}"), "success": false}]}),
    };
    let is_streamed = request["stream"] == true;
    if let Ok(mut requests) = policy.requests.lock() {
        requests.push(request);
    }
    let said = json!({"role": "assistant", "content": decision.to_string()});
    if !is_streamed {
        return Json(json!({"choices": [{"index": 0, "message": said, "finish_reason": "stop"}]})).into_response();
    }
    let chunk = json!({"choices": [{"index": 0, "delta": said, "finish_reason": "stop"}]});
    ([("content-type", "text/event-stream")], format!("data: {chunk}\n\ndata: [DONE]\n\n")).into_response()
}

impl Policy {
    /// Decides by the latest page view.
    fn decide(&self, request: &Value) -> anyhow::Result<Value> {
        let view = texts(request)?.pop().context("no page view")?;
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

/// The index of the last control with this label: `[12]<button />Log in`.
fn index_of(view: &str, label: &str) -> anyhow::Result<u32> {
    let line = view.lines().rev().find(|line| line.contains('[') && line.trim_end().ends_with(label));
    let line = line.with_context(|| format!("no {label} in:\n{view}"))?;
    let control = &line[line.rfind('[').context("no index")? + 1..];
    Ok(control.split(']').next().unwrap_or_default().parse()?)
}

fn texts(request: &Value) -> anyhow::Result<Vec<String>> {
    let messages = request["messages"].as_array().context("no messages")?;
    messages
        .iter()
        .map(|message| Ok(message["content"].as_str().context("a message is not text")?.to_owned()))
        .collect()
}

/// The fixed, growing and new parts of a prompt.
fn parts(request: &Value) -> anyhow::Result<Value> {
    let texts = texts(request)?;
    let [instructions, between @ .., page] = texts.as_slice() else { anyhow::bail!("too few messages") };
    let schema = &request["response_format"]["json_schema"]["schema"];
    ensure!(schema.is_object(), "the schema is not where it is expected");
    Ok(json!({
        "instructions": instructions,
        "schema": schema.to_string(),
        "task and history": between.join("\n"),
        "page": page,
    }))
}
