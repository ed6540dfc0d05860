//! Runs that are watched and steered while they go on.

use std::sync::Arc;
use std::time::Duration;

use browser_use_service::run::{Command, RunEventKind, RunState, Task};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::lifecycle::request;
use crate::support::browser::{Fate, Script};
use crate::support::client::Events;
use crate::support::model::Reply;
use crate::support::service::{Service, Stage};

const ACCEPTED: u16 = 202;
const CONFLICT: u16 = 409;

/// A phase that a run stays in until it is steered.
#[derive(Debug, Clone, Copy)]
enum Phase {
    Queued,
    Opening,
    Deciding,
    Acting,
    /// It has asked a person.
    Asking,
    /// Without a model.
    Action,
}

impl Phase {
    /// A service with a run in this phase, and the run that it waits for.
    async fn reach(self) -> (Service, Events, String, Option<Events>) {
        let mut script = Script::default();
        match self {
            Self::Opening => script.open = Fate::Hang,
            Self::Acting | Self::Action => script.act = Fate::Hang,
            Self::Queued | Self::Deciding | Self::Asking => {}
        }
        let replies = match self {
            Self::Acting => vec![Reply::click(1)],
            Self::Asking => vec![Reply::actions("ask", json!([{ "ask": { "prompt": "Which one?" } }])), Reply::Hang],
            _ => vec![Reply::Hang, Reply::Hang],
        };
        let stage = Stage::new(replies).set("MAX_CONCURRENT_RUNS", "1").set("MAX_QUEUED_RUNS", "1");
        let service = stage.browser(script).start().await;
        let first = match self {
            Self::Queued => Some(service.run(&json!({ "task": "x" })).await),
            _ => None,
        };
        let body = match self {
            Self::Action => json!({ "task": "x", "provider": "template",
                "actions": [{ "type": "click", "index": 1 }] }),
            Self::Asking => json!({ "task": "x", "humanInput": true }),
            _ => json!({ "task": "x", "detachSeconds": 60 }),
        };
        let events = service.run(&body).await;
        let id = events.run_id();
        match self {
            Self::Queued => service.model.calls.reaches(1).await,
            Self::Opening => service.pages.asked.reaches(1).await,
            Self::Deciding => service.model.calls.reaches(1).await,
            Self::Asking => drop(service.state(&id, "awaiting_input").await),
            Self::Acting | Self::Action => service.pages.acted.reaches(1).await,
        }
        (service, events, id, first)
    }
}

fn states(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["state"].as_str()).collect()
}

#[tokio::test]
async fn every_phase_obeys_every_command() {
    use Phase::{Acting, Action, Deciding, Opening, Queued};
    for (phase, state) in
        [(Queued, "queued"), (Opening, "running"), (Deciding, "running"), (Acting, "running"), (Action, "running")]
    {
        let (service, events, id, _first) = phase.reach().await;
        service.state(&id, state).await;
        let has_model = !matches!(phase, Action);
        let instructed = if has_model {
            (ACCEPTED, json!({ "state": state }))
        } else {
            (CONFLICT, json!({ "detail": "model_required" }))
        };
        for (command, body, expected) in [
            ("resume", None, (CONFLICT, json!({ "detail": "not_paused" }))),
            ("messages", Some(json!({ "text": "Hurry." })), instructed.clone()),
            ("", Some(json!({ "task": "y" })), instructed),
            ("pause", None, (ACCEPTED, json!({ "state": "pausing" }))),
            ("pause", None, (ACCEPTED, json!({ "state": "pausing" }))),
            ("resume", None, (ACCEPTED, json!({ "state": state }))),
            ("stop", None, (ACCEPTED, json!({ "state": "stopping" }))),
        ] {
            assert_eq!(service.steer(&id, command, body).await, expected, "{phase:?} {command}");
        }
        let events = events.collect().await;
        let result = events.last().unwrap();
        assert_eq!((&result["type"], &result["stopReason"]), (&"result".into(), &"stopped".into()), "{phase:?}");
        assert_eq!(result["success"], false);
        assert_eq!(states(&events), ["pausing", "running", "stopping"], "{phase:?}");
    }
}

