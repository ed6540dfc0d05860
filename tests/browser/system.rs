//! Faults of the system under the real binary: a clock that jumps, an unresponsive disk, injected by
//! `fixtures/system.c`. Browsers do not inherit it.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _};
use axum::routing::{get, post};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::support::{Events, Gate, Log, Site, Start, finished, page, processes, run};

const DAY: i64 = 24 * 60 * 60;

/// A system under the test's control, and a service on it.
struct System(TempDir);

impl System {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/fixtures/system.c");
        // Rust needs it as linker.
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o"]).arg(folder.path().join("system.so")).arg(source);
        assert!(compiler.status().unwrap().success());
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn under(&self, start: Start) -> Start {
        let named = |name| self.path(name).display().to_string();
        start
            .set("LD_PRELOAD", &named("system.so"))
            .set("MOVED_CLOCK", &named("clock"))
            .set("STUCK_FOLDER", &named("disk"))
            .set("RECORD_DIR", &named("disk"))
    }

    /// Sets the clock to this offset in seconds.
    fn set_clock(&self, seconds: i64) {
        std::fs::write(self.path("clock.new"), seconds.to_string()).unwrap();
        std::fs::rename(self.path("clock.new"), self.path("clock")).unwrap();
    }

    /// From here on, opening a file for recordings never returns.
    fn hold_disk(&self) {
        std::fs::write(self.path("disk.stuck"), "").unwrap();
    }
}

/// The time of a clock with this offset, formatted as in events.
fn shown(off: i64) -> String {
    let at = OffsetDateTime::from(SystemTime::now()) + time::Duration::seconds(off);
    at.format(&Rfc3339).unwrap()[.."2026-01-30T12:00:00".len()].to_owned()
}

/// Gates that hold runs.
#[derive(Clone)]
struct Gates {
    model: Gate,
    page: Gate,
}

/// A site whose page `/wait` completes when its gate opens, and a model that answers when its own does. It
/// fails first, then clicks a button, and is done.
async fn waiting(gates: &Gates) -> Site {
    let Gates { model, page: held } = gates.clone();
    let calls = Log::new();
    let model = || async move {
        model.passed().await;
        calls.push(());
        let action = match calls.list().len() {
            1 => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            2 => json!({ "click": { "index": 1 } }),
            _ => json!({ "done": { "text": "pressed", "success": true } }),
        };
        let decision = json!({ "evaluationPreviousGoal": "", "memory": "", "nextGoal": "x", "actions": [action] });
        let message = json!({ "role": "assistant", "content": decision.to_string() });
        axum::Json(json!({ "choices": [{ "message": message, "finish_reason": "stop" }] })).into_response()
    };
    let wait = "<script>fetch('/when').then(() => document.body.append('Prepared'))</script>";
    Site::with(
        Router::new()
            .route("/", get(|| async { Html(page("<button onclick=\"tell('pressed')\">Go</button>")) }))
            .route("/wait", get(move || async move { Html(page(wait)) }))
            .route("/when", get(move || held.then("now")))
            .route("/v1/chat/completions", post(model)),
    )
    .await
}

/// Asserts that the timestamps of events are between these two.
fn are_between(events: &[&Value], [from, to]: [String; 2]) {
    for event in events {
        let told = &event["timestamp"].as_str().unwrap()[..from.len()];
        assert!(*from <= *told && *told <= *to, "{event} is not from {from} to {to}");
    }
}

/// Asserts that a run succeeded, and returns its log.
fn unharmed(events: &[Value], begun: Instant) -> Vec<&Value> {
    let result = events.last().unwrap();
    assert_eq!((&result["type"], &result["success"]), (&json!("result"), &json!(true)), "{events:#?}");
    assert!(u128::from(result["durationMs"].as_u64().unwrap()) <= begun.elapsed().as_millis(), "{result}");
    let logs: Vec<_> = events.iter().filter(|event| event["type"] == "log").collect();
    let of_limits = logs.iter().filter(|log| log["message"].as_str().unwrap().contains("time budget"));
    assert_eq!((of_limits.count(), &logs[0]["message"]), (0, &json!("starting")), "{logs:#?}");
    logs
}

