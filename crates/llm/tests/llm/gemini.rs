//! Gemini's API, beyond the conformance suite.

use agent::ports::{Message, ModelError, Models, Provider, Role};
use llm::Providers;
use serde_json::{Value, json};

use super::apis::Api;
use super::fixture::{CollectedNotices, Fixture, SCHEMA, limits, picture, request, settings, text};
use testkit::scripted_server::{Reply, ScriptedServer};

fn said(text: &str) -> Reply {
    Api::of(Provider::Gemini).said(text)
}

async fn fixture(script: impl IntoIterator<Item = Reply>) -> Fixture {
    Fixture::with(Provider::Gemini, limits(), script).await
}

fn rejects(message: &str) -> Reply {
    Reply::json(400, json!({"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}))
}

#[tokio::test]
async fn a_request_has_the_schema_and_alternating_turns() {
    let fixture = fixture([said("{}")]).await;
    let earlier = Message { role: Role::Assistant, text: "earlier".to_owned(), image: None };
    fixture.ask_with(&[text("task"), text("step 1"), earlier, picture("page")]).await.unwrap();
    assert_eq!(
        fixture.body(0),
        json!({
            "systemInstruction": {"parts": [{"text": "You drive a browser."}]},
            "contents": [
                {"role": "user", "parts": [{"text": "task"}, {"text": "step 1"}]},
                {"role": "model", "parts": [{"text": "earlier"}]},
                {"role": "user", "parts": [
                    {"text": "page"},
                    {"inlineData": {"mimeType": "image/jpeg", "data": "AAAA"}},
                ]},
            ],
            "generationConfig": {
                "responseMimeType": "application/json",
                "responseJsonSchema": *SCHEMA,
                "temperature": 0.1,
                "maxOutputTokens": 16_384,
            },
        })
    );
}

#[tokio::test]
async fn a_rejected_schema_goes_into_the_prompt() {
    for message in [
        "Invalid JSON payload received. Unknown name \"responseJsonSchema\" at 'generation_config'.",
        "The specified schema produces a constraint that has too many states for serving.",
    ] {
        let fixture = fixture([rejects(message), said("1"), said("2")]).await;
        assert_eq!(fixture.text_after(2).await, "1");
        assert_eq!(fixture.text_after(3).await, "2");
        for n in [1, 2] {
            let config = fixture.body(n)["generationConfig"].clone();
            assert_eq!(config["responseMimeType"], "application/json");
            assert!(config.get("responseSchema").is_none() && config.get("responseJsonSchema").is_none());
            let system = fixture.body(n)["systemInstruction"]["parts"][0]["text"].clone();
            assert!(system.as_str().unwrap().contains(&SCHEMA.to_string()));
        }
    }
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_not_asked_to_stream_again() {
    let whole = || Reply::json(200, (Api::of(Provider::Gemini).whole)("{}"));
    let fixture = fixture([whole(), whole()]).await;
    fixture.ask().await.unwrap();
    fixture.ask().await.unwrap();
    let paths: Vec<_> = fixture.server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(
        paths,
        ["/v1beta/models/gemini-test:streamGenerateContent?alt=sse", "/v1beta/models/gemini-test:generateContent"]
    );
}

#[tokio::test]
async fn an_error_may_be_a_list() {
    let error: Value = json!([{"error": {"code": 404, "message": "not found", "status": "NOT_FOUND"}}]);
    let error = fixture([Reply::json(404, error)]).await.error_after(1).await;
    assert_eq!(error, ModelError::UnknownModel { provider: "gemini".to_owned(), model: "gemini-test".to_owned() });
}

#[tokio::test]
async fn a_model_name_is_one_path_segment() {
    let server = ScriptedServer::start((0..3).map(|_| said("{}"))).await;
    let providers = Providers::new(settings(&server, limits())).unwrap();
    for model in ["models/gemini-x", "a/../../b?key=1#c", "tuned models/x"] {
        let model = providers.open(Provider::Gemini, Some(model)).unwrap();
        model.complete(request(&[text("the page")], &CollectedNotices::default())).await.unwrap();
    }
    let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    let path = |model: &str| format!("/v1beta/models/{model}:streamGenerateContent?alt=sse");
    assert_eq!(paths, [path("gemini-x"), path("a%2F..%2F..%2Fb%3Fkey=1%23c"), path("tuned%20models%2Fx")]);
}
