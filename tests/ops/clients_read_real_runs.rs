//! The unchanged clients read real runs of the real service.

use std::path::Path;

use futures::future::join_all;
use serde_json::{Value, json};
use testkit::service::Service;
use testkit::shop::{Shop, order_request};

use super::SERVICE;
use super::clients::{Python, read_in_browser};

/// The running service with a shop, and where its log goes.
struct Stage {
    service: Service,
    shop: Shop,
    _log: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        let log = tempfile::tempdir().unwrap();
        let service = Service::start(Path::new(SERVICE), &log.path().join("log")).await.unwrap();
        Self { service, shop: Shop::open().await.unwrap(), _log: log }
    }

    /// The task of an order and the request's other fields.
    fn order(&self) -> (String, Value) {
        let mut request = order_request(&self.shop.url);
        let task = request.as_object_mut().unwrap().remove("task").unwrap();
        (task.as_str().unwrap().to_owned(), request)
    }
}

/// Checks the events of a run that placed an order.
fn check_order(events: &[Value], stage: &Stage, screenshots: &str) {
    let result = events.last().unwrap();
    assert_eq!((&result["type"], &result["success"]), (&json!("result"), &json!(true)), "{result}");
    let steps: Vec<_> = events.iter().filter(|event| event["type"] == "step").collect();
    assert!(steps.len() >= 5, "{} steps", steps.len());
    for step in steps {
        assert!(step["screenshot"].as_str().unwrap().starts_with(screenshots), "step {}", step["step"]);
    }
    let answer = result["finalText"].as_str().unwrap();
    assert!(stage.shop.orders.list().iter().any(|order| answer.contains(&order.number)), "{answer}");
}

#[tokio::test]
async fn every_python_client_reads_runs_with_png_screenshots() {
    let stage = Stage::new().await;
    let (task, fields) = stage.order();
    let read = join_all(Python::ALL.map(|client| {
        let (service, task, fields) = (&stage.service, &task, &fields);
        async move { (client, client.read(&service.base, &service.key, task, fields).await) }
    }));
    for (client, events) in read.await {
        let events = events.unwrap_or_else(|problem| panic!("{client:?}: {problem}"));
        check_order(&events, &stage, "data:image/png;base64,");
    }
    assert_eq!(stage.shop.orders.list().len(), Python::ALL.len());
    stage.service.stop().await.unwrap();
}

#[tokio::test]
async fn the_browser_client_reads_a_run_and_shows_its_screenshots() {
    let stage = Stage::new().await;
    let (task, mut fields) = stage.order();
    for format in ["png", "jpeg", "webp"] {
        fields["screenshotFormat"] = json!(format);
        let events = read_in_browser(&stage.service.base, &stage.service.key, &task, &fields).await;
        check_order(&events.unwrap(), &stage, &format!("data:image/{format};base64,"));
    }
    stage.service.stop().await.unwrap();
}

#[tokio::test]
async fn a_run_without_success_is_read_too() {
    let stage = Stage::new().await;
    let fields = json!({ "provider": "template", "startUrl": stage.shop.url, "screenshotFormat": "none" });
    for client in [Python::HttpxLines, Python::AiohttpLines] {
        let events = client.read(&stage.service.base, &stage.service.key, "compose a symphony", &fields).await.unwrap();
        assert_eq!(events.last().unwrap()["success"], false);
    }
    stage.service.stop().await.unwrap();
}
