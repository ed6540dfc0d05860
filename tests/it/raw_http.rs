//! Malformed and unusual HTTP, without effect on other clients.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself")]

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::model::Reply;
use crate::support::service::{KEY, RUN, Service, Stage};
use crate::support::{client::error_code, soon};

const BODY: &str = r#"{"task":"x"}"#;

async fn service() -> Service {
    Stage::new([Reply::done("ok")]).start().await
}

/// The head of a run request with additional headers.
fn head(version: &str, more: &str) -> String {
    format!(
        "POST {RUN} HTTP/{version}\r\nHost: x\r\nX-Gateway-Key: {KEY}\r\nContent-Type: application/json\r\n{more}\r\n"
    )
}

async fn sent(service: &Service, bytes: &[u8]) -> TcpStream {
    let mut connection = TcpStream::connect(service.address).await.unwrap();
    connection.write_all(bytes).await.unwrap();
    connection
}

/// Reads up to this text or the end.
async fn until(connection: &mut TcpStream, text: &str) -> String {
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains(text) {
        match soon(text, connection.read_buf(&mut answer)).await {
            Ok(1..) => {}
            // A reset ends it too.
            Ok(0) | Err(_) => break,
        }
    }
    String::from_utf8(answer).unwrap()
}

/// The same for a request that is rejected or closes its side.
async fn answered(service: &Service, bytes: &[u8]) -> String {
    until(&mut sent(service, bytes).await, "\r\n\r\n").await
}

