//! Unsupported features are learned from a model's errors, at most two, reported and remembered.

use agent::ports::{ModelError, Models, Provider};
use llm::Providers;
use serde_json::{Value, json};

use super::fixture::{
    CollectedNotices, Fixture, SCHEMA, choice, limits, picture, rejects, rejects_without_a_reason, request, said,
    settings, text,
};
use testkit::scripted_server::{Reply, ScriptedServer};

fn called(arguments: &str) -> Reply {
    let call = json!({"id": "1", "type": "function", "function": {"name": "decision", "arguments": arguments}});
    choice(json!({"message": {"content": null, "tool_calls": [call]}, "finish_reason": "tool_calls"}))
}

/// How a request asks for structured output.
fn output(body: &Value) -> &str {
    if body.get("tools").is_some() { "tool" } else { body["response_format"]["type"].as_str().unwrap_or("plain") }
}

fn outputs(fixture: &Fixture) -> Vec<String> {
    fixture.server.requests().iter().map(|request| output(&request.body).to_owned()).collect()
}

async fn openai(model: &str, script: impl IntoIterator<Item = Reply>) -> Fixture {
    let server = ScriptedServer::start(script).await;
    let providers = Providers::new(settings(&server, limits())).expect("usable settings");
    let model = providers.open(Provider::Openai, Some(model)).expect("a configured provider");
    Fixture { server, model, notices: CollectedNotices::default() }
}

