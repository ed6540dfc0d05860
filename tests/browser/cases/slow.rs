//! Slow servers. The test holds their responses back: actions return without them, report it, and
//! see them once they arrive.

use std::time::{Duration, Instant};

use agent::action::Action;
use agent::observation::Observation;
use axum::Router;
use axum::body::Body;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures::StreamExt as _;
use futures::stream;

use crate::support::{Gate, OwnBrowser, Site, open, open_as, page, run, with_screenshots};

/// Longer than any wait here, and shorter than limits that must not be reached.
const SOON: Duration = Duration::from_secs(15);

/// A site with `home`, and a path `/slow` that is answered once the gate is open.
async fn site(home: &'static str, slow: impl IntoResponse + Clone + Send + Sync + 'static) -> (Site, Gate) {
    let gate = Gate::new();
    let held = gate.clone();
    let router = Router::new()
        .route("/", get(move || async move { Html(page(home)) }))
        .route("/slow", get(move || held.then(slow)));
    (Site::with(router).await, gate)
}

async fn slow_link() -> (Site, Gate) {
    site("<h1>Home</h1><a href=/slow>Slow</a>", Html(page("<h1>Arrived</h1>"))).await
}

fn says(seen: &Observation, words: &str) -> bool {
    seen.notices.iter().any(|notice| notice.contains(words))
}

#[test]
fn a_click_on_a_link_to_a_slow_server_returns_with_a_loading_notice() {
    run(async {
        let (site, gate) = slow_link().await;
        let tab = open_as(with_screenshots(), &site, "/").await;
        let started = Instant::now();
        let outcome = tab.click("Slow").await.unwrap();
        assert!(outcome.effect.contains("the next page is still loading"), "{outcome:?}");
        assert!(!outcome.page_changed);
        // Chromium passes no input to a page that is being left; its screenshot remains.
        let seen = tab.observe().await;
        assert!(started.elapsed() < SOON / 2, "{:?}", started.elapsed());
        assert!(says(&seen, &format!("The next page, {}, is still loading", site.url("/slow"))), "{seen:#?}");
        assert_eq!((seen.url, seen.view.elements), (site.url("/"), vec![]));
        assert!(seen.screenshot.is_some());
        gate.open();
        let seen = tab.until(|seen| seen.view.text.contains("Arrived")).await;
        assert!(!says(&seen, "loading"), "{:?}", seen.notices);
        tab.close().await;
    });
}

#[test]
fn while_the_next_page_is_loading_actions_on_the_page_are_rejected() {
    run(async {
        let (site, gate) = slow_link().await;
        let tab = open(&site, "/").await;
        let index = tab.find("Slow").await;
        tab.act(Action::click(index)).await.unwrap();
        let started = Instant::now();
        for action in [Action::click(index), Action::extract(None), Action::keys("Enter")] {
            let refused = tab.act(action).await.unwrap_err().to_string();
            assert!(refused.contains("/slow, is still loading"), "{refused}");
        }
        assert!(started.elapsed() < SOON / 2, "{:?}", started.elapsed());
        gate.open();
        tab.close().await;
    });
}

#[test]
fn a_page_that_does_not_load_can_be_awaited_or_left() {
    run(async {
        let (site, gate) = slow_link().await;
        let tab = open(&site, "/").await;
        tab.click("Slow").await.unwrap();
        tab.go(&site.url("/")).await.unwrap();
        assert!(tab.text().await.contains("Home"));
        tab.click("Slow").await.unwrap();
        let wait =
            Action::Wait { seconds: Some(20.0), text: Some("Arrived".into()), gone: None, selector: None, url: None };
        let released = async { gate.open() };
        let (waited, ()) = tokio::join!(tab.act(wait), released);
        waited.unwrap();
        assert_eq!(tab.observe().await.url, site.url("/slow"));
        tab.close().await;
    });
}

/// Opens a URL whose response takes this long.
async fn arrives_after(pause: Duration, browser: OwnBrowser) {
    let (site, gate) = site("Home", Html(page("<h1>Arrived</h1>"))).await;
    let tab = browser.open().await;
    let url = site.url("/slow");
    let released = async {
        site.is_asked("GET /slow").await;
        // The delay is what is tested.
        tokio::time::sleep(pause).await;
        gate.open();
    };
    let (opened, ()) = tokio::join!(tab.go(&url), released);
    assert!(opened.unwrap().page_changed);
    tab.until(|seen| seen.url == url && seen.view.text.contains("Arrived")).await;
    tab.close().await;
    browser.close().await;
}

