//! Unreachable pages, opened by URL and by link.

use std::time::Duration;

use agent::action::Action;
use agent::ports::ActionError;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, Redirect};
use axum::routing::get;

use crate::support::{DeadPort, OwnBrowser, Site, Tab, open, page, run};

/// Why a URL could not be opened.
async fn cause(tab: &Tab, url: &str) -> String {
    match tab.go(url).await {
        Err(ActionError::Navigation { cause, .. }) => cause,
        other => panic!("{url}: {other:?}"),
    }
}

/// A page with a link to this URL.
async fn linking(url: &str) -> (Site, Tab) {
    let body = format!("<a href='{url}'>Out</a>");
    let site = Site::of(&[("/", &body)]).await;
    let tab = open(&site, "/").await;
    (site, tab)
}

/// A browser with enough time for a lookup or connection to fail.
async fn patient() -> OwnBrowser {
    OwnBrowser::start(|settings| {
        settings.settle.same_site = Duration::from_secs(30);
        settings.settle.new_site = Duration::from_secs(30);
    })
    .await
}

#[test]
fn a_failed_link_is_reported_with_the_cause_and_can_be_undone() {
    run(async {
        let browser = patient().await;
        let untrusted = Site::self_signed().await;
        let refusing = DeadPort::new();
        let round = Site::with(Router::new().route("/", get(|| async { Redirect::to("/") }))).await;
        let empty = Site::with(Router::new().route("/", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))).await;
        for (url, cause) in [
            (untrusted.url("/"), "net::ERR_CERT_AUTHORITY_INVALID"),
            (refusing.url(), "net::ERR_CONNECTION_REFUSED"),
            ("http://no-such-host.invalid/".into(), "net::ERR_NAME_NOT_RESOLVED"),
            (round.url("/"), "net::ERR_TOO_MANY_REDIRECTS"),
            (empty.url("/"), "net::ERR_HTTP_RESPONSE_CODE_FAILURE"),
        ] {
            let body = format!("<a href='{url}'>Out</a>");
            let site = Site::of(&[("/", &body)]).await;
            let tab = browser.open().await;
            tab.go(&site.url("/")).await.unwrap();
            let outcome = tab.click("Out").await.unwrap();
            assert!(outcome.page_changed && outcome.effect.contains(cause), "{outcome:?}");
            let seen = tab.observe().await;
            assert!(seen.notices.iter().any(|notice| notice.contains(cause)), "{seen:#?}");
            // Nothing of Chromium's interstitial, which offers a bypass.
            assert_eq!((seen.url, seen.view.elements), (url, vec![]));
            tab.back().await.unwrap();
            let seen = tab.observe().await;
            assert!(seen.url == site.url("/") && seen.view.text.contains("Out"), "{seen:#?}");
            tab.close().await;
        }
        assert_eq!(untrusted.requests(), [""; 0], "nothing was sent to whoever that is");
        browser.close().await;
    });
}

#[test]
fn a_failed_navigation_is_not_retried_automatically() {
    run(async {
        let browser = patient().await;
        let site = Site::of(&[("/", "<h1>Home</h1>")]).await;
        let round = Site::with(Router::new().route("/", get(|| async { Redirect::to("/") }))).await;
        let tab = browser.open().await;
        assert_eq!(cause(&tab, &round.url("/")).await, "net::ERR_TOO_MANY_REDIRECTS");
        let asked = round.requests().len();
        // Chromium with a window retries after a second.
        let wait = Action::Wait { seconds: Some(2.0), text: None, gone: None, selector: None, url: None };
        tab.act(wait).await.unwrap();
        assert_eq!(round.requests().len(), asked);
        tab.go(&site.url("/")).await.unwrap();
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn an_untrusted_certificate_is_reported() {
    run(async {
        let server = Site::self_signed().await;
        let (site, tab) = linking(&server.url("/")).await;
        assert_eq!(cause(&tab, &server.url("/")).await, "net::ERR_CERT_AUTHORITY_INVALID");
        assert_eq!(server.requests(), [""; 0], "nothing was sent to whoever that is");
        tab.go(&site.url("/")).await.unwrap();
        assert!(tab.text().await.contains("Out"));
        tab.close().await;
    });
}

#[test]
fn going_back_from_another_process_never_exposes_our_scripts() {
    run(async {
        let dead = DeadPort::new();
        // World ids restart in each process, so a remembered one could be the page's own world.
        let body = format!(
            "<a href='{}'>Out</a><script>for (const name of ['injected']) \
             globalThis[name] = new Proxy({{}}, {{ get: (_, of) => tell('asked for ' + name + '.' + String(of)) }})</script>",
            dead.url()
        );
        let site = Site::of(&[("/", &body)]).await;
        let tab = open(&site, "/").await;
        for _ in 0..3 {
            tab.click("Out").await.unwrap();
            tab.back().await.unwrap();
            tab.find("Out").await;
        }
        assert_eq!(site.told(), [""; 0]);
        tab.close().await;
    });
}

#[test]
fn a_link_to_a_page_with_an_error_status_shows_that_page() {
    run(async {
        let home = "<a href=/missing>Missing</a> <a href=/broken>Broken</a>";
        let router = Router::new()
            .route("/", get(move || async move { Html(page(home)) }))
            .route("/missing", get(|| async { (StatusCode::NOT_FOUND, Html(page("No such kettle"))) }))
            .route("/broken", get(|| async { (StatusCode::INTERNAL_SERVER_ERROR, Html(page("Out of order"))) }));
        let site = Site::with(router).await;
        let tab = open(&site, "/").await;
        for (label, status, text) in [("Missing", "404", "No such kettle"), ("Broken", "500", "Out of order")] {
            tab.click(label).await.unwrap();
            let seen = tab.observe().await;
            assert!(seen.view.text.contains(text), "{}", seen.view.text);
            assert!(seen.notices.iter().any(|notice| notice.contains(status)), "{:?}", seen.notices);
            tab.back().await.unwrap();
        }
        tab.close().await;
    });
}

#[test]
fn a_chain_of_redirects_behind_a_link_is_followed_to_its_end() {
    run(async {
        let home = "<a href=/1>Go</a>";
        let router = (1..=9).fold(Router::new(), |router, hop| {
            router.route(
                &format!("/{hop}"),
                get(move || async move { (StatusCode::FOUND, [("Location", format!("/{}", hop + 1))]) }),
            )
        });
        let router = router
            .route("/", get(move || async move { Html(page(home)) }))
            .route("/10", get(|| async { Html(page("Arrived")) }));
        let site = Site::with(router).await;
        let tab = open(&site, "/").await;
        let outcome = tab.click("Go").await.unwrap();
        assert!(outcome.effect.contains("/10"), "{outcome:?}");
        assert!(tab.text().await.contains("Arrived"));
        let hops: Vec<_> = (1..=10).map(|hop| format!("GET /{hop}")).collect();
        assert_eq!(site.requests()[1..], hops);
        tab.close().await;
    });
}
