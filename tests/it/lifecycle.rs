//! All ways in which runs end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agent::AgentSettings;
use agent::image::ImageFormat;
use agent::ports::{BrowserError, ChatModel, ModelError, Page, Provider};
use async_trait::async_trait;
use browser_use_service::run::{Recorder, Recording, RunEventKind, RunId, RunRequest, Task};
use serde_json::json;

use crate::support::browser::{Fate, Script};
use crate::support::client::error_code;
use crate::support::model::Reply;
use crate::support::service::Stage;

pub(crate) fn request() -> RunRequest {
    RunRequest {
        max_steps: 200,
        screenshots: Some(ImageFormat::Png),
        ..RunRequest::plain(Task::parse("buy it").expect("a task"))
    }
}

fn provider() -> String {
    "openai".to_owned()
}

#[tokio::test]
async fn a_disconnected_client_cancels_its_run() {
    let service = Stage::new([Reply::click(1), Reply::Hang]).start().await;
    let events = service.run(&json!({ "task": "x" })).await;
    service.model.calls.reaches(2).await;
    assert_eq!(service.pages.closed.get(), 0);

    drop(events);
    service.pages.closed.reaches(1).await;
    assert_eq!(service.model.calls.get(), 2, "no model call after the client has left");
}

#[tokio::test]
async fn a_client_that_disconnects_while_the_browser_opens_cancels_its_run() {
    let script = Script { open: Fate::Hang, ..Script::default() };
    let service = Stage::new([Reply::done("ok")]).set("MAX_CONCURRENT_RUNS", "1").browser(script).start().await;
    let events = service.run(&json!({ "task": "x" })).await;
    service.pages.asked.reaches(1).await;
    drop(events);
    // The slot is free as soon as the first run is over.
    service.readiness(|status, _| status == 200).await;
    assert_eq!(service.model.calls.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_exceeds_its_time_ends_without_success() {
    let (runs, _model, pages) = Stage::new([Reply::Hang]).set("RUN_TIMEOUT", "10m").runs();
    let started = tokio::time::Instant::now();
    let mut stream = runs.start(request()).unwrap();
    let mut last = None;
    while let Some(event) = stream.next().await {
        last = Some(event);
    }
    assert_eq!(started.elapsed().as_secs(), 600);
    let Some(RunEventKind::Finished { result, duration, .. }) = last.map(|event| event.kind) else {
        panic!("a result ends it")
    };
    assert_eq!(duration.as_secs(), 600);
    assert!(!result.success && result.final_text.is_empty());
    assert_eq!(result.stop_reason.name(), "budget_time");
    assert_eq!(result.errors, ["the run was not finished within 600 s"]);
    assert_eq!(pages.closed.get(), 1);
}

#[tokio::test]
async fn the_deadline_ends_the_stream_as_a_result() {
    let script = Script { act: Fate::Fail(BrowserError::PageCrashed), ..Script::default() };
    let service = Stage::new([Reply::click(1), Reply::Hang]).set("RUN_TIMEOUT", "2s").browser(script).start().await;
    let events = service.run_all(&json!({ "task": "x" })).await;
    let last = events.last().unwrap();
    assert_eq!((&last["type"], &last["success"], &last["finalText"]), (&json!("result"), &json!(false), &json!("")));
    let errors = last["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 2, "the failed step's error and the deadline: {errors:?}");
    assert_eq!(errors[1], "the run was not finished within 2 s");
}

#[tokio::test]
async fn a_model_failure_ends_the_run_with_its_own_code() {
    for (error, code) in [
        (ModelError::Unauthorized { provider: provider(), model: String::new() }, "model_unauthorized"),
        (ModelError::UnknownModel { provider: provider(), model: "m".into() }, "model_unknown"),
        (
            ModelError::Rejected { provider: provider(), model: String::new(), detail: "too\nlong".into() },
            "model_rejected",
        ),
        (ModelError::RateLimited { provider: provider(), retry_after: None }, "model_rate_limited"),
        (ModelError::Unavailable { provider: provider(), status: 503 }, "model_unavailable"),
        (ModelError::Unreachable { provider: provider() }, "model_unavailable"),
        (ModelError::TimedOut { provider: provider() }, "model_timeout"),
    ] {
        let service = Stage::new([Reply::Fail(error.clone())]).start().await;
        let events = service.run_all(&json!({ "task": "x" })).await;
        assert_eq!(error_code(&events), code, "{error:?}");
        let sentence = events.last().unwrap()["error"].as_str().unwrap();
        assert!(sentence.contains("openai") && !sentence.contains('\n'), "{sentence}");
        assert_eq!(service.pages.closed.get(), 1, "{error:?}");
    }
}

#[tokio::test]
async fn a_browser_that_cannot_be_opened_ends_the_run_with_an_error() {
    let cause = "/usr/bin/chromium exited with 21".to_owned();
    let script = Script { open: Fate::Fail(BrowserError::NotStarted { cause }), ..Script::default() };
    let service = Stage::new([Reply::done("ok")]).browser(script).start().await;
    let events = service.run_all(&json!({ "task": "x" })).await;
    assert_eq!(events.first().unwrap()["message"], "starting");
    assert_eq!(error_code(&events), "browser_unavailable");
    assert!(!events.last().unwrap().to_string().contains("/usr/bin"));
    assert_eq!(service.model.calls.get(), 0);
}

#[tokio::test]
async fn a_panic_anywhere_ends_the_run_with_an_error_and_frees_its_slot() {
    let panic_in = |script: fn(&mut Script)| {
        let mut panicking = Script::default();
        script(&mut panicking);
        panicking
    };
    for (reply, script, opened) in [
        (Reply::Panic, Script::default(), 1),
        (Reply::click(1), panic_in(|script| script.act = Fate::Panic), 1),
        (Reply::click(1), panic_in(|script| script.observe = Fate::Panic), 1),
        (Reply::click(1), panic_in(|script| script.open = Fate::Panic), 0),
    ] {
        let service = Stage::new([reply]).set("MAX_CONCURRENT_RUNS", "1").browser(script).start().await;
        for _ in 0..2 {
            let events = service.run_all(&json!({ "task": "x" })).await;
            assert_eq!(error_code(&events), "internal_error");
            assert!(!events.last().unwrap()["error"].to_string().contains("scripted"));
        }
        assert_eq!(service.pages.closed.get(), 2 * opened);
    }
}

#[tokio::test]
async fn a_panic_while_closing_does_not_affect_other_runs() {
    let script = Script { close: Fate::Panic, ..Script::default() };
    let service = Stage::new([Reply::done("ok")]).set("MAX_CONCURRENT_RUNS", "1").browser(script).start().await;
    for _ in 0..2 {
        let events = service.run_all(&json!({ "task": "x" })).await;
        assert_eq!(events.last().unwrap()["success"], true);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_does_not_close_frees_its_slot_eventually() {
    let script = Script { close: Fate::Hang, ..Script::default() };
    let (runs, _model, _pages) = Stage::new([Reply::done("ok")]).browser(script).runs();
    let mut stream = runs.start(request()).unwrap();
    let mut terminal_after = None;
    let started = tokio::time::Instant::now();
    while let Some(event) = stream.next().await {
        if event.kind.is_terminal() {
            terminal_after = Some(started.elapsed());
        }
    }
    assert_eq!(terminal_after, Some(Duration::ZERO), "the outcome does not wait for the page to close");
    assert_eq!(runs.counts().running, 0);
}

/// Records to an unresponsive disk.
struct Stuck;

impl Recorder for Stuck {
    fn begin(&self, _: RunId, _: &RunRequest, _: &AgentSettings, _: Provider, _: Option<&str>) -> Arc<dyn Recording> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Recording for Stuck {
    fn model(self: Arc<Self>, model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel> {
        model
    }

    fn page(self: Arc<Self>, page: Arc<dyn Page>) -> Arc<dyn Page> {
        page
    }

    async fn end(&self, _: &RunEventKind) -> Option<PathBuf> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_recording_that_is_never_written_frees_its_slot_eventually() {
    let stage = Stage::new([Reply::done("ok")]).set("MAX_CONCURRENT_RUNS", "1");
    let (runs, _model, pages) = stage.recorded_runs(Some(Arc::new(Stuck)));
    for round in 1..=2 {
        let started = tokio::time::Instant::now();
        let mut stream = runs.start(request()).expect("the place is free");
        let mut terminal_after = None;
        let ends_within = Duration::from_secs(60);
        while let Some(event) = tokio::time::timeout(ends_within, stream.next()).await.expect("the stream ends") {
            if event.kind.is_terminal() {
                terminal_after = Some(started.elapsed());
            }
        }
        assert_eq!(terminal_after, Some(Duration::ZERO), "the outcome does not wait for the recording");
        assert_eq!(started.elapsed().as_secs(), 20);
        assert_eq!((pages.closed.get(), runs.counts().running), (round, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_recording_that_is_never_written_delays_a_result_that_would_name_it() {
    let stage = Stage::new([Reply::done("ok")]).set("MAX_CONCURRENT_RUNS", "1");
    let (runs, _model, pages) = stage.recorded_runs(Some(Arc::new(Stuck)));
    let started = tokio::time::Instant::now();
    let mut stream = runs.start(RunRequest { keep_files: true, ..request() }).expect("the place is free");
    let mut kept = None;
    while let Some(event) = tokio::time::timeout(Duration::from_secs(60), stream.next()).await.expect("it ends") {
        if let RunEventKind::Finished { result, .. } = &event.kind {
            kept = Some((started.elapsed().as_secs(), result.kept.len()));
        }
    }
    assert_eq!(kept, Some((5, 0)));
    assert_eq!((started.elapsed().as_secs(), pages.closed.get(), runs.counts().running), (5, 1, 0));
}

#[tokio::test]
async fn when_the_stream_ends_the_page_is_closed_and_the_slot_is_free() {
    let service = Stage::new([Reply::done("ok")]).set("MAX_CONCURRENT_RUNS", "1").start().await;
    for round in 1..=20 {
        service.run_all(&json!({ "task": "x" })).await;
        assert_eq!(service.pages.closed.get(), round);
    }
}

#[tokio::test]
async fn runs_are_concurrent() {
    let service = Stage::new([Reply::Hang]).set("MAX_CONCURRENT_RUNS", "3").start().await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(service.run(&json!({ "task": "x" })).await);
    }
    service.model.calls.reaches(3).await;
    drop(streams.pop());
    service.pages.closed.reaches(1).await;
    assert_eq!(service.pages.closed.get(), 1, "the others go on");
}
