//! Repeated requests with the same idempotency key.

use std::time::Duration;

use browser_use_service::run::{IdempotencyKey, Once, ResumeError, StartError};
use serde_json::{Value, json};

use crate::support::browser::{Fate, Script};
use crate::support::client::Events;
use crate::support::model::Reply;
use crate::support::service::{Service, Stage};
use crate::support::soon;

async fn send(service: &Service, key: &str, body: &Value) -> reqwest::Response {
    let request = service.post(body).header("Idempotency-Key", key);
    soon("the response", request.send()).await.expect("a response")
}

async fn run(service: &Service, key: &str, body: &Value) -> Events {
    let response = send(service, key, body).await;
    assert_eq!(response.status(), 200, "{:?}", response.text().await);
    Events::new(response)
}

#[tokio::test]
async fn a_repeated_request_reads_the_run_it_started() {
    let service = Stage::new([Reply::Hang]).set("MAX_CONCURRENT_RUNS", "1").start().await;
    let body = json!({ "task": "x" });
    let mut first = run(&service, "order 7", &body).await;
    let starting = first.numbered().await.unwrap();
    // There is no slot for another run, and none is needed.
    let mut second = run(&service, "order 7", &body).await;
    assert_eq!(second.run_id(), first.run_id());
    assert_eq!(second.numbered().await.unwrap(), starting, "from the beginning");
    first.taken_over().await;

    let request = service.post(&body).header("Idempotency-Key", "order 7").header("Last-Event-ID", "1");
    let third = Events::new(request.send().await.unwrap());
    second.taken_over().await;
    service.model.calls.reaches(1).await;
    let fourth = run(&service, "order 7", &body).await;
    third.taken_over().await;
    drop(fourth);
    service.pages.closed.reaches(1).await;
    assert_eq!((service.model.calls.get(), service.pages.opened.get()), (1, 1));
}

#[tokio::test]
async fn concurrent_repeated_requests_start_one_run() {
    for _ in 0..10 {
        let service = Stage::new([Reply::Hang]).set("MAX_CONCURRENT_RUNS", "1").start().await;
        let body = json!({ "task": "x", "detachSeconds": 60 });
        let all = futures::future::join_all((0..8).map(|_| run(&service, "k", &body))).await;
        let ids: std::collections::HashSet<String> = all.iter().map(Events::run_id).collect();
        assert_eq!(ids.len(), 1);
    }
}

#[tokio::test]
async fn a_key_belongs_to_one_body() {
    let service = Stage::new([Reply::Hang]).start().await;
    let first = run(&service, "k", &json!({ "task": "x" })).await;
    let refused = send(&service, "k", &json!({ "task": "y" })).await;
    assert_eq!(refused.status(), 422);
    let detail = refused.json::<Value>().await.unwrap()["detail"][0].clone();
    assert_eq!(
        (&detail["loc"], &detail["type"]),
        (&json!(["header", "idempotency-key"]), &json!("idempotency_key_reused"))
    );
    assert_eq!(service.get("/ready").await.1["running"], 1, "the run is not disturbed");
    drop(first);
}

#[tokio::test]
async fn a_key_is_scoped_to_its_caller() {
    let service = Stage::new([Reply::Hang]).start().await;
    let mut runs = Vec::new();
    for caller in ["tenant-a", "tenant-b", "tenant-a"] {
        let request =
            service.post(&json!({ "task": "x" })).header("Idempotency-Key", "k").header("X-Caller-Id", caller);
        runs.push(Events::new(request.send().await.unwrap()));
    }
    runs.push(run(&service, "k", &json!({ "task": "another" })).await);
    let ids: Vec<String> = runs.iter().map(Events::run_id).collect();
    assert_eq!(ids[0], ids[2]);
    assert!(ids[0] != ids[1] && ids[0] != ids[3] && ids[1] != ids[3]);
}

#[tokio::test]
async fn a_key_is_valid_while_events_are_kept() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    let forgotten = json!({ "task": "x" });
    let first = run(&service, "k", &forgotten).await;
    let id = first.run_id();
    first.collect().await;
    let second = run(&service, "k", &forgotten).await;
    assert_ne!(second.run_id(), id, "the run is over and was not to be kept");
    second.collect().await;

    let kept = json!({ "task": "x", "detachSeconds": 60 });
    let first = run(&service, "k", &kept).await;
    let id = first.run_id();
    let events = first.collect().await;
    let second = run(&service, "k", &kept).await;
    assert_eq!(second.run_id(), id);
    assert_eq!(second.collect().await, events, "all events are sent again");
    assert_eq!(service.pages.opened.get(), 3);
}

#[tokio::test]
async fn a_cancelled_run_is_not_returned_to_a_repeated_request() {
    let service = Stage::new([Reply::Hang]).start().await;
    let body = json!({ "task": "x" });
    let first = run(&service, "k", &body).await;
    let id = first.run_id();
    service.model.calls.reaches(1).await;
    drop(first);
    service.pages.closed.reaches(1).await;
    let second = run(&service, "k", &body).await;
    assert_ne!(second.run_id(), id);
    service.model.calls.reaches(2).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_is_free_once_its_reader_has_left() {
    // The page takes its time to close.
    let script = Script { close: Fate::Hang, ..Script::default() };
    let (runs, model, _pages) = Stage::new([Reply::Hang]).browser(script).runs();
    let once = |body: &str| Once { key: IdempotencyKey::parse(b"k").unwrap(), body: body.into(), after: 0 };
    let first = runs.start_once(crate::lifecycle::request(), once("a")).unwrap();
    model.calls.reaches(1).await;
    let refused = runs.start_once(crate::lifecycle::request(), once("b")).err();
    assert_eq!(refused, Some(StartError::Resume(ResumeError::KeyReused)));
    drop(first);
    let second = runs.start_once(crate::lifecycle::request(), once("b")).unwrap();
    model.calls.reaches(2).await;
    // The end of the first run does not affect the second one's key.
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(runs.start_once(crate::lifecycle::request(), once("b")).unwrap().id(), second.id());
}

#[tokio::test]
async fn invalid_keys_are_rejected() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    for key in ["", "a\tb", "\u{fc}", &"x".repeat(256)] {
        let refused = send(&service, key, &json!({ "task": "x" })).await;
        assert_eq!(refused.status(), 422, "{key:?}");
        assert_eq!(refused.json::<Value>().await.unwrap()["detail"][0]["loc"], json!(["header", "idempotency-key"]));
    }
    let twice = service.post(&json!({ "task": "x" })).header("Idempotency-Key", "a").header("Idempotency-Key", "b");
    assert_eq!(twice.send().await.unwrap().status(), 422);
    assert_eq!(service.pages.asked.get(), 0);

    // Without a key, `Last-Event-ID` is ignored.
    let stray = service.post(&json!({ "task": "x" })).header("Last-Event-ID", "nonsense").send().await.unwrap();
    assert_eq!(stray.status(), 200);
}
