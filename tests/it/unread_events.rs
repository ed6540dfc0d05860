//! Unread events of slow readers, on paused time: the test polls the response's body as slowly as a connection with
//! little buffer space.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself")]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use browser_use_service::http;
use browser_use_service::run::RunService;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::panics::Uninspected;
use crate::support::browser::{PageLog, Script};
use crate::support::model::{Reply, ScriptedModel};
use crate::support::service::{RUN, Stage};

const PICTURE: usize = 100 << 10;

struct Theatre {
    router: Router,
    runs: RunService,
    model: Arc<ScriptedModel>,
    pages: Arc<PageLog>,
}

fn theatre(stage: Stage) -> Theatre {
    let stage = stage.set("BROWSER_USE_INTERNAL_API_KEY", "").set("STREAM_STALL_TIMEOUT", "10s");
    let stage = stage.browser(Script { picture_bytes: PICTURE, ..Script::default() });
    let settings = stage.http();
    let (runs, model, pages) = stage.runs();
    let router = http::router(settings, runs.clone(), TaskTracker::new(), Arc::new(Uninspected));
    Theatre { router, runs, model, pages }
}

impl Theatre {
    async fn send(&self, request: Request<Body>) -> (String, Body) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let id = response.headers()["x-run-id"].to_str().unwrap().to_owned();
        (id, response.into_body())
    }

    async fn run(&self, body: &Value) -> (String, Body) {
        let body = Body::from(body.to_string());
        self.send(Request::post(RUN).header(header::CONTENT_TYPE, "application/json").body(body).unwrap()).await
    }

    async fn resume(&self, id: &str) -> Body {
        let path = format!("/api/v1/browser-use/runs/{id}/stream");
        self.send(Request::get(path).body(Body::empty()).unwrap()).await.1
    }

    /// Lets all runs end, one after another.
    async fn ended(&self, runs: usize) {
        self.pages.closed.reaches(runs).await;
        while self.runs.counts().running > 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// Runs of some steps with a large screenshot each, within the buffer.
fn runs_of(steps: usize) -> Stage {
    let replies = (0..40 * steps).map(move |call| match call % steps {
        last if last + 1 == steps => Reply::done("ok"),
        _ => Reply::visit(call),
    });
    Stage::new(replies).set("STREAM_BUFFER", "1MiB")
}

async fn piece(body: &mut Body) -> Bytes {
    body.frame().await.unwrap().unwrap().into_data().unwrap()
}

/// The rest of the stream, and whether it is complete.
async fn rest(mut body: Body) -> (String, bool) {
    let mut text = Vec::new();
    loop {
        match body.frame().await {
            Some(Ok(frame)) => text.extend_from_slice(&frame.into_data().unwrap()),
            Some(Err(_)) => return (String::from_utf8(text).unwrap(), false),
            None => return (String::from_utf8(text).unwrap(), true),
        }
    }
}

fn events(text: &str) -> Vec<Value> {
    text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_a_large_event_slowly_is_not_stalled() {
    let leave = Arc::new(Semaphore::new(0));
    let replies = [Reply::visit(1), Reply::visit(2), Reply::done("ok").when(&leave)];
    let theatre = theatre(Stage::new(replies));
    let (_, mut body) = theatre.run(&json!({ "task": "x" })).await;
    theatre.model.calls.reaches(3).await;
    let started = Instant::now();
    let mut text = Vec::new();
    while !text.ends_with(b"data: [DONE]\n\n") {
        let piece = piece(&mut body).await;
        // 2 KiB per second: an event takes longer than the stall timeout.
        sleep(Duration::from_secs(piece.len() as u64 / (2 << 10))).await;
        text.extend_from_slice(&piece);
        if text.len() > 2 * PICTURE {
            leave.add_permits(1);
        }
    }
    assert!(body.frame().await.is_none());
    assert!(started.elapsed() > Duration::from_secs(100), "{:?}", started.elapsed());
    let events = events(&String::from_utf8(text).unwrap());
    let pictures = events.iter().filter(|event| event["screenshot"].is_string()).count();
    assert_eq!((&events.last().unwrap()["success"], pictures), (&json!(true), 3), "{:?}", events.last());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_in_the_middle_of_an_event_ends_its_run() {
    let theatre = theatre(Stage::new([Reply::visit(1), Reply::Hang]));
    let (_, mut body) = theatre.run(&json!({ "task": "x" })).await;
    theatre.model.calls.reaches(2).await;
    let started = Instant::now();
    while !piece(&mut body).await.starts_with(b"id: 2") {}
    theatre.pages.closed.reaches(1).await;
    assert_eq!(started.elapsed().as_secs(), 10);
    let (text, is_whole) = rest(body).await;
    assert!(is_whole && text.contains("client_stalled"), "should it ever read again");
}

#[tokio::test(start_paused = true)]
async fn unread_events_of_finished_runs_are_bounded_and_the_oldest_are_evicted() {
    // Nine screenshots fill the buffer of one run.
    let theatre = theatre(runs_of(10).set("MAX_CONCURRENT_RUNS", "2").set("STREAMS_KEPT", "0"));
    let mut readers = Vec::new();
    for number in 1..=6 {
        let (id, mut body) = theatre.run(&json!({ "task": "x" })).await;
        piece(&mut body).await;
        if number == 2 {
            // In the middle of a screenshot.
            while !piece(&mut body).await.starts_with(b"id: 2") {}
        }
        theatre.ended(number).await;
        readers.push((id, body));
    }
    for (number, (id, body)) in (1..).zip(readers) {
        let get = Request::get(format!("/api/v1/browser-use/runs/{id}/stream")).body(Body::empty()).unwrap();
        let (text, is_whole) = rest(body).await;
        let events = events(&text);
        if number > 4 {
            let steps = events.iter().filter(|event| event["type"] == "step").count();
            assert_eq!((steps, &events.last().unwrap()["success"], is_whole), (10, &json!(true), true), "{number}");
        } else if number == 2 {
            assert!(events.is_empty() && !is_whole, "there is no other way to say it within an event");
        } else {
            let [error] = &events[..] else { panic!("nothing else is left, not {} events", events.len()) };
            let said = (&error["type"], &error["code"], &error["isComplete"], is_whole);
            assert_eq!(said, (&json!("error"), &json!("client_stalled"), &json!(true), true), "{number}");
            assert!(text.ends_with("data: [DONE]\n\n"));
        }
        assert_eq!(theatre.router.clone().oneshot(get).await.unwrap().status(), 404, "{number}: it is read, or gone");
    }
}

#[tokio::test(start_paused = true)]
async fn a_finished_run_can_be_taken_over_while_it_is_read() {
    let theatre = theatre(runs_of(2));
    let (id, mut first) = theatre.run(&json!({ "task": "x" })).await;
    piece(&mut first).await;
    theatre.ended(1).await;
    let second = theatre.resume(&id).await;
    let (text, is_whole) = rest(first).await;
    assert!(is_whole && text.contains("stream_taken_over"), "{text}");
    let (text, _) = rest(second).await;
    let events = events(&text);
    assert_eq!((&events[0]["message"], &events.last().unwrap()["success"]), (&json!("starting"), &json!(true)));
}

#[tokio::test(start_paused = true)]
async fn a_reader_with_all_events_gets_only_done() {
    let theatre = theatre(Stage::new([Reply::done("ok")]).set("STREAMS_KEPT", "0"));
    let (id, mut first) = theatre.run(&json!({ "task": "x", "detachSeconds": 60 })).await;
    let mut text = String::new();
    while !text.contains("\"isComplete\":true") {
        text.push_str(std::str::from_utf8(&piece(&mut first).await).unwrap());
    }
    drop(theatre.resume(&id).await);
    assert_eq!(rest(first).await, ("data: [DONE]\n\n".to_owned(), true));
}
