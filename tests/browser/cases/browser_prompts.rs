//! The browser's own prompts, which are invisible without a window. None of them keeps the page from receiving clicks
//! and keys.

use agent::observation::BlockerKind;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::{notices, tab_at};
use crate::support::{Site, Tab, open, page, run};

const CONTINUE: &str = "<p><button onclick=\"tell('continued')\">Continue here</button></p>";

/// The effect of the action and the notices of the next observation.
async fn reported(tab: &Tab, effect: &str) -> String {
    format!("{effect}\n{}", notices(&tab.observe().await))
}

/// Clicks the button of [`CONTINUE`] and waits for it to arrive.
async fn still_hears(site: &Site, tab: &Tab) {
    tab.click("Continue here").await.unwrap();
    site.hears("continued").await;
}

/// A click on `Open` leads to a URL with an external scheme.
async fn leads_to_another_program(open: &str, scheme: &str) {
    let (site, tab) = tab_at(&format!("{open}{CONTINUE}")).await;
    let effect = tab.click("Open").await.unwrap().effect;
    let told = reported(&tab, &effect).await;
    assert_eq!(tab.observe().await.tabs.len(), 1, "no empty tab is left");
    still_hears(&site, &tab).await;
    assert!(told.contains(scheme), "the run is told that the page wanted to open another program: {told}");
    tab.close().await;
}

#[test]
fn a_hidden_frame_with_an_external_scheme_does_not_block_input() {
    run(leads_to_another_program(
        "<button onclick=\"const frame = document.createElement('iframe'); frame.hidden = true; \
         frame.src = 'webcal://calendar.example/a.ics'; document.body.append(frame)\">Open</button>",
        "webcal:",
    ));
}

/// A site whose `/staff` requires HTTP authentication; its first page has this body.
async fn guarded(body: &str) -> Site {
    fn denied() -> Response {
        let asks = [(header::WWW_AUTHENTICATE, "Basic realm=\"operations\"")];
        (StatusCode::UNAUTHORIZED, asks, Html(page("<h1>Staff only</h1>"))).into_response()
    }
    let html = page(body);
    Site::with(Router::new().route("/", get(|| async { Html(html) })).route("/staff", get(|| async { denied() }))).await
}

#[test]
fn a_page_behind_http_authentication_is_a_blocker_with_its_realm() {
    run(async {
        let site = guarded("<a href=/staff>Staff</a>").await;
        let tab = open(&site, "/").await;
        // By URL and by link.
        for by_link in [false, true] {
            if by_link {
                tab.go(&site.url("/")).await.unwrap();
                tab.click("Staff").await.unwrap();
            } else {
                let _ = tab.go(&site.url("/staff")).await;
            }
            let seen = tab.observe().await;
            let blocker = seen.blocker.as_ref().unwrap_or_else(|| panic!("no blocker: {seen:#?}"));
            assert_eq!(blocker.kind, BlockerKind::LoginRequired);
            assert!(blocker.message.contains("operations"), "{blocker:?}");
            assert!(seen.view.text.contains("Staff only"), "{}", seen.view.text);
        }
        tab.close().await;
    });
}
