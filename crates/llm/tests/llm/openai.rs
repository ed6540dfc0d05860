//! Requests as OpenAI specifies them, and its answers.

use agent::ports::{Message, ModelError, ModelName, ModelUnavailable, Models, Provider, Role, Usage};
use llm::{BuildError, Providers};
use serde_json::json;

use super::fixture::{
    CollectedNotices, Fixture, KEY, SCHEMA, choice, limits, picture, request, said, settings, settings_of, text,
    without,
};
use testkit::scripted_server::{Reply, ScriptedServer};

#[tokio::test]
async fn a_request_asks_for_the_strict_schema_with_the_stable_part_first() {
    let fixture = Fixture::openai([said("{}")]).await;
    let earlier = Message { role: Role::Assistant, text: "earlier".to_owned(), image: None };
    fixture.ask_with(&[text("first"), earlier, picture("now")]).await.unwrap();

    let sent = fixture.server.requests().remove(0);
    assert_eq!(sent.path, "/v1/chat/completions");
    assert_eq!(sent.authorization, Some(format!("Bearer {KEY}")));
    assert_eq!(
        sent.body,
        json!({
            "model": "gpt-test",
            "messages": [
                {"role": "system", "content": "You drive a browser."},
                {"role": "user", "content": "first"},
                {"role": "assistant", "content": "earlier"},
                {"role": "user", "content": [
                    {"type": "text", "text": "now"},
                    {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,AAAA", "detail": "auto"}},
                ]},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "decision", "strict": true, "schema": *SCHEMA},
            },
            "temperature": 0.1,
            "max_completion_tokens": 16_384,
            "stream": true,
            "stream_options": {"include_usage": true},
        })
    );
}

