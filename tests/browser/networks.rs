//! Failing sites and networks as the caller sees them, and that all connections are closed.

use std::time::{Duration, Instant};

use axum::Router;
use axum::response::{Html, Redirect};
use axum::routing::get;
use serde_json::{Value, json};

use crate::support::raw_server::{Answer, RawServer};
use crate::support::{DeadPort, Service, Site, Start, eventually, files_named, page, run};

const HTML: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n";
const HOME: &str = "<!doctype html><title>Home</title><h1>Home</h1><p>sweet home</p>";

/// A service with short timeouts.
async fn service() -> Service {
    Start::new()
        .set("BROWSER_NAVIGATION_TIMEOUT", "4s")
        .set("BROWSER_SETTLE_NEW_SITE_TIMEOUT", "1s")
        .set("BROWSER_SETTLE_SAME_SITE_TIMEOUT", "1s")
        .set("BROWSER_OBSERVE_TIMEOUT", "5s")
        .set("RUN_MAX_FILE_BYTES", "1MiB")
        .ready()
        .await
}

/// The terminal event of a run that opens and reads a page, and all events as one text.
async fn told_of(service: &Service, url: &str) -> (Value, String) {
    let task = format!("open {url}, then read 'Home'");
    let events = service.run(&task).await.rest().await;
    let last = events.last().expect("there is a terminal event").clone();
    (last, events.iter().map(ToString::to_string).collect())
}

fn html(body: &str) -> Vec<u8> {
    format!("{HTML}connection: close\r\n\r\n{body}").into_bytes()
}