#[tokio::test]
async fn a_run_that_waits_for_a_person_obeys_every_command() {
    let (service, events, id, _) = Phase::Asking.reach().await;
    let request = service.state(&id, "awaiting_input").await["inputRequest"]["requestId"].clone();
    for (command, body, expected) in [
        ("resume", None, (CONFLICT, json!({ "detail": "not_paused" }))),
        ("messages", Some(json!({ "text": "Hurry." })), (ACCEPTED, json!({ "state": "awaiting_input" }))),
        ("input", Some(json!({ "requestId": "x", "input": "y" })), (CONFLICT, json!({ "detail": "input_closed" }))),
        // It does nothing that would have to end first.
        ("pause", None, (ACCEPTED, json!({ "state": "paused" }))),
        ("pause", None, (ACCEPTED, json!({ "state": "paused" }))),
        ("resume", None, (ACCEPTED, json!({ "state": "awaiting_input" }))),
        ("pause", None, (ACCEPTED, json!({ "state": "paused" }))),
        (
            "input",
            Some(json!({ "requestId": request, "input": "The red one." })),
            (ACCEPTED, json!({ "state": "paused" })),
        ),
        ("input", Some(json!({ "requestId": request, "input": "y" })), (CONFLICT, json!({ "detail": "input_closed" }))),
        ("resume", None, (ACCEPTED, json!({ "state": "running" }))),
    ] {
        assert_eq!(service.steer(&id, command, body).await, expected, "{command}");
    }
    service.model.calls.reaches(2).await;
    assert_eq!(service.steer(&id, "stop", None).await.0, ACCEPTED);
    let told = ["awaiting_input", "paused", "awaiting_input", "paused", "running", "stopping"];
    assert_eq!(states(&events.collect().await), told);

    // Another task withdraws the question, a stop ends the wait.
    for (command, body, stays) in [("", Some(json!({ "task": "y" })), "running"), ("stop", None, "stopping")] {
        let (service, events, id, _) = Phase::Asking.reach().await;
        assert_eq!(service.steer(&id, command, body).await, (ACCEPTED, json!({ "state": stays })));
        service.steer(&id, "stop", None).await;
        assert_eq!(events.collect().await.last().unwrap()["stopReason"], "stopped");
        let closed = service.steer(&id, "input", Some(json!({ "requestId": request, "input": "y" }))).await;
        assert!(closed == (CONFLICT, json!({ "detail": "run_ended" })) || closed.0 == 404, "{closed:?}");
    }
}

#[tokio::test]
async fn an_ended_run_obeys_nothing_and_is_shown_while_it_is_held() {
    let service = Stage::new([Reply::click(1), Reply::done("ok")]).start().await;
    let events = service.run(&json!({ "task": "x", "detachSeconds": 60 })).await;
    let id = events.run_id();
    events.collect().await;
    for (command, body) in
        [("pause", None), ("resume", None), ("stop", None), ("messages", Some(json!({ "text": "x" })))]
    {
        assert_eq!(service.steer(&id, command, body).await, (CONFLICT, json!({ "detail": "run_ended" })), "{command}");
    }
    let (status, shown) = service.runs(&format!("/{id}"), None).await;
    assert_eq!((status, &shown["state"], &shown["step"]), (200, &"ended".into(), &2.into()));
}

#[tokio::test]
async fn a_paused_run_does_what_was_decided_after_it_is_resumed() {
    let leave = Arc::new(Semaphore::new(0));
    let service = Stage::new([Reply::click(1).when(&leave), Reply::done("ok")]).start().await;
    let events = service.run(&json!({ "task": "x" })).await;
    let id = events.run_id();
    service.model.calls.reaches(1).await;
    service.steer(&id, "pause", None).await;
    leave.add_permits(1);
    service.state(&id, "paused").await;
    assert_eq!(service.pages.acted.get(), 0);
    assert_eq!(service.steer(&id, "resume", None).await.0, ACCEPTED);
    let events = events.collect().await;
    assert_eq!(service.pages.acted.get(), 1);
    assert_eq!(states(&events), ["pausing", "paused", "running"]);
    assert_eq!(events.last().unwrap()["success"], true);
}

