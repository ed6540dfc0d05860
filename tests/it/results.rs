//! Results and budgets.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::model::Reply;
use crate::support::service::{Service, Stage};
use crate::support::soon;

const PRICES: &str = "openai/scripted-1=1/0.2/5";

fn price() -> Value {
    json!({ "type": "object", "properties": { "price": { "type": "number" } }, "required": ["price"] })
}

fn warnings(events: &[Value]) -> Vec<&str> {
    let warnings = events.iter().filter(|event| event["level"] == "warning");
    warnings.map(|event| event["message"].as_str().expect("a message")).collect()
}

/// The location and type of the one problem of a rejected request.
async fn refused(service: &Service, body: Value) -> (Value, Value) {
    let response = soon("the response", service.post(&body).send()).await.expect("a response");
    assert_eq!(response.status(), 422, "{body}");
    let body: Value = response.json().await.expect("JSON");
    let problems = body["detail"].as_array().expect("problems");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(!problems[0]["msg"].to_string().contains("sekret"), "{problems:?}");
    (problems[0]["loc"].clone(), problems[0]["type"].clone())
}

#[tokio::test]
async fn a_valid_output_is_in_the_result() {
    let replies = [Reply::data("12 €", r#"{"price": "12"}"#), Reply::data("12 €", r#"{"price": 12}"#)];
    let service = Stage::new(replies).start().await;
    let events = service.run_all(&json!({ "task": "x", "outputSchema": price() })).await;
    let result = events.last().unwrap();
    assert_eq!((&result["success"], &result["output"]), (&json!(true), &json!({ "price": 12 })));
    assert_eq!(result["usage"][0]["calls"], 2);
    assert_eq!(warnings(&events), ["the model's answer cannot be used, asking again"]);
}

#[tokio::test]
async fn an_output_that_stays_invalid_is_not_a_success() {
    let service = Stage::new([Reply::data("12 €", "{}")]).start().await;
    let events = service.run_all(&json!({ "task": "x", "outputSchema": price() })).await;
    let result = events.last().unwrap();
    assert_eq!((&result["type"], &result["success"]), (&json!("result"), &json!(false)));
    assert_eq!((&result["stopReason"], result.get("output")), (&json!("output_invalid"), None));
    assert_eq!(result["finalText"], "12 €");
}

#[tokio::test]
async fn an_unusable_schema_is_rejected_with_its_location() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    let kind = json!("json_schema");
    for (schema, place, kind) in [
        (json!({ "properties": { "a": { "type": "sekret" } } }), json!(["properties", "a", "type"]), &kind),
        (json!({ "anyOf": [{}, { "$ref": "https://sekret.example/" }] }), json!(["anyOf", 1, "$ref"]), &kind),
        (json!({ "items": { "$ref": "#" } }), json!(["items", "$ref"]), &kind),
        (json!([]), json!([]), &json!("dict_type")),
        (json!("sekret"), json!([]), &json!("dict_type")),
    ] {
        let mut expected = json!(["body", "outputSchema"]);
        expected.as_array_mut().unwrap().extend(place.as_array().unwrap().clone());
        let (place, found) = refused(&service, json!({ "task": "x", "outputSchema": schema })).await;
        assert_eq!((place, &found), (expected, kind), "{schema}");
    }
    assert_eq!(service.model.calls.get(), 0);
    let events = service.run_all(&json!({ "task": "x", "outputSchema": null })).await;
    assert_eq!(events.last().unwrap()["success"], true);
}

#[tokio::test]
async fn the_built_in_planner_rejects_an_output_schema() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    let body = json!({ "task": "read the page", "provider": "template", "outputSchema": price() });
    assert_eq!(refused(&service, body).await, (json!(["body", "outputSchema"]), json!("model_required")));
}

#[tokio::test]
async fn a_model_with_a_price_reports_its_cost() {
    let service = Stage::new([Reply::click(1), Reply::done("ok")]).set("MODEL_PRICES", PRICES).start().await;
    let events = service.run_all(&json!({ "task": "x" })).await;
    // Twice 500 * 1 + 500 * 0.2 + 100 * 5 millionths.
    assert_eq!(events.last().unwrap()["usage"][0]["cost"], 0.0022);
}

#[tokio::test]
async fn an_unenforceable_budget_is_rejected() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    let unknown = json!("price_unknown");
    let body = json!({ "task": "x", "maxCost": 0.5 });
    assert_eq!(refused(&service, body).await, (json!(["body", "maxCost"]), unknown.clone()));
    // Without a model there is no usage.
    service.run_all(&json!({ "task": "open https://a.example", "provider": "template", "maxCost": 0.5 })).await;

    let prices = "openai/another=1/1/1";
    let service = Stage::new([Reply::done("ok")]).set("RUN_MAX_COST", "1").set("MODEL_PRICES", prices).start().await;
    assert_eq!(refused(&service, json!({ "task": "x" })).await, (json!(["body", "model"]), unknown));
}

