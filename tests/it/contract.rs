//! The contract with callers when nothing fails.

use agent::image::ImageFormat;
use agent::ports::{BrowserError, PageSpec};
use regex::Regex;
use serde_json::{Value, json};
use url_policy::{DomainPattern, DomainRules};

use crate::support::browser::Script;
use crate::support::client::Frame;
use crate::support::model::Reply;
use crate::support::service::{KEY, RUN, Stage};

fn steps(events: &[Value]) -> Vec<&Value> {
    events.iter().filter(|event| event["type"] == "step").collect()
}

#[tokio::test]
async fn a_run_streams_starting_then_steps_then_a_result_then_done() {
    let service = Stage::new([Reply::click(1), Reply::done("Bought it")]).start().await;
    let events = service.run_all(&json!({ "task": "buy it" })).await;

    assert_eq!(events[0]["type"], "log");
    assert_eq!(events[0]["message"], "starting");
    for event in &events[1..events.len() - 1] {
        assert!(["log", "step"].contains(&event["type"].as_str().unwrap()), "{event}");
    }
    let steps = steps(&events);
    assert_eq!(steps.iter().map(|step| &step["step"]).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        *steps[0],
        json!({
            "type": "step",
            "step": 1,
            "action": "click",
            "description": "Click 'Buy'",
            "agentThought": steps[0]["agentThought"],
            "url": "https://shop.example/",
            "title": "Shop",
            "screenshot": "data:image/png;base64,cGljdHVyZQ==",
            "isComplete": false,
        })
    );
    assert!(steps[0]["agentThought"].as_str().unwrap().contains("click it"));
    let result = events.last().unwrap();
    assert_eq!(
        *result,
        json!({
            "type": "result",
            "success": true,
            "finalText": "Bought it",
            "errors": [],
            "stopReason": "done",
            "steps": 2,
            "durationMs": result["durationMs"],
            "urls": ["https://shop.example/"],
            "usage": [{
                "provider": "openai",
                "model": "scripted-1",
                "calls": 2,
                "promptTokens": 2_000,
                "cachedTokens": 1_000,
                "completionTokens": 200,
            }],
            "isComplete": true,
        })
    );
    assert!(result["durationMs"].is_u64());
}

#[tokio::test]
async fn the_starting_event_names_run_provider_and_model() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    let mut events = service.run(&json!({ "task": "x" })).await;
    let run_id = events.response.headers()["x-run-id"].to_str().unwrap().to_owned();
    let starting = events.event().await;
    let rfc_3339_utc = Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$").unwrap();
    assert!(rfc_3339_utc.is_match(starting["timestamp"].as_str().unwrap()), "{starting}");
    assert_eq!(
        starting,
        json!({
            "type": "log",
            "level": "info",
            "message": "starting",
            "timestamp": starting["timestamp"],
            "runId": run_id,
            "provider": "openai",
            "model": "scripted-1",
        })
    );
    assert_eq!(uuid::Uuid::parse_str(&run_id).unwrap().get_version_num(), 7);

    let events = service.run_all(&json!({ "task": "open https://example.com", "provider": "template" })).await;
    assert_eq!(events[0]["provider"], "template");
    assert_eq!(events[0].get("model"), None);
}

#[tokio::test]
async fn the_response_has_the_headers_of_an_event_stream() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    let events = service.run(&json!({ "task": "x" })).await;
    let headers = events.response.headers();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-cache");
    assert_eq!(headers["x-accel-buffering"], "no");
    assert!(headers.contains_key("x-run-id"));
}

#[tokio::test]
async fn every_event_is_an_id_line_a_data_line_and_a_blank_line() {
    let service = Stage::new([Reply::done("line one\nline two\u{2028}line three")]).start().await;
    let response = service.post(&json!({ "task": "x" })).send().await.unwrap();
    let text = response.text().await.unwrap();
    let blocks: Vec<&str> = text.strip_suffix("\n\n").unwrap().split("\n\n").collect();
    let (done, events) = blocks.split_last().unwrap();
    assert_eq!(*done, "data: [DONE]");
    for (number, block) in events.iter().enumerate() {
        let data = block.strip_prefix(&format!("id: {}\ndata: ", number + 1)).unwrap();
        assert!(!data.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']), "{data}");
        assert!(serde_json::from_str::<Value>(data).unwrap().is_object());
    }
}

#[tokio::test]
async fn the_start_url_is_accepted_under_both_names() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    service.run_all(&json!({ "task": "x", "startUrl": "https://a.example/", "baseUrl": "https://no.example/" })).await;
    service.run_all(&json!({ "task": "x", "baseUrl": "http://b.example" })).await;
    service.run_all(&json!({ "task": "x", "startUrl": null, "baseUrl": "http://c.example" })).await;
    assert_eq!(service.pages.visited(), ["https://a.example/", "http://b.example/", "http://c.example/"]);
}

#[tokio::test]
async fn screenshots_have_the_requested_format() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    for (format, expected) in [
        ("png", Some("data:image/png;base64,cGljdHVyZQ==")),
        ("jpeg", Some("data:image/jpeg;base64,cGljdHVyZQ==")),
        ("webp", Some("data:image/webp;base64,cGljdHVyZQ==")),
        ("none", None),
    ] {
        let events = service.run_all(&json!({ "task": "x", "screenshotFormat": format })).await;
        assert_eq!(steps(&events)[0]["screenshot"], json!(expected), "{format}");
    }
}

