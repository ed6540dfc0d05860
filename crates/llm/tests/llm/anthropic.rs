//! Anthropic's Messages API, beyond the conformance suite.

use agent::ports::{ChatRequest, Message, ModelError, Models, Provider, Role};
use llm::Providers;
use serde_json::{Value, json};

use super::apis::Api;
use super::fixture::{CollectedNotices, Fixture, SCHEMA, limits, picture, request, settings, text};
use testkit::scripted_server::{Reply, ScriptedServer};

fn said(text: &str) -> Reply {
    Api::of(Provider::Anthropic).said(text)
}

async fn fixture(script: impl IntoIterator<Item = Reply>) -> Fixture {
    Fixture::with(Provider::Anthropic, limits(), script).await
}

fn rejects(message: &str) -> Reply {
    Reply::json(400, json!({"type": "error", "error": {"type": "invalid_request_error", "message": message}}))
}

const BREAKPOINT: &str = "cache_control";

#[tokio::test]
async fn a_request_forces_the_tool_and_has_breakpoints_after_the_stable_parts() {
    let fixture = fixture([said("{}")]).await;
    let earlier = Message { role: Role::Assistant, text: "earlier".to_owned(), image: None };
    fixture.ask_with(&[text("task"), text("step 1"), earlier, text("step 2"), picture("page")]).await.unwrap();
    let sent = fixture.server.requests().remove(0);
    assert_eq!(sent.header("anthropic-version"), Some("2023-06-01"));
    let cached = json!({"type": "ephemeral"});
    assert_eq!(
        sent.body,
        json!({
            "model": "claude-sonnet-4-test",
            "max_tokens": 16_384,
            "stream": true,
            "tools": [{"name": "decision", "description": "Gives the answer.", "input_schema": *SCHEMA}],
            "tool_choice": {"type": "tool", "name": "decision", "disable_parallel_tool_use": true},
            "system": [{"type": "text", "text": "You drive a browser.", "cache_control": cached}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "task"}, {"type": "text", "text": "step 1"}]},
                {"role": "assistant", "content": [{"type": "text", "text": "earlier"}]},
                {"role": "user", "content": [
                    {"type": "text", "text": "step 2", "cache_control": cached},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"}},
                    {"type": "text", "text": "page"},
                ]},
            ],
            "temperature": 0.1,
        })
    );
}

/// The request up to the last breakpoint, in the order in which the API caches it.
fn prefix(body: &Value) -> String {
    let blocks = |list: &Value| list.as_array().expect("a list").clone();
    let messages = blocks(&body["messages"]).into_iter().flat_map(|message| blocks(&message["content"]));
    let mut all: Vec<Value> = blocks(&body["tools"]);
    all.extend(blocks(&body["system"]));
    all.extend(messages);
    let last = all.iter().rposition(|block| block.get(BREAKPOINT).is_some()).expect("a breakpoint");
    let strip = |block: &Value| {
        let mut block = block.clone();
        block.as_object_mut().expect("a block").shift_remove(BREAKPOINT);
        block.to_string()
    };
    all[..=last].iter().map(strip).collect()
}

#[tokio::test]
async fn the_next_call_begins_with_the_cached_prefix() {
    let fixture = fixture([said("1"), said("2"), said("3")]).await;
    let steps = ["task", "step 1", "step 2"];
    for n in 1..=3 {
        let mut messages: Vec<_> = steps[..n].iter().map(|step| text(step)).collect();
        messages.push(text(&format!("page {n}")));
        fixture.ask_with(&messages).await.unwrap();
    }
    let prefixes: Vec<_> = (0..3).map(|n| prefix(&fixture.body(n))).collect();
    assert!(prefixes[1].starts_with(&prefixes[0]) && prefixes[2].starts_with(&prefixes[1]));
    assert!(prefixes.iter().all(|prefix| !prefix.contains("page")));
    for n in 0..3 {
        assert_eq!(fixture.body(n).to_string().matches(BREAKPOINT).count(), 2, "of the four that the API allows");
    }
}

