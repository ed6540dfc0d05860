//! Failures that are not retried, with provider and model.

use std::time::Duration;

use agent::ports::{ModelError, Provider};
use llm::settings::CallLimits;
use serde_json::json;

use super::fixture::{Fixture, limits, picture, said, text};
use testkit::scripted_server::Reply;

fn openai() -> String {
    "openai".to_owned()
}

fn rejected(detail: &str) -> ModelError {
    ModelError::Rejected { provider: openai(), model: "gpt-test".to_owned(), detail: detail.to_owned() }
}

#[tokio::test]
async fn a_wrong_key_fails_at_once() {
    for status in [401, 403] {
        let fixture = Fixture::openai([Reply::status(status)]).await;
        let error = fixture.error_after(1).await;
        assert_eq!(error, ModelError::Unauthorized { provider: openai(), model: "gpt-test".to_owned() });
        assert_eq!(error.to_string(), "openai rejected the key for the model gpt-test");
    }
}

#[tokio::test]
async fn an_unknown_model_fails_at_once() {
    let not_found = || json!({"error": {"code": "model_not_found", "param": null, "message": "no such model"}});
    for reply in [
        Reply::status(404),
        Reply::json(404, not_found()),
        Reply::json(403, not_found()),
        Reply::json(400, not_found()),
    ] {
        let error = Fixture::openai([reply]).await.error_after(1).await;
        assert_eq!(error, ModelError::UnknownModel { provider: openai(), model: "gpt-test".to_owned() });
    }
}

#[tokio::test]
async fn a_context_that_is_too_long_has_its_own_error_in_every_wording() {
    for error in [
        json!({"code": "context_length_exceeded", "param": "messages", "message": "too\nlong"}),
        json!({"code": "context_length_exceeded", "param": null, "message": "too long"}),
        json!({"code": 400, "type": "exceed_context_size_error", "message": "too long"}),
        json!({"code": 400, "type": "BadRequestError", "message": "This model's maximum context length is 4096 tokens."}),
    ] {
        let fixture = Fixture::openai([Reply::json(400, json!({"error": error}))]).await;
        let (provider, model) = (openai(), "gpt-test".to_owned());
        assert_eq!(fixture.error_after(1).await, ModelError::ContextTooLong { provider, model });
        assert!(fixture.notices.all().is_empty());
    }
}

#[tokio::test]
async fn a_required_field_that_is_rejected_fails_at_once() {
    let error = json!({"error": {"param": "model", "message": "must be a string"}});
    assert_eq!(Fixture::openai([Reply::json(422, error)]).await.error_after(1).await, rejected("must be a string"));
}

#[tokio::test]
async fn an_account_without_credit_is_not_retried() {
    let error = json!({"error": {"code": "insufficient_quota", "type": "insufficient_quota", "message": "pay first"}});
    assert_eq!(Fixture::openai([Reply::json(429, error)]).await.error_after(1).await, rejected("pay first"));
}

#[tokio::test]
async fn other_statuses_are_reported_as_they_are() {
    for (status, error) in [
        (307, rejected("status 307")),
        (402, rejected("status 402")),
        (501, ModelError::Unavailable { provider: openai(), status: 501 }),
    ] {
        let reply = Reply::text(status, "<html>whatever</html>").header("location", "http://127.0.0.1:9/");
        assert_eq!(Fixture::openai([reply]).await.error_after(1).await, error);
    }
}

#[tokio::test]
async fn an_error_object_in_a_200_is_an_error() {
    for (body, error) in [
        (json!({"error": {"code": 401, "message": "no"}}), "openai rejected the key for the model gpt-test"),
        (
            json!({"error": {"param": "model", "message": "no"}}),
            "openai rejected the request to the model gpt-test: no",
        ),
        (
            json!({"choices": [{"error": {"code": 402, "message": "too much"}, "finish_reason": "error"}]}),
            "openai rejected the request to the model gpt-test: too much",
        ),
    ] {
        assert_eq!(Fixture::openai([Reply::json(200, body)]).await.error_after(1).await.to_string(), error);
    }
}

#[tokio::test]
async fn an_oversized_answer_is_not_read_to_its_end() {
    let limits = CallLimits { max_response_bytes: 50_000, ..limits() };
    let endless = Reply::Stall { begin: " ".repeat(60_000) };
    let fixture = Fixture::with(Provider::Openai, limits, [endless]).await;
    assert_eq!(fixture.error_after(1).await, ModelError::Malformed { provider: openai() });
    fixture.server.client_hung_up().await;
}

#[tokio::test]
async fn an_attempt_that_exceeds_the_time_limit_is_not_retried() {
    for reply in [Reply::Silence, Reply::Stall { begin: "{".to_owned() }] {
        let limits = CallLimits { timeout: Duration::from_millis(50), ..limits() };
        let fixture = Fixture::with(Provider::Openai, limits, [reply, said("{}")]).await;
        // A machine under load may notice the deadline before the request has left it.
        let error = fixture.ask().await.unwrap_err();
        assert_eq!(error, ModelError::TimedOut { provider: openai() });
        assert!(fixture.server.count() <= 1);
        assert!(fixture.notices.all().is_empty());
    }
}

#[tokio::test]
async fn dropping_a_call_aborts_it_in_every_phase() {
    for provider in [Provider::Openai, Provider::Ollama] {
        for reply in [Reply::Silence, Reply::Stall { begin: "{".to_owned() }] {
            let fixture = Fixture::with(provider, limits(), [reply, said("{}")]).await;
            tokio::select! {
                answer = fixture.ask() => panic!("a silent server answered {answer:?}"),
                () = fixture.server.request_arrived() => {}
            }
            fixture.server.client_hung_up().await;
            assert_eq!(fixture.server.count(), 1);
        }
    }
}

#[tokio::test]
async fn dropping_a_call_during_backoff_ends_its_attempts() {
    let long = CallLimits { backoff_cap: Duration::from_secs(3600), ..limits() };
    let reply = || Reply::status(429).header("retry-after", "3000");
    let fixture = Fixture::with(Provider::Openai, long, [reply(), said("{}")]).await;
    tokio::select! {
        answer = fixture.ask() => panic!("a limited server answered {answer:?}"),
        () = fixture.notices.arrived() => {}
    }
    assert_eq!(fixture.notices.all(), ["openai limits the rate of calls, trying again in 3000 s (2 of 3)"]);
    assert_eq!(fixture.server.count(), 1);
}

#[tokio::test]
async fn dropping_a_call_does_not_affect_others_on_the_same_client() {
    let fixture = Fixture::openai([Reply::Silence, said("{}")]).await;
    let (silent, page) = ([picture("silent")], [text("page")]);
    let mut silent = Box::pin(fixture.ask_with(&silent));
    tokio::select! {
        answer = &mut silent => panic!("a silent server answered {answer:?}"),
        () = fixture.server.request_arrived() => {}
    }
    let (answer, ()) = tokio::join!(fixture.ask_with(&page), async { drop(silent) });
    assert_eq!(answer.unwrap().text, "{}");
}
