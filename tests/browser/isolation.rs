//! Runs share only a browser, and leave nothing in it.

use std::time::Duration;

use agent::ports::Browsers;
use axum::Router;
use axum::http::header;
use axum::response::Html;
use axum::routing::get;

use crate::support::{Browser, OwnBrowser, Site, Tab, WARDEN, eventually, headless, open, page, processes, run};

const PATIENCE: Duration = Duration::from_secs(5);

#[test]
fn the_clipboard_is_separate_per_run() {
    run(async {
        let home = "<input aria-label=Field value=secret-of-the-first>";
        let site = Site::of(&[("/", home), ("/empty", "<input aria-label=Field>")]).await;
        let (first, second) = (open(&site, "/").await, open(&site, "/empty").await);
        first.click("Field").await.unwrap();
        first.keys("Control+a Control+c").await.unwrap();
        second.click("Field").await.unwrap();
        second.keys("Control+v").await.unwrap();
        assert_eq!(second.element("Field").await.value, "");
        first.keys("End Control+v").await.unwrap();
        assert_eq!(first.element("Field").await.value, "secret-of-the-firstsecret-of-the-first");
        first.close().await;
        second.close().await;
    });
}

#[test]
fn cookies_and_storage_are_separate_per_run() {
    run(async {
        let home = "<button onclick=\"localStorage.note = 'mine'; tell('kept')\">Keep</button>\
                    <button onclick=\"tell('found ' + localStorage.note)\">Look</button>";
        let router = Router::new()
            .route("/", get(|| async { ([(header::SET_COOKIE, "run=first; Path=/")], Html(page(home))) }))
            .route("/plain", get(|| async { Html(page(home)) }));
        let site = Site::with(router).await;
        let (first, second) = (open(&site, "/").await, open(&site, "/plain").await);
        first.click("Keep").await.unwrap();
        site.hears("kept").await;
        second.click("Look").await.unwrap();
        site.hears("found undefined").await;
        first.go(&site.url("/plain?first")).await.unwrap();
        second.go(&site.url("/plain?second")).await.unwrap();
        assert_eq!(site.is_asked("GET /plain?first").await.cookie, "run=first");
        assert_eq!(site.is_asked("GET /plain?second").await.cookie, "");
        first.close().await;
        second.close().await;
        let third = open(&site, "/plain?third").await;
        assert_eq!(site.is_asked("GET /plain?third").await.cookie, "");
        third.close().await;
    });
}

/// A site whose home page keeps a request open until the page is closed.
async fn with_open_request() -> (Site, crate::support::Log<&'static str>) {
    let ended = crate::support::Log::new();
    let log = ended.clone();
    let router = Router::new()
        .route("/", get(|| async { Html(page("<script>fetch('/hang')</script>Home")) }))
        .route("/hang", get(|| async move { crate::support::until_dropped(log).await }));
    (Site::with(router).await, ended)
}

#[test]
fn closing_a_page_disposes_of_its_context() {
    run(async {
        let browser = OwnBrowser::start(|_| {}).await;
        let (site, ended) = with_open_request().await;
        // That of the spare context.
        eventually("a context is ready", PATIENCE, || !processes::renderers(browser.root()).is_empty()).await;
        let before = processes::renderers(browser.root()).len();
        let mut tabs = Vec::new();
        for _ in 0..3 {
            let tab = browser.open().await;
            tab.go(&site.url("/")).await.unwrap();
            tabs.push(tab);
        }
        assert!(processes::renderers(browser.root()).len() >= before + 3);
        for tab in tabs {
            tab.close().await;
        }
        ended.until("every request is let go", |ended| ended.len() == 3).await;
        // One renderer is kept warm for the next page.
        eventually("the renderers end", PATIENCE, || processes::renderers(browser.root()).len() <= before + 1).await;
        browser.close().await;
    });
}

#[test]
fn dropping_a_page_disposes_of_its_context() {
    run(async {
        let browser = OwnBrowser::start(|_| {}).await;
        let (site, ended) = with_open_request().await;
        let before = processes::renderers(browser.root()).len();
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        drop(tab);
        ended.until("the request is let go", |ended| ended.len() == 1).await;
        eventually("the renderer ends", PATIENCE, || processes::renderers(browser.root()).len() <= before + 1).await;
        browser.close().await;
    });
}

#[test]
fn a_cancelled_open_leaves_nothing_behind() {
    run(async {
        let browser = OwnBrowser::start(|_| {}).await;
        browser.open().await.close().await;
        let before = processes::renderers(browser.root()).len();
        // Cancelled at every stage: after one poll, two, three and so on.
        for looks in 1..=24 {
            let mut opening = Box::pin(browser.pool.open(headless()));
            let mut left = looks;
            let given_up = std::future::poll_fn(|context| {
                left -= 1;
                match opening.as_mut().poll(context) {
                    std::task::Poll::Ready(opened) => std::task::Poll::Ready(Some(opened)),
                    std::task::Poll::Pending if left == 0 => std::task::Poll::Ready(None),
                    std::task::Poll::Pending => std::task::Poll::Pending,
                }
            });
            if let Some(page) = given_up.await {
                Tab::new(page.unwrap()).close().await;
            }
        }
        eventually("the renderers end", PATIENCE, || processes::renderers(browser.root()).len() <= before + 1).await;
        let tab = browser.open().await;
        assert_eq!(tab.observe().await.tabs.len(), 1);
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn closing_is_idempotent() {
    run(async {
        let page = Browser::shared().open(headless()).await.unwrap();
        page.close().await;
        page.close().await;
        assert!(page.observe().await.is_err() || page.observe().await.unwrap().view.elements.is_empty());
    });
}

#[test]
fn a_process_that_exits_leaves_no_browser_behind() {
    run(async {
        // This test process, which never closes its shared browser.
        let temp = tempfile::tempdir().unwrap();
        let tests = tokio::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "navigation::navigating_opens_the_page_and_reports_its_url"])
            .env("TMPDIR", temp.path())
            .output()
            .await
            .unwrap();
        let output = String::from_utf8_lossy(&tests.stdout);
        assert!(tests.status.success() && output.contains("1 passed"), "{WARDEN}: {output}");
        assert_eq!(testkit::leftovers::find(temp.path()).await.unwrap(), [""; 0]);
    });
}