#[tokio::test]
async fn invalid_or_repeated_headers_are_rejected_by_name() {
    let service = service().await;
    let long = "x".repeat(20_000);
    let length = format!("Content-Length: {}\r\n", BODY.len());
    for name in ["X-Caller-Id", "Idempotency-Key"] {
        let lower = name.to_lowercase();
        for value in
            [&b"\xff\xfe"[..], "ü".as_bytes(), b"a\tb", long.as_bytes(), b"a\r\nIdempotency-Key: b\r\nX-Caller-Id: b"]
        {
            let mut bytes = head("1.1", &length).into_bytes();
            bytes.truncate(bytes.len() - 2);
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n\r\n", BODY.as_bytes()].concat());
            let mut connection = sent(&service, &bytes).await;
            let answer = until(&mut connection, "}]}").await;
            assert!(answer.starts_with("HTTP/1.1 422"), "{name} {value:?}: {answer}");
            assert!(answer.contains(r#""loc":["header",""#) && answer.contains(&lower), "{name}: {answer}");
        }
    }
    // A value never contains a line break or NUL.
    for broken in [
        &b"X-Caller-Id: a\0b\r\n\r\n"[..],
        b"X-Caller-Id: a\rX-B: b\r\n\r\n",
        b"X-Caller-Id : a\r\n\r\n",
        b" folded: a\r\n\r\n",
    ] {
        let mut bytes = head("1.1", &length).into_bytes();
        bytes.truncate(bytes.len() - 2);
        bytes.extend_from_slice(broken);
        let answer = answered(&service, &bytes).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{broken:?}: {answer}");
    }
    let id = service.run(&json!({ "task": "x", "detachSeconds": 5 })).await.response.headers()["x-run-id"].clone();
    for value in [&b"\xff"[..], b"1\r\nLast-Event-ID: 2", b"18446744073709551616", b"+1", b"1 2", b"\xef\xbc\x91"] {
        let path = format!("/api/v1/browser-use/runs/{}/stream", id.to_str().unwrap());
        let mut bytes =
            format!("GET {path} HTTP/1.1\r\nHost: x\r\nX-Gateway-Key: {KEY}\r\nLast-Event-ID: ").into_bytes();
        bytes.extend([value, b"\r\n\r\n"].concat());
        let answer = answered(&service, &bytes).await;
        assert!(answer.starts_with("HTTP/1.1 422"), "{value:?}: {answer}");
    }
    assert_eq!(service.pages.asked.get(), 1);
}

#[tokio::test]
async fn paths_accept_only_their_methods() {
    let service = service().await;
    let events = service.run(&json!({ "task": "x", "detachSeconds": 60 })).await;
    let id = events.response.headers()["x-run-id"].to_str().unwrap().to_owned();
    let stream = format!("/api/v1/browser-use/runs/{id}/stream");
    let runs = service.model.calls.get();
    for (path, allowed) in
        [(RUN, "POST"), (stream.as_str(), "GET,HEAD"), ("/health", "GET,HEAD"), ("/ready", "GET,HEAD")]
    {
        for method in ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "CONNECT"] {
            let request =
                service.client.request(method.parse().unwrap(), service.url(path)).header("X-Gateway-Key", KEY);
            if method == "CONNECT" {
                let answer = answered(&service, format!("CONNECT {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
                assert!(answer.starts_with("HTTP/1.1 4"), "{path}: {answer}");
                continue;
            }
            let response = soon("the answer", request.send()).await.unwrap();
            assert_eq!(
                (response.status().as_u16(), &response.headers()["allow"]),
                (405, &allowed.parse().unwrap()),
                "{method} {path}"
            );
        }
    }
    for (path, status) in
        [(RUN, 405), (stream.as_str(), 405), ("/health", 200), ("/ready", 200), ("/health/details", 200)]
    {
        let request = service.client.head(service.url(path)).header("X-Gateway-Key", KEY);
        assert_eq!(soon("the answer", request.send()).await.unwrap().status().as_u16(), status, "{path}");
    }
    assert_eq!(events.collect().await.last().unwrap()["success"], true, "the stream was not taken over");
    assert!(service.model.calls.get() <= runs + 1);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let service = service().await;
    let request = format!("{}{BODY}", head("1.1", &format!("Content-Length: {}\r\n", BODY.len())));
    let last = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut connection = sent(&service, format!("{request}{request}{request}{last}").as_bytes()).await;
    let answer = until(&mut connection, "{\"status\":\"ok\"}").await;
    let places: Vec<usize> = ["data: [DONE]", "HTTP/1.1 200 OK"].map(|text| answer.matches(text).count()).into();
    assert_eq!(places, [3, 4], "{answer}");
    assert_eq!((service.pages.opened.get(), service.pages.closed.get()), (3, 3));
}

#[tokio::test]
async fn expect_continue_is_answered_only_for_acceptable_requests() {
    let service = service().await;
    let length = format!("Content-Length: {}\r\nExpect: 100-continue\r\n", BODY.len());
    let mut connection = sent(&service, head("1.1", &length).as_bytes()).await;
    assert_eq!(until(&mut connection, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(BODY.as_bytes()).await.unwrap();
    assert!(until(&mut connection, "[DONE]").await.contains(r#""success":true"#));
    for (wrong, status) in [(KEY, "401"), ("application/json", "415")] {
        let answer = answered(&service, head("1.1", &length).replace(wrong, "x").as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
}

#[tokio::test]
async fn endless_chunks_end_at_the_timeout_and_the_limit() {
    let service =
        Stage::new([Reply::done("ok")]).set("BODY_TIMEOUT", "2s").set("MAX_BODY_BYTES", "64KiB").start().await;
    let chunked = head("1.1", "Transfer-Encoding: chunked\r\n");
    let mut dripping = sent(&service, chunked.as_bytes()).await;
    let drip = async {
        let mut pace = tokio::time::interval(Duration::from_millis(5));
        // Until the response or the end of the connection.
        let mut answer = Vec::new();
        loop {
            tokio::select! {
                read = dripping.read_buf(&mut answer) => break read.map(|_| answer).unwrap_or_default(),
                _ = pace.tick() => { let _ = dripping.try_write(b"1\r\n \r\n"); }
            }
        }
    };
    assert!(String::from_utf8(soon("the answer", drip).await).unwrap().starts_with("HTTP/1.1 408"));
    let mut flooding = sent(&service, chunked.as_bytes()).await;
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
    for _ in 0..64 {
        // It is rejected before it is sent completely.
        let _ = flooding.write_all(chunk.as_bytes()).await;
    }
    assert!(until(&mut flooding, "\r\n\r\n").await.starts_with("HTTP/1.1 413"));
    // A length beside chunks, invalid sizes: ambiguous bodies are rejected.
    for (more, body) in [
        ("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"),
        ("Content-Length: 12\r\nContent-Length: 13\r\n", BODY),
        ("Content-Length: +12\r\n", BODY),
        ("Transfer-Encoding: gzip\r\n", BODY),
        ("Transfer-Encoding: chunked\r\n", "-1\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"),
    ] {
        let answer = answered(&service, format!("{}{body}", head("1.1", more)).as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{more:?}: {answer}");
    }
    assert_eq!(service.pages.asked.get(), 0);
}

#[tokio::test]
async fn an_http_1_0_client_reads_its_stream_until_the_connection_closes() {
    let service = service().await;
    let request = format!("{}{BODY}", head("1.0", &format!("Content-Length: {}\r\n", BODY.len())));
    let mut connection = sent(&service, request.as_bytes()).await;
    let mut answer = String::new();
    soon("the end", connection.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 200") && !answer.to_lowercase().contains("chunked"), "{answer}");
    assert!(answer.ends_with("data: [DONE]\n\n"), "{answer}");
}

#[tokio::test]
async fn connections_that_do_not_speak_http_1_are_closed() {
    let service = service().await;
    for garbage in [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x05\x01\x00",
        b"SSH-2.0-x\r\n\r\n",
        b"GET /health\r\n\r\n",
        b"GET /health HTTP/9.9\r\n\r\n",
    ] {
        let mut connection = sent(&service, garbage).await;
        connection.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // A reset ends it too.
        let _ = soon("the end", connection.read_to_end(&mut answer)).await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{:?}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(service.get("/health").await.0, 200);
}

#[tokio::test]
async fn idle_connections_over_the_limit_delay_a_run_only_until_their_timeout() {
    // The head timeout also applies to the run's own connection.
    let stage = Stage::new([Reply::Hang]).set("MAX_CONNECTIONS", "8").set("HEAD_TIMEOUT", "500ms");
    let service = stage.set("SHUTDOWN_GRACE", "10ms").start().await;
    let events = service.run(&json!({ "task": "x" })).await;
    let mut idle = Vec::new();
    for _ in 0..28 {
        idle.push(TcpStream::connect(service.address).await.unwrap());
    }
    assert_eq!(service.get("/health").await.0, 200);
    service.stop();
    assert_eq!(error_code(&events.collect().await), "shutting_down");
    drop(idle);
}
