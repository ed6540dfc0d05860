//! Transient failures: retries with a notice before each delay.

use std::time::{Duration, SystemTime};

use agent::ports::{ChatRequest, ModelError, Models, Provider};
use llm::Providers;
use llm::settings::CallLimits;
use serde_json::json;
use tokio::net::TcpListener;

use super::fixture::{CollectedNotices, Fixture, limits, request, said, settings, settings_of, text};
use testkit::scripted_server::{Reply, ScriptedServer};

fn openai() -> String {
    "openai".to_owned()
}

/// The notices, without random delays.
fn notices(fixture: &Fixture) -> Vec<String> {
    let notices = fixture.notices.all().into_iter();
    notices.map(|message| message.split_once(", ").expect("a reason and a wait").0.to_owned()).collect()
}

#[tokio::test]
async fn a_transient_status_is_retried_until_it_succeeds() {
    for status in [408, 429, 500, 502, 503, 504, 529] {
        let fixture = Fixture::openai([Reply::status(status), Reply::status(status), said("{}")]).await;
        assert_eq!(fixture.text_after(3).await, "{}");
        assert_eq!(fixture.notices.all().len(), 2, "{status}");
        assert!(fixture.notices.all()[1].ends_with("(3 of 3)"), "{status}");
        let requests = fixture.server.requests();
        assert!(requests.iter().all(|request| request.body == requests[0].body), "each try is the same request");
    }
}

#[tokio::test]
async fn a_persistent_status_fails_after_all_attempts() {
    for (status, error) in [
        (429, ModelError::RateLimited { provider: openai(), retry_after: None }),
        (503, ModelError::Unavailable { provider: openai(), status: 503 }),
        (408, ModelError::TimedOut { provider: openai() }),
    ] {
        let fixture = Fixture::openai((0..9).map(|_| Reply::status(status))).await;
        assert_eq!(fixture.error_after(3).await, error);
        assert_eq!(notices(&fixture), [error.to_string(), error.to_string()]);
    }
}

#[tokio::test]
async fn a_delay_requested_by_the_server_is_honoured() {
    let past = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH);
    let replies =
        [Reply::status(429).header("retry-after", "0"), Reply::status(503).header("retry-after", past), said("{}")];
    let fixture = Fixture::openai(replies).await;
    assert_eq!(fixture.text_after(3).await, "{}");
    assert_eq!(
        fixture.notices.all(),
        [
            "openai limits the rate of calls, trying again at once (2 of 3)",
            "openai answered with status 503, trying again at once (3 of 3)"
        ]
    );
}

#[tokio::test]
async fn a_delay_above_the_cap_is_returned_to_the_caller() {
    let limits = || CallLimits { backoff_cap: Duration::from_secs(30), ..limits() };
    let seconds = Reply::status(429).header("retry-after", "31");
    let fixture = Fixture::with(Provider::Openai, limits(), [seconds]).await;
    let retry_after = Some(Duration::from_secs(31));
    assert_eq!(fixture.error_after(1).await, ModelError::RateLimited { provider: openai(), retry_after });

    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3600));
    let fixture = Fixture::with(Provider::Openai, limits(), [Reply::status(429).header("retry-after", date)]).await;
    let error = fixture.error_after(1).await;
    let ModelError::RateLimited { retry_after: Some(asked), .. } = error else { panic!("{error:?}") };
    assert!((3500..=3600).contains(&asked.as_secs()), "{asked:?}");
    assert!(fixture.notices.all().is_empty());
}

#[tokio::test]
async fn an_interrupted_answer_is_retried() {
    let broken = || Reply::Break { begin: r#"{"choices":[{"mess"#.to_owned() };
    let fixture = Fixture::openai([broken(), said("{}")]).await;
    assert_eq!(fixture.text_after(2).await, "{}");
    assert_eq!(notices(&fixture), ["openai broke off in the middle of its answer"]);

    let fixture = Fixture::openai([broken(), broken(), broken()]).await;
    assert_eq!(fixture.error_after(3).await, ModelError::Interrupted { provider: openai() });
}

#[tokio::test]
async fn a_delay_beyond_the_deadline_is_not_started() {
    let long = CallLimits { backoff_cap: Duration::from_secs(30), ..limits() };
    let reply = || Reply::status(429).header("retry-after", "20");
    let fixture = Fixture::with(Provider::Openai, long, [reply(), said("{}")]).await;
    let messages = [text("the page")];
    let deadline = Some(tokio::time::Instant::now() + Duration::from_secs(10));
    let request = ChatRequest { deadline, ..request(&messages, &fixture.notices) };
    let error = fixture.model.complete(request).await.unwrap_err();
    let retry_after = Some(Duration::from_secs(20));
    assert_eq!(error, ModelError::RateLimited { provider: openai(), retry_after });
    assert!(fixture.notices.all().is_empty());
    assert_eq!(fixture.server.count(), 1);
}

#[tokio::test]
async fn a_transient_error_object_in_a_200_is_retried() {
    for error in [
        json!({"error": {"code": 429, "message": "slow down"}}),
        json!({"error": {"code": "rate_limit_exceeded", "message": "slow down"}}),
        json!({"error": {"type": "server_error", "message": "oh"}}),
        json!({"choices": [{"error": {"code": 502, "message": "upstream"}, "finish_reason": "error"}]}),
    ] {
        let fixture = Fixture::openai([Reply::json(200, error), said("{}")]).await;
        assert_eq!(fixture.text_after(2).await, "{}");
    }
}

#[tokio::test]
async fn a_refused_connection_fails_after_all_attempts() {
    let unused = ScriptedServer::start([]).await;
    let mut settings = settings(&unused, limits());
    // Bound and dropped: a port without a listener.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    settings_of(&mut settings, Provider::Openai).base_url = format!("http://127.0.0.1:{port}/v1").parse().unwrap();
    let model = Providers::new(settings).unwrap().open(Provider::Openai, None).unwrap();
    let notices = CollectedNotices::default();
    let error = model.complete(request(&[text("the page")], &notices)).await.unwrap_err();
    assert_eq!(error, ModelError::Unreachable { provider: openai() });
    assert_eq!(notices.all().len(), 2);
    assert_eq!(unused.count(), 0);
}

#[tokio::test]
async fn one_attempt_means_no_retry() {
    for max_attempts in [0, 1] {
        let limits = CallLimits { max_attempts, ..limits() };
        let fixture = Fixture::with(Provider::Openai, limits, [Reply::status(503), said("{}")]).await;
        assert_eq!(fixture.error_after(1).await, ModelError::Unavailable { provider: openai(), status: 503 });
    }
}