#[tokio::test]
async fn the_table_decides_the_first_request() {
    let fixture = openai("gpt-4-turbo", [called(r#"{"a":"1"}"#), said("{}")]).await;
    assert_eq!(fixture.text_after(1).await, r#"{"a":"1"}"#);
    assert_eq!(fixture.text_after(2).await, "{}", "text instead of a call");
    let body = fixture.body(0);
    assert_eq!(body["tools"][0]["function"]["parameters"], *SCHEMA);
    assert_eq!(body["tool_choice"], json!({"type": "function", "function": {"name": "decision"}}));
    assert_eq!(body.get("response_format"), None);

    for (model, temperature, limit, output_mode) in [
        ("gpt-5", false, "max_completion_tokens", "json_schema"),
        ("gpt-4.1", true, "max_completion_tokens", "json_schema"),
        ("qwen3-32b", true, "max_tokens", "json_schema"),
        ("deepseek-chat", true, "max_tokens", "json_object"),
    ] {
        let fixture = openai(model, [said("{}")]).await;
        assert_eq!(fixture.text_after(1).await, "{}");
        let body = fixture.body(0);
        assert_eq!((body.get("temperature").is_some(), output(&body)), (temperature, output_mode), "{model}");
        let limits: Vec<_> = body.as_object().unwrap().keys().filter(|field| field.starts_with("max_")).collect();
        assert_eq!(limits, [limit], "{model}");
        assert!(fixture.notices.all().is_empty());
    }
}

#[tokio::test]
async fn a_model_without_strict_schemas_is_corrected_to_json_mode() {
    let fixture = Fixture::openai([rejects("response_format"), said(r#"{"a":"1"}"#), said(r#"{"a":"2"}"#)]).await;
    assert_eq!(fixture.text_after(2).await, r#"{"a":"1"}"#);
    assert_eq!(fixture.text_after(3).await, r#"{"a":"2"}"#);
    assert_eq!(outputs(&fixture), ["json_schema", "json_object", "json_object"]);
    assert_eq!(
        fixture.notices.all(),
        ["openai does not support JSON schemas for the model gpt-test, continuing with JSON mode"]
    );
}

#[tokio::test]
async fn two_corrections_lead_from_the_schema_to_the_prompt() {
    let replies = [rejects("response_format.type"), rejects("response_format"), said("{}"), said("{}")];
    let fixture = Fixture::openai(replies).await;
    assert_eq!(fixture.text_after(3).await, "{}");
    assert_eq!(fixture.text_after(4).await, "{}");
    assert_eq!(outputs(&fixture), ["json_schema", "json_object", "plain", "plain"]);
    for request in [1, 2] {
        let body = fixture.body(request);
        let system = body["messages"][0]["content"].as_str().unwrap();
        assert!(system.starts_with("You drive a browser.") && system.contains(&SCHEMA.to_string()), "{system}");
    }
    assert_eq!(fixture.notices.all().len(), 2);
}

#[tokio::test]
async fn a_rejected_tool_is_offered_and_then_left_out() {
    let replies = [rejects("tool_choice"), rejects("tools"), said("{}")];
    let fixture = openai("gpt-4", replies).await;
    assert_eq!(fixture.text_after(3).await, "{}");
    assert_eq!(fixture.body(1)["tool_choice"], "auto");
    assert_eq!(outputs(&fixture), ["tool", "tool", "plain"]);
}

#[tokio::test]
async fn a_rejected_temperature_is_omitted_from_then_on() {
    let fixture = Fixture::openai([rejects("temperature"), said("1"), said("2")]).await;
    assert_eq!(fixture.text_after(2).await, "1");
    assert_eq!(fixture.text_after(3).await, "2");
    assert_eq!(fixture.body(0)["temperature"], 0.1);
    for request in [1, 2] {
        assert_eq!(fixture.body(request).get("temperature"), None);
        assert_eq!(output(&fixture.body(request)), "json_schema");
    }
    assert_eq!(
        fixture.notices.all(),
        ["openai does not support temperature for the model gpt-test, continuing without"]
    );
}

#[tokio::test]
async fn the_output_limit_is_sent_by_its_older_name_and_then_not_at_all() {
    let fixture =
        Fixture::openai([rejects("max_completion_tokens"), rejects("max_tokens"), said("1"), said("2")]).await;
    assert_eq!(fixture.text_after(3).await, "1");
    assert_eq!(fixture.text_after(4).await, "2");
    let limits = |n| (fixture.body(n)["max_completion_tokens"].is_u64(), fixture.body(n)["max_tokens"].is_u64());
    assert_eq!(
        [limits(0), limits(1), limits(2), limits(3)],
        [(true, false), (false, true), (false, false), (false, false)]
    );
}

#[tokio::test]
async fn usage_is_not_requested_where_that_is_rejected_and_then_streaming() {
    let replies = [rejects("stream_options"), rejects("stream"), said("1"), said("2")];
    let fixture = Fixture::openai(replies).await;
    assert_eq!(fixture.text_after(3).await, "1");
    assert_eq!(fixture.text_after(4).await, "2");
    let streaming = |n: usize| {
        let body = fixture.body(n);
        (body["stream"].as_bool().unwrap(), body.get("stream_options").is_some())
    };
    assert_eq!(
        [streaming(0), streaming(1), streaming(2), streaming(3)],
        [(true, true), (true, false), (false, false), (false, false)]
    );
    assert_eq!(
        fixture.notices.all(),
        [
            "openai does not support streaming with usage for the model gpt-test, continuing with streaming",
            "openai does not support streaming for the model gpt-test, continuing without",
        ]
    );
}

#[tokio::test]
async fn a_field_in_a_validation_list_is_corrected() {
    let body =
        json!({"detail": [{"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "extra"}]});
    let fixture = Fixture::openai([Reply::json(422, body), said("{}")]).await;
    assert_eq!(fixture.text_after(2).await, "{}");
    assert!(fixture.body(1)["max_tokens"].is_u64());
}

#[tokio::test]
async fn a_model_without_image_support_gets_no_images_from_then_on() {
    let fixture = Fixture::openai([rejects("messages.[1].content.[1].type"), said("1"), said("2")]).await;
    for _ in 0..2 {
        fixture.ask_with(&[picture("the page")]).await.unwrap();
    }
    assert_eq!(fixture.server.count(), 3);
    for request in [1, 2] {
        assert_eq!(fixture.body(request)["messages"][1]["content"], "the page");
    }
    assert_eq!(fixture.notices.all(), ["openai does not support images for the model gpt-test, continuing without"]);
}

#[tokio::test]
async fn one_bad_image_does_not_end_image_support() {
    let fixture = Fixture::openai([said("1"), rejects("messages.[1].content.[1].image_url"), said("3")]).await;
    fixture.ask_with(&[picture("good")]).await.unwrap();
    let error = fixture.ask_with(&[picture("bad")]).await.unwrap_err();
    assert!(matches!(error, ModelError::Rejected { .. }), "{error:?}");
    fixture.ask_with(&[picture("good")]).await.unwrap();
    assert_eq!(fixture.server.count(), 3);
    assert!(fixture.body(2)["messages"][1]["content"].is_array());
}

#[tokio::test]
async fn a_rejection_without_a_reason_makes_no_correction() {
    let fixture = Fixture::openai([rejects_without_a_reason(), said("2"), rejects_without_a_reason()]).await;
    let error = fixture.error_after(1).await;
    let (provider, model) = ("openai".to_owned(), "gpt-test".to_owned());
    assert_eq!(error, ModelError::Rejected { provider, model, detail: "Bad request".to_owned() });
    assert_eq!(fixture.text_after(2).await, "2");
    assert_eq!(fixture.body(1), fixture.body(0));
    assert!(matches!(fixture.error_after(3).await, ModelError::Rejected { .. }));
    assert!(fixture.notices.all().is_empty());
}

#[tokio::test]
async fn a_field_mentioned_in_a_message_is_corrected() {
    let says = |message: &str| Reply::json(400, json!({"error": {"message": message, "param": null, "code": 400}}));
    let replies = [says("This response_format type is unavailable now"), said("1"), said("2")];
    let fixture = Fixture::openai(replies).await;
    assert_eq!(fixture.text_after(2).await, "1");
    assert_eq!(fixture.text_after(3).await, "2");
    assert_eq!(outputs(&fixture), ["json_schema", "json_object", "json_object"]);

    let unknown_variant = says("messages[1]: unknown variant `image_url`, expected `text`");
    let fixture = Fixture::openai([said("1"), unknown_variant, said("2")]).await;
    assert_eq!(fixture.text_after(1).await, "1");
    fixture.ask_with(&[picture("the page")]).await.unwrap();
    assert_eq!(fixture.server.count(), 3);
    assert_eq!(fixture.body(2)["messages"][1]["content"], "the page");
}

#[tokio::test]
async fn there_are_two_corrections_per_model_and_three_requests_per_call() {
    let rejections = ["temperature", "response_format", "stream_options", "response_format", "stream"];
    let fixture = Fixture::openai(rejections.map(rejects)).await;
    assert!(matches!(fixture.error_after(3).await, ModelError::Rejected { .. }));
    assert!(matches!(fixture.error_after(4).await, ModelError::Rejected { .. }), "no third correction later either");
    assert_eq!(fixture.body(3).get("temperature"), None, "what was learned counts");
    assert_eq!(output(&fixture.body(3)), "json_object");

    let fixture = Fixture::openai((0..9).map(|_| rejects("temperature"))).await;
    assert!(matches!(fixture.error_after(2).await, ModelError::Rejected { .. }));
}

#[tokio::test]
async fn a_correction_survives_a_rate_limit() {
    let fixture = Fixture::openai([rejects("temperature"), Reply::status(429), said("1"), said("2")]).await;
    assert_eq!(fixture.text_after(3).await, "1");
    assert_eq!(fixture.text_after(4).await, "2");
    assert_eq!(fixture.body(3).get("temperature"), None);
}

#[tokio::test]
async fn corrections_belong_to_one_model_and_outlive_its_handle() {
    let server = ScriptedServer::start([rejects("temperature"), said("1"), said("2"), said("3")]).await;
    let providers = Providers::new(settings(&server, limits())).unwrap();
    let (notices, messages) = (CollectedNotices::default(), [text("the page")]);
    for model in ["stubborn", "easy", "stubborn"] {
        let model = providers.open(Provider::Openai, Some(model)).unwrap();
        model.complete(request(&messages, &notices)).await.unwrap();
    }
    let sent: Vec<_> = server.requests().iter().map(|request| request.body.get("temperature").is_some()).collect();
    assert_eq!(sent, [true, false, true, false]);
}