#[test]
fn navigating_to_a_slow_url_waits_for_its_first_byte() {
    run(async {
        // Longer than settling: there is no other content yet.
        let browser = OwnBrowser::start(|settings| {
            settings.settle.same_site = Duration::from_millis(1);
            settings.settle.new_site = Duration::from_millis(1);
        })
        .await;
        arrives_after(Duration::ZERO, browser).await;
    });
}

#[test]
fn a_first_byte_may_take_longer_than_a_command() {
    run(async {
        let browser = OwnBrowser::start(|settings| settings.command_timeout = Duration::from_secs(1)).await;
        arrives_after(Duration::from_millis(1500), browser).await;
    });
}

#[test]
fn a_partially_received_document_is_shown() {
    run(async {
        let gate = Gate::new();
        let held = gate.clone();
        let document = || async move {
            let first = stream::iter([page("<h1>Part one</h1>")]);
            let second = stream::once(held.then("<h2>Part two</h2>".to_owned()));
            let body = Body::from_stream(first.chain(second).map(Ok::<_, std::io::Error>));
            Response::builder().header(header::CONTENT_TYPE, "text/html; charset=utf-8").body(body).unwrap()
        };
        let site = Site::with(Router::new().route("/", get(document))).await;
        let tab = open(&site, "/").await;
        let seen = tab.observe().await;
        assert!(seen.view.text.contains("Part one") && says(&seen, "still loading; parts may be missing"), "{seen:#?}");
        gate.open();
        let seen = tab.until(|seen| seen.view.text.contains("Part two") && !says(seen, "loading")).await;
        assert!(seen.view.text.contains("Part one"), "{seen:#?}");
        tab.close().await;
    });
}

#[test]
fn pending_requests_are_reported_until_they_finish() {
    run(async {
        for (home, kind) in [
            ("<script src=/slow></script><h1>Home</h1>", "text/javascript"),
            ("<link rel=stylesheet href=/slow><h1>Home</h1>", "text/css"),
        ] {
            let (site, gate) = site(home, ([(header::CONTENT_TYPE, kind)], "")).await;
            let started = Instant::now();
            let tab = open(&site, "/").await;
            let seen = tab.observe().await;
            assert!(started.elapsed() < SOON, "{kind}: {:?}", started.elapsed());
            assert!(
                !seen.view.text.contains("Home") && says(&seen, "still loading and shows nothing yet"),
                "{seen:#?}"
            );
            gate.open();
            tab.until(|seen| seen.view.text.contains("Home") && !says(seen, "loading")).await;
            tab.close().await;
        }
    });
}

#[test]
fn a_hanging_image_is_not_awaited() {
    run(async {
        // Neither limit must be reached.
        let browser = OwnBrowser::start(|settings| {
            settings.settle.same_site = SOON * 2;
            settings.settle.new_site = SOON * 2;
        })
        .await;
        let (site, gate) =
            site("<h1>Home</h1><img src=/slow alt=Kettle width=50 height=50><a href=#a>On</a>", "").await;
        let tab = browser.open().await;
        let started = Instant::now();
        let opened = tab.go(&site.url("/")).await.unwrap();
        let seen = tab.observe().await;
        tab.click("On").await.unwrap();
        assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
        assert!(!opened.effect.contains("loading"), "{opened:?}");
        assert!(seen.view.text.contains("Home") && seen.view.text.contains("Kettle"), "{}", seen.view.text);
        gate.open();
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_frame_that_does_not_load_does_not_block_the_page() {
    run(async {
        let (site, gate) = site("<h1>Home</h1><iframe src=/slow></iframe><a href=#a>On</a>", "").await;
        let tab = open(&site, "/").await;
        let seen = tab.observe().await;
        assert!(seen.view.text.contains("Home"), "{seen:#?}");
        assert!(says(&seen, "pending"), "{:?}", seen.notices);
        tab.click("On").await.unwrap();
        assert_eq!(tab.observe().await.url, site.url("/#a"));
        gate.open();
        tab.close().await;
    });
}
