//! HTTP authentication with the run's credentials, and without.

use agent::observation::BlockerKind;
use agent::ports::{Browsers, PageSpec};
use agent::secrets::{HttpCredentials, MaskedPage, SecretValue, Secrets};
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::notices;
use crate::support::{Browser, Site, Tab, headless, page, run};

const PASSWORD: &str = "pin-of-Ada";

/// A site whose `/staff/...` is for one user and repeats what it got; its first page has this body.
async fn guarded(body: &str) -> Site {
    async fn staff(Path(part): Path<String>, headers: HeaderMap) -> Response {
        let right = format!("Basic {}", STANDARD.encode(format!("ada:{PASSWORD}")));
        if headers.get(header::AUTHORIZATION).is_some_and(|given| *given == right) {
            return Html(page(&format!("<p>Count 42 of {part}: {PASSWORD}, {right}</p>"))).into_response();
        }
        // A realm of its own, so that the browser does not send what it knows from another part.
        let asks = [(header::WWW_AUTHENTICATE, format!("Basic realm=\"{part}\""))];
        (StatusCode::UNAUTHORIZED, asks, Html(page("<h1>Staff only</h1>"))).into_response()
    }
    let html = page(body);
    Site::with(Router::new().route("/", get(|| async { Html(html) })).route("/staff/{*part}", get(staff))).await
}

/// A run with credentials for the origin of a URL.
async fn run_with(origin: &str, password: &str) -> Tab {
    let password = SecretValue::parse(password).unwrap();
    let credentials = HttpCredentials::new(origin.parse().unwrap(), "ada".into(), password).unwrap();
    let secrets = Secrets::default().with_http_credentials(vec![credentials]).unwrap();
    let opened = Browser::shared().open(PageSpec { secrets: secrets.clone(), ..headless() }).await.unwrap();
    Tab::new(MaskedPage::wrap(opened, &secrets))
}

#[test]
fn credentials_open_every_part_of_their_origin_and_are_never_shown() {
    run(async {
        let site = guarded(
            "<iframe src=/staff/a/frame></iframe><img src=/staff/b/picture onerror=\"tell('no picture')\">
             <script>fetch('/staff/c/data').then((r) => tell('data ' + r.status))</script>",
        )
        .await;
        let tab = run_with(&site.url(""), PASSWORD).await;
        tab.go(&site.url("/")).await.unwrap();
        site.hears("data 200").await;
        // It is no picture, but it was served.
        site.hears("no picture").await;
        site.is_asked_times("GET /staff/b/picture", 2).await;
        let framed = tab.observe().await;
        tab.go(&site.url("/staff/d/page")).await.unwrap();
        let seen = tab.observe().await;
        assert!(framed.view.text.contains("Count 42 of a/frame"), "{}", framed.view.text);
        assert!(seen.view.text.contains("Count 42 of d/page"), "{}", seen.view.text);
        assert_eq!((notices(&framed), notices(&seen)), (String::new(), String::new()));
        for text in [framed.view.text, seen.view.text] {
            assert!(!text.contains(PASSWORD) && !text.contains(&STANDARD.encode(format!("ada:{PASSWORD}"))), "{text}");
            assert!(text.contains("<secret>HTTP password</secret>"), "{text}");
        }
        tab.close().await;
    });
}

#[test]
fn refused_credentials_are_sent_once_and_the_blocker_has_the_words_of_the_page() {
    run(async {
        let site = guarded("").await;
        let tab = run_with(&site.url(""), "not-the-pin").await;
        let effect = tab.go(&site.url("/staff/page")).await.unwrap().effect;
        let seen = tab.observe().await;
        let blocker = seen.blocker.as_ref().unwrap_or_else(|| panic!("no blocker: {seen:#?}"));
        assert_eq!(blocker.kind, BlockerKind::LoginRequired);
        assert!(blocker.message.contains("Staff only"), "{blocker:?}");
        assert!(effect.contains("refused the run's HTTP credentials"), "{effect}");
        assert_eq!(site.requests(), ["GET /staff/page", "GET /staff/page"]);
        tab.close().await;
    });
}

#[test]
fn another_origin_gets_no_credentials() {
    run(async {
        let site = guarded("").await;
        let other = site.url_at("localhost", "");
        let tab = run_with(&other, PASSWORD).await;
        let _ = tab.go(&site.url("/staff/page")).await;
        let seen = tab.observe().await;
        assert_eq!(seen.blocker.map(|blocker| blocker.kind), Some(BlockerKind::LoginRequired));
        assert_eq!(site.requests(), ["GET /staff/page"]);
        tab.close().await;
    });
}
