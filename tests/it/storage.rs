//! `storageState` and `returnStorageState`. See `tests/browser/storage.rs` for what a browser does with them.

use agent::ports::{BrowserError, ModelError};
use browser_use_service::run::{ReturnedStorage, RunEventKind, RunRequest};
use replay::Destination;
use serde_json::{Value, json};

use crate::support::browser::{Fate, Script};
use crate::support::model::Reply;
use crate::support::service::Stage;

const VALUE: &str = "t0ken-of-Ada";

fn state() -> Value {
    let cookie = |domain: &str| {
        json!({
            "name": "sid", "value": VALUE, "domain": domain, "path": "/", "expires": -1.0, "httpOnly": true,
            "secure": true, "sameSite": "Lax"
        })
    };
    let origin = |origin: &str| json!({ "origin": origin, "localStorage": [{ "name": "token", "value": VALUE }] });
    json!({
        "cookies": [cookie("shop.example"), cookie(".other.example"), cookie("other.example")],
        "origins": [origin("https://shop.example"), origin("https://ads.example")]
    })
}

fn warnings(events: &[Value]) -> Vec<&str> {
    events.iter().filter(|event| event["level"] == "warning").filter_map(|event| event["message"].as_str()).collect()
}

#[tokio::test]
async fn a_run_gets_what_it_can_reach_and_returns_what_it_has() {
    let service = Stage::new([
        Reply::done("ok"),
        Reply::done("ok"),
        Reply::Fail(ModelError::Unauthorized { provider: "x".into(), model: "m".into() }),
    ])
    .start()
    .await;
    let mut body = json!({
        "task": "x", "storageState": state(), "returnStorageState": true, "allowedDomains": ["shop.example"]
    });
    let events = service.run_all(&body).await;
    let expected = json!({
        "cookies": [state()["cookies"][0], state()["cookies"][1]], "origins": [state()["origins"][0]]
    });
    assert_eq!(events.last().unwrap()["storageState"], expected);
    assert_eq!(
        warnings(&events),
        [
            "left out of storageState, as the run may not reach them: https://ads.example, other.example",
            "storageState is incomplete: one origin"
        ]
    );
    for told in events[..events.len() - 1].iter().map(Value::to_string).chain(service.model.prompts()) {
        assert!(!told.contains(VALUE), "{told}");
    }

    body["returnStorageState"] = false.into();
    body["allowedDomains"] = Value::Null;
    let events = service.run_all(&body).await;
    assert_eq!((events.last().unwrap().get("storageState"), warnings(&events)), (None, vec![]));
    assert_eq!(serde_json::to_value(service.pages.specs()[1].storage.as_deref()).unwrap(), state());

    let failed = service.run_all(&json!({ "task": "x", "returnStorageState": true })).await;
    let end = failed.last().unwrap();
    assert_eq!((&end["type"], &end["storageState"]), (&json!("error"), &json!({ "cookies": [], "origins": [] })));
    service.stop();
}

#[tokio::test(start_paused = true)]
async fn storage_that_cannot_be_read_is_null_and_the_run_ends_nevertheless() {
    for save in [Fate::Fail(BrowserError::Lost), Fate::Panic, Fate::Hang] {
        let script = Script { save: save.clone(), ..Script::default() };
        let (runs, _model, _pages) = Stage::new([Reply::done("ok")]).browser(script).runs();
        let request = RunRequest { returns_storage: true, ..crate::lifecycle::request() };
        let mut stream = runs.start(request).unwrap();
        let mut kinds = Vec::new();
        while let Some(event) = stream.next().await {
            kinds.push(event.kind);
        }
        let Some(RunEventKind::Finished { result, storage, .. }) = kinds.pop() else { panic!("{save:?}: {kinds:?}") };
        assert!(result.success && storage == Some(ReturnedStorage(None)), "{save:?}");
        let Some(RunEventKind::Log { message, .. }) = kinds.pop() else { panic!("{save:?}: {kinds:?}") };
        assert!(message.starts_with("storageState is incomplete: it "), "{message}");
    }
}

#[tokio::test]
async fn a_recording_holds_no_storage() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = Destination::folder(folder.path().to_owned()).unwrap();
    let (runs, _model, _pages) = Stage::new([Reply::done("ok")]).recorded_runs(Some(std::sync::Arc::new(recordings)));
    let storage = Some(std::sync::Arc::new(serde_json::from_value(state()).unwrap()));
    let request = RunRequest { storage, returns_storage: true, ..crate::lifecycle::request() };
    assert!(!format!("{request:?}").contains(VALUE));
    let mut stream = runs.start(request).unwrap();
    while stream.next().await.is_some() {}
    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let recorded = std::fs::read_to_string(file).unwrap();
    assert!(recorded.contains("\"ok\"") && !recorded.contains(VALUE), "{recorded}");
}

#[tokio::test]
async fn a_state_with_faults_is_rejected_without_a_value_of_it() {
    let service = Stage::new([]).start().await;
    let mut wrong = state();
    wrong["cookies"][1]["expires"] = json!("soon");
    wrong["cookies"][2].as_object_mut().unwrap().remove("path");
    wrong["origins"][1]["origin"] = json!(VALUE);
    let response = service.post(&json!({ "task": "x", "storageState": wrong })).send().await.unwrap();
    assert_eq!(response.status(), 422);
    let body: Value = response.json().await.unwrap();
    let places: Vec<String> = body["detail"].as_array().unwrap().iter().map(|one| one["loc"].to_string()).collect();
    assert_eq!(
        places,
        [
            r#"["body","storageState","cookies",1,"expires"]"#,
            r#"["body","storageState","cookies",2,"path"]"#,
            r#"["body","storageState","origins",1,"origin"]"#
        ]
    );
    assert!(!body.to_string().contains(VALUE), "{body}");
}
