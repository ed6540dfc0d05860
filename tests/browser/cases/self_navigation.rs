//! Pages that navigate by themselves or never finish loading.

use std::time::{Duration, Instant};

use agent::action::Action;
use axum::Router;
use axum::response::Html;
use axum::routing::get;

use crate::support::{Gate, OwnBrowser, Site, open, page, run};

const NEXT: (&str, &str) = ("/next", "<h1>Arrived</h1>");

#[test]
fn a_redirecting_page_is_followed_before_the_first_observation() {
    run(async {
        for lead in [
            "<meta http-equiv=refresh content='0; url=/next'>Moved",
            "<script>location.replace('/next')</script>Moved",
            "<body onload=\"location.href = '/next'\">Moved",
            "<form action=/next></form><script>document.forms[0].submit()</script>Moved",
            "<script>setTimeout(() => location.assign('/next'))</script>Moved",
        ] {
            let site = Site::of(&[("/", lead), NEXT]).await;
            let tab = open(&site, "/").await;
            let seen = tab.observe().await;
            assert!(seen.view.text.contains("Arrived") && seen.url.contains("/next"), "{lead}: {seen:#?}");
            tab.close().await;
        }
    });
}

#[test]
fn an_element_of_a_previous_page_is_not_clicked_on_the_next() {
    run(async {
        let gate = Gate::new();
        let held = gate.clone();
        let home = "<button onclick=\"tell('old')\">Go</button>\
                    <script>fetch('/when').then(() => location.href = '/next')</script>";
        let next = "<button onclick=\"tell('new')\">Go</button><script>tell('there')</script>";
        let router = Router::new()
            .route("/", get(move || async move { Html(page(home)) }))
            .route("/when", get(move || held.then("now")))
            .route("/next", get(move || async move { Html(page(next)) }));
        let site = Site::with(router).await;
        let tab = open(&site, "/").await;
        let index = tab.find("Go").await;
        gate.open();
        site.hears("there").await;
        let refused = tab.act(Action::click(index)).await.unwrap_err().to_string();
        assert!(refused.contains("page has changed") || refused.contains("no longer"), "{refused}");
        assert_eq!(site.told(), ["there"]);
        tab.click("Go").await.unwrap();
        site.hears("new").await;
        tab.close().await;
    });
}

#[test]
fn a_page_that_keeps_reloading_can_be_left() {
    run(async {
        let again =
            "<h1>Waiting room</h1><a href=/next>Leave</a><script>setTimeout(() => location.reload(), 30)</script>";
        let site = Site::of(&[("/", again), NEXT]).await;
        // Repeated, as its timer fires at any point.
        for _ in 0..5 {
            let tab = open(&site, "/").await;
            // While it is loading, shown, or gone.
            tab.observe().await;
            let outcome = tab.go(&site.url("/next")).await.unwrap();
            assert!(tab.text().await.contains("Arrived"), "{outcome:?}");
            tab.close().await;
        }
    });
}

#[test]
fn a_page_that_loops_from_the_start_is_reported_and_can_be_left() {
    run(async {
        let browser = OwnBrowser::start(|settings| {
            settings.observe_timeout = Duration::from_millis(1500);
            settings.command_timeout = Duration::from_secs(2);
        })
        .await;
        let site = Site::of(&[("/", "<h1>Home</h1><script>for (;;);</script>"), NEXT]).await;
        let tab = browser.open().await;
        let started = Instant::now();
        let opened = tab.go(&site.url("/")).await.unwrap();
        assert!(opened.effect.contains("still loading"), "{opened:?}");
        let seen = tab.observe().await;
        assert!(seen.notices.iter().any(|notice| notice.contains("could not be read")), "{:?}", seen.notices);
        assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
        tab.go(&site.url("/next")).await.unwrap();
        assert!(tab.text().await.contains("Arrived"));
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_navigation_by_timer_is_followed() {
    run(async {
        let site = Site::of(&[
            ("/", "Moved<script>onkeydown = () => setTimeout(() => location.href = '/next', 400)</script>"),
            NEXT,
        ])
        .await;
        let tab = open(&site, "/").await;
        tab.keys("x").await.unwrap();
        let seen = tab.until(|seen| seen.view.text.contains("Arrived")).await;
        assert_eq!(seen.url, site.url("/next"));
        tab.close().await;
    });
}

#[test]
fn a_hash_router_is_followed_forward_and_back() {
    run(async {
        let body = "<a href=#/cart>Cart</a><main id=view></main><script>\
                    (onhashchange = () => view.textContent = 'View ' + (location.hash || '#/'))()</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let outcome = tab.click("Cart").await.unwrap();
        assert!(!outcome.page_changed && outcome.effect.contains("#/cart"), "{outcome:?}");
        assert!(tab.text().await.contains("View #/cart"));
        tab.back().await.unwrap();
        assert!(tab.text().await.contains("View #/\n"));
        assert_eq!(site.requests(), ["GET /"]);
        tab.close().await;
    });
}
