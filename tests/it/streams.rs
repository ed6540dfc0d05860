//! Broken and resumed streams.

use std::sync::Arc;
use std::time::Duration;

use browser_use_service::run::{ResumeError, RunEventKind, RunRequest, Withheld};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::support::browser::{Fate, Script};
use crate::support::client::{Numbered, error_code};
use crate::support::model::Reply;
use crate::support::service::{KEY, Service, Stage};
use crate::support::soon;

/// A model that takes one step whenever the test permits it, then ends.
fn paced(steps: usize) -> (Stage, Arc<Semaphore>) {
    let leave = Arc::new(Semaphore::new(0));
    let replies = (0..steps).map(|_| Reply::click(1)).chain([Reply::done("ok")]);
    (Stage::new(replies.map(|reply| reply.when(&leave))), leave)
}

fn detached(seconds: u64) -> Value {
    json!({ "task": "x", "detachSeconds": seconds })
}

/// The same, without HTTP.
fn kept_for(seconds: u64) -> RunRequest {
    RunRequest { detach: Duration::from_secs(seconds), ..crate::lifecycle::request() }
}

fn steps(events: &[Numbered]) -> Vec<u64> {
    events
        .iter()
        .filter(|(_, event)| event["type"] == "step")
        .map(|(_, event)| event["step"].as_u64().expect("a number"))
        .collect()
}

fn numbers(events: &[Numbered]) -> Vec<u64> {
    events.iter().map(|(number, _)| *number).collect()
}

/// Waits until no run is running.
async fn idle(service: &Service) {
    service.readiness(|_, body| body["running"] == 0).await;
}

#[tokio::test]
async fn a_broken_stream_resumes_after_the_last_received_event() {
    let (stage, leave) = paced(3);
    let service = stage.start().await;
    let mut events = service.run(&detached(60)).await;
    let run_id = events.run_id();
    leave.add_permits(2);
    let mut read = vec![events.numbered().await.unwrap()];
    while steps(&read) != [1] {
        read.push(events.numbered().await.unwrap());
    }
    drop(events);

    let rest = service.resume(&run_id, Some(read.last().unwrap().0)).await;
    assert_eq!(rest.run_id(), run_id);
    assert_eq!(rest.response.headers()["content-type"], "text/event-stream");
    leave.add_permits(9);
    read.extend(rest.rest().await);
    assert_eq!(numbers(&read), (1..=read.len() as u64).collect::<Vec<_>>(), "each event once and in order");
    assert_eq!(steps(&read), [1, 2, 3, 4]);
    assert_eq!(read.last().unwrap().1["success"], true);
}

