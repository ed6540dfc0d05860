//! The service is stopped or killed in each phase of a run. Stopped, it sends the terminal event and
//! exits with 0. Either way nothing is left.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{Html, Response};
use axum::routing::{get, post};
use futures::{StreamExt as _, stream};
use rustix::process::{Resource, Rlimit, Signal, getrlimit};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Events, Log, Service, Site, Start, eventually, finished, page, processes, run, until_dropped};

/// From the kill until the last process and file are gone.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// The phase of a run when the signal arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Queued,
    BrowserStarting,
    ContextOpening,
    Navigating,
    Observing,
    CallingTheModel,
    Acting,
    DialogOpen,
    Downloading,
    ResultUnread,
    Closing,
}

/// A run in a phase, and what holds it there.
struct Reached {
    service: Service,
    events: Events,
    /// Another caller's run, if this one is queued.
    _neighbour: Option<Events>,
    site: Site,
    _executable: TempDir,
}

/// A site with a page for each phase, and a model that clicks and then never answers.
async fn site() -> Site {
    let log = Log::new();
    let hang = log.clone();
    let dialog = "<button onclick=\"confirm('sure?')\">Go</button>";
    let loops = "<script>tell('looping'); for (;;);</script>";
    let download = || async {
        let begin = stream::once(async { Ok::<_, std::io::Error>(Bytes::from("begin")) });
        let body = Body::from_stream(begin.chain(stream::pending()));
        Response::builder().header(header::CONTENT_DISPOSITION, "attachment; filename=a.bin").body(body).unwrap()
    };
    let model = |body: String| async move {
        if body.contains("the button is behind me") {
            std::future::pending::<()>().await;
        }
        let actions = json!([{"click": {"index": 1}}]);
        let decision = json!({"evaluationPreviousGoal": "", "memory": "the button is behind me", "nextGoal": "x", "actions": actions});
        let message = json!({"role": "assistant", "content": decision.to_string()});
        axum::Json(json!({"choices": [{"message": message, "finish_reason": "stop"}]}))
    };
    Site::with(
        Router::new()
            .route("/", get(|| async { Html(page("<h1>Home</h1>")) }))
            .route("/open", get(|| async { Html(page("<script>fetch('/hang')</script><h1>Home</h1>")) }))
            .route("/hang", get(|| async move { until_dropped(hang).await }))
            .route("/slow", get(|| async move { until_dropped(log).await }))
            .route("/loop", get(move || async move { Html(page(loops)) }))
            .route("/dialog", get(move || async move { Html(page(dialog)) }))
            .route("/files", get(|| async { Html(page("<a href=/download>Download</a>")) }))
            .route("/download", get(download))
            .route("/v1/chat/completions", post(model)),
    )
    .await
}

/// An executable that never answers.
fn never_a_browser() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chromium");
    std::fs::write(&path, "#!/bin/sh\nexec sleep 1000\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let name = path.display().to_string();
    (folder, name)
}

impl Phase {
    /// Starts a service and a run, and brings it to a phase.
    async fn reach(self, start: Start) -> Reached {
        let site = site().await;
        let (executable, name) = never_a_browser();
        let start = start
            .set("OPENAI_BASE_URL", &site.url("/v1"))
            .set("BROWSER_SETTLE_NEW_SITE_TIMEOUT", "500ms")
            .set("BROWSER_DOWNLOAD_WAIT", "60s")
            .set("MAX_CONCURRENT_RUNS", "1");
        let service = match self {
            Self::BrowserStarting => start.set("BROWSER_EXECUTABLE", &name).listening().await,
            _ => start.ready().await,
        };
        let task = |path: &str, then: &str| format!("open {}, {then}", site.url(path));
        let endless = task("/open", "then wait for 'what never comes'");
        let mut neighbour = None;
        let mut events = match self {
            Self::Queued => {
                neighbour = Some(service.run(&endless).await);
                site.is_asked("GET /hang").await;
                service.run(&endless).await
            }
            Self::BrowserStarting | Self::Acting | Self::Closing => service.run(&endless).await,
            Self::ContextOpening => {
                processes::signal(processes::browser(&service.profiles()).unwrap(), Signal::STOP);
                service.run(&endless).await
            }
            Self::Navigating => service.run(&task("/slow", "read 'Home'")).await,
            Self::Observing => service.run(&task("/loop", "read 'Home'")).await,
            Self::CallingTheModel | Self::DialogOpen => {
                let url = site.url(if self == Self::DialogOpen { "/dialog" } else { "/" });
                let request =
                    json!({ "task": "press it", "startUrl": url, "provider": "openai", "screenshotFormat": "none" });
                Events::of(service.post(&request).await)
            }
            Self::Downloading => service.run(&task("/files", "click 'Download', then read 'Home'")).await,
            Self::ResultUnread => service.run(&task("/", "read 'Home'")).await,
        };
        assert_eq!(events.next().await.unwrap()["message"], "starting");
        match self {
            Self::Queued => {
                let waits = events.next().await.unwrap();
                assert!(waits["message"].as_str().unwrap().starts_with("waiting for a free place"), "{waits}");
            }
            Self::BrowserStarting => {
                eventually("a start is under way", GONE_WITHIN, || !processes::of(&service.profiles()).is_empty())
                    .await;
            }
            Self::ContextOpening => {}
            Self::Navigating => drop(site.is_asked("GET /slow").await),
            Self::Observing => site.hears("looping").await,
            Self::CallingTheModel => drop(site.is_asked("POST /v1/chat/completions").await),
            // Its second call arrives with the dialog open.
            Self::DialogOpen => site.is_asked_times("POST /v1/chat/completions", 2).await,
            Self::Acting => drop(site.is_asked("GET /hang").await),
            Self::Downloading => drop(site.is_asked("GET /download").await),
            Self::ResultUnread => eventually_over(&service).await,
            Self::Closing => {
                site.is_asked("GET /hang").await;
                // The command that disposes of its context gets no reply.
                processes::signal(processes::browser(&service.profiles()).unwrap(), Signal::STOP);
                let left = std::mem::replace(&mut events, service.run(&endless).await);
                drop(left);
                assert_eq!(events.next().await.unwrap()["message"], "starting");
            }
        }
        Reached { service, events, _neighbour: neighbour, site, _executable: executable }
    }
}