#[tokio::test]
async fn the_words_of_the_user_reach_the_next_decision_and_drop_the_one_under_way() {
    let leave = Arc::new(Semaphore::new(0));
    let service = Stage::new([Reply::click(1).when(&leave), Reply::click(1), Reply::done("ok")]).start().await;
    let events = service.run(&json!({ "task": "buy it" })).await;
    let id = events.run_id();
    service.model.calls.reaches(1).await;
    service.steer(&id, "pause", None).await;
    leave.add_permits(1);
    service.state(&id, "paused").await;
    service.steer(&id, "resume", Some(json!({ "message": "I have logged in." }))).await;
    let events = events.collect().await;
    let prompts = service.model.prompts();
    assert!(!prompts[0].contains("I have logged in."));
    assert!(prompts[1].contains("buy it") && prompts[1].contains("I have logged in."), "{}", prompts[1]);
    assert!(prompts[2].contains("I have logged in."), "it stays");
    assert_eq!(service.pages.acted.get(), 1, "the first decision was dropped");
    let skipped = events.iter().find(|event| event["step"] == 1).unwrap();
    assert_eq!(skipped["description"], "No action: the user has said something");
}

#[tokio::test]
async fn another_task_replaces_the_first() {
    let leave = Arc::new(Semaphore::new(0));
    let service = Stage::new([Reply::click(1).when(&leave), Reply::done("ok")]).start().await;
    let events = service
        .run(&json!({ "task": "buy it", "sensitiveData": { "https://a.example": { "pin": "4711-secret" } } }))
        .await;
    let id = events.run_id();
    service.model.calls.reaches(1).await;
    service.steer(&id, "", Some(json!({ "task": "sell it with 4711-secret" }))).await;
    leave.add_permits(1);
    events.collect().await;
    let prompt = service.model.prompts()[1].clone();
    assert!(prompt.contains("sell it with") && prompt.contains("replaced the task"), "{prompt}");
    assert!(!prompt.contains("buy it") && !prompt.contains("4711"), "{prompt}");
}

#[tokio::test]
async fn a_stopped_run_tells_what_it_knew() {
    let remembers = Reply::Say(
        json!({ "evaluationPreviousGoal": "", "memory": "It costs 12 euros.", "nextGoal": "",
            "actions": [{ "click": { "index": 1 } }] })
        .to_string(),
    );
    let service = Stage::new([remembers, Reply::Hang]).start().await;
    let events = service.run(&json!({ "task": "x" })).await;
    let id = events.run_id();
    service.model.calls.reaches(2).await;
    service.steer(&id, "stop", None).await;
    let events = events.collect().await;
    assert_eq!(events.last().unwrap()["finalText"], "It costs 12 euros.");
    service.pages.closed.reaches(1).await;
}

#[tokio::test]
async fn runs_are_listed_for_their_caller_newest_first() {
    let service = Stage::new([Reply::Hang, Reply::Hang, Reply::Hang]).start().await;
    let mut runs = Vec::new();
    for caller in ["ada", "ada", "bob"] {
        let post = service.post(&json!({ "task": "x", "model": "gpt-4o" })).header("X-Caller-Id", caller);
        runs.push(Events::new(post.send().await.unwrap()));
    }
    service.model.calls.reaches(3).await;
    let ids: Vec<String> = runs.iter().map(Events::run_id).collect();
    let (_, list) = service.runs("", Some("ada")).await;
    let listed: Vec<&str> = list.as_array().unwrap().iter().map(|run| run["runId"].as_str().unwrap()).collect();
    assert_eq!(listed, [ids[1].as_str(), ids[0].as_str()]);
    let shown = &list[0];
    assert_eq!(
        (&shown["state"], &shown["step"], &shown["provider"], &shown["callerId"], &shown["inputRequest"]),
        (&"running".into(), &0.into(), &"openai".into(), &"ada".into(), &Value::Null)
    );
    assert!(shown["startedAt"].as_str().unwrap().ends_with('Z') && shown["url"].is_string(), "{shown}");
    for (below, caller) in [(format!("/{}", ids[0]), Some("bob")), (format!("/{}", ids[0]), None), ("/x".into(), None)]
    {
        assert_eq!(
            service.runs(&below, caller).await,
            (404, json!({ "detail": "run_not_found" })),
            "{below} {caller:?}"
        );
    }
    assert_eq!(service.steer(&ids[0], "stop", None).await.0, 404, "nor may another caller stop it");
    let unauthorized = service.client.get(service.url("/api/v1/browser-use/runs")).send().await.unwrap();
    assert_eq!(unauthorized.status(), 401);
}

