//! Runs over model servers that are slow, rude and sometimes wrong.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::support::client::error_code;
use crate::support::service::{Service, Stage};

const MODEL_KEY: &str = "sk-canary-51ca";

/// One answer after the other, the last one again and again.
struct InTurn {
    answers: Vec<ResponseTemplate>,
    given: AtomicUsize,
}

impl Respond for InTurn {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let next = self.given.fetch_add(1, Ordering::Relaxed);
        self.answers[next.min(self.answers.len() - 1)].clone()
    }
}

async fn play(server: &MockServer, at: &str, answers: impl IntoIterator<Item = ResponseTemplate>) {
    let answers = InTurn { answers: answers.into_iter().collect(), given: AtomicUsize::new(0) };
    Mock::given(path(at)).respond_with(answers).mount(server).await;
}

fn status(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
}

fn body(text: impl Into<String>) -> ResponseTemplate {
    status(200).set_body_raw(text.into(), "text/event-stream")
}

fn decision(actions: Value) -> String {
    json!({"evaluationPreviousGoal": "", "memory": "", "nextGoal": "go on", "actions": actions}).to_string()
}

fn done() -> String {
    decision(json!([{"done": {"text": "bought", "success": true}}]))
}

/// As OpenAI streams it.
fn of_openai(text: &str) -> ResponseTemplate {
    let chunk = json!({"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]});
    body(format!("data: {chunk}\n\ndata: [DONE]\n\n"))
}

/// In one piece, as Anthropic answers too.
fn of_anthropic(input: &str) -> ResponseTemplate {
    let input: Value = serde_json::from_str(input).expect("a decision");
    let content = json!([{"type": "tool_use", "id": "t", "name": "decision", "input": input}]);
    status(200).set_body_json(json!({"type": "message", "content": content, "stop_reason": "tool_use"}))
}

fn stage(server: &MockServer) -> Stage {
    Stage::new([])
        .with_real_models()
        .set("OPENAI_API_KEY", MODEL_KEY)
        .set("OPENAI_BASE_URL", &format!("{}/v1", server.uri()))
        .set("LLM_MAX_ATTEMPTS", "3")
        .set("LLM_BACKOFF_BASE", "1ms")
}

fn with_fallback(stage: Stage, server: &MockServer) -> Stage {
    stage
        .set("ANTHROPIC_API_KEY", MODEL_KEY)
        .set("ANTHROPIC_BASE_URL", &server.uri())
        .set("FALLBACK_PROVIDER", "anthropic")
}

async fn run(service: &Service) -> Vec<Value> {
    let events = service.run_all(&json!({"task": "buy it"})).await;
    assert!(!format!("{events:?}").contains("canary"), "{events:?}");
    events
}

/// The beginnings of what was told on the way.
fn logs(events: &[Value]) -> Vec<&str> {
    let logs = events.iter().filter(|event| event["type"] == "log");
    let messages = logs.map(|log| log["message"].as_str().expect("a message"));
    messages.map(|message| message.split(", trying again").next().expect("a part")).collect()
}

#[tokio::test]
async fn a_run_over_a_rude_server_ends_well_and_tells_what_it_waits_for() {
    let server = MockServer::start().await;
    let answers = [
        status(503),
        status(429).insert_header("retry-after", "0"),
        of_openai("I would click the button, I think."),
        body("data: {\"choices\": [{\"delta\": {\"content\": \"{\\\"memo"),
        of_openai(""),
        of_openai(&decision(json!([{"click": {"index": 1}}]))),
        of_openai(&done()),
    ];
    play(&server, "/v1/chat/completions", answers).await;
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
}

#[tokio::test]
async fn a_run_whose_model_stalls_goes_on_with_the_fallback() {
    let server = MockServer::start().await;
    play(&server, "/v1/chat/completions", [status(200).set_delay(Duration::from_secs(3600))]).await;
    play(&server, "/v1/messages", [of_anthropic(&decision(json!([{"click": {"index": 1}}]))), of_anthropic(&done())])
        .await;
    let service = with_fallback(stage(&server), &server).set("LLM_OPENING_TIMEOUT", "500ms").start().await;
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
}

#[tokio::test]
async fn a_run_that_no_model_can_go_on_with_ends_clearly() {
    for (answer, code) in [
        (status(401), "model_unauthorized"),
        (status(404), "model_unknown"),
        (status(402), "model_rejected"),
        (status(413), "model_context_too_long"),
        (status(429), "model_rate_limited"),
        (status(500), "model_unavailable"),
        (body(""), "model_unavailable"),
    ] {
        let server = MockServer::start().await;
        play(&server, "/v1/chat/completions", [answer]).await;
        let events = run(&stage(&server).start().await).await;
        assert_eq!(error_code(&events), code);
    }
}

#[tokio::test]
async fn a_model_that_never_gives_a_usable_answer_ends_its_run_without_success() {
    for answer in [of_openai("no"), of_openai(""), status(200).set_body_string("<html>Sign in</html>")] {
        let server = MockServer::start().await;
        play(&server, "/v1/chat/completions", [answer]).await;
        let events = run(&stage(&server).start().await).await;
        let end = events.last().expect("an end");
        assert_eq!((&end["type"], &end["success"]), (&json!("result"), &json!(false)));
        assert!(!end["errors"].as_array().expect("errors").is_empty());
    }
}

#[tokio::test]
async fn a_wait_that_outlasts_the_run_is_not_begun() {
    let server = MockServer::start().await;
    play(&server, "/v1/chat/completions", [status(429).insert_header("retry-after", "25")]).await;
    let service = stage(&server).set("RUN_TIMEOUT", "20s").start().await;
    assert_eq!(error_code(&run(&service).await), "model_rate_limited");
}