/// Waits until no run is running.
async fn eventually_over(service: &Service) {
    let mut look = tokio::time::interval(Duration::from_millis(20));
    loop {
        look.tick().await;
        let ready: Value = service.get("/ready").await.json().await.unwrap();
        if ready["running"] == 0 {
            return;
        }
    }
}

fn stopped_and_killed_while(phase: Phase, asked_by: Signal) {
    const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(20);
    run(async {
        let start = Start::new().set("SHUTDOWN_GRACE", "100ms").set("SHUTDOWN_TIMEOUT", "20s");
        let mut reached = phase.reach(start).await;
        reached.service.signal(asked_by);
        let asked = Instant::now();
        let last = reached.events.rest().await.pop().expect("there is a terminal event");
        match phase {
            Phase::ResultUnread => assert_eq!(last["success"], true, "{last}"),
            _ => assert_eq!((&last["type"], &last["code"]), (&json!("error"), &json!("shutting_down")), "{last}"),
        }
        assert_eq!(reached.service.ended().await.code(), Some(0), "{}", reached.service.log());
        assert!(asked.elapsed() < SHUTDOWN_TIMEOUT, "{:?}", asked.elapsed());
        reached.service.leaves_nothing();
        drop(reached.site);

        let mut killed = phase.reach(Start::new()).await.service;
        killed.signal(Signal::KILL);
        killed.ended().await;
        let nothing = || processes::of(&killed.profiles()).is_empty() && killed.files().is_empty();
        eventually("nothing is left", GONE_WITHIN, nothing).await;
    });
}

#[test]
fn a_stop_or_a_kill_while_a_run_is_queued() {
    stopped_and_killed_while(Phase::Queued, Signal::TERM);
}

#[test]
fn a_stop_or_a_kill_while_the_browser_starts() {
    stopped_and_killed_while(Phase::BrowserStarting, Signal::INT);
}

#[test]
fn a_stop_or_a_kill_while_a_context_opens() {
    stopped_and_killed_while(Phase::ContextOpening, Signal::TERM);
}

#[test]
fn a_stop_or_a_kill_during_navigation() {
    stopped_and_killed_while(Phase::Navigating, Signal::INT);
}

#[test]
fn a_stop_or_a_kill_during_an_observation() {
    stopped_and_killed_while(Phase::Observing, Signal::TERM);
}

#[test]
fn a_stop_or_a_kill_during_a_model_call() {
    stopped_and_killed_while(Phase::CallingTheModel, Signal::INT);
}

#[test]
fn a_stop_or_a_kill_during_an_action() {
    stopped_and_killed_while(Phase::Acting, Signal::TERM);
}

#[test]
fn a_stop_or_a_kill_while_a_dialog_is_open() {
    stopped_and_killed_while(Phase::DialogOpen, Signal::INT);
}

#[test]
fn a_stop_or_a_kill_during_a_download() {
    stopped_and_killed_while(Phase::Downloading, Signal::TERM);
}

#[test]
fn a_stop_or_a_kill_before_the_result_is_read() {
    stopped_and_killed_while(Phase::ResultUnread, Signal::INT);
}

#[test]
fn a_stop_or_a_kill_while_a_context_is_closed() {
    stopped_and_killed_while(Phase::Closing, Signal::TERM);
}

#[test]
fn a_second_signal_skips_the_grace_but_not_the_terminal_event() {
    run(async {
        let start = Start::new().set("SHUTDOWN_GRACE", "60s").set("SHUTDOWN_TIMEOUT", "90s");
        let mut reached = Phase::Acting.reach(start).await;
        reached.service.signal(Signal::TERM);
        // So that the second signal is not merged with the first.
        eventually("it stops", GONE_WITHIN, || reached.service.log().contains("stopping")).await;
        reached.service.signal(Signal::INT);
        let last = reached.events.rest().await.pop().expect("there is a terminal event");
        assert_eq!(last["code"], "shutting_down", "{last}");
        assert_eq!(reached.service.ended().await.code(), Some(0), "{}", reached.service.log());
        reached.service.leaves_nothing();
    });
}

