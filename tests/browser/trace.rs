//! The trace of a run: its console messages, errors and requests, as a caller fetches them.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{Html, Redirect};
use axum::routing::get;
use regex::Regex;
use serde_json::{Value, json};

use crate::support::{DeadPort, Events, Service, Site, Start, page, run};

const SCRIPT: &str = "console.warn('total', 2, {a: 1}, 'hunter22');
    fetch(`/api?key=hunter22`).catch(() => {});
    fetch(DEAD).catch(() => {});
    const work = `console.log('of the worker');
        fetch(ORIGIN + '/of-worker').then(answer => answer.text()).then(() => postMessage('done'))`;
    new Worker(URL.createObjectURL(new Blob([work]))).onmessage = () => document.body.append('Ready');
    setTimeout(() => { throw new Error('broken') });";

async fn traced(service: &Service, request: &Value) -> (Vec<Value>, Vec<Value>, Value) {
    let events = Events::of(service.post(request).await).rest().await;
    let files = events.last().unwrap()["files"].as_array().unwrap().clone();
    let mut texts = Vec::new();
    for name in ["trace.jsonl", "network.har"] {
        let file = files.iter().find(|file| file["name"] == name).unwrap_or_else(|| panic!("{name} in {files:?}"));
        texts.push(service.get(file["url"].as_str().unwrap()).await.text().await.unwrap());
    }
    let lines = texts[0].lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (files, lines, serde_json::from_str(&texts[1]).unwrap())
}

