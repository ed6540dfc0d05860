//! Domain lists, and limits of network use.

use std::net::IpAddr;
use std::sync::Arc;

use agent::ports::{ActionError, Browsers, PageSpec};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::response::{Html, Redirect};
use axum::routing::get;
use browser::Resolver;
use futures::stream;
use url_policy::{DomainPattern, DomainRules};

use super::recording_servers::RecordingServer;
use crate::support::{OwnBrowser, Site, Tab, headless, page, run};

/// Resolves every name to this machine.
struct Here;

#[async_trait]
impl Resolver for Here {
    async fn resolve(&self, _name: &str) -> Vec<IpAddr> {
        vec![[127, 0, 0, 1].into()]
    }
}

fn list(patterns: &str) -> Arc<[DomainPattern]> {
    DomainPattern::parse_list(patterns).unwrap().into()
}

async fn under(browser: &OwnBrowser, domains: DomainRules) -> Tab {
    Tab::new(browser.pool.open(PageSpec { domains, ..headless() }).await.unwrap())
}

async fn refusal(tab: &Tab, url: &str) -> String {
    match tab.go(url).await {
        Err(ActionError::Forbidden { reason, .. }) => reason,
        other => panic!("{url}: {other:?}"),
    }
}

#[test]
fn a_run_reaches_only_the_domains_of_its_lists() {
    run(async {
        let site = Site::of(&[("/", "<h1>Here</h1>")]).await;
        let browser = OwnBrowser::resolving("*", Arc::new(Here), |_| {}).await;
        let domains =
            DomainRules { allowed: Some(list("shop.example,127.0.0.1")), blocked: list("*.pay.shop.example") };
        let tab = under(&browser, domains).await;
        for host in ["shop.example", "www.shop.example", "pay.shop.example", "127.0.0.1"] {
            tab.go(&site.url_at(host, "/")).await.unwrap();
        }
        let seen = site.requests().len();
        for (host, reason) in [
            ("other.example", "not among the allowed domains"),
            ("notshop.example", "not among the allowed domains"),
            ("shop.example.evil.example", "not among the allowed domains"),
            ("a.pay.shop.example", "a blocked domain"),
            ("localhost", "not among the allowed domains"),
        ] {
            assert!(refusal(&tab, &site.url_at(host, "/")).await.contains(reason), "{host}");
        }
        tab.close().await;
        assert_eq!(site.requests().len(), seen);
        // The next run has its own lists.
        let tab = browser.open().await;
        tab.go(&site.url_at("other.example", "/")).await.unwrap();
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn subresources_obey_the_lists_and_are_reported_once_per_host() {
    run(async {
        let server = RecordingServer::at("127.0.0.1").await;
        let at = |host: &str| format!("//{host}:{}", server.port);
        let ads = at("ads.example");
        let body = format!(
            "<img src='{ads}/1'><img src='{ads}/2'><script src='{ads}/3'></script>\
             <script>new WebSocket('ws:{ads}/4'); new EventSource('{ads}/5'); \
             new Worker(URL.createObjectURL(new Blob([\"fetch('http:{ads}/6', {{ mode: 'no-cors' }})\"])))</script>\
             <img src='{}/control'>",
            at("shop.example")
        );
        let site = Site::of(&[("/", &body)]).await;
        let browser = OwnBrowser::resolving("*", Arc::new(Here), |_| {}).await;
        let tab = under(&browser, DomainRules { allowed: None, blocked: list("ads.example") }).await;
        tab.go(&site.url_at("shop.example", "/")).await.unwrap();
        server.hears("/control").await;
        let seen = tab.until(|seen| seen.notices.iter().any(|notice| notice.contains("ads.example"))).await;
        assert_eq!(seen.notices.iter().filter(|notice| notice.contains("blocked domain")).count(), 1, "{seen:#?}");
        assert!(!tab.observe().await.notices.iter().any(|notice| notice.contains("ads.example")), "it was reported");
        tab.close().await;
        let came = server.connections();
        assert!(came.iter().all(|line| line == "a connection" || line.contains("/control")), "{came:?}");
        assert_eq!(came.iter().filter(|line| *line == "a connection").count(), 1, "{came:?}");
        browser.close().await;
    });
}

#[test]
fn an_endless_response_ends_at_the_runs_byte_limit() {
    run(async {
        let endless =
            || async { Body::from_stream(stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 64 << 10]))) };
        let body =
            "<h1>Home</h1><script>fetch('/endless').then((it) => it.text()).then(tell, () => tell('cut'))</script>";
        let router =
            Router::new().route("/", get(move || async move { Html(page(body)) })).route("/endless", get(endless));
        let site = Site::with(router).await;
        let browser = OwnBrowser::start(|settings| settings.network.bytes = 4 << 20).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        let seen = tab.until(|seen| seen.notices.iter().any(|notice| notice.contains("are used up"))).await;
        assert!(seen.view.text.contains("Home"), "what is there stays: {seen:#?}");
        assert!(refusal(&tab, &site.url("/")).await.contains("are used up"));
        tab.close().await;
        let tab = browser.open().await;
        tab.go(&site.url("/missing")).await.unwrap_err();
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn redirects_over_the_limit_fail() {
    run(async {
        let router = Router::new()
            .route("/1", get(|| async { Redirect::to("/2") }))
            .route("/2", get(|| async { Redirect::to("/3") }))
            .route("/3", get(|| async { Redirect::to("/4") }))
            .route("/4", get(|| async { Html(page("Arrived")) }));
        let site = Site::with(router).await;
        let browser = OwnBrowser::start(|settings| settings.network.redirects = 2).await;
        let tab = browser.open().await;
        tab.go(&site.url("/2")).await.unwrap();
        assert!(refusal(&tab, &site.url("/1")).await.contains("redirected more than 2 times"));
        assert_eq!(site.requests().iter().filter(|line| *line == "GET /4").count(), 1);
        tab.close().await;
        browser.close().await;
    });
}
