//! Runs that ask a person.

use std::sync::Arc;
use std::time::Duration;

use agent::observation::{Blocker, BlockerKind};
use browser_use_service::run::{Command, RunEventKind};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::lifecycle::request;
use crate::support::browser::Script;
use crate::support::client::Events;
use crate::support::model::Reply;
use crate::support::service::{Service, Stage};

fn asks(arguments: Value) -> Reply {
    Reply::actions("ask", json!([{ "ask": arguments }, { "click": { "index": 1 } }]))
}

/// The run's next question in its stream.
async fn question(events: &mut Events) -> Value {
    loop {
        let event = events.event().await;
        assert_ne!(event["isComplete"], true, "{event}");
        if event["type"] == "input_request" {
            return event;
        }
    }
}

async fn answer(service: &Service, id: &str, request: &Value, input: &str) -> (u16, Value) {
    service.steer(id, "input", Some(json!({ "requestId": request["requestId"], "input": input }))).await
}

#[tokio::test]
async fn a_question_is_told_shown_and_answered() {
    let leave = Arc::new(Semaphore::new(0));
    let replies =
        [asks(json!({ "prompt": "Which colour?", "options": ["Red", "Blue"] })), Reply::done("ok").when(&leave)];
    let service = Stage::new(replies).start().await;
    let mut events = service.run(&json!({ "task": "buy it", "humanInput": true })).await;
    let id = events.run_id();
    let asked = question(&mut events).await;
    assert_eq!(
        (&asked["kind"], &asked["prompt"], &asked["options"], &asked["step"], &asked["isComplete"]),
        (&"question".into(), &"Which colour?".into(), &json!(["Red", "Blue"]), &1.into(), &false.into())
    );
    assert!(asked["expiresAt"].as_str().unwrap().ends_with('Z'), "{asked}");
    let mut shown = service.state(&id, "awaiting_input").await["inputRequest"].clone();
    shown["type"] = "input_request".into();
    shown["isComplete"] = false.into();
    assert_eq!(shown, asked);
    for (input, problem) in [("Green", "none of the options"), ("", "none of the options")] {
        let (status, body) = answer(&service, &id, &asked, input).await;
        assert_eq!((status, &body["detail"][0]["loc"]), (422, &json!(["body", "input"])));
        assert!(body["detail"][0]["msg"].as_str().unwrap().contains(problem), "{body}");
    }
    assert_eq!(answer(&service, &id, &asked, " blue").await, (202, json!({ "state": "running" })));
    assert_eq!(answer(&service, &id, &asked, "Red").await.0, 409);
    leave.add_permits(1);
    let events = events.collect_rest().await;
    let step = events.iter().find(|event| event["step"] == 1).unwrap();
    assert_eq!((&step["action"], &step["description"]), (&"ask".into(), &"Ask the user 'Which colour?'".into()));
    let prompt = service.model.prompts()[1].clone();
    assert!(prompt.contains("You asked the user") && prompt.contains("The user answered: Blue"), "{prompt}");
    assert_eq!(service.pages.acted.get(), 0, "what was decided with the question waits for the answer");
    let (_, shown) = service.runs("", None).await;
    assert_eq!(shown, json!([]), "nothing is left of it");
}

#[tokio::test]
async fn only_runs_with_a_person_may_ask() {
    let service = Stage::new([asks(json!({ "prompt": "Which?" })), Reply::done("ok")]).start().await;
    let events = service.run_all(&json!({ "task": "x" })).await;
    assert!(events.iter().all(|event| event["type"] != "input_request"), "{events:#?}");
    assert!(events.last().unwrap()["errors"][0].as_str().unwrap().contains("`ask` is not allowed here"), "{events:#?}");
}

#[tokio::test]
async fn a_secret_answer_is_typed_by_a_name_and_told_to_nobody() {
    let value = "hunter22-Xy";
    let input = json!([{ "input": { "index": 1, "text": "<secret>asked-1</secret>" } }]);
    let replies = [
        asks(json!({ "prompt": "The password?", "secret": true })),
        Reply::actions("type it", input),
        Reply::done(&format!("it was {value}")),
    ];
    let script = Script { reflects: format!("-{value}-"), ..Script::default() };
    let service = Stage::new(replies).browser(script).start().await;
    let mut events = service.run(&json!({ "task": "log in", "humanInput": true })).await;
    let id = events.run_id();
    let asked = question(&mut events).await;
    assert_eq!(asked["kind"], "secret");
    assert!(asked["prompt"].as_str().unwrap().contains("https://shop.example"), "where it goes: {asked}");
    let (status, body) = answer(&service, &id, &asked, "abc").await;
    assert_eq!((status, body.to_string().contains("abc")), (422, false));
    let before = service.model.prompts().len();
    assert_eq!(answer(&service, &id, &asked, value).await.0, 202);
    let events = events.collect_rest().await;
    assert!(!json!(events).to_string().contains(value), "{events:#?}");
    let prompts = service.model.prompts();
    assert!(prompts[before..].iter().all(|prompt| !prompt.contains(value)));
    assert!(prompts[before].contains("<secret>asked-1</secret>"), "{}", prompts[before]);
    assert_eq!(events.last().unwrap()["finalText"], "it was <secret>asked-1</secret>");
    let typed = service.pages.done();
    assert!(typed[0].contains("<secret>asked-1</secret>"), "{typed:?}");
}

