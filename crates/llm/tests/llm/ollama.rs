//! Ollama's native API.

use agent::ports::{ModelError, Usage};
use serde_json::{Value, json};

use super::fixture::{Fixture, SCHEMA, picture, text};
use testkit::scripted_server::Reply;

fn ollama() -> String {
    "ollama".to_owned()
}

fn stream(lines: &[Value]) -> Reply {
    Reply::text(200, lines.iter().map(|line| format!("{line}\n")).collect::<String>())
}

fn said(content: &str) -> Reply {
    let (head, tail) = content.split_at(content.len() / 2);
    stream(&[
        json!({"model": "llama-test", "message": {"role": "assistant", "content": head}, "done": false}),
        json!({"model": "llama-test", "message": {"role": "assistant", "content": tail}, "done": false}),
        json!({
            "model": "llama-test",
            "message": {"role": "assistant", "content": ""},
            "done": true,
            "done_reason": "stop",
            "prompt_eval_count": 120,
            "eval_count": 30,
        }),
    ])
}

fn capable_of(capabilities: &[&str]) -> Reply {
    Reply::json(200, json!({"capabilities": capabilities, "details": {"family": "llama"}}))
}

#[tokio::test]
async fn a_request_has_the_schema_and_a_context_size() {
    let fixture = Fixture::ollama([said("{}")]).await;
    fixture.ask().await.unwrap();
    let sent = fixture.server.requests().remove(0);
    assert_eq!((sent.path.as_str(), sent.authorization), ("/api/chat", None));
    assert_eq!(
        sent.body,
        json!({
            "model": "llama-test",
            "messages": [
                {"role": "system", "content": "You drive a browser."},
                {"role": "user", "content": "the page"},
            ],
            "format": *SCHEMA,
            "stream": true,
            "truncate": false,
            "options": {"temperature": 0.1, "num_predict": 16_384, "num_ctx": 32_768},
        })
    );
}

#[tokio::test]
async fn the_context_grows_in_steps_with_the_prompt() {
    let fixture = Fixture::ollama([said("1"), said("2")]).await;
    for bytes in [60_000, 70_000] {
        fixture.ask_with(&[text(&"x".repeat(bytes))]).await.unwrap();
    }
    assert_eq!(fixture.body(0)["options"]["num_ctx"], 65_536);
    assert_eq!(fixture.body(1)["options"]["num_ctx"], 65_536);
}