/// Sets the clock while a run waits for its model, and corrects it while one waits for its page.
fn the_clock_jumps(by: i64) {
    run(async {
        let (system, gates) = (System::new(), Gates { model: Gate::new(), page: Gate::new() });
        let site = waiting(&gates).await;
        // All limits are longer than the test and shorter than a day.
        let start = Start::new()
            .set("OPENAI_BASE_URL", &site.url("/v1"))
            .set("LLM_BACKOFF_BASE", "50ms")
            .set("RUN_TIMEOUT", "2h")
            .set("BROWSER_SETTLE_NEW_SITE_TIMEOUT", "500ms");
        let service = system.under(start).ready().await;
        let browsers = processes::browsers(&service.profiles());

        let (begun, before) = (Instant::now(), shown(0));
        let url = site.url("/");
        let request = json!({ "task": "press it", "startUrl": url, "provider": "openai", "screenshotFormat": "none" });
        let events = Events::of(service.post(&request).await);
        site.is_asked("POST /v1/chat/completions").await;
        let (then, jumped) = (shown(0), shown(by));
        system.set_clock(by);
        gates.model.open();
        let events = events.rest().await;
        let [told @ .., again] = &unharmed(&events, begun)[..] else { panic!("{events:#?}") };
        are_between(told, [before, then]);
        assert!(again["message"].as_str().unwrap().contains("trying again"), "{again}");
        are_between(&[again], [jumped, shown(by)]);
        assert_eq!(site.told(), ["pressed"]);

        let (begun, before) = (Instant::now(), shown(by));
        let events = service.run(&format!("open {}, then wait for 'Prepared'", site.url("/wait"))).await;
        site.is_asked("GET /when").await;
        let then = shown(by);
        system.set_clock(0);
        gates.page.open();
        let events = events.rest().await;
        are_between(&unharmed(&events, begun), [before, then]);

        let (begun, before) = (Instant::now(), shown(0));
        let events = service.run(&format!("open {}, then read 'Go'", site.url("/"))).await.rest().await;
        are_between(&unharmed(&events, begun), [before, shown(0)]);
        assert_eq!(processes::browsers(&service.profiles()), browsers, "none was too old or silent for too long");
        service.stop().await;
    });
}

#[test]
fn a_clock_that_jumps_a_day_ahead_and_back_ends_no_run() {
    the_clock_jumps(DAY);
}

#[test]
fn a_clock_that_jumps_a_day_back_and_ahead_delays_no_run() {
    the_clock_jumps(-DAY);
}

#[test]
fn a_service_stops_although_its_recording_disk_hangs() {
    const TIMEOUT: Duration = Duration::from_secs(4);
    run(async {
        let system = System::new();
        let site = Site::of(&[("/", "<h1>Home</h1>")]).await;
        let start = Start::new().set("SHUTDOWN_GRACE", "100ms").set("SHUTDOWN_TIMEOUT", "4s");
        let mut service = system.under(start).ready().await;
        let read = format!("open {}, then read 'Home'", site.url("/"));
        finished(service.run(&read).await).await;
        let recordings = || std::fs::read_dir(system.path("disk")).unwrap().count();
        assert_eq!(recordings(), 1, "it records");

        system.hold_disk();
        let mut events = service.run(&read).await;
        while events.next().await.expect("the result comes first")["type"] != "result" {}
        service.signal(Signal::TERM);
        let asked = Instant::now();
        assert_eq!(service.ended().await.code(), Some(0), "{}", service.log());
        assert!(asked.elapsed() < TIMEOUT, "{:?}", asked.elapsed());
        service.leaves_nothing();
        assert_eq!(recordings(), 1, "the disk did not answer");
    });
}