/// The events and duration of a run whose questions nobody answers.
async fn unanswered(replies: Vec<Reply>) -> (Duration, Vec<RunEventKind>, Vec<String>) {
    let stage = Stage::new(replies).set("RUN_TIMEOUT", "1m").set("HUMAN_INPUT_TIMEOUT", "10m");
    let (runs, model, _) = stage.runs();
    let started = Instant::now();
    let mut with_person = request();
    with_person.human = Some(agent::Human::default());
    let mut stream = runs.start(with_person).unwrap();
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        events.push(event.kind);
    }
    (started.elapsed(), events, model.prompts())
}

#[tokio::test(start_paused = true)]
async fn nobody_answers_and_the_agent_decides() {
    let ask = || asks(json!({ "prompt": "Which?" }));
    let (took, events, prompts) = unanswered(vec![ask(), ask(), ask(), Reply::done("ok")]).await;
    let Some(RunEventKind::Finished { result, .. }) = events.last() else { panic!("{events:?}") };
    assert!(result.success, "waiting did not use up its minute: {result:?}");
    assert_eq!(took.as_secs(), 1_200, "it asks twice in vain, then no more");
    assert!(prompts[1].contains("nobody answered"), "{}", prompts[1]);
    assert_eq!(events.iter().filter(|event| matches!(event, RunEventKind::Asked(_))).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_leaves_and_a_shutdown_end_the_wait() {
    for leaves in [true, false] {
        let (runs, _, pages) = Stage::new([asks(json!({ "prompt": "Which?" }))]).runs();
        let mut with_person = request();
        with_person.human = Some(agent::Human::default());
        let mut stream = runs.start(with_person).unwrap();
        while !matches!(stream.next().await.unwrap().kind, RunEventKind::Asked(_)) {}
        if leaves {
            drop(stream);
        } else {
            runs.cancel();
            let mut last = None;
            while let Some(event) = stream.next().await {
                last = Some(event.kind);
            }
            assert!(matches!(&last, Some(RunEventKind::Failed { failure, .. }) if failure.code() == "shutting_down"));
        }
        pages.closed.reaches(1).await;
        runs.finished().await;
    }
    // The name of a command that no run of this test took.
    assert!(
        format!("{:?}", Command::Answer { id: "x".into(), input: "hunter22".to_owned().into() }).contains("REDACTED")
    );
}

fn captcha() -> Option<Blocker> {
    Some(Blocker { kind: BlockerKind::Captcha, message: "Are you human?".into() })
}

#[tokio::test]
async fn a_person_passes_a_human_check_and_the_agent_looks_again() {
    let script = Script::default();
    let blocker = script.blocker.clone();
    *blocker.lock().unwrap() = captcha();
    let service = Stage::new([Reply::click(1), Reply::done("ok")]).browser(script).start().await;
    for body in [
        json!({ "task": "x", "humanInput": true }),
        json!({ "task": "x", "humanInput": true, "provider": "template", "actions": [{ "type": "click", "index": 1 }] }),
    ] {
        *blocker.lock().unwrap() = captcha();
        let acted = service.pages.acted.get();
        let mut events = service.run(&body).await;
        let id = events.run_id();
        let asked = question(&mut events).await;
        assert_eq!((&asked["kind"], &asked["options"]), (&"takeover".into(), &json!([])));
        let prompt = asked["prompt"].as_str().unwrap();
        assert!(prompt.contains("captcha") && prompt.contains("Are you human?"), "{prompt}");
        assert_eq!(service.pages.acted.get(), acted, "it waits");
        *blocker.lock().unwrap() = None;
        assert_eq!(answer(&service, &id, &asked, "").await.0, 202);
        let events = events.collect_rest().await;
        assert_eq!(events.last().unwrap()["success"], true, "{events:#?}");
    }
    let prompts = service.model.prompts();
    assert!(prompts[0].contains("The user answered: Done.") && !prompts[0].contains("! blocked"), "{}", prompts[0]);
}

#[tokio::test]
async fn a_login_is_handed_to_a_person_before_the_run_gives_up() {
    let script = Script::default();
    let blocker = script.blocker.clone();
    *blocker.lock().unwrap() = Some(Blocker { kind: BlockerKind::LoginRequired, message: "Log in".into() });
    let gives_up = || Reply::actions("give up", json!([{ "done": { "text": "no", "success": false } }]));
    let service = Stage::new([gives_up(), Reply::done("ok")]).browser(script.clone()).start().await;
    let mut events = service.run(&json!({ "task": "x", "humanInput": true })).await;
    let (id, asked) = (events.run_id(), question(&mut events).await);
    *blocker.lock().unwrap() = None;
    answer(&service, &id, &asked, "I am logged in.").await;
    let events = events.collect_rest().await;
    assert_eq!(
        (&events.last().unwrap()["finalText"], &events.last().unwrap()["success"]),
        (&"ok".into(), &true.into())
    );
    assert!(service.model.prompts()[1].contains("I am logged in."));
}

#[tokio::test]
async fn risky_actions_need_consent() {
    let click = || Reply::click(1);
    let service = Stage::new([click(), click(), Reply::done("ok")]).start().await;
    let body = json!({ "task": "x", "humanInput": true, "confirmActions": "risky" });
    let mut events = service.run(&body).await;
    let id = events.run_id();
    let asked = question(&mut events).await;
    assert_eq!((&asked["kind"], &asked["options"]), (&"confirm".into(), &json!(["Yes", "No"])));
    assert_eq!(asked["prompt"], "Click 'Buy'? The page is https://shop.example/.");
    answer(&service, &id, &asked, "No").await;
    let again = question(&mut events).await;
    assert_eq!(service.pages.acted.get(), 0);
    assert!(service.model.prompts()[1].contains("The user answered: No: do not do it."));
    answer(&service, &id, &again, "Yes").await;
    let events = events.collect_rest().await;
    assert_eq!(service.pages.acted.get(), 1);
    assert_eq!(events.last().unwrap()["errors"], json!([]), "a no is no failure");

    // Explicit actions, the built-in planner and scripts obey, too.
    let script = Reply::actions("script", json!([{ "script": { "code": "click(1)" } }]));
    let service = Stage::new([script, Reply::done("ok")]).start().await;
    let body = json!({ "task": "x", "humanInput": true, "confirmActions": ["hover", "risky"], "provider": "template",
        "actions": [{ "type": "click", "selector": "#buy" }, { "type": "wait_for", "selector": "#b" }] });
    let mut events = service.run(&body).await;
    let id = events.run_id();
    let asked = question(&mut events).await;
    answer(&service, &id, &asked, "no").await;
    let last = events.collect_rest().await.pop().unwrap();
    assert_eq!((&last["stopReason"], service.pages.acted.get()), (&"actions_failed".into(), 0));
    assert!(last["errors"][0].as_str().unwrap().contains("the user said no"), "{last}");
    let last =
        service.run_all(&json!({ "task": "x", "humanInput": true, "confirmActions": ["risky"] })).await.pop().unwrap();
    assert!(last["errors"][0].as_str().unwrap().contains("outside of a script"), "{last}");
    assert_eq!(service.pages.acted.get(), 0);
}

#[tokio::test]
async fn invalid_requests_for_consent_are_rejected() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    for (body, place, says) in [
        (json!({ "confirmActions": "risky" }), json!([]), "set humanInput to true"),
        (json!({ "confirmActions": ["click"], "humanInput": false }), json!([]), "set humanInput to true"),
        (json!({ "confirmActions": ["click", "explode"], "humanInput": true }), json!([1]), "no action"),
        (json!({ "confirmActions": { "a": 1 }, "humanInput": true }), json!([]), "list"),
    ] {
        let mut request = body.clone();
        request["task"] = "x".into();
        let response = service.post(&request).send().await.unwrap();
        assert_eq!(response.status(), 422, "{body}");
        let answer: Value = response.json().await.unwrap();
        let mut expected = vec![json!("body"), json!("confirmActions")];
        expected.extend(place.as_array().unwrap().iter().cloned());
        assert_eq!(answer["detail"][0]["loc"], json!(expected), "{answer}");
        assert!(answer["detail"][0]["msg"].as_str().unwrap().contains(says), "{answer}");
    }
}
