//! Limits of callers, connections and memory.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use browser_use_service::run::{Memory, RefusalReason, RunEventKind, StartError, watch};
use reqwest::header::RETRY_AFTER;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch as channel;
use tokio::task::JoinSet;

use crate::support::model::Reply;
use crate::support::service::{KEY, RUN, Service, Stage};
use crate::support::{Counter, soon};

// ---------------------------------------------------------------- callers

/// The answer to a run request of a caller by this name: status, `Retry-After` in seconds, body.
async fn refused(service: &Service, caller: &str) -> (u16, Option<u64>, Value) {
    let request = service.post(&json!({ "task": "x" })).header("X-Caller-Id", caller);
    let response = soon("the response", request.send()).await.unwrap();
    let wait = response.headers().get(RETRY_AFTER).map(|seconds| seconds.to_str().unwrap().parse().unwrap());
    (response.status().as_u16(), wait, response.json().await.unwrap())
}

#[tokio::test]
async fn runs_are_limited_per_caller() {
    let stage = Stage::new([Reply::Hang]).set("MAX_RUNS_PER_CALLER", "1");
    let service = stage.set("MAX_CONCURRENT_RUNS", "1").set("MAX_QUEUED_RUNS", "8").start().await;
    let run = |caller: &str| service.post(&json!({ "task": "x" })).header("X-Caller-Id", caller).send();
    let first = run("tenant 7").await.unwrap();
    assert_eq!(first.status(), 200);

    let (status, wait, body) = refused(&service, "tenant 7").await;
    assert_eq!((status, body), (429, json!({ "detail": "caller_full" })));
    assert!(wait.unwrap() >= 1);
    let second = run("tenant 8").await.unwrap();
    assert_eq!(second.status(), 200, "another one waits for a place");
    assert_eq!(refused(&service, "tenant 8").await.0, 429, "one that waits counts");
    assert_eq!(
        service.post(&json!({ "task": "x" })).send().await.unwrap().status(),
        200,
        "nor are the nameless counted"
    );

    drop(first);
    // The slot is free when the run has cleaned up.
    let again = async {
        loop {
            let again = run("tenant 7").await.unwrap();
            if again.status() == 200 {
                break;
            }
            assert_eq!(again.status(), 429);
        }
    };
    soon("the place", again).await;
}

#[tokio::test]
async fn an_invalid_caller_id_is_rejected_before_the_body_is_read() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    for name in ["", "   ", "tab\there", "tenänt", &"x".repeat(129)] {
        let (status, _, body) = refused(&service, name).await;
        assert_eq!((status, &body["detail"][0]["loc"]), (422, &json!(["header", "x-caller-id"])), "{name:?}");
        assert!(name.trim().is_empty() || !body.to_string().contains(name), "{body}");
    }
    let twice = service.post(&json!({ "task": "x" })).header("X-Caller-Id", "a").header("X-Caller-Id", "b");
    assert_eq!(twice.send().await.unwrap().status(), 422);
    let without_key = service.client.post(service.url("/api/v1/browser-use/run/stream")).header("X-Caller-Id", "");
    assert_eq!(without_key.send().await.unwrap().status(), 401, "without a key nothing else is revealed");
}

#[tokio::test]
async fn a_caller_over_its_rate_gets_a_retry_after() {
    let service = Stage::new([Reply::done("ok")]).set("MAX_REQUESTS_PER_MINUTE", "2").start().await;
    let ask = async |caller: &str| {
        // Invalid requests count too.
        service.post(&json!({})).header("X-Caller-Id", caller).send().await.unwrap().status().as_u16()
    };
    assert_eq!([ask("a").await, ask("a").await], [422, 422]);
    let (status, wait, body) = refused(&service, "a").await;
    assert_eq!((status, body), (429, json!({ "detail": "too_many_requests" })));
    assert!((1..=30).contains(&wait.unwrap()), "{wait:?}");
    assert_eq!(ask("b").await, 422);
    assert_eq!(service.get("/ready").await.0, 200, "only runs are counted");
    let nameless = async || service.post(&json!({})).send().await.unwrap().status().as_u16();
    assert_eq!([nameless().await, nameless().await, nameless().await], [422, 422, 429]);
}

// ---------------------------------------------------------------- memory

/// Memory usage that the test sets.
struct Meter {
    used: channel::Receiver<Option<f64>>,
    looks: Counter,
    relieved: Counter,
}

fn meter() -> (channel::Sender<Option<f64>>, Arc<Meter>) {
    let (set, used) = channel::channel(Some(0.1));
    (set, Arc::new(Meter { used, looks: Counter::new(), relieved: Counter::new() }))
}

#[async_trait]
impl Memory for Meter {
    async fn used(&self) -> Option<f64> {
        self.looks.add();
        *self.used.borrow()
    }

    async fn relieve(&self) -> Option<u64> {
        self.relieved.add();
        Some(1 << 30)
    }
}

