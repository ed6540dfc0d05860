//! The queue.

use serde_json::json;

use crate::support::client::{Events, error_code};
use crate::support::model::Reply;
use crate::support::service::{Service, Stage};

async fn busy(variables: &[(&str, &str)]) -> (Service, Events) {
    let stage = Stage::new([Reply::Hang, Reply::Hang, Reply::done("ok")])
        .set("MAX_CONCURRENT_RUNS", "1")
        .set("MAX_QUEUED_RUNS", "2");
    let service = variables.iter().fold(stage, |stage, (name, value)| stage.set(name, value)).start().await;
    let working = service.run(&json!({ "task": "x" })).await;
    service.model.calls.reaches(1).await;
    (service, working)
}

async fn queued(service: &Service) -> Events {
    let mut events = service.run(&json!({ "task": "x" })).await;
    assert_eq!(events.event().await["message"], "starting");
    events
}

async fn message(events: &mut Events) -> String {
    let event = events.event().await;
    assert_eq!((&event["type"], &event["level"]), (&json!("log"), &json!("info")), "{event}");
    event["message"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn a_queued_run_gets_its_position_and_then_starts() {
    let (service, working) = busy(&[]).await;
    let mut first = queued(&service).await;
    assert_eq!(message(&mut first).await, "waiting for a free place, position 1 in the queue");
    let mut second = queued(&service).await;
    assert_eq!(message(&mut second).await, "waiting for a free place, position 2 in the queue");
    assert_eq!(service.get("/ready").await.0, 503);
    assert_eq!(service.post(&json!({ "task": "x" })).send().await.unwrap().status(), 503);
    assert_eq!(service.pages.asked.get(), 1, "who waits opens no browser");

    drop(working);
    assert_eq!(message(&mut second).await, "waiting for a free place, position 1 in the queue");
    service.model.calls.reaches(2).await;
    drop(first);
    assert_eq!(second.collect().await.last().unwrap()["success"], true);
}

#[tokio::test]
async fn leaving_the_queue_advances_later_runs() {
    let (service, _working) = busy(&[]).await;
    let mut first = queued(&service).await;
    message(&mut first).await;
    let mut second = queued(&service).await;
    message(&mut second).await;
    drop(first);
    assert_eq!(message(&mut second).await, "waiting for a free place, position 1 in the queue");
}

#[tokio::test]
async fn queueing_too_long_is_an_error() {
    let (service, _working) = busy(&[("QUEUE_TIMEOUT", "20ms")]).await;
    let events = queued(&service).await.collect().await;
    assert_eq!(error_code(&events), "queue_timeout");
    assert_eq!(service.pages.asked.get(), 1);
}