#[tokio::test]
async fn an_answer_has_its_text_and_usage() {
    let fixture = Fixture::openai([said(r#"{"a":"b"}"#)]).await;
    let reply = fixture.ask().await.unwrap();
    assert_eq!(reply.text, r#"{"a":"b"}"#);
    let usage =
        Usage { calls: 1, prompt_tokens: 120, cached_tokens: 100, cache_written_tokens: 0, completion_tokens: 30 };
    assert_eq!(reply.usage, usage);
    assert!(fixture.notices.all().is_empty());
}

#[tokio::test]
async fn an_answer_without_usage_is_accepted() {
    for usage in [json!(null), json!({}), json!("none"), json!({"prompt_tokens": null, "prompt_tokens_details": null})]
    {
        let body = json!({"choices": [{"message": {"content": "{}"}}], "usage": usage});
        let fixture = Fixture::openai([Reply::json(200, body)]).await;
        assert_eq!(fixture.ask().await.unwrap().usage, Usage { calls: 1, ..Usage::default() });
    }
}

#[tokio::test]
async fn an_answer_in_parts_is_joined() {
    let parts =
        json!([{"type": "thinking", "thinking": []}, {"type": "text", "text": "{"}, {"type": "text", "text": "}"}]);
    let fixture = Fixture::openai([choice(json!({"message": {"content": parts}, "finish_reason": "stop"}))]).await;
    assert_eq!(fixture.text_after(1).await, "{}");
}

#[tokio::test]
async fn calls_share_one_connection() {
    let fixture = Fixture::openai([said("1"), said("2"), said("3")]).await;
    for _ in 0..3 {
        fixture.ask().await.unwrap();
    }
    assert_eq!((fixture.server.count(), fixture.server.connections()), (3, 1));
}

#[tokio::test]
async fn without_a_key_no_authorization_is_sent() {
    let server = ScriptedServer::start([said("{}")]).await;
    let mut settings = settings(&server, limits());
    settings_of(&mut settings, Provider::Openai).api_key = None;
    let model = Providers::new(settings).unwrap().open(Provider::Openai, None).unwrap();
    model.complete(request(&[text("the page")], &CollectedNotices::default())).await.unwrap();
    assert_eq!(server.requests()[0].authorization, None);
}

#[tokio::test]
async fn the_requested_model_or_else_the_default_is_used() {
    let server = ScriptedServer::start([]).await;
    let providers = Providers::new(settings(&server, limits())).unwrap();
    for (provider, asked, model) in [
        (Provider::Openai, None, "gpt-test"),
        (Provider::Openai, Some(" "), "gpt-test"),
        (Provider::Openai, Some("o9"), "o9"),
        (Provider::Anthropic, None, "claude-sonnet-4-test"),
        (Provider::Gemini, None, "gemini-test"),
        (Provider::Ollama, None, "llama-test"),
        (Provider::Ollama, Some("qwen:7b\n"), "qwen:7b"),
    ] {
        let name = providers.open(provider, asked).unwrap().name();
        assert_eq!(name, ModelName { provider: provider.name().to_owned(), model: model.to_owned() });
    }
    let endless = "m".repeat(100_000);
    assert_eq!(providers.open(Provider::Openai, Some(&endless)).unwrap().name().model.len(), 200);
}

#[tokio::test]
async fn the_default_provider_is_the_configured_one_or_openai_or_the_built_in_planner() {
    let server = ScriptedServer::start([]).await;
    let mut settings = settings(&server, limits());
    assert_eq!(Providers::new(settings.clone()).unwrap().default_provider(), Provider::Openai);

    settings.default_provider = Some(Provider::Gemini);
    assert_eq!(Providers::new(settings.clone()).unwrap().default_provider(), Provider::Gemini);

    settings.default_provider = None;
    without(&mut settings, Provider::Openai);
    assert_eq!(Providers::new(settings.clone()).unwrap().default_provider(), Provider::Template);
    without(&mut settings, Provider::Anthropic);
    without(&mut settings, Provider::Gemini);
    let providers = Providers::new(settings).unwrap();
    assert_eq!(providers.default_provider(), Provider::Template);
    for provider in [Provider::Openai, Provider::Anthropic, Provider::Gemini, Provider::Template] {
        assert_eq!(providers.open(provider, None).err(), Some(ModelUnavailable::NotConfigured(provider)));
    }
    assert!(providers.open(Provider::Ollama, None).is_ok());
}

#[tokio::test]
async fn an_unusable_base_url_or_key_is_an_error() {
    let server = ScriptedServer::start([]).await;
    let mut bad = settings(&server, limits());
    settings_of(&mut bad, Provider::Openai).api_key = Some("sk-\u{7}-canary".into());
    let error = Providers::new(bad).err().unwrap();
    assert!(matches!(error, BuildError::Endpoint(Provider::Openai)));
    assert!(!format!("{error} {error:?}").contains("canary"));

    let mut bad = settings(&server, limits());
    settings_of(&mut bad, Provider::Ollama).base_url = "file:///etc".parse().unwrap();
    assert!(matches!(Providers::new(bad).err(), Some(BuildError::Endpoint(Provider::Ollama))));
}

#[tokio::test]
async fn unusable_answers_are_reported_by_kind() {
    let provider = || "openai".to_owned();
    let refused = |reason: &str| ModelError::Refused { provider: provider(), reason: reason.to_owned() };
    let filtered = || ModelError::Filtered { provider: provider(), reason: "content_filter".to_owned() };
    for (reply, error) in [
        (choice(json!({"message": {"refusal": "I can't\n help."}, "finish_reason": "stop"})), refused("I can't help.")),
        (choice(json!({"message": {"content": "{"}, "finish_reason": "content_filter"})), filtered()),
        (
            Reply::json(400, json!({"error": {"code": "content_filter", "param": "prompt", "message": "no"}})),
            filtered(),
        ),
        (
            choice(json!({"message": {"content": "{\"a\":"}, "finish_reason": "length"})),
            ModelError::CutOff { provider: provider() },
        ),
        (Reply::text(200, "<html>Sign in</html>"), ModelError::Malformed { provider: provider() }),
        (Reply::json(200, json!({"choices": 3})), ModelError::Malformed { provider: provider() }),
    ] {
        assert_eq!(Fixture::openai([reply]).await.error_after(1).await, error);
    }
    for reply in [
        || said(" \n"),
        || choice(json!({"message": {"content": null}})),
        || choice(json!({})),
        || Reply::json(200, json!({"choices": []})),
    ] {
        let fixture = Fixture::openai([reply(), reply(), reply()]).await;
        assert_eq!(fixture.error_after(3).await, ModelError::Empty { provider: provider() });
    }
}