#[tokio::test]
async fn budgets_out_of_range_are_rejected() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    for (field, value, kind) in [
        ("maxTokens", json!(0), "greater_than_equal"),
        ("maxTokens", json!(1.5), "int_from_float"),
        ("maxCost", json!(0), "greater_than"),
        ("maxCost", json!("nan"), "finite_number"),
        ("maxSeconds", json!(0), "greater_than"),
        ("maxSeconds", json!(-3), "greater_than"),
        ("maxSeconds", json!(86_401), "less_than_equal"),
        ("maxSeconds", json!([]), "float_type"),
    ] {
        let (place, found) = refused(&service, json!({ "task": "x", field: value })).await;
        assert_eq!((place, found), (json!(["body", field]), json!(kind)), "{value}");
    }
    service.run_all(&json!({ "task": "x", "maxTokens": null, "maxCost": null, "maxSeconds": null })).await;
}

#[tokio::test]
async fn the_smaller_token_limit_of_request_and_deployment_applies() {
    for (deployment, request) in [("1000000", json!(5_600)), ("5600", json!(null)), ("5600", json!(1_000_000))] {
        let service = Stage::new([Reply::click(1)]).set("RUN_MAX_TOKENS", deployment).start().await;
        let events = service.run_all(&json!({ "task": "x", "maxTokens": request })).await;
        let result = events.last().unwrap();
        assert_eq!((&result["stopReason"], &result["success"]), (&json!("budget_tokens"), &json!(false)), "{result}");
        // After 4,400 tokens two more calls would exceed the limit, so the fifth only allows done. It does not, and is the last.
        assert_eq!(result["usage"][0]["calls"], 5, "{result}");
        let warnings = warnings(&events);
        assert_eq!(warnings.iter().filter(|warning| warning.contains("of the token budget is used")).count(), 1);
    }
}

#[tokio::test]
async fn a_deployment_limits_the_steps_of_every_run() {
    let service = Stage::new([Reply::click(1)]).set("RUN_MAX_STEPS", "2").start().await;
    let events = service.run_all(&json!({ "task": "x", "maxSteps": 50 })).await;
    let result = events.last().unwrap();
    assert_eq!((&result["stopReason"], &result["steps"]), (&json!("max_steps"), &json!(2)));
}

#[tokio::test(start_paused = true)]
async fn a_request_limits_its_time_and_gets_a_warning() {
    use browser_use_service::run::RunEventKind;

    let (runs, _model, _pages) = Stage::new([Reply::Hang]).set("RUN_TIMEOUT", "10m").runs();
    let request =
        browser_use_service::run::RunRequest { max_time: Some(Duration::from_secs(50)), ..crate::lifecycle::request() };
    let started = tokio::time::Instant::now();
    let mut stream = runs.start(request).unwrap();
    let mut warned = None;
    let mut result = None;
    while let Some(event) = stream.next().await {
        match event.kind {
            RunEventKind::Log { message, .. } if message == "80% of the time budget is used, of 50 s" => {
                assert_eq!(warned.replace(started.elapsed()), None, "once");
            }
            RunEventKind::Finished { result: end, .. } => result = Some(end),
            _ => {}
        }
    }
    assert_eq!((warned, started.elapsed()), (Some(Duration::from_secs(40)), Duration::from_secs(50)));
    let result = result.expect("a result");
    assert_eq!(result.stop_reason.name(), "budget_time");
    assert_eq!(result.errors, ["the run was not finished within 50 s"]);
}

#[tokio::test]
async fn an_error_reports_the_progress_of_the_run() {
    use agent::ports::ModelError;

    let replies = [Reply::click(1), Reply::Fail(ModelError::TimedOut { provider: "openai".into() })];
    let service = Stage::new(replies).start().await;
    let events = service.run_all(&json!({ "task": "x", "startUrl": "https://a.example/" })).await;
    let error = events.last().unwrap();
    assert_eq!(
        (&error["type"], &error["code"], &error["steps"]),
        (&json!("error"), &json!("model_timeout"), &json!(1))
    );
    assert_eq!((&error["urls"], &error["usage"][0]["calls"]), (&json!(["https://shop.example/"]), &json!(1)));
    assert!(error["durationMs"].is_u64());
}