#[test]
fn failed_navigations_end_the_run_without_success_and_with_the_reason() {
    run(async {
        let service = service().await;
        let server = RawServer::serving(|path| match path {
            "/reset" => Answer::Reset(Vec::new()),
            "/closed" => Answer::Close(Vec::new()),
            "/reset-in-head" => Answer::Reset(HTML.into()),
            "/garbage" => Answer::Close(b"\x15\x03\x01\x00\x02\x02\x46".repeat(20)),
            "/huge-head" => Answer::Close(format!("{HTML}x: {}\r\n\r\n{HOME}", "x".repeat(1 << 20)).into_bytes()),
            _ => Answer::Hang(Vec::new()),
        })
        .await;
        let dead = DeadPort::new();
        let round = Site::with(Router::new().route("/", get(|| async { Redirect::to("/") }))).await;
        let (untrusted, expired, other) = (
            Site::self_signed().await,
            Site::self_signed_for("127.0.0.1", (2001, 2002)).await,
            Site::self_signed_for("elsewhere.example", (2001, 2101)).await,
        );
        let (plain, reset, closed, silent) = (
            RawServer::greeting(|_| Answer::Close(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n".into()))
                .await,
            RawServer::greeting(|_| Answer::Reset(Vec::new())).await,
            RawServer::greeting(|_| Answer::Close(Vec::new())).await,
            RawServer::greeting(|_| Answer::Hang(Vec::new())).await,
        );
        for (url, words) in [
            ("http://no-such-host.invalid/".to_owned(), "net::ERR_NAME_NOT_RESOLVED"),
            (dead.url(), "net::ERR_CONNECTION_REFUSED"),
            (server.url("/reset"), "net::ERR_CONNECTION_RESET"),
            (server.url("/closed"), "net::ERR_EMPTY_RESPONSE"),
            (server.url("/reset-in-head"), "net::ERR_CONNECTION_RESET"),
            (server.url("/garbage"), "net::ERR_INVALID_HTTP_RESPONSE"),
            (server.url("/huge-head"), "net::ERR_RESPONSE_HEADERS_TOO_BIG"),
            (round.url("/"), "net::ERR_TOO_MANY_REDIRECTS"),
            (untrusted.url("/"), "net::ERR_CERT_"),
            (expired.url("/"), "net::ERR_CERT_"),
            (other.url("/"), "net::ERR_CERT_"),
            (plain.url("/"), "net::ERR_SSL_PROTOCOL_ERROR"),
            (reset.url("/"), "net::ERR_CONNECTION_RESET"),
            (closed.url("/"), "net::ERR_CONNECTION_CLOSED"),
            (silent.url("/"), "took longer than 4 s"),
            (server.url("/silent"), "took longer than 4 s"),
        ] {
            let (last, told) = told_of(&service, &url).await;
            assert_eq!((&last["type"], &last["success"]), (&json!("result"), &json!(false)), "{url}: {last}");
            assert!(told.contains(words), "{url}: {told}");
        }
        for server in [server, plain, reset, closed, silent] {
            tokio::time::timeout(Duration::from_secs(5), server.is_let_go()).await.expect("no connection is left");
        }
        service.stop().await;
    });
}

#[test]
fn partial_responses_are_read_as_far_as_received() {
    run(async {
        let service = service().await;
        let server = RawServer::serving(|path| match path {
            "/reset" => Answer::Reset(html(HOME)),
            "/too-long" => Answer::Close(format!("{HTML}content-length: 100000\r\n\r\n{HOME}").into_bytes()),
            "/too-short" => Answer::Close(format!("{HTML}content-length: 40\r\n\r\n{HOME}").into_bytes()),
            "/stalls" => Answer::Hang(html(HOME)),
            "/endless" => Answer::Flood(html(HOME), "<!-- and so on -->", u64::MAX),
            "/image" => Answer::Close(html(&format!("{HOME}<img src=/pixels alt=Kettle>"))),
            "/script" => Answer::Close(html(&format!("{HOME}<script src=/program></script>"))),
            "/pixels" => {
                Answer::Flood(b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n\r\n".into(), "pixels", u64::MAX)
            }
            "/program" => Answer::Flood(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/javascript\r\n\r\n".into(),
                "/* more */\n",
                u64::MAX,
            ),
            "/sockets" => Answer::Close(html(&format!(
                "{HOME}<script>for (let i = 0; i < 1000; i++) fetch('/hang?' + i)</script>"
            ))),
            _ => Answer::Hang(Vec::new()),
        })
        .await;
        for path in ["/reset", "/too-long", "/stalls", "/endless", "/image", "/script", "/sockets"] {
            let started = Instant::now();
            let (last, _) = told_of(&service, &server.url(path)).await;
            // Chromium stops parsing at an error, so what was received just before may be missing, all or in part.
            let lost = matches!(path, "/reset" | "/too-long") && last["type"] == "result";
            assert!(lost || last["success"] == true && last["finalText"] == "# Home: sweet home", "{path}: {last}");
            assert!(started.elapsed() < Duration::from_secs(25), "{path}: {:?}", started.elapsed());
        }
        let (last, _) = told_of(&service, &server.url("/too-short")).await;
        assert_eq!(
            (&last["type"], &last["success"]),
            (&json!("result"), &json!(false)),
            "half a page has no answer: {last}"
        );
        tokio::time::timeout(Duration::from_secs(5), server.is_let_go()).await.expect("no connection is left");
        service.stop().await;
    });
}

#[test]
fn a_page_of_a_hundred_megabytes_does_not_exhaust_the_service() {
    run(async {
        let service = service().await;
        const LINE: &str =
            "<p hidden>one hundred bytes of text stand in each of these lines, which nobody will ever want to read</p>";
        let server = RawServer::serving(|_| Answer::Flood(html(HOME), LINE, 1_000_000)).await;
        let (last, told) = told_of(&service, &server.url("/")).await;
        assert_eq!(last["type"], "result", "{last}");
        assert!(told.len() < 100_000, "{} bytes of events", told.len());
        let site = Site::with(Router::new().route("/", get(|| async { Html(page("<h1>Home</h1>")) }))).await;
        assert_eq!(told_of(&service, &site.url("/")).await.0["success"], true);
        tokio::time::timeout(Duration::from_secs(5), server.is_let_go()).await.expect("no connection is left");
        service.stop().await;
    });
}

#[test]
fn a_download_of_a_gigabyte_is_cancelled_at_the_limit_and_removed() {
    run(async {
        const GIGABYTE: u64 = 1 << 30;
        let service = service().await;
        let server = RawServer::serving(|path| match path {
            "/" => Answer::Close(html("<h1>Home</h1><a href=/download>Download</a>")),
            _ => Answer::Flood(
                format!("HTTP/1.1 200 OK\r\ncontent-disposition: attachment; filename=all.bin\r\ncontent-length: {GIGABYTE}\r\n\r\n").into(),
                "one kilobyte, or nearly so",
                GIGABYTE / 26,
            ),
        })
        .await;
        let task = format!("open {}, click 'Download', then read 'Home'", server.url("/"));
        let events = service.run(&task).await.rest().await;
        assert_eq!(events.last().unwrap()["success"], true, "{events:#?}");
        assert!(events.iter().all(|event| event.get("downloads").is_none()), "{events:#?}");
        tokio::time::timeout(Duration::from_secs(5), server.is_let_go()).await.expect("no connection is left");
        assert!(server.sent() < GIGABYTE / 4, "{} bytes were sent", server.sent());
        let kept = || files_named(&service.profiles(), "all.bin");
        eventually("nothing of it stays", Duration::from_secs(2), || kept() == 0).await;
        service.stop().await;
    });
}
