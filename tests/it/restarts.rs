//! Runs that lose their browser and continue in another one.

use agent::ports::BrowserError;
use serde_json::{Value, json};

use crate::support::browser::{Fate, Script};
use crate::support::client::error_code;
use crate::support::model::Reply;
use crate::support::service::{Service, Stage};

const LOST: Fate = Fate::Fail(BrowserError::Lost);
const NOTICE: &str = "The browser was lost and another one took its place";
const UNKNOWN: &str = "whether this took effect is not known";

/// A service with one script for its first browser and another for the next ones.
async fn service(replies: impl IntoIterator<Item = Reply>, first: Script, then: Script) -> Service {
    Stage::new(replies).browser(Script { then: Some(Box::new(then)), ..first }).start().await
}

fn warnings(events: &[Value]) -> Vec<&str> {
    let warnings = events.iter().filter(|event| event["level"] == "warning");
    warnings.map(|event| event["message"].as_str().expect("a text")).collect()
}

/// The last message of a call: the page.
fn shown(service: &Service, call: usize) -> String {
    service.model.asked()[call].last().expect("a message").clone()
}

#[tokio::test]
async fn an_action_whose_browser_is_lost_is_not_repeated_but_reported() {
    let first = Script { act: LOST, ..Script::default() };
    let service = service([Reply::click(1), Reply::done("ok")], first, Script::default()).await;
    let events = service.run_all(&json!({ "task": "x" })).await;
    let last = events.last().expect("a terminal event");
    assert_eq!((&last["type"], &last["success"]), (&json!("result"), &json!(true)), "{events:#?}");
    assert_eq!(warnings(&events), ["the browser was lost; going on in another one from https://shop.example/"]);
    assert_eq!((service.pages.opened.get(), service.pages.closed.get()), (2, 2));
    assert_eq!(service.pages.visited(), ["https://shop.example/"]);
    assert_eq!(service.pages.acted.get(), 1, "{:?}", service.pages.done());
    let step = events.iter().find(|event| event["type"] == "step").expect("the step is reported");
    assert!(step["description"].as_str().unwrap().contains(UNKNOWN), "{step}");
    let told = service.model.asked()[1].join("\n");
    assert!(told.contains(UNKNOWN) && shown(&service, 1).contains(NOTICE), "{told}");
    assert!(told.contains("https://shop.example/ was opened again"), "{told}");
    assert!(!service.model.asked()[0].join("\n").contains(NOTICE));
}

#[tokio::test]
async fn a_browser_lost_between_actions_interrupts_none() {
    let first = Script { observe: LOST, ..Script::default() };
    let service = service([Reply::click(1), Reply::done("ok")], first, Script::default()).await;
    let events = service.run_all(&json!({ "task": "x" })).await;
    assert_eq!(events.last().expect("a terminal event")["success"], true);
    assert_eq!(warnings(&events), ["the browser was lost; going on in another one"], "it was nowhere yet");
    assert_eq!(service.pages.visited(), [""; 0]);
    assert!(shown(&service, 0).contains(NOTICE));
    assert!(!shown(&service, 1).contains(NOTICE), "it is reported once");
    assert!(!service.model.asked()[1].join("\n").contains(UNKNOWN));
}

#[tokio::test]
async fn the_start_page_is_reopened_in_the_next_browser() {
    let first = Script { visit: LOST, ..Script::default() };
    let service = service([Reply::done("ok")], first, Script::default()).await;
    let events = service.run_all(&json!({ "task": "x", "startUrl": "https://user:pass@shop.example/start" })).await;
    assert_eq!(events.last().expect("a terminal event")["success"], true);
    assert_eq!(warnings(&events), ["the browser was lost; going on in another one from https://shop.example/start"]);
    assert_eq!(service.pages.visited(), ["https://user:pass@shop.example/start"; 2]);
    assert!(!service.model.asked()[0].join("\n").contains("user:pass"));
}

#[tokio::test]
async fn a_long_url_is_shortened_in_the_report() {
    let first = Script { act: LOST, reflects: "x".repeat(3_000), ..Script::default() };
    let service = service([Reply::click(1), Reply::done("ok")], first, Script::default()).await;
    let events = service.run_all(&json!({ "task": "x" })).await;
    let warnings = warnings(&events);
    assert!(warnings[0].ends_with("xxx…") && warnings[0].len() < 300, "{warnings:?}");
    let prompt = shown(&service, 1);
    assert!(prompt.contains("xxx… was opened again"), "{prompt}");
    assert!(prompt.contains("Downloads are gone, too: xxx"), "{prompt}");
}

#[tokio::test]
async fn a_start_page_that_does_not_open_in_the_next_browser_either_is_reported() {
    let first = Script { visit: LOST, ..Script::default() };
    let then = Script { visit: Fate::Fail(BrowserError::PageCrashed), ..Script::default() };
    let service = service([Reply::done("ok")], first, then).await;
    let events = service.run_all(&json!({ "task": "x", "startUrl": "https://shop.example/start" })).await;
    let told = service.model.asked()[0].join("\n");
    assert!(told.contains("https://shop.example/start could not be opened again"), "{told}");
    assert!(told.matches("the page crashed").count() > 1, "also as the outcome: {told}");
    assert_eq!(events.last().expect("a terminal event")["success"], true);
}

