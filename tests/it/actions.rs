//! Actions that come with the request.

use serde_json::{Value, json};

use crate::support::model::Reply;
use crate::support::service::{Service, Stage};

async fn service() -> Service {
    Stage::new([Reply::done("Ordered")]).start().await
}

fn last(events: &[Value]) -> &Value {
    events.last().expect("a terminal event")
}

#[tokio::test]
async fn without_a_model_the_actions_are_the_whole_run() {
    let service = service().await;
    let actions = json!([
        { "type": "wait_for", "selector": "#shop", "timeout_ms": "500" },
        { "action": "click", "selector": "#go", "note": "unknown fields are ignored" },
        { "type": "click", "index": "1" },
        { "type": "type", "selector": "#q", "text": "" },
        { "type": "scroll", "text": "down", "pixels": "900" },
        { "type": "scroll", "text": "up" },
        { "type": "wait", "delay_ms": 1 },
        { "type": "press_enter", "selector": "#q" },
        { "type": "wait_for_url_contains", "text": "/results" },
        { "type": "extract_text", "selector": "#price" },
    ]);
    let events = service.run_all(&json!({ "task": "x", "provider": "template", "actions": actions })).await;
    let steps: Vec<&Value> = events.iter().filter(|event| event["type"] == "step").collect();
    let names: Vec<&str> = steps.iter().map(|step| step["action"].as_str().unwrap()).collect();
    let expected = "wait_for click click type scroll scroll wait press_enter wait_for_url_contains extract_text";
    assert_eq!(names, expected.split(' ').collect::<Vec<_>>());
    assert_eq!(
        *steps[1],
        json!({
            "type": "step",
            "step": 2,
            "action": "click",
            "description": "Click 'Buy'",
            "agentThought": "",
            "url": "https://shop.example/",
            "title": "Shop",
            "screenshot": "data:image/png;base64,cGljdHVyZQ==",
            "isComplete": false,
        })
    );
    let result = last(&events);
    assert_eq!(
        (&result["type"], &result["success"], &result["finalText"]),
        (&json!("result"), &json!(true), &json!("12 €"))
    );
    assert_eq!((&result["errors"], &result["usage"]), (&json!([]), &json!([])));
    assert_eq!((&result["stopReason"], &result["steps"]), (&json!("actions_complete"), &json!(10)));
    assert_eq!(service.model.calls.get(), 0);
    let done = service.pages.done();
    let by_selector = done.iter().filter(|done| done.contains("Selector(") || done.contains("selector: Some("));
    assert_eq!(by_selector.count(), 5, "{done:?}");
    let pressed = r##"SendKeys { keys: "Enter", index: Some(Selector("#q")) }"##;
    assert!(done.iter().any(|done| done == pressed), "{done:?}");
    assert!(done.iter().any(|done| done.contains(r#"url: Some("/results")"#)), "{done:?}");
}

#[tokio::test]
async fn a_failed_action_ends_a_run_without_a_model() {
    let service = service().await;
    let actions = json!([{ "type": "click", "selector": "#missing" }, { "type": "click", "selector": "#go" }]);
    let events = service.run_all(&json!({ "task": "x", "provider": "template", "actions": actions })).await;
    let result = last(&events);
    assert_eq!((&result["type"], &result["success"]), (&json!("result"), &json!(false)));
    assert!(result["errors"][0].as_str().unwrap().starts_with("action 1 of 2: Click '#missing' failed"), "{result}");
    let done = service.pages.done();
    assert!(done.len() == 1 && done[0].contains("#missing"), "{done:?}");
}

#[tokio::test]
async fn a_model_continues_after_the_actions_whether_they_succeed_or_fail() {
    let service = service().await;
    for selector in ["#go", "#missing"] {
        let actions = json!([{ "type": "click", "selector": selector }]);
        let events = service.run_all(&json!({ "task": "x", "maxSteps": 1, "actions": actions })).await;
        let steps: Vec<_> = events.iter().filter(|event| event["type"] == "step").map(|step| &step["step"]).collect();
        assert_eq!(steps, [1, 2]);
        let result = last(&events);
        assert_eq!((&result["success"], &result["finalText"]), (&json!(true), &json!("Ordered")));
        assert_eq!(result["errors"].as_array().unwrap().is_empty(), selector == "#go", "{result}");
    }
    assert_eq!(service.model.calls.get(), 2);
}

#[tokio::test]
async fn an_empty_list_of_actions_is_ignored() {
    let service = service().await;
    for actions in [json!(null), json!([])] {
        let events = service.run_all(&json!({ "task": "x", "actions": actions })).await;
        assert_eq!(last(&events)["finalText"], "Ordered");
    }
}

#[tokio::test]
async fn an_invalid_action_is_rejected_with_its_location() {
    let service = service().await;
    let long = "x".repeat(1_001);
    for (action, field, kind) in [
        (json!({}), "type", "missing"),
        (json!({ "type": "dance" }), "type", "literal_error"),
        (json!({ "action": "dance" }), "action", "literal_error"),
        (json!({ "type": null, "selector": "#x" }), "type", "literal_error"),
        (json!({ "type": "click" }), "selector", "missing"),
        (json!({ "type": "click", "selector": "  " }), "selector", "string_too_short"),
        (json!({ "type": "click", "selector": long }), "selector", "string_too_long"),
        (json!({ "type": "click", "selector": 5 }), "selector", "string_type"),
        (json!({ "type": "click", "index": 0 }), "index", "greater_than_equal"),
        (json!({ "type": "click", "index": "first" }), "index", "int_parsing"),
        (json!({ "type": "click", "index": 1, "selector": "#x" }), "index", "value_error"),
        (json!({ "type": "type", "selector": "#x" }), "text", "missing"),
        (json!({ "type": "type", "selector": "#x", "text": 5 }), "text", "string_type"),
        (json!({ "type": "wait_for", "selector": "#x", "timeout_ms": 60_001 }), "timeout_ms", "less_than_equal"),
        (json!({ "type": "wait_for", "selector": "#x", "timeout_ms": -1 }), "timeout_ms", "greater_than_equal"),
        (json!({ "type": "wait_for", "selector": "#x", "timeout_ms": "soon" }), "timeout_ms", "int_parsing"),
        (json!({ "type": "wait" }), "delay_ms", "missing"),
        (json!({ "type": "wait", "delay_ms": "60001" }), "delay_ms", "less_than_equal"),
        (json!({ "type": "scroll", "pixels": 5 }), "text", "missing"),
        (json!({ "type": "scroll", "text": "left" }), "text", "literal_error"),
        (json!({ "type": "scroll", "text": "up", "pixels": 1e30 }), "pixels", "less_than_equal"),
        (json!({ "type": "extract_text" }), "selector", "missing"),
        (json!({ "type": "press_enter" }), "selector", "missing"),
        (json!({ "type": "wait_for_url_contains", "text": "" }), "text", "string_too_short"),
    ] {
        let good = json!({ "type": "wait", "delay_ms": 0 });
        let response = service.post(&json!({ "task": "x", "actions": [good, action] })).send().await.unwrap();
        assert_eq!(response.status(), 422, "{action}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["detail"].as_array().unwrap().len(), 1, "{answer}");
        assert_eq!(answer["detail"][0]["loc"], json!(["body", "actions", 1, field]), "{answer}");
        assert_eq!(answer["detail"][0]["type"], kind, "{answer}");
    }
    assert_eq!(service.pages.asked.get(), 0);
}

#[tokio::test]
async fn an_invalid_or_oversized_list_of_actions_is_rejected() {
    let service = service().await;
    let many = vec![json!({ "type": "wait", "delay_ms": 0 }); 101];
    for (actions, loc, kind) in [
        (json!({}), json!(["body", "actions"]), "list_type"),
        (json!("click"), json!(["body", "actions"]), "list_type"),
        (json!(many), json!(["body", "actions"]), "too_long"),
        (json!(["click"]), json!(["body", "actions", 0]), "dict_type"),
    ] {
        let response = service.post(&json!({ "task": "x", "actions": actions })).send().await.unwrap();
        assert_eq!(response.status(), 422);
        let answer: Value = response.json().await.unwrap();
        assert_eq!((&answer["detail"][0]["loc"], &answer["detail"][0]["type"]), (&loc, &json!(kind)));
    }
}

#[tokio::test]
async fn all_problems_of_all_actions_are_reported() {
    let service = service().await;
    let actions = json!([{ "type": "type" }, { "type": "wait", "delay_ms": 0 }, { "type": "dance" }]);
    let response = service.post(&json!({ "actions": actions })).send().await.unwrap();
    let answer: Value = response.json().await.unwrap();
    let places: Vec<&Value> = answer["detail"].as_array().unwrap().iter().map(|problem| &problem["loc"]).collect();
    assert_eq!(
        places,
        [
            &json!(["body", "task"]),
            &json!(["body", "actions", 0, "selector"]),
            &json!(["body", "actions", 0, "text"]),
            &json!(["body", "actions", 2, "type"]),
        ]
    );
}
