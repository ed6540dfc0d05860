//! Runs with model servers that are slow, faulty or wrong.

use serde_json::{Value, json};
use testkit::scripted_server::{Reply, ScriptedServer};

use crate::support::client::error_code;
use crate::support::service::{Service, Stage};

const MODEL_KEY: &str = "sk-canary-51ca";

fn stream(text: impl Into<String>) -> Reply {
    Reply::text(200, text).header("content-type", "text/event-stream")
}

fn decision(actions: Value) -> String {
    json!({"evaluationPreviousGoal": "", "memory": "", "nextGoal": "go on", "actions": actions}).to_string()
}

fn done() -> String {
    decision(json!([{"done": {"text": "bought", "success": true}}]))
}

/// As OpenAI streams it.
fn of_openai(text: &str) -> Reply {
    let chunk = json!({"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]});
    stream(format!("data: {chunk}\n\ndata: [DONE]\n\n"))
}

/// In one piece, as Anthropic answers too.
fn of_anthropic(input: &str) -> Reply {
    let input: Value = serde_json::from_str(input).expect("a decision");
    let content = json!([{"type": "tool_use", "id": "t", "name": "decision", "input": input}]);
    Reply::json(200, json!({"type": "message", "content": content, "stop_reason": "tool_use"}))
}

fn stage(server: &ScriptedServer) -> Stage {
    Stage::new([])
        .with_real_models()
        .set("OPENAI_API_KEY", MODEL_KEY)
        .set("OPENAI_BASE_URL", server.url("/v1").as_str())
        .set("LLM_MAX_ATTEMPTS", "3")
        .set("LLM_BACKOFF_BASE", "1ms")
}

fn with_fallback(stage: Stage, server: &ScriptedServer) -> Stage {
    stage
        .set("ANTHROPIC_API_KEY", MODEL_KEY)
        .set("ANTHROPIC_BASE_URL", &format!("http://{}", server.address))
        .set("FALLBACK_PROVIDER", "anthropic")
}

async fn run(service: &Service) -> Vec<Value> {
    let events = service.run_all(&json!({"task": "buy it"})).await;
    assert!(!format!("{events:?}").contains("canary"), "{events:?}");
    events
}

/// The beginnings of the log messages.
fn logs(events: &[Value]) -> Vec<&str> {
    let logs = events.iter().filter(|event| event["type"] == "log");
    let messages = logs.map(|log| log["message"].as_str().expect("a message"));
    messages.map(|message| message.split(", trying again").next().expect("a part")).collect()
}

#[tokio::test]
async fn a_run_survives_a_faulty_server_and_reports_its_retries() {
    let answers = [
        Reply::status(503),
        Reply::status(429).header("retry-after", "0"),
        of_openai("I would click the button, I think."),
        stream("data: {\"choices\": [{\"delta\": {\"content\": \"{\\\"memo"),
        of_openai(""),
        of_openai(&decision(json!([{"click": {"index": 1}}]))),
        of_openai(&done()),
    ];
    let server = ScriptedServer::repeating(answers).await;
    let service = stage(&server).start().await;
    let events = run(&service).await;
    assert_eq!(events.last().expect("an end")["finalText"], "bought");
    assert_eq!(
        logs(&events),
        [
            "starting",
            "openai answered with status 503",
            "openai limits the rate of calls",
            "the model's answer cannot be used, asking again",
            "openai broke off in the middle of its answer",
            "openai gave an empty answer",
        ]
    );
    assert!(server.requests().iter().all(|request| request.path == "/v1/chat/completions"));
}

#[tokio::test]
async fn a_run_whose_model_stalls_continues_with_the_fallback() {
    let server = ScriptedServer::repeating([Reply::Silence]).await;
    let decisions = [decision(json!([{"click": {"index": 1}}])), done()];
    let fallback = ScriptedServer::repeating(decisions.map(|decision| of_anthropic(&decision))).await;
    let service = with_fallback(stage(&server), &fallback).set("LLM_OPENING_TIMEOUT", "500ms").start().await;
    let events = run(&service).await;
    assert_eq!(events.last().expect("an end")["finalText"], "bought");
    assert_eq!(
        logs(&events),
        [
            "starting",
            "openai did not answer in time",
            "openai did not answer in time",
            "openai did not answer in time, continuing with anthropic's model claude-sonnet-5-5 for the rest of the run",
        ]
    );
    assert!(fallback.requests().iter().all(|request| request.path == "/v1/messages"));
}

#[tokio::test]
async fn a_run_without_a_working_model_ends_with_a_code() {
    for (answer, code) in [
        (Reply::status(401), "model_unauthorized"),
        (Reply::status(404), "model_unknown"),
        (Reply::status(402), "model_rejected"),
        (Reply::status(413), "model_context_too_long"),
        (Reply::status(429), "model_rate_limited"),
        (Reply::status(500), "model_unavailable"),
        (stream(""), "model_unavailable"),
    ] {
        let server = ScriptedServer::repeating([answer]).await;
        let events = run(&stage(&server).start().await).await;
        assert_eq!(error_code(&events), code);
    }
}

#[tokio::test]
async fn a_model_that_never_gives_a_usable_answer_ends_its_run_without_success() {
    for answer in [of_openai("no"), of_openai(""), Reply::text(200, "<html>Sign in</html>")] {
        let server = ScriptedServer::repeating([answer]).await;
        let events = run(&stage(&server).start().await).await;
        let end = events.last().expect("an end");
        assert_eq!((&end["type"], &end["success"]), (&json!("result"), &json!(false)));
        assert!(!end["errors"].as_array().expect("errors").is_empty());
    }
}

#[tokio::test]
async fn a_delay_beyond_the_runs_deadline_is_not_started() {
    let server = ScriptedServer::repeating([Reply::status(429).header("retry-after", "25")]).await;
    let service = stage(&server).set("RUN_TIMEOUT", "20s").start().await;
    assert_eq!(error_code(&run(&service).await), "model_rate_limited");
}
