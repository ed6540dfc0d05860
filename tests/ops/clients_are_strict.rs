//! The clients accept streams that follow the contract and reject all others. Otherwise their approval of the
//! service would mean little.

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::join_all;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::clients::{Python, read_in_browser};

const STARTING: &str =
    r#"{"type":"log","level":"info","message":"starting","timestamp":"2026-01-30T12:00:00Z","runId":"r-1"}"#;
const LOG: &str =
    r#"{"type":"log","level":"warning","message":"slow \u2028 site","timestamp":"2026-01-30T12:00:01.250Z"}"#;
const STEP_1: &str = r#"{"type":"step","step":1,"action":"navigate","description":"Open the shop","agentThought":"über","url":"https://example.com/","title":"Shop","screenshot":"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==","isComplete":false}"#;
const STEP_2: &str = r#"{"type":"step","step":2,"action":"","description":"Looked","agentThought":"","url":"https://example.com/","title":"Shop","screenshot":null,"isComplete":false}"#;
const RESULT: &str = r#"{"type":"result","success":true,"finalText":"Done","errors":[],"isComplete":true}"#;
const ERROR: &str =
    r#"{"type":"error","error":"the page did not answer","code":"navigation_timeout","isComplete":true}"#;
const DONE: &str = "[DONE]";

fn stream(events: &[&str]) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect()
}

/// Serves one canned stream for as long as the returned set lives.
async fn serve(body: String) -> (String, JoinSet<std::io::Result<()>>) {
    // The request is read, as a connection with unread bytes is reset and takes the end of a long answer along.
    let answer = move |_: Bytes| async move {
        let headers = [
            (header::CONTENT_TYPE.as_str(), "text/event-stream"),
            (header::CACHE_CONTROL.as_str(), "no-cache"),
            ("x-accel-buffering", "no"),
            ("x-run-id", "018f4e5a-0000-7000-8000-000000000000"),
        ];
        (headers, body).into_response()
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/api/v1/browser-use/run/stream", post(answer));
    let mut servers = JoinSet::new();
    servers.spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}"), servers)
}

fn good_streams() -> [String; 3] {
    [
        stream(&[STARTING, STEP_1, LOG, STEP_2, RESULT, DONE]),
        stream(&[STARTING, ERROR, DONE]),
        format!(": keep-alive\n\n{}: keep-alive\n\nid: 7\n{}", stream(&[STARTING]), stream(&[RESULT, DONE])),
    ]
}

#[tokio::test]
async fn every_python_client_accepts_what_the_contract_allows() {
    for body in good_streams() {
        let events = body.matches("\"type\"").count();
        let (base_url, _servers) = serve(body).await;
        let read = join_all(Python::ALL.map(|client| {
            let base_url = &base_url;
            async move { (client, client.read(base_url, "key", "task", &json!({})).await) }
        }));
        for (client, seen) in read.await {
            assert_eq!(seen.unwrap_or_else(|problem| panic!("{client:?}: {problem}")).len(), events);
        }
    }
}

#[tokio::test]
async fn a_python_client_refuses_what_the_contract_forbids() {
    let refused = [
        ("the stream ended without [DONE]", stream(&[STARTING, RESULT])),
        ("[DONE] without a terminal event", stream(&[STARTING, DONE])),
        ("the first event is not `starting`", stream(&[STEP_1, RESULT, DONE])),
        ("step 2 instead of 1", stream(&[STARTING, STEP_2, RESULT, DONE])),
        ("an event after the terminal one", stream(&[STARTING, RESULT, ERROR, DONE])),
        ("an event after [DONE]", stream(&[STARTING, RESULT, DONE, LOG])),
        ("two data lines", stream(&[STARTING, RESULT, DONE]).replace("\n\n", "\n")),
        (
            "a step without the field screenshot",
            stream(&[STARTING, STEP_1, RESULT, DONE]).replace("screenshot", "shot"),
        ),
        ("a screenshot that is no jpeg", stream(&[STARTING, STEP_1, RESULT, DONE]).replace("image/png", "image/jpeg")),
        ("is not UTC", stream(&[STARTING, RESULT, DONE]).replace("00Z", "00+02:00")),
        ("not JSON", stream(&[STARTING, LOG, RESULT, DONE]).replace(r"\u2028", "\u{2028}")),
    ];
    let verdicts = join_all(refused.map(|(sentence, body)| async move {
        let (base_url, _servers) = serve(body).await;
        (sentence, Python::HttpxLines.read(&base_url, "key", "task", &json!({})).await)
    }));
    for (sentence, verdict) in verdicts.await {
        let problem = verdict.expect_err(sentence);
        assert!(problem.contains(sentence), "expected {sentence:?}, got {problem:?}");
    }
}

/// The advice of `docs/API.md` for aiohttp's line iterator.
#[tokio::test]
async fn only_aiohttps_line_iterator_is_limited_to_128_kib() {
    let picture = |bytes: usize| {
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        png.resize(bytes, 0);
        let base64 = STANDARD.encode(png);
        stream(&[STARTING, &STEP_2.replace("null", &format!("\"data:image/png;base64,{base64}\"")), RESULT, DONE])
            .replace("\"step\":2", "\"step\":1")
    };
    for (bytes, aiohttps_own) in [(90_000, true), (100_000, false), (5_000_000, false)] {
        let (base_url, _servers) = serve(picture(bytes)).await;
        for client in Python::ALL {
            let read = client.read(&base_url, "key", "task", &json!({})).await;
            let expected = aiohttps_own || !matches!(client, Python::AiohttpLines);
            assert_eq!(read.is_ok(), expected, "{client:?} with {bytes} bytes: {:?}", read.err());
        }
    }
}

#[tokio::test]
async fn the_browser_client_accepts_what_the_contract_allows_and_nothing_else() {
    let [good, ..] = good_streams();
    let (base_url, _servers) = serve(good).await;
    let seen = read_in_browser(&base_url, "key", "task", &json!({})).await;
    assert_eq!(seen.map(|events| events.len()), Ok(5));

    let (base_url, _servers) = serve(stream(&[STARTING, STEP_2, RESULT, DONE])).await;
    let seen = read_in_browser(&base_url, "key", "task", &json!({})).await;
    assert_eq!(seen.unwrap_err(), "Error: step 2 instead of 1");
}