#[tokio::test]
async fn invalid_commands_are_errors_that_change_nothing() {
    let (service, _events, id, _) = Phase::Deciding.reach().await;
    for (command, body) in [
        ("messages", json!({})),
        ("messages", json!({ "text": " " })),
        ("messages", json!({ "text": "x".repeat(32_769) })),
        ("messages", json!([])),
        ("", json!({ "task": null })),
        ("resume", json!({ "message": 7 })),
    ] {
        let (status, answer) = service.steer(&id, command, Some(body)).await;
        assert_eq!((status, &answer["detail"][0]["loc"][0]), (422, &"body".into()), "{command}: {answer}");
    }
    service.state(&id, "running").await;
    for _ in 0..20 {
        assert_eq!(service.steer(&id, "messages", Some(json!({ "text": "x" }))).await.0, ACCEPTED);
    }
    let (status, answer) = service.steer(&id, "messages", Some(json!({ "text": "x" }))).await;
    assert_eq!((status, answer), (CONFLICT, json!({ "detail": "too_many_messages" })));
}

#[tokio::test]
async fn a_queued_run_pauses_before_its_first_action() {
    let stage = Stage::new([Reply::Hang]).set("MAX_CONCURRENT_RUNS", "1").set("MAX_QUEUED_RUNS", "1");
    let service = stage.start().await;
    let first = service.run(&json!({ "task": "x" })).await;
    service.model.calls.reaches(1).await;
    let actions = json!([{ "type": "wait_for", "selector": "#a" }, { "type": "click", "selector": "#b" }]);
    let events = service.run(&json!({ "task": "x", "provider": "template", "actions": actions })).await;
    let id = events.run_id();
    service.steer(&id, "pause", None).await;
    service.steer(&first.run_id(), "stop", None).await;
    first.collect().await;
    service.state(&id, "paused").await;
    assert_eq!(service.pages.acted.get(), 0);
    service.steer(&id, "resume", None).await;
    assert_eq!(events.collect().await.last().unwrap()["stopReason"], "actions_complete");
    assert_eq!(service.pages.acted.get(), 2);
}

/// Runs until the run ends, and steers it by its state.
async fn steered(limit: &str, max_pause: &str, resume_after: Option<Duration>) -> (Duration, Vec<RunEventKind>) {
    let leave = Arc::new(Semaphore::new(0));
    let (runs, model, _) = Stage::new([Reply::click(1).when(&leave), Reply::click(1), Reply::Hang])
        .set("RUN_TIMEOUT", limit)
        .set("RUN_MAX_PAUSE", max_pause)
        .runs();
    let started = Instant::now();
    let mut stream = runs.start(request()).unwrap();
    let id = stream.id();
    model.calls.reaches(1).await;
    assert_eq!(runs.steer(id, None, Command::Pause), Ok(RunState::Pausing));
    leave.add_permits(1);
    let resumed = async {
        if let Some(after) = resume_after {
            tokio::time::sleep(after).await;
            runs.steer(id, None, Command::Resume { message: None }).unwrap();
        }
    };
    let collected = async {
        let mut events = Vec::new();
        while let Some(event) = stream.next().await {
            events.push(event.kind);
        }
        events
    };
    let ((), events) = tokio::join!(resumed, collected);
    (started.elapsed(), events)
}

#[tokio::test(start_paused = true)]
async fn pauses_do_not_count_as_a_runs_time() {
    let (took, events) = steered("1m", "15m", Some(Duration::from_secs(300))).await;
    let RunEventKind::Finished { result, .. } = events.last().unwrap() else { panic!("{events:?}") };
    assert_eq!(result.stop_reason.name(), "budget_time");
    assert_eq!(took.as_secs(), 360);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_nobody_resumes_continues_by_itself() {
    let (took, _) = steered("1m", "2m", None).await;
    assert_eq!(took.as_secs(), 180);
}

#[tokio::test(start_paused = true)]
async fn a_pause_ends_by_itself_also_when_no_message_has_room() {
    let leave = Arc::new(Semaphore::new(0));
    let stage = Stage::new([Reply::click(1).when(&leave), Reply::done("ok")]).set("RUN_MAX_PAUSE", "2m");
    let (runs, model, _) = stage.runs();
    let mut stream = runs.start(request()).unwrap();
    let id = stream.id();
    model.calls.reaches(1).await;
    runs.steer(id, None, Command::Pause).unwrap();
    for _ in 0..20 {
        runs.steer(id, None, Command::Add(Task::parse("x").unwrap())).unwrap();
    }
    leave.add_permits(1);
    let mut last = None;
    while let Some(event) = stream.next().await {
        last = Some(event.kind);
    }
    let Some(RunEventKind::Finished { result, .. }) = last else { panic!("{last:?}") };
    assert!(result.success);
}