impl Meter {
    /// Waits until the service has reacted to the usage.
    async fn is_seen(&self) {
        let looks = self.looks.get();
        self.looks.reaches(looks + 2).await;
    }
}

#[tokio::test(start_paused = true)]
async fn while_memory_is_high_runs_are_rejected_and_queued_ones_wait() {
    let stage = Stage::new([Reply::Hang, Reply::done("ok")]).set("MAX_CONCURRENT_RUNS", "1");
    let (runs, model, pages) = stage.set("MAX_QUEUED_RUNS", "2").set("QUEUE_TIMEOUT", "1h").runs();
    let (set, meter) = meter();
    let mut watching = JoinSet::new();
    watching.spawn(watch(runs.clone(), runs.settings().memory, meter.clone()));
    let working = runs.start(crate::lifecycle::request()).unwrap();
    model.calls.reaches(1).await;
    let mut waiting = runs.start(crate::lifecycle::request()).unwrap();

    set.send_replace(Some(0.85));
    meter.is_seen().await;
    let Err(StartError::Refused(refusal)) = runs.start(crate::lifecycle::request()) else { panic!("it is taken") };
    assert_eq!(refusal.reason, RefusalReason::MemoryHigh);
    assert!(runs.ready().is_err());
    drop(working);
    pages.closed.reaches(1).await;
    meter.is_seen().await;
    assert_eq!((runs.counts().running, runs.counts().queued), (0, 1), "the free place is not given");

    set.send_replace(Some(0.82));
    meter.is_seen().await;
    assert_eq!(runs.counts().running, 0, "a little less is not enough");
    set.send_replace(None);
    meter.is_seen().await;
    assert_eq!(runs.counts().running, 0, "what cannot be told is as it was");
    set.send_replace(Some(0.79));
    while let Some(event) = waiting.next().await {
        if let RunEventKind::Finished { result, .. } = event.kind {
            assert!(result.success);
        }
    }
    assert_eq!((pages.opened.get(), meter.relieved.get()), (2, 0));
    assert_eq!(runs.ready(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn runs_are_admitted_again_below_any_high_water_mark() {
    for mark in ["1%", "5%", "100%"] {
        let stage = Stage::new([Reply::Hang]).set("MEMORY_HIGH_WATER", mark).set("MEMORY_CRITICAL", "100%");
        let (runs, _model, _pages) = stage.runs();
        let (set, meter) = meter();
        let mut watching = JoinSet::new();
        watching.spawn(watch(runs.clone(), runs.settings().memory, meter.clone()));
        set.send_replace(Some(1.0));
        meter.is_seen().await;
        assert!(runs.ready().is_err(), "{mark}");
        set.send_replace(Some(runs.settings().memory.high_water * 0.9));
        meter.is_seen().await;
        assert_eq!(runs.ready(), Ok(()), "{mark}");
    }
}

#[tokio::test(start_paused = true)]
async fn at_critical_memory_pages_are_killed_one_by_one() {
    let (runs, _model, _pages) = Stage::new([Reply::Hang]).runs();
    let (set, meter) = meter();
    let mut watching = JoinSet::new();
    watching.spawn(watch(runs.clone(), runs.settings().memory, meter.clone()));
    set.send_replace(Some(0.94));
    meter.is_seen().await;
    assert_eq!(meter.relieved.get(), 0);
    set.send_replace(Some(0.96));
    meter.is_seen().await;
    assert_eq!(meter.relieved.get(), 1);
    tokio::time::sleep(Duration::from_millis(1_400)).await;
    assert_eq!(meter.relieved.get(), 1, "what was ended gives its memory back first");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(meter.relieved.get(), 2);
}

#[tokio::test]
async fn a_service_with_high_memory_is_not_ready() {
    let (set, meter) = meter();
    let service = Stage::new([Reply::done("ok")]).memory(meter.clone()).start().await;
    set.send_replace(Some(0.9));
    meter.is_seen().await;
    let (status, wait, body) = refused(&service, "a").await;
    assert_eq!((status, body), (503, json!({ "detail": "memory_high" })));
    assert!(wait.unwrap() >= 1);
    let (status, body) = service.get("/ready").await;
    assert_eq!((status, &body["reason"]), (503, &json!("memory_high")));
    assert_eq!(service.get("/health").await.0, 200, "it is not to be restarted for that");
    set.send_replace(Some(0.5));
    meter.is_seen().await;
    assert_eq!(service.run_all(&json!({ "task": "x" })).await.last().unwrap()["success"], true);
}

// ---------------------------------------------------------------- connections

async fn connect(service: &Service) -> TcpStream {
    TcpStream::connect(service.address).await.unwrap()
}

/// What the service sends until it closes the connection.
async fn until_closed(connection: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset ends it too.
    let _ = soon("the connection's end", connection.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request that keeps its connection, and its answer's head.
async fn ask(connection: &mut TcpStream) -> String {
    connection.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"{\"status\":\"ok\"}") {
        let read = soon("the answer", connection.read_buf(&mut answer)).await.unwrap();
        assert!(read > 0, "it is closed after {:?}", String::from_utf8_lossy(&answer));
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_connection_with_an_incomplete_head_is_closed() {
    let service = Stage::new([Reply::done("ok")]).set("HEAD_TIMEOUT", "200ms").start().await;
    let (mut silent, mut slow, mut idle) = (connect(&service).await, connect(&service).await, connect(&service).await);
    slow.write_all(b"POST /api/v1/browser-use/run/stream HTTP/1.1\r\nHost: x\r\nX-A: ").await.unwrap();
    assert!(ask(&mut idle).await.starts_with("HTTP/1.1 200"));
    let drip = async {
        // Sending byte by byte does not extend it.
        let mut pace = tokio::time::interval(Duration::from_millis(10));
        while slow.write_all(b"a").await.is_ok() {
            pace.tick().await;
        }
    };
    soon("the slow one's end", drip).await;
    assert_eq!((until_closed(&mut silent).await, until_closed(&mut idle).await), (String::new(), String::new()));
}

#[tokio::test]
async fn an_event_stream_outlives_the_head_timeout() {
    let stage = Stage::new([Reply::Hang]).set("HEAD_TIMEOUT", "500ms").set("KEEP_ALIVE", "150ms");
    let service = stage.start().await;
    let mut events = service.run(&json!({ "task": "x" })).await;
    assert_eq!(events.event().await["message"], "starting");
    for _ in 0..5 {
        assert!(events.frame().await.is_some(), "comments go on coming");
    }
}

#[tokio::test]
async fn connections_over_the_limit_wait_for_one_to_close() {
    let service = Stage::new([Reply::done("ok")]).set("MAX_CONNECTIONS", "1").start().await;
    let mut first = connect(&service).await;
    ask(&mut first).await;
    let mut second = connect(&service).await;
    second.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    ask(&mut first).await;
    let mut byte = [0];
    assert!(second.try_read(&mut byte).is_err(), "it is not served beside the first");
    drop(first);
    assert!(until_closed(&mut second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn heads_are_limited_in_bytes_and_headers() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    let many: String = (0..200).map(|n| format!("X-{n}: y\r\n")).collect();
    for head in [format!("X-Long: {}\r\n", "y".repeat(64 << 10)), many] {
        let mut connection = connect(&service).await;
        // It may be rejected before it is sent completely.
        let _ = connection.write_all(format!("GET /health HTTP/1.1\r\nHost: x\r\n{head}\r\n").as_bytes()).await;
        let answer = until_closed(&mut connection).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}

#[tokio::test]
async fn stopping_closes_idle_connections_and_lets_streams_end() {
    let stage = Stage::new([Reply::Hang]).set("SHUTDOWN_GRACE", "10ms").set("SHUTDOWN_TIMEOUT", "120s");
    let stage = stage.set("HEAD_TIMEOUT", "120s").set("BODY_TIMEOUT", "120s");
    let mut service = stage.start().await;
    let mut idle = connect(&service).await;
    ask(&mut idle).await;
    let mut half = connect(&service).await;
    half.write_all(b"GET /health HTTP/1.1\r\n").await.unwrap();
    let mut bodiless = connect(&service).await;
    let head = format!("POST {RUN} HTTP/1.1\r\nHost: x\r\nX-Gateway-Key: {KEY}\r\nContent-Type: application/json\r\n");
    bodiless.write_all(format!("{head}Content-Length: 10\r\n\r\n{{").as_bytes()).await.unwrap();
    let events = service.run(&json!({ "task": "x" })).await;
    service.stop();
    assert_eq!(crate::support::client::error_code(&events.collect().await), "shutting_down");
    assert_eq!(until_closed(&mut idle).await, "");
    // Sooner than the head timeout.
    service.stopped().await;
    assert_eq!(until_closed(&mut half).await, "");
    drop(bodiless);
}

// ---------------------------------------------------------------- reports

#[tokio::test]
async fn health_details_need_the_key() {
    let service = Stage::new([Reply::Hang]).set("MAX_RUNS_PER_CALLER", "3").start().await;
    assert_eq!(service.get("/health/details").await, (401, json!({ "detail": "invalid_gateway_key" })));
    let _run = service.run(&json!({ "task": "x" })).await;
    let response =
        service.client.get(service.url("/health/details")).header("X-Gateway-Key", KEY).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let details: Value = response.json().await.unwrap();
    assert_eq!(details["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(details["runs"], json!({ "running": 1, "queued": 0 }));
    assert_eq!(details["limits"]["runsPerCaller"], 3);
    assert_eq!((&details["limits"]["requestsPerMinute"], &details["browser"]), (&Value::Null, &Value::Null));
    let memory = &details["memory"];
    assert!(memory["usedBytes"].as_u64() < memory["limitBytes"].as_u64(), "{memory}");
    assert!(!details.to_string().contains(KEY));
}