#[tokio::test]
async fn without_a_repeated_history_only_the_prompt_is_cached() {
    let fixture = fixture([said("{}")]).await;
    let messages = [text("page")];
    fixture.model.complete(ChatRequest { stable: 0, ..request(&messages, &fixture.notices) }).await.unwrap();
    assert_eq!(fixture.body(0).to_string().matches(BREAKPOINT).count(), 1);
}

async fn named(model: &str, script: impl IntoIterator<Item = Reply>) -> Fixture {
    let server = ScriptedServer::start(script).await;
    let providers = Providers::new(settings(&server, limits())).expect("usable settings");
    let model = providers.open(Provider::Anthropic, Some(model)).expect("a configured provider");
    Fixture { server, model, notices: CollectedNotices::default() }
}

#[tokio::test]
async fn a_current_model_is_offered_the_tool_without_a_temperature() {
    let fixture = named("claude-sonnet-5-5", [said("1")]).await;
    assert_eq!(fixture.text_after(1).await, "1");
    let body = fixture.body(0);
    assert_eq!(body["tool_choice"]["type"], "auto");
    assert_eq!(body.get("temperature"), None);
    let system = body["system"][0]["text"].as_str().unwrap();
    assert!(system.ends_with("by calling the tool decision once, without other text."));
    assert_eq!(body["tools"][0]["input_schema"], *SCHEMA);
}

#[tokio::test]
async fn a_model_that_rejects_forced_calls_and_temperature_is_corrected_once() {
    let script = [
        rejects("tool_choice forces tool use, which this model does not support."),
        rejects("`temperature` is deprecated for this model."),
        said("1"),
        said("2"),
    ];
    let fixture = fixture(script).await;
    assert_eq!(fixture.text_after(3).await, "1");
    assert_eq!(fixture.text_after(4).await, "2");
    for body in [fixture.body(2), fixture.body(3)] {
        assert_eq!(body["tool_choice"]["type"], "auto");
        assert_eq!(body.get("temperature"), None);
    }
}

#[tokio::test]
async fn an_older_model_is_asked_for_a_shorter_answer() {
    let message =
        "max_tokens: 16384 > 4096, which is the maximum allowed number of output tokens for claude-sonnet-4-test";
    let fixture = fixture([rejects(message), said("{}")]).await;
    assert_eq!(fixture.text_after(2).await, "{}");
    assert_eq!(fixture.body(1)["max_tokens"], 4096);
    assert_eq!(
        fixture.notices.all(),
        [
            "anthropic does not support max_tokens for the model claude-sonnet-4-test, continuing with a minimal output limit"
        ]
    );
}

#[tokio::test]
async fn text_is_the_answer_if_the_tool_was_not_called() {
    let whole = json!({
        "type": "message",
        "content": [{"type": "thinking", "thinking": "{hm}"}, {"type": "text", "text": "{}"}],
        "stop_reason": "end_turn",
    });
    let fixture = fixture([Reply::json(200, whole)]).await;
    assert_eq!(fixture.text_after(1).await, "{}");
}

#[tokio::test]
async fn a_context_exceeded_while_answering_is_too_long() {
    let whole = json!({"type": "message", "content": [], "stop_reason": "model_context_window_exceeded"});
    let error = fixture([Reply::json(200, whole)]).await.error_after(1).await;
    let (provider, model) = ("anthropic".to_owned(), "claude-sonnet-4-test".to_owned());
    assert_eq!(error, ModelError::ContextTooLong { provider, model });
}

#[tokio::test]
async fn an_uncorrectable_rejection_quotes_the_server() {
    let error = fixture((0..20).map(|_| rejects("Your credit\nbalance is too low"))).await.ask().await.unwrap_err();
    let (provider, model) = ("anthropic".to_owned(), "claude-sonnet-4-test".to_owned());
    assert_eq!(error, ModelError::Rejected { provider, model, detail: "Your credit balance is too low".to_owned() });
}

#[tokio::test]
async fn a_temperature_above_the_maximum_is_clamped() {
    let fixture = fixture([said("{}")]).await;
    let messages = [text("page")];
    fixture.model.complete(ChatRequest { temperature: 1.7, ..request(&messages, &fixture.notices) }).await.unwrap();
    assert_eq!(fixture.body(0)["temperature"], 1.0);
}
