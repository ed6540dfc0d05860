//! Orderly shutdown.

use reqwest::header::RETRY_AFTER;
use serde_json::{Value, json};

use crate::support::browser::{Fate, Script};
use crate::support::client::error_code;
use crate::support::model::Reply;
use crate::support::service::{Service, Stage};
use crate::support::soon;

fn grace(grace: &str, timeout: &str) -> Stage {
    Stage::new([Reply::Hang]).set("SHUTDOWN_GRACE", grace).set("SHUTDOWN_TIMEOUT", timeout)
}

/// Waits until the service rejects runs.
async fn draining(service: &Service) -> Value {
    service.readiness(|status, _| status == 503).await
}

#[tokio::test]
async fn an_idle_service_stops_at_once() {
    let mut service = grace("60s", "120s").start().await;
    assert_eq!(service.get("/health").await.0, 200);
    service.stop();
    service.stopped().await;
    assert_eq!(service.browsers_closed.get(), 1);
    assert!(service.client.get(service.url("/health")).send().await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_draining_service_refuses_new_runs_and_stays_alive() {
    let service = grace("60s", "120s").start().await;
    let _run = service.run(&json!({ "task": "x" })).await;
    service.stop();
    assert_eq!(draining(&service).await["reason"], "service_draining");
    assert_eq!(service.get("/health").await.0, 200);
    let response = service.post(&json!({ "task": "x" })).send().await.unwrap();
    assert_eq!(response.status(), 503);
    let seconds: u64 = response.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(response.json::<Value>().await.unwrap(), json!({ "detail": "service_draining" }));
}

#[tokio::test]
async fn a_running_run_may_finish_within_the_grace() {
    let script = Script::default();
    let stage = Stage::new([Reply::done("ok")]).set("SHUTDOWN_GRACE", "60s").set("SHUTDOWN_TIMEOUT", "120s");
    let mut service = stage.set("MAX_CONCURRENT_RUNS", "1").browser(script).start().await;
    let events = service.run(&json!({ "task": "x" })).await;
    service.stop();
    assert_eq!(events.collect().await.last().unwrap()["success"], true);
    service.stopped().await;
}

#[tokio::test]
async fn a_run_that_outlasts_the_grace_is_cancelled_with_a_terminal_event() {
    let mut service = grace("20ms", "60s").start().await;
    let events = service.run(&json!({ "task": "x" })).await;
    service.model.calls.reaches(1).await;
    service.stop();
    assert_eq!(error_code(&events.collect().await), "shutting_down");
    service.stopped().await;
    assert_eq!((service.pages.closed.get(), service.browsers_closed.get()), (1, 1));
}

#[tokio::test]
async fn queued_runs_are_rejected_at_once() {
    let stage = grace("60s", "120s").set("MAX_CONCURRENT_RUNS", "1").set("MAX_QUEUED_RUNS", "1");
    let service = stage.start().await;
    let _working = service.run(&json!({ "task": "x" })).await;
    let waiting = service.run(&json!({ "task": "x" })).await;
    service.stop();
    assert_eq!(error_code(&waiting.collect().await), "shutting_down");
    assert_eq!(service.pages.closed.get(), 0, "the one at work goes on");
}

#[tokio::test]
async fn a_second_signal_skips_the_grace_but_closes_the_browsers() {
    let mut service = grace("60s", "120s").start().await;
    let run = service.run(&json!({ "task": "x" })).await;
    service.stop();
    draining(&service).await;
    service.stop();
    service.stopped().await;
    assert_eq!(service.browsers_closed.get(), 1);
    assert_eq!(error_code(&run.collect().await), "shutting_down", "it was told before the end");
}

#[tokio::test]
async fn hanging_work_does_not_delay_the_service_beyond_its_limit() {
    let script = Script { close: Fate::Hang, ..Script::default() };
    let mut service = grace("10ms", "100ms").browser(script).start().await;
    let _run = service.run(&json!({ "task": "x" })).await;
    service.model.calls.reaches(1).await;
    service.stop();
    soon("the limit", service.stopped()).await;
    assert_eq!(service.browsers_closed.get(), 1);
}