#[tokio::test]
async fn a_streamed_json_lines_answer_is_joined_and_counted() {
    let fixture = Fixture::ollama([said(r#"{"a":"b"}"#)]).await;
    let reply = fixture.ask().await.unwrap();
    assert_eq!(reply.text, r#"{"a":"b"}"#);
    let usage =
        Usage { calls: 1, prompt_tokens: 120, cached_tokens: 0, cache_written_tokens: 0, completion_tokens: 30 };
    assert_eq!(reply.usage, usage);
}

#[tokio::test]
async fn an_answer_in_one_piece_is_parsed() {
    let whole = json!({"message": {"content": "{}"}, "done": true});
    let fixture = Fixture::ollama([Reply::json(200, whole)]).await;
    assert_eq!(fixture.text_after(1).await, "{}");
}

#[tokio::test]
async fn image_support_is_queried_once_and_images_are_sent() {
    let fixture = Fixture::ollama([capable_of(&["completion", "vision"]), said("1"), said("2")]).await;
    for _ in 0..2 {
        fixture.ask_with(&[picture("the page")]).await.unwrap();
    }
    let paths: Vec<_> = fixture.server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/api/show", "/api/chat", "/api/chat"]);
    assert_eq!(fixture.body(0), json!({"model": "llama-test"}));
    assert_eq!(fixture.body(1)["messages"][1], json!({"role": "user", "content": "the page", "images": ["AAAA"]}));
    assert!(fixture.notices.all().is_empty());
}

#[tokio::test]
async fn a_model_without_image_support_gets_no_images_and_one_notice() {
    let fixture = Fixture::ollama([capable_of(&["completion"]), said("1"), said("2")]).await;
    for _ in 0..2 {
        fixture.ask_with(&[picture("the page")]).await.unwrap();
    }
    for request in [1, 2] {
        assert_eq!(fixture.body(request)["messages"][1], json!({"role": "user", "content": "the page"}));
    }
    assert_eq!(fixture.notices.all(), ["ollama does not support images for the model llama-test, continuing without"]);
}

#[tokio::test]
async fn images_are_sent_if_the_server_reports_no_capabilities() {
    for answer in [Reply::json(200, json!({"details": {}})), Reply::text(200, "what?"), Reply::status(404)] {
        let fixture = Fixture::ollama([answer, said("{}")]).await;
        fixture.ask_with(&[picture("the page")]).await.unwrap();
        assert_eq!(fixture.body(1)["messages"][1]["images"], json!(["AAAA"]));
    }
}

#[tokio::test]
async fn an_unknown_model_fails_at_once() {
    let reply = Reply::json(404, json!({"error": "model 'llama-test' not found"}));
    let error = Fixture::ollama([reply]).await.error_after(1).await;
    assert_eq!(error, ModelError::UnknownModel { provider: ollama(), model: "llama-test".to_owned() });
}

#[tokio::test]
async fn a_rejection_quotes_the_server_once_no_correction_is_left() {
    for (reply, requests, detail) in [
        ((|| Reply::json(400, json!({"error": "invalid\nformat"}))) as fn() -> Reply, 3, "invalid format"),
        (|| Reply::text(400, "<html>"), 1, "status 400"),
    ] {
        let error = Fixture::ollama([reply(), reply(), reply()]).await.error_after(requests).await;
        let (provider, model) = (ollama(), "llama-test".to_owned());
        assert_eq!(error, ModelError::Rejected { provider, model, detail: detail.to_owned() });
    }
}

#[tokio::test]
async fn a_rejected_schema_is_replaced_by_json_mode_and_then_by_the_prompt() {
    let rejects = || Reply::json(400, json!({"error": "no grammar"}));
    let fixture = Fixture::ollama([rejects(), rejects(), said("{}"), said("{}")]).await;
    assert_eq!(fixture.text_after(3).await, "{}");
    assert_eq!(fixture.text_after(4).await, "{}");
    let formats: Vec<_> = (0..4).map(|n| fixture.body(n).get("format").cloned()).collect();
    assert_eq!(formats, [Some(SCHEMA.clone()), Some(json!("json")), None, None]);
    assert!(fixture.body(3)["messages"][0]["content"].as_str().unwrap().contains(&SCHEMA.to_string()));
}

#[tokio::test]
async fn a_transient_failure_is_retried() {
    let begun = json!({"message": {"content": "{"}, "done": false});
    for reply in [
        Reply::json(500, json!({"error": "out of memory"})),
        Reply::json(503, json!({"error": "server busy"})),
        stream(&[begun.clone(), json!({"error": "the runner was stopped"})]),
        stream(std::slice::from_ref(&begun)),
        Reply::text(200, r#"{"message":{"cont"#),
        Reply::status(200),
        Reply::Break { begin: format!("{begun}\n") },
    ] {
        let fixture = Fixture::ollama([reply, said("{}")]).await;
        assert_eq!(fixture.text_after(2).await, "{}");
        assert_eq!(fixture.notices.all().len(), 1);
    }
}

#[tokio::test]
async fn unusable_answers_are_reported_by_kind() {
    for (reply, error) in [
        (
            stream(&[json!({"message": {"content": "{"}, "done": true, "done_reason": "length"})]),
            ModelError::CutOff { provider: ollama() },
        ),
        (Reply::text(200, "<html>Sign in</html>"), ModelError::Malformed { provider: ollama() }),
    ] {
        assert_eq!(Fixture::ollama([reply]).await.error_after(1).await, error);
    }
}