#[test]
fn a_frozen_service_resumes_and_keeps_its_deadlines() {
    run(async {
        let site = site().await;
        let service =
            Start::new().set("RUN_TIMEOUT", "6s").set("BROWSER_SETTLE_NEW_SITE_TIMEOUT", "500ms").ready().await;
        let home = |then: &str| format!("open {}, {then}", site.url("/open"));
        let stand_still = async |seconds| {
            service.signal(Signal::STOP);
            // The delay is what is tested: time passes for everything but the service.
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            service.signal(Signal::CONT);
        };
        let mut events = service.run(&home("wait 1 second, then read 'Home'")).await;
        assert_eq!(events.next().await.unwrap()["message"], "starting");
        site.is_asked("GET /hang").await;
        stand_still(1).await;
        finished(events).await;

        let events = service.run(&home("then wait for 'what never comes'")).await;
        site.is_asked_times("GET /hang", 2).await;
        stand_still(7).await;
        let woken = Instant::now();
        let last = events.rest().await.pop().expect("there is a terminal event");
        assert_eq!((&last["type"], &last["stopReason"]), (&json!("result"), &json!("budget_time")), "{last}");
        assert!(woken.elapsed() < Duration::from_secs(3), "{:?}", woken.elapsed());
        finished(service.run(&format!("open {}, then read 'Home'", site.url("/"))).await).await;
        service.stop().await;
    });
}

#[test]
fn a_service_without_a_free_descriptor_rejects_and_recovers() {
    run(async {
        let site = site().await;
        let service = Start::new().ready().await;
        let working = service.run(&format!("open {}, wait 1 second, then read 'Home'", site.url("/"))).await;
        site.is_asked("GET /").await;
        let pid = rustix::process::Pid::from_raw(service.id().try_into().unwrap());
        // No descriptor below that is free.
        let few = Rlimit { current: Some(3), ..getrlimit(Resource::Nofile) };
        let all = rustix::process::prlimit(pid, Resource::Nofile, few).unwrap();
        // The running run needs none and continues; new callers are not accepted.
        finished(working).await;
        let unheard =
            reqwest::Client::new().get(service.url("/health")).timeout(Duration::from_millis(500)).send().await;
        let log = || service.log().contains("Too many open files");
        assert!(unheard.is_err() || log(), "{unheard:?}");
        eventually("the log says why", GONE_WITHIN, log).await;

        rustix::process::prlimit(pid, Resource::Nofile, all).unwrap();
        finished(service.run(&format!("open {}, then read 'Home'", site.url("/"))).await).await;
        service.stop().await;
    });
}

#[test]
fn an_unwritable_profile_root_makes_the_browser_unavailable() {
    run(async {
        // Not even root can create a folder there.
        let mut service = Start::new().set("PROFILE_ROOT", "/proc").listening().await;
        let ready = service.get("/ready").await;
        assert_eq!(ready.status(), 503);
        assert_eq!(ready.json::<Value>().await.unwrap()["reason"], "browser_unavailable");
        let last = service.run("open http://127.0.0.1:9/").await.rest().await.pop().unwrap();
        assert_eq!(last["code"], "browser_unavailable", "{last}");
        service.signal(Signal::TERM);
        assert_eq!(service.ended().await.code(), Some(0));
        service.leaves_nothing();
    });
}

#[test]
fn an_unwritable_recording_does_not_affect_the_run() {
    run(async {
        let site = site().await;
        let recordings = tempfile::tempdir().unwrap();
        let start = Start::new().set("RECORD_DIR", &recordings.path().display().to_string()).full_disk();
        // Errors only, to keep the log short.
        let service = start.set("RUST_LOG", "error").ready().await;
        // From here on its files cannot grow beyond the log's size; the browser's can.
        let pid = rustix::process::Pid::from_raw(service.id().try_into().unwrap());
        let little = Rlimit { current: Some(16 << 10), ..getrlimit(Resource::Fsize) };
        rustix::process::prlimit(pid, Resource::Fsize, little).unwrap();
        let long = "x".repeat(20 << 10);
        finished(service.run(&format!("open {}, then read 'Home'", site.url(&format!("/?{long}")))).await).await;
        assert_eq!(std::fs::read_dir(recordings.path()).unwrap().count(), 0, "whole or not at all");
        eventually("the log says it", GONE_WITHIN, || service.log().contains("the recording cannot be written")).await;

        // A caller's file must be written, so the failure is reported.
        let file = json!({ "name": "cv.txt", "content": "dGVh".repeat(16 << 10) });
        let task = format!("open {}, then read 'Home'", site.url("/"));
        let request = json!({ "task": task, "provider": "template", "files": [file] });
        let last = Events::of(service.post(&request).await).rest().await.pop().unwrap();
        assert_eq!((&last["type"], &last["code"]), (&json!("error"), &json!("browser_error")), "{last}");
        service.stop().await;
    });
}