#[tokio::test]
async fn a_browser_lost_while_opening_counts_as_a_restart() {
    let lost = Script { open: LOST, ..Script::default() };
    let started = service([Reply::done("ok")], lost.clone(), Script::default()).await;
    let events = started.run_all(&json!({ "task": "x" })).await;
    assert_eq!(events.last().expect("a terminal event")["success"], true, "{events:#?}");
    assert_eq!(warnings(&events), ["the browser was lost; going on in another one"]);

    let never = service([Reply::done("ok")], lost.clone(), lost.clone()).await;
    assert_eq!(error_code(&never.run_all(&json!({ "task": "x" })).await), "browser_lost");
    assert_eq!(never.pages.asked.get(), 2);

    // Also while it is replaced.
    let first = Script { act: LOST, ..Script::default() };
    let then = Script { then: Some(Box::default()), ..lost };
    let replies = [Reply::click(1), Reply::done("ok")];
    let stage =
        Stage::new(replies).browser(Script { then: Some(Box::new(then)), ..first }).set("RUN_MAX_RESTARTS", "2");
    let twice = stage.start().await;
    let events = twice.run_all(&json!({ "task": "x" })).await;
    assert_eq!(events.last().expect("a terminal event")["success"], true, "{events:#?}");
    assert_eq!((warnings(&events).len(), twice.pages.asked.get()), (2, 3));
}

#[tokio::test]
async fn requested_actions_are_not_repeated_and_the_rest_are_skipped() {
    let first = Script { act: LOST, ..Script::default() };
    let service = service([Reply::done("ok")], first, Script::default()).await;
    let click = json!({ "type": "click", "selector": "#buy" });
    let events = service.run_all(&json!({ "task": "x", "actions": [click, click] })).await;
    let steps: Vec<_> = events.iter().filter(|event| event["type"] == "step").collect();
    assert_eq!(service.pages.acted.get(), 1, "{:?}", service.pages.done());
    assert!(steps[0]["description"].as_str().unwrap().contains(UNKNOWN), "{steps:#?}");
    assert_eq!(events.last().expect("a terminal event")["type"], "result");
}

#[tokio::test]
async fn a_second_loss_ends_the_run() {
    for lost in [Script { act: LOST, ..Script::default() }, Script { observe: LOST, ..Script::default() }] {
        let service = service([Reply::click(1)], lost.clone(), lost).await;
        let events = service.run_all(&json!({ "task": "x" })).await;
        assert_eq!(error_code(&events), "browser_lost");
        assert_eq!(warnings(&events).len(), 1);
        assert_eq!((service.pages.opened.get(), service.pages.closed.get()), (2, 2));
    }
}

#[tokio::test]
async fn a_page_that_crashes_the_next_browser_ends_the_run() {
    let (first, then) = (Script { act: LOST, ..Script::default() }, Script { visit: LOST, ..Script::default() });
    let service = service([Reply::click(1)], first, then).await;
    let events = service.run_all(&json!({ "task": "x" })).await;
    assert_eq!(error_code(&events), "browser_lost");
}

#[tokio::test]
async fn a_page_that_does_not_reopen_is_reported() {
    let first = Script { act: LOST, ..Script::default() };
    let then = Script { visit: Fate::Fail(BrowserError::PageCrashed), ..Script::default() };
    let service = service([Reply::click(1), Reply::done("ok")], first, then).await;
    let events = service.run_all(&json!({ "task": "x" })).await;
    assert_eq!(events.last().expect("a terminal event")["success"], true);
    let told = shown(&service, 1);
    assert!(told.contains("https://shop.example/ could not be opened again: the page crashed"), "{told}");
}

#[tokio::test]
async fn a_run_without_a_replacement_browser_ends_with_browser_unavailable() {
    let first = Script { act: LOST, ..Script::default() };
    let none = Fate::Fail(BrowserError::NotStarted { cause: "out of memory".into() });
    let service = service([Reply::click(1)], first, Script { open: none, ..Script::default() }).await;
    let events = service.run_all(&json!({ "task": "x" })).await;
    assert_eq!(error_code(&events), "browser_unavailable");
    assert!(!serde_json::to_string(&events).unwrap().contains("out of memory"));
}

#[tokio::test]
async fn a_deployment_can_disable_restarts() {
    let lost = Script { act: LOST, ..Script::default() };
    let service = Stage::new([Reply::click(1)]).browser(lost).set("RUN_MAX_RESTARTS", "0").start().await;
    let events = service.run_all(&json!({ "task": "x" })).await;
    assert_eq!(error_code(&events), "browser_lost");
    assert_eq!((warnings(&events).len(), service.pages.opened.get(), service.pages.closed.get()), (0, 1, 1));
}

#[tokio::test]
async fn the_callers_files_are_restored() {
    let first = Script { act: LOST, ..Script::default() };
    let service = service([Reply::click(1), Reply::done("ok")], first, Script::default()).await;
    let files = json!([{ "name": "cv.pdf", "content": "aGVsbG8=" }]);
    service.run_all(&json!({ "task": "x", "files": files })).await;
    let specs = service.pages.specs();
    assert_eq!(specs.len(), 2);
    assert_eq!(specs[0], specs[1]);
    assert_eq!(specs[1].files[0].name.as_str(), "cv.pdf");
}

#[tokio::test]
async fn a_client_that_disconnects_while_the_next_browser_opens_cancels_the_run() {
    let first = Script { act: LOST, ..Script::default() };
    let then = Script { open: Fate::Hang, ..Script::default() };
    let stage = Stage::new([Reply::click(1)]).browser(Script { then: Some(Box::new(then)), ..first });
    let service = stage.set("MAX_CONCURRENT_RUNS", "1").start().await;
    let events = service.run(&json!({ "task": "x" })).await;
    service.pages.asked.reaches(2).await;
    drop(events);
    // The slot is free as soon as the run is over.
    service.readiness(|status, _| status == 200).await;
    assert_eq!(service.model.calls.get(), 1);
}
