//! Panics in runs and requests: one response or terminal event, and no effect on others.

use std::path::PathBuf;
use std::sync::Arc;

use agent::AgentSettings;
use agent::ports::{ChatModel, Page, Provider};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use browser_use_service::http;
use browser_use_service::http::details::{BrowserDetails, Inspect};
use browser_use_service::machine::MemoryUse;
use browser_use_service::run::{Failure, Memory, Recorder, Recording, RunEventKind, RunId, RunRequest, RunService};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::lifecycle::request;
use crate::support::client::error_code;
use crate::support::model::Reply;
use crate::support::service::{RUN, Stage};
use crate::support::soon;

/// Where a recorder panics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Beginning,
    Model,
    Page,
    End,
}

struct Panicking(At);

impl Panicking {
    fn at(&self, here: At) {
        assert_ne!(self.0, here, "the recorder panics, as scripted");
    }
}

impl Recorder for Panicking {
    fn begin(&self, _: RunId, _: &RunRequest, _: &AgentSettings, _: Provider, _: Option<&str>) -> Arc<dyn Recording> {
        self.at(At::Beginning);
        Arc::new(Self(self.0))
    }
}

#[async_trait]
impl Recording for Panicking {
    fn model(self: Arc<Self>, model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel> {
        self.at(At::Model);
        model
    }

    fn page(self: Arc<Self>, page: Arc<dyn Page>) -> Arc<dyn Page> {
        self.at(At::Page);
        page
    }

    async fn end(&self, _: &RunEventKind) -> Option<PathBuf> {
        self.at(At::End);
        None
    }
}

#[tokio::test]
async fn a_recorder_panic_ends_its_run_and_frees_the_slot() {
    for at in [At::Model, At::Page, At::End] {
        let stage = Stage::new([Reply::done("ok")]).set("MAX_CONCURRENT_RUNS", "1");
        let (runs, _, pages) = stage.recorded_runs(Some(Arc::new(Panicking(at))));
        for round in 1..=3 {
            let mut stream = runs.start(request()).expect("the place is free again");
            let mut terminal = Vec::new();
            while let Some(event) = soon("an event", stream.next()).await {
                terminal.extend(event.kind.is_terminal().then_some(event.kind));
            }
            match (&terminal[..], at) {
                // The run was over by then.
                ([RunEventKind::Finished { result, .. }], At::End) => assert!(result.success),
                ([RunEventKind::Failed { failure: Failure::Internal, .. }], At::Model | At::Page) => {}
                other => panic!("{other:?}"),
            }
            assert_eq!(pages.closed.get(), round, "{at:?}: its page is closed");
        }
        drained(&runs).await;
    }
}

/// Asserts that no run is left, also none that a draining service would wait for.
async fn drained(runs: &RunService) {
    runs.drain(std::time::Duration::ZERO);
    soon("the last run's end", runs.finished()).await;
    let counts = runs.counts();
    assert_eq!((counts.running, counts.queued), (0, 0));
}

fn post() -> Request<Body> {
    let body = Body::from(json!({ "task": "x" }).to_string());
    Request::post(RUN).header(header::CONTENT_TYPE, "application/json").body(body).expect("a request")
}

async fn answer(router: &Router, request: Request<Body>) -> (StatusCode, Value) {
    let response = soon("the response", router.clone().oneshot(request)).await.expect("a response");
    let status = response.status();
    let body = soon("the body", response.into_body().collect()).await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&body).expect("JSON"))
}

/// A service without details.
pub(crate) struct Uninspected;

impl Inspect for Uninspected {
    fn browser(&self) -> Option<BrowserDetails> {
        None
    }

    fn memory(&self) -> Option<MemoryUse> {
        None
    }
}

#[tokio::test]
async fn a_panic_in_a_handler_is_a_500_and_takes_no_slot() {
    let stage = Stage::new([Reply::done("ok")]).set("MAX_CONCURRENT_RUNS", "1").set("BROWSER_USE_INTERNAL_API_KEY", "");
    let settings = stage.http();
    let (runs, _, pages) = stage.recorded_runs(Some(Arc::new(Panicking(At::Beginning))));
    let router = http::router(settings, runs.clone(), TaskTracker::new(), Arc::new(Uninspected));
    for _ in 0..3 {
        let refused = answer(&router, post()).await;
        assert_eq!(refused, (StatusCode::INTERNAL_SERVER_ERROR, json!({ "detail": "internal_error" })));
        let ready = answer(&router, Request::get("/ready").body(Body::empty()).expect("a request")).await;
        assert_eq!(ready, (StatusCode::OK, json!({ "status": "ready", "running": 0, "queued": 0 })));
    }
    assert_eq!(pages.asked.get(), 0, "no browser was asked for");
    drained(&runs).await;
}

#[tokio::test]
async fn a_panic_in_a_run_does_not_affect_others() {
    let replies = [Reply::click(1), Reply::Panic, Reply::done("ok")];
    let service = Stage::new(replies).set("MAX_CONCURRENT_RUNS", "2").start().await;
    let mut neighbour = service.run(&json!({ "task": "x" })).await;
    while neighbour.event().await["type"] != "step" {}
    // Whichever of the two makes the second call.
    let another = json!({ "task": "x" });
    let (one, other) = tokio::join!(neighbour.collect(), service.run_all(&another));
    let mut types = [one, other].map(|events| events.last().expect("an end")["type"].to_string());
    types.sort();
    assert_eq!(types, ["\"error\"", "\"result\""]);
}

/// Memory usage that panics when read, once a test says so.
struct Breaking(Arc<Notify>);

#[async_trait]
impl Memory for Breaking {
    async fn used(&self) -> Option<f64> {
        self.0.notified().await;
        panic!("the memory panics, as scripted")
    }

    async fn relieve(&self) -> Option<u64> {
        None
    }
}

#[tokio::test]
async fn a_service_that_lost_its_memory_monitor_shuts_down_and_says_so() {
    let breaks = Arc::new(Notify::new());
    let stage = Stage::new([Reply::Hang]).set("SHUTDOWN_GRACE", "20ms").set("SHUTDOWN_TIMEOUT", "60s");
    let mut service = stage.memory(Arc::new(Breaking(breaks.clone()))).start().await;
    let run = service.run(&json!({ "task": "x" })).await;
    service.model.calls.reaches(1).await;
    breaks.notify_one();
    assert_eq!(error_code(&run.collect().await), "shutting_down");
    assert_eq!(service.failed().await.to_string(), "the memory watch has ended");
    assert_eq!((service.pages.closed.get(), service.browsers_closed.get()), (1, 1));
}

#[tokio::test]
async fn a_service_that_lost_its_server_shuts_down_and_says_so() {
    // More than the semaphore's maximum, which panics in the server only.
    let mut service = Stage::new([Reply::done("ok")]).max_connections(usize::MAX).start().await;
    assert_eq!(service.failed().await.to_string(), "the server has ended");
    assert_eq!(service.browsers_closed.get(), 1);
}