/// What the specification of HAR 1.2 requires of every archive.
fn check(har: &Value) {
    let log = &har["log"];
    assert_eq!(log["version"], "1.2");
    assert!(log["creator"]["name"].is_string() && log["creator"]["version"].is_string());
    let iso = Regex::new(r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$").unwrap();
    let pairs = |list: &Value| {
        list.as_array().unwrap().iter().all(|pair| pair["name"].is_string() && pair["value"].is_string())
    };
    for entry in log["entries"].as_array().unwrap() {
        let (request, response) = (&entry["request"], &entry["response"]);
        assert!(iso.is_match(entry["startedDateTime"].as_str().unwrap()), "{entry}");
        for (part, texts) in [
            (request, &["method", "url", "httpVersion"][..]),
            (response, &["statusText", "httpVersion", "redirectURL"]),
        ] {
            assert!(texts.iter().all(|field| part[*field].is_string()), "{entry}");
            assert!(["headersSize", "bodySize"].iter().all(|field| part[*field].is_i64()), "{entry}");
            assert!(pairs(&part["headers"]) && pairs(&part["cookies"]), "{entry}");
        }
        assert!(pairs(&request["queryString"]) && response["status"].is_u64(), "{entry}");
        assert!(response["content"]["size"].is_u64() && response["content"]["mimeType"].is_string(), "{entry}");
        assert!(entry["cache"].is_object());
        let timing = |name: &str| entry["timings"][name].as_f64().unwrap();
        assert!(["send", "wait", "receive"].iter().all(|name| timing(name) >= 0.0), "{entry}");
        let parts = ["blocked", "dns", "connect", "send", "wait", "receive"].map(timing);
        let sum: f64 = parts.iter().filter(|part| **part > 0.0).sum();
        assert!((sum - entry["time"].as_f64().unwrap()).abs() < 0.01, "{entry}");
        assert!(timing("ssl") <= timing("connect").max(-1.0), "{entry}");
    }
}

#[test]
fn a_trace_has_messages_errors_and_all_requests_but_no_secrets() {
    run(async {
        let dead = DeadPort::new();
        let home = "<title>Shop</title><h1>Shop</h1><img src='/missing.png'><script src='/app.js'></script>";
        let router = Router::new()
            .route("/old", get(|| async { ([(header::SET_COOKIE, "sid=tops3cret; Path=/")], Redirect::to("/new")) }))
            .route("/new", get(move || async move { Html(page(home)) }))
            .route("/api", get(|| async { "{}" }))
            .route("/of-worker", get(|| async { "w" }))
            .route("/missing.png", get(|| async { StatusCode::NOT_FOUND }));
        let script = SCRIPT.replace("DEAD", &format!("'{}'", dead.url()));
        let script = script.replace("ORIGIN +", "'ORIGIN' +");
        let router = router.route(
            "/app.js",
            get(|request: axum::extract::Request| async move {
                let host = request.headers()[header::HOST].to_str().unwrap().to_owned();
                ([(header::CONTENT_TYPE, "text/javascript")], script.replace("ORIGIN", &format!("http://{host}")))
            }),
        );
        let site = Site::with(router).await;
        let service = Start::new().ready().await;
        let origin = site.url("");
        let request = json!({
            "task": format!("open {}, then wait for 'Ready'", site.url("/old")),
            "provider": "template", "screenshotFormat": "none", "trace": true, "detachSeconds": 60,
            "sensitiveData": { origin.trim_end_matches('/'): { "key": "hunter22" } },
        });
        let (files, lines, har) = traced(&service, &request).await;
        assert_eq!(files.len(), 2, "{files:?}");
        for text in [har.to_string(), json!(lines).to_string()] {
            assert!(!text.contains("hunter22") && !text.contains("tops3cret"), "{text}");
        }

        let line = |kind: &str, text: &str| {
            let found = lines.iter().find(|line| line["type"] == kind && line.to_string().contains(text));
            found.unwrap_or_else(|| panic!("{kind} {text} in {lines:#?}"))
        };
        let said = line("console", "total");
        assert_eq!(said["text"], "total 2 {a: 1} <secret>key</secret>");
        assert_eq!(
            (&said["level"], &said["url"], &said["line"]),
            (&json!("warning"), &json!(site.url("/app.js")), &json!(1))
        );
        line("console", "of the worker");
        line("pageError", "broken");
        assert_eq!(line("requestFailed", "/missing.png")["status"], 404);
        assert!(line("requestFailed", &dead.url())["error"].as_str().unwrap().starts_with("net::ERR_"));

        check(&har);
        let entry = |path: &str| {
            let url = if path.starts_with('/') { site.url(path) } else { path.to_owned() };
            let mut entries = har["log"]["entries"].as_array().unwrap().iter();
            let found = entries.find(|entry| entry["request"]["url"].as_str().unwrap().starts_with(&url));
            found.unwrap_or_else(|| panic!("{url} in {har:#}"))
        };
        let hidden = json!([{ "name": "sid", "value": "***" }]);
        let (old, new) = (entry("/old"), entry("/new"));
        assert_eq!((&old["response"]["status"], &old["response"]["redirectURL"]), (&json!(303), &json!("/new")));
        assert_eq!((&old["response"]["cookies"], &new["request"]["cookies"]), (&hidden, &hidden));
        assert_eq!((&new["response"]["status"], &new["_resourceType"]), (&json!(200), &json!("document")));
        assert!(new["response"]["content"]["size"].as_u64().unwrap() > home.len() as u64);
        assert_eq!(new["response"]["content"]["mimeType"], "text/html");
        assert_eq!(entry("/app.js")["_resourceType"], "script");
        assert_eq!(
            entry("/api")["request"]["queryString"],
            json!([{ "name": "key", "value": "<secret>key</secret>" }])
        );
        assert_eq!(entry("/missing.png")["response"]["status"], 404);
        assert_eq!(entry("/of-worker")["response"]["status"], 200);
        let failed = entry(&dead.url());
        assert_eq!(failed["response"]["status"], 0);
        assert!(failed["response"]["_error"].as_str().unwrap().starts_with("net::ERR_"));
        service.stop().await;
    });
}

#[test]
fn a_page_that_never_stops_talking_can_be_traced() {
    run(async {
        let site =
            Site::of(&[("/", "<script>for (let i = 0; i < 60000; i++) console.log('x' + i)</script><h1>Calm</h1>")])
                .await;
        let service = Start::new().ready().await;
        let request = json!({
            "task": format!("open {}, then read 'Calm'", site.url("/")),
            "provider": "template", "screenshotFormat": "none", "trace": true, "detachSeconds": 60,
        });
        let (_, lines, har) = traced(&service, &request).await;
        assert_eq!(lines.len(), 5_001, "bounded");
        assert_eq!(lines.last().unwrap()["type"], "leftOut");
        check(&har);
        service.stop().await;
    });
}