#[tokio::test]
async fn a_runs_domain_lists_reach_its_browser() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    let body = json!({
        "task": "x",
        "startUrl": "https://example.com/",
        "allowedDomains": ["Example.com", "*.example.org:8443"],
        "blockedDomains": ["ads.example.com"],
    });
    service.run_all(&body).await;
    let list = |patterns| DomainPattern::parse_list(patterns).unwrap().into();
    let domains =
        DomainRules { allowed: Some(list("example.com,*.example.org:8443")), blocked: list("ads.example.com") };
    assert_eq!(service.pages.specs()[0].domains, domains);
}

#[tokio::test]
async fn a_deployment_sets_the_default_screenshot_format() {
    let service = Stage::new([Reply::done("ok")]).set("SCREENSHOT_FORMAT", "webp").start().await;
    service.run_all(&json!({ "task": "x" })).await;
    assert_eq!(service.pages.specs(), [PageSpec::plain(Some(ImageFormat::Webp))]);
}

#[tokio::test]
async fn a_headful_browser_is_requested_if_a_display_exists() {
    let script = Script { display: true, ..Script::default() };
    let service = Stage::new([Reply::done("ok")]).browser(script).start().await;
    service.run_all(&json!({ "task": "x", "headless": false })).await;
    assert!(!service.pages.specs()[0].headless);
}

#[tokio::test]
async fn unknown_fields_and_alternative_notations_are_accepted() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    for body in [
        json!({ "task": "x", "sessionId": 7, "options": { "a": [1] } }),
        json!({ "task": "  x  ", "maxSteps": 20.0 }),
        json!({ "task": "x", "maxSteps": "20" }),
        json!({ "task": "x", "maxSteps": " 20.0 " }),
        json!({ "task": "x", "maxSteps": true }),
        json!({ "task": "x", "temperature": 1 }),
        json!({ "task": "x", "temperature": "0.5" }),
        json!({ "task": "x", "headless": "yes" }),
        json!({ "task": "x", "headless": 1 }),
        json!({ "task": "x", "model": null, "provider": null, "startUrl": null, "baseUrl": null }),
        json!({ "task": "x", "model": "", "provider": "openai" }),
    ] {
        let events = service.run_all(&body).await;
        assert_eq!(events.last().unwrap()["type"], "result", "{body}");
    }
}

#[tokio::test]
async fn a_json_media_type_may_have_parameters_and_suffixes() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    for media_type in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"] {
        let request = service.client.post(service.url(RUN)).header("X-Gateway-Key", KEY);
        let response = request.header("Content-Type", media_type).body(r#"{"task":"x"}"#).send().await.unwrap();
        assert_eq!(response.status(), 200, "{media_type}");
    }
}

#[tokio::test]
async fn request_id_and_traceparent_are_adopted() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = service.post(&json!({ "task": "x" }));
    let response = request.header("X-Request-Id", "abc-1").header("traceparent", traceparent).send().await.unwrap();
    assert_eq!(response.headers()["x-request-id"], "abc-1");
    assert_eq!(response.headers()["traceparent"], traceparent);
}

#[tokio::test]
async fn request_id_and_traceparent_are_generated_if_missing_or_malformed() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    let long = "x".repeat(500);
    for (request_id, traceparent) in
        [(None, None), (Some("a b<c>"), Some("00-zz-1-01")), (Some(long.as_str()), Some(""))]
    {
        let mut request = service.client.get(service.url("/health"));
        if let (Some(request_id), Some(traceparent)) = (request_id, traceparent) {
            request = request.header("X-Request-Id", request_id).header("traceparent", traceparent);
        }
        let response = request.send().await.unwrap();
        assert!(uuid::Uuid::parse_str(response.headers()["x-request-id"].to_str().unwrap()).is_ok());
        assert_eq!(response.headers()["traceparent"].len(), 55);
    }
}

#[tokio::test]
async fn a_silent_stream_carries_keep_alive_comments() {
    let service = Stage::new([Reply::Hang]).set("KEEP_ALIVE", "5ms").start().await;
    let mut events = service.run(&json!({ "task": "x" })).await;
    let mut comments = 0;
    while comments < 3 {
        match events.frame().await {
            Some(Frame::Comment(comment)) => {
                assert_eq!(comment, "keep-alive");
                comments += 1;
            }
            Some(Frame::Event { data, .. }) => assert_eq!(data["type"], "log"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn health_is_ok_without_a_key_and_regardless_of_the_browser() {
    let script = Script { not_ready: Some(BrowserError::Lost), ..Script::default() };
    let service = Stage::new([Reply::done("ok")]).browser(script).start().await;
    assert_eq!(service.get("/health").await, (200, json!({ "status": "ok" })));
}

#[tokio::test]
async fn ready_reports_whether_a_run_would_be_accepted() {
    let service = Stage::new([Reply::Hang]).set("MAX_CONCURRENT_RUNS", "1").start().await;
    assert_eq!(service.get("/ready").await, (200, json!({ "status": "ready", "running": 0, "queued": 0 })));
    let _run = service.run(&json!({ "task": "x" })).await;
    let (status, body) = service.get("/ready").await;
    assert_eq!((status, &body["reason"]), (503, &json!("service_full")));

    let script =
        Script { not_ready: Some(BrowserError::NotStarted { cause: "secret path".into() }), ..Script::default() };
    let service = Stage::new([Reply::Hang]).browser(script).start().await;
    let (status, body) = service.get("/ready").await;
    assert_eq!((status, &body["reason"]), (503, &json!("browser_unavailable")));
    assert!(!body.to_string().contains("secret"));
}
