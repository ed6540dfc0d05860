//! Files and pictures of runs, fetched from the real service.

use axum::Router;
use axum::http::header;
use axum::response::Html;
use axum::routing::get;
use serde_json::{Value, json};

use crate::secrets::rgb;
use crate::support::{Events, Log, Service, Site, Start, page, run, until_dropped};

async fn fetched(service: &Service, path: &str) -> (u16, String, Vec<u8>) {
    let response = service.get(path).await;
    let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    (response.status().as_u16(), kind, response.bytes().await.unwrap().to_vec())
}

/// Reads to an event of this type.
async fn until(events: &mut Events, kind: &str) -> Value {
    loop {
        let event = events.next().await.expect("it comes");
        if event["type"] == kind {
            return event;
        }
    }
}

#[test]
fn a_download_a_pdf_and_the_recording_are_fetched_after_the_run() {
    run(async {
        let headers = [(header::CONTENT_DISPOSITION, "attachment; filename=\"sales.csv\"")];
        let download = move || async move { (headers, "a;b\n1;2\n") };
        let home = page("<h1>Reports</h1><a href='/sales'>Sales</a>");
        let site = Site::with(Router::new().route("/", get(|| async { Html(home) })).route("/sales", get(download)));
        let site = site.await;
        let records = tempfile::tempdir().unwrap();
        let service = Start::new().set("RECORD_DIR", records.path().to_str().unwrap()).ready().await;
        let task = format!("open {}, then click 'Sales', then save the page as a PDF", site.url("/"));
        let request = json!({ "task": task, "provider": "template", "screenshotFormat": "none", "keepFiles": true, "detachSeconds": 60 });
        let events = Events::of(service.post(&request).await).rest().await;
        let result = events.last().unwrap();
        assert_eq!(result["success"], true, "{result}");
        let named: Vec<&Value> = events
            .iter()
            .filter(|event| event["type"] == "step")
            .filter_map(|event| event.get("files"))
            .flat_map(|files| files.as_array().unwrap())
            .collect();
        let files = result["files"].as_array().unwrap();
        let [csv, pdf, recording] = &files[..] else { panic!("{files:?}") };
        assert_eq!(named, [csv, pdf]);
        let get = |file: &Value| file["url"].as_str().unwrap().to_owned();
        let (status, kind, content) = fetched(&service, &get(csv)).await;
        assert_eq!((status, &kind[..], &content[..]), (200, "text/csv", &b"a;b\n1;2\n"[..]));
        let (_, kind, content) = fetched(&service, &get(pdf)).await;
        assert_eq!(
            (&kind[..], &content[..5], json!(content.len())),
            ("application/pdf", &b"%PDF-"[..], pdf["bytes"].clone())
        );
        let (_, _, content) = fetched(&service, &get(recording)).await;
        let lines = String::from_utf8(content).unwrap();
        assert!(lines.lines().last().unwrap().contains("\"end\""), "{lines}");
        service.stop().await;
    });
}

#[test]
fn a_picture_shows_the_page_of_the_moment_without_secrets() {
    run(async {
        let dropped = Log::new();
        let hang = move || async move { until_dropped(dropped).await };
        let home = page("<h1 style='color:red'>hunter22</h1><script>fetch('/hang')</script>");
        let site = Site::with(Router::new().route("/", get(|| async { Html(home) })).route("/hang", get(hang))).await;
        let service = Start::new().set("BROWSER_SETTLE_NEW_SITE_TIMEOUT", "500ms").ready().await;
        let task = format!("open {}, then wait for 'what never comes'", site.url("/"));
        let secrets = json!({ site.url("").trim_end_matches('/'): { "p": "hunter22" } });
        let (plain, secret) = (json!({}), secrets);
        for (runs, secrets, format, kind) in [(1, plain, "jpeg", "image/jpeg"), (2, secret, "jpeg", "image/png")] {
            let mut request = json!({ "task": task, "provider": "template", "sensitiveData": secrets });
            if runs == 1 {
                request["sensitiveData"] = Value::Null;
            }
            let mut events = Events::of(service.post(&request).await);
            let id = until(&mut events, "log").await["runId"].as_str().unwrap().to_owned();
            site.is_asked_times("GET /hang", runs).await;
            let path = format!("/api/v1/browser-use/runs/{id}/screenshot?format={format}");
            let (status, shown, picture) = fetched(&service, &path).await;
            assert_eq!((status, &shown[..]), (200, kind));
            if runs == 2 {
                let (_, pixels) = rgb(&picture);
                assert!(!pixels.chunks(3).any(|pixel| pixel[0] > 200 && pixel[1] < 50), "nothing is red");
                assert!(pixels.chunks(3).filter(|pixel| **pixel == [0, 0, 0]).count() > 2_000, "but a black box");
            }
        }
        service.stop().await;
    });
}