#[tokio::test]
async fn a_run_continues_without_a_reader_and_its_events_are_kept() {
    let (stage, leave) = paced(3);
    let service = stage.set("MAX_CONCURRENT_RUNS", "1").start().await;
    let events = service.run(&detached(60)).await;
    let run_id = events.run_id();
    drop(events);
    leave.add_permits(9);
    service.pages.closed.reaches(1).await;
    idle(&service).await;

    // The run is over and its slot is free; its events are kept.
    let everything = service.resume(&run_id, None).await.rest().await;
    assert_eq!(numbers(&everything), (1..=everything.len() as u64).collect::<Vec<_>>());
    assert_eq!(everything[0].1["message"], "starting");
    assert_eq!(steps(&everything), [1, 2, 3, 4]);
    assert_eq!(everything.last().unwrap().1["success"], true);

    // Also for a reader that disconnected at the very end.
    let last = everything.last().unwrap();
    assert_eq!(service.resume(&run_id, Some(last.0 - 1)).await.rest().await, std::slice::from_ref(last));
    assert_eq!(service.resume(&run_id, Some(last.0)).await.rest().await, []);
    assert_eq!(service.model.calls.get(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_run_without_a_reader_is_cancelled_after_its_detach_time() {
    let leave = Arc::new(Semaphore::new(1));
    let (runs, model, pages) = Stage::new([Reply::click(1).when(&leave)]).runs();
    let stream = runs.start(kept_for(90)).unwrap();
    let id = stream.id();
    drop(stream);
    model.calls.reaches(2).await;
    sleep(Duration::from_millis(89_990)).await;
    assert_eq!((runs.counts().running, pages.closed.get()), (1, 0));
    assert!(runs.resume(id, None, 0).is_ok(), "there is still time, and it begins anew");
    sleep(Duration::from_millis(89_990)).await;
    assert_eq!((runs.counts().running, pages.closed.get()), (1, 0));
    sleep(Duration::from_millis(20)).await;
    assert_eq!((runs.counts().running, pages.closed.get()), (0, 1));
    assert_eq!(runs.resume(id, None, 0).err(), Some(ResumeError::Unknown));
    leave.add_permits(9);
    sleep(Duration::from_secs(1_000)).await;
    assert_eq!(model.calls.get(), 2, "no model call after it was given up");
}

#[tokio::test(start_paused = true)]
async fn events_of_a_finished_run_are_forgotten_after_its_detach_time() {
    let (runs, _model, _pages) = Stage::new([Reply::done("ok")]).runs();
    let mut stream = runs.start(kept_for(90)).unwrap();
    let id = stream.id();
    while stream.next().await.is_some() {}
    drop(stream);
    sleep(Duration::from_secs(89)).await;
    assert!(runs.resume(id, None, 0).is_ok());
    sleep(Duration::from_secs(89)).await;
    assert!(runs.resume(id, None, 0).is_ok(), "from the last reader's leaving on");
    sleep(Duration::from_secs(91)).await;
    assert_eq!(runs.resume(id, None, 0).err(), Some(ResumeError::Unknown));
}

#[tokio::test(start_paused = true)]
async fn a_result_within_the_detach_time_is_kept_for_a_late_reader() {
    let leave = Arc::new(Semaphore::new(0));
    // Its page takes the maximum time to close.
    let script = Script { close: Fate::Hang, ..Script::default() };
    let (runs, model, _pages) = Stage::new([Reply::done("ok").when(&leave)]).browser(script).runs();
    let stream = runs.start(kept_for(30)).unwrap();
    let id = stream.id();
    drop(stream);
    model.calls.reaches(1).await;
    sleep(Duration::from_millis(29_900)).await;
    leave.add_permits(1);
    for seconds in [10, 18] {
        sleep(Duration::from_secs(seconds)).await;
        // A rejected request takes over no stream and extends no time.
        assert!(matches!(runs.resume(id, None, 1_000), Err(ResumeError::Ahead { .. })), "it is held");
    }
    sleep(Duration::from_secs(3)).await;
    assert_eq!(runs.resume(id, None, 1_000).err(), Some(ResumeError::Unknown), "for its time, and no longer");
}

#[tokio::test]
async fn without_detach_time_a_run_ends_with_its_reader_and_is_forgotten() {
    let service = Stage::new([Reply::click(1), Reply::Hang]).start().await;
    let events = service.run(&json!({ "task": "x" })).await;
    let left = events.run_id();
    service.model.calls.reaches(2).await;
    drop(events);
    service.pages.closed.reaches(1).await;
    let response = service.stream(&left, None).send().await.unwrap();
    assert_eq!(response.status(), 404);

    let service = Stage::new([Reply::done("ok")]).start().await;
    let events = service.run(&json!({ "task": "x" })).await;
    let finished = events.run_id();
    events.collect().await;
    assert_eq!(service.stream(&finished, None).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_second_reader_takes_the_stream_over_and_the_run_continues() {
    for body in [json!({ "task": "x" }), detached(60)] {
        let (stage, leave) = paced(1);
        let service = stage.start().await;
        let mut first = service.run(&body).await;
        let (number, _) = first.numbered().await.unwrap();
        let second = service.resume(&first.run_id(), Some(number)).await;
        first.taken_over().await;
        leave.add_permits(9);
        let rest = second.rest().await;
        assert_eq!(rest[0].0, number + 1);
        assert_eq!((steps(&rest), &rest.last().unwrap().1["success"]), (vec![1, 2], &json!(true)));
    }
}

#[tokio::test]
async fn a_stream_is_only_given_to_the_caller_that_started_the_run() {
    let service = Stage::new([Reply::Hang]).start().await;
    let request = service.post(&detached(60)).header("X-Caller-Id", "tenant-a");
    let response = request.send().await.unwrap();
    let run_id = response.headers()["x-run-id"].to_str().unwrap().to_owned();

    let get = |caller: &'static [&'static str]| {
        caller.iter().fold(service.stream(&run_id, None), |get, name| get.header("X-Caller-Id", *name)).send()
    };
    for caller in [&[] as &[&str], &["tenant-b"]] {
        let refused = get(caller).await.unwrap();
        assert_eq!(refused.status(), 404);
        assert_eq!(refused.json::<Value>().await.unwrap(), json!({ "detail": "run_not_found" }));
    }
    assert_eq!(get(&["tenant-a", "tenant-a"]).await.unwrap().status(), 422);
    assert_eq!(get(&["tenant-a"]).await.unwrap().status(), 200);

    let path = format!("/api/v1/browser-use/runs/{run_id}/stream");
    let no_key = service.client.get(service.url(&path)).header("X-Caller-Id", "tenant-a").send().await.unwrap();
    assert_eq!(no_key.status(), 401);
    drop(response);
}

#[tokio::test]
async fn unknown_runs_and_invalid_event_ids_are_rejected() {
    let service = Stage::new([Reply::Hang]).start().await;
    let mut events = service.run(&detached(60)).await;
    events.numbered().await.unwrap();
    let run_id = events.run_id();
    for unknown in
        ["0199a5a0-0000-7000-8000-000000000000", "x", "%ff", &run_id.to_uppercase(), &run_id.replace('-', "")]
    {
        let refused = service.stream(unknown, None).send().await.unwrap();
        assert_eq!(refused.status(), 404, "{unknown}");
        assert_eq!(refused.json::<Value>().await.unwrap(), json!({ "detail": "run_not_found" }), "{unknown}");
    }
    for wrong in ["x", "-1", "+1", "1.0", "99999999999999999999"] {
        let refused = service.stream(&run_id, None).header("Last-Event-ID", wrong).send().await.unwrap();
        assert_eq!(refused.status(), 422, "{wrong}");
        let detail = &refused.json::<Value>().await.unwrap()["detail"][0];
        assert_eq!((&detail["loc"], &detail["type"]), (&json!(["header", "last-event-id"]), &json!("int_parsing")));
    }
    let ahead = service.stream(&run_id, Some(1_000)).send().await.unwrap();
    assert_eq!(ahead.status(), 422);
    assert_eq!(ahead.json::<Value>().await.unwrap()["detail"][0]["type"], "less_than_equal");

    let path = format!("/api/v1/browser-use/runs/{run_id}/stream");
    let head = service.client.head(service.url(&path)).header("X-Gateway-Key", KEY).send().await.unwrap();
    assert_eq!(head.status(), 405, "it would take the stream over and leave it");
    let get = service.client.get(service.url("/api/v1/browser-use/run/stream")).header("X-Gateway-Key", KEY);
    assert_eq!(get.send().await.unwrap().status(), 405);

    // The reader was not disturbed, and an empty id is ignored.
    assert_eq!(service.get("/ready").await.1["running"], 1);
    let again = service.stream(&run_id, None).header("Last-Event-ID", "").send().await.unwrap();
    assert_eq!(again.status(), 200);
    events.taken_over().await;
}

#[tokio::test]
async fn dropped_events_are_reported_as_one_gap() {
    let leave = Arc::new(Semaphore::new(0));
    let visits = (0..100).map(|step| Reply::visit(step).when(&leave));
    let stage = Stage::new(visits.chain([Reply::done("ok")]));
    let service = stage.set("STREAM_BUFFER", "64KiB").start().await;
    let events = service.run(&json!({ "task": "x", "maxSteps": 200, "detachSeconds": 60 })).await;
    let run_id = events.run_id();
    drop(events);
    leave.add_permits(100);
    idle(&service).await;

    let told = service.resume(&run_id, None).await.rest().await;
    let (id, gap) = &told[0];
    assert_eq!((&gap["type"], &gap["level"], &gap["gap"]["from"]), (&json!("log"), &json!("warning"), &json!(1)));
    assert_eq!(gap["gap"]["to"], *id, "its id is that of the last event that is missing");
    let kept: Vec<u64> = told[1..].iter().map(|(number, _)| *number).collect();
    assert_eq!(kept, (id + 1..=id + kept.len() as u64).collect::<Vec<_>>(), "nothing else is missing");
    assert!(told[1..].iter().all(|(_, event)| event.get("gap").is_none()));
    assert_eq!(told.last().unwrap().1["success"], true);

    // A reader that has the dropped events gets no gap.
    let told = service.resume(&run_id, Some(*id)).await.rest().await;
    assert!(told.iter().all(|(_, event)| event.get("gap").is_none()));
}

#[tokio::test]
async fn the_newest_unread_screenshot_is_kept() {
    let (stage, leave) = paced(10);
    let script = Script { picture_bytes: 40 << 10, ..Script::default() };
    let service = stage.set("STREAM_BUFFER", "64KiB").browser(script).start().await;
    let events = service.run(&detached(60)).await;
    let run_id = events.run_id();
    drop(events);
    leave.add_permits(20);
    idle(&service).await;

    let told = service.resume(&run_id, None).await.rest().await;
    let steps: Vec<&Value> = told.iter().map(|(_, event)| event).filter(|event| event["type"] == "step").collect();
    assert_eq!(steps.len(), 11);
    let (newest, older) = steps.split_last().unwrap();
    assert!(newest["screenshot"].is_string() && newest.get("screenshotDropped").is_none());
    for step in older {
        assert_eq!((&step["screenshot"], &step["screenshotDropped"]), (&Value::Null, &json!(true)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_does_not_wait_for_its_reader() {
    let script = Script { picture_bytes: 100 << 10, ..Script::default() };
    let (runs, _model, pages) =
        Stage::new((0..200).map(Reply::visit)).set("STREAM_BUFFER", "1MiB").browser(script).runs();
    let mut stream = runs.start(crate::lifecycle::request()).unwrap();
    pages.closed.reaches(1).await;

    let (mut numbers, mut steps, mut pictures) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(event) = stream.next().await {
        numbers.push(event.sequence);
        if let RunEventKind::Step(step) = &event.kind {
            steps.push(step.step);
            pictures.push(event.withheld.is_none());
            assert_eq!(step.screenshot.is_none(), event.withheld == Some(Withheld::Dropped));
        }
    }
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    assert_eq!(steps, (1..=200).collect::<Vec<_>>(), "every step is told");
    let kept = pictures.iter().filter(|kept| **kept).count();
    assert!((5..=10).contains(&kept), "as many screenshots as there is room for: {kept}");
    assert!(pictures.ends_with(&[true; 5]), "the newest ones");
}

#[tokio::test]
async fn an_unchanged_screenshot_is_omitted_on_request() {
    let replies = || [Reply::click(1), Reply::click(1), Reply::done("ok")];
    let service = Stage::new(replies()).start().await;
    let skipping = json!({ "task": "x", "skipUnchangedScreenshots": true });
    let events = service.run_all(&skipping).await;
    let steps: Vec<&Value> = events.iter().filter(|event| event["type"] == "step").collect();
    assert!(steps[0]["screenshot"].is_string() && steps[0].get("screenshotUnchanged").is_none());
    for step in &steps[1..] {
        assert_eq!((&step["screenshot"], &step["screenshotUnchanged"]), (&Value::Null, &json!(true)));
    }

    let script = Script { picture_bytes: 100, ..Script::default() };
    let service = Stage::new(replies()).browser(script).start().await;
    let events = service.run_all(&skipping).await;
    let mut steps = events.iter().filter(|event| event["type"] == "step");
    assert!(steps.by_ref().take(2).all(|step| step["screenshot"].is_string()), "what changed is sent");

    let service = Stage::new(replies()).start().await;
    let events = service.run_all(&json!({ "task": "x" })).await;
    assert!(events.iter().all(|event| event.get("screenshotUnchanged").is_none()), "who asks for nothing gets it all");
}

#[tokio::test]
async fn detach_time_is_limited_by_the_deployment() {
    for (allowed, asked, taken) in [("5m", 300, true), ("5m", 301, false), ("0", 1, false), ("0", 0, true)] {
        let service = Stage::new([Reply::done("ok")]).set("RUN_MAX_DETACH", allowed).start().await;
        let response = service.post(&detached(asked)).send().await.unwrap();
        assert_eq!(response.status(), if taken { 200 } else { 422 }, "{allowed} {asked}");
        if !taken {
            let detail = &response.json::<Value>().await.unwrap()["detail"][0];
            assert_eq!(
                (&detail["loc"], &detail["type"]),
                (&json!(["body", "detachSeconds"]), &json!("less_than_equal"))
            );
        }
    }
}

#[tokio::test]
async fn events_of_finished_runs_are_bounded_and_the_oldest_are_evicted() {
    let script = Script { picture_bytes: 40 << 10, ..Script::default() };
    let service = Stage::new([Reply::done("ok")]).set("STREAMS_KEPT", "100KiB").browser(script).start().await;
    let mut runs = Vec::new();
    for _ in 0..3 {
        let events = service.run(&detached(60)).await;
        runs.push(events.run_id());
        events.collect().await;
    }
    let mut found = Vec::new();
    for run in &runs {
        found.push(service.stream(run, None).send().await.unwrap().status().as_u16());
    }
    assert_eq!(found, [404, 200, 200]);
}

#[tokio::test]
async fn neither_runs_without_a_reader_nor_kept_events_delay_shutdown() {
    let stage = Stage::new([Reply::done("ok"), Reply::Hang]).set("SHUTDOWN_GRACE", "20ms");
    let mut service = stage.set("SHUTDOWN_TIMEOUT", "120s").start().await;
    service.run(&detached(300)).await.collect().await;
    let alone = service.run(&detached(300)).await;
    let run_id = alone.run_id();
    drop(alone);
    service.model.calls.reaches(2).await;
    let reading = service.resume(&run_id, None).await;
    let reading = async { error_code(&reading.collect().await).to_owned() };
    service.stop();
    assert_eq!(soon("the end", reading).await, "shutting_down");
    service.stopped().await;
    assert_eq!(service.pages.closed.get(), 2);
}
