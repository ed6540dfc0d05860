//! Several windows of one site.

use std::time::{Duration, Instant};

use agent::action::Action;
use axum::Router;
use axum::response::Html;
use axum::routing::get;

use crate::support::{Gate, Site, open, open_as, page, run, with_screenshots};

#[test]
fn two_tabs_with_the_same_url_are_distinguished() {
    run(async {
        let site = Site::of(&[("/", "<label>Note <input></label>")]).await;
        let tab = open(&site, "/").await;
        tab.input("Note", "first").await.unwrap();
        tab.act(Action::Navigate { url: site.url("/"), new_tab: Some(true) }).await.unwrap();
        tab.input("Note", "second").await.unwrap();
        let tabs = tab.observe().await.tabs;
        assert_eq!(tabs.iter().map(|tab| tab.url.clone()).collect::<Vec<_>>(), [site.url("/"), site.url("/")]);
        for (opened, note) in tabs.iter().zip(["first", "second"]) {
            tab.act(Action::SwitchTab { tab: opened.id }).await.unwrap();
            assert_eq!(tab.element("Note").await.value, note);
        }
        tab.close().await;
    });
}

#[test]
fn an_index_of_one_tab_is_not_used_in_its_duplicate() {
    run(async {
        let site = Site::of(&[("/", "<button onclick=\"tell('clicked in ' + name)\">Go</button>")]).await;
        let tab = open(&site, "/").await;
        let index = tab.find("Go").await;
        tab.act(Action::Navigate { url: site.url("/"), new_tab: Some(true) }).await.unwrap();
        assert_ne!(tab.find("Go").await, index);
        assert!(tab.act(Action::click(index)).await.is_err());
        assert_eq!(site.told(), [""; 0]);
        tab.close().await;
    });
}

#[test]
fn closing_the_current_tab_activates_its_opener() {
    run(async {
        let site = Site::of(&[
            ("/", "<a href=/offer target=_blank>Offer</a><button onclick=\"tell('ordered')\">Order</button>"),
            ("/offer", "<h1>Offer</h1>"),
        ])
        .await;
        let tab = open(&site, "/").await;
        tab.click("Offer").await.unwrap();
        let closed = tab.act(Action::CloseTab { tab: None }).await.unwrap();
        assert!(closed.page_changed && closed.effect.contains(&site.url("/")), "{closed:?}");
        assert_eq!(tab.observe().await.tabs.len(), 1);
        tab.click("Order").await.unwrap();
        site.hears("ordered").await;
        tab.close().await;
    });
}

#[test]
fn a_window_opened_blank_is_followed_to_its_url() {
    run(async {
        let gate = Gate::new();
        let held = gate.clone();
        // As sites do that open the window within the click, to avoid popup blockers.
        let home = "<button onclick=\"const pay = window.open(); \
                    fetch('/session').then((r) => r.text()).then((to) => pay.location = to)\">Pay</button>";
        let router = Router::new()
            .route("/", get(|| async { Html(page(home)) }))
            .route("/session", get(move || held.then("/pay")))
            .route("/pay", get(|| async { Html(page("<h1>Card number</h1>")) }));
        let site = Site::with(router).await;
        let tab = open(&site, "/").await;
        let released = async {
            site.is_asked("GET /session").await;
            gate.open();
        };
        let (clicked, ()) = tokio::join!(tab.click("Pay"), released);
        let clicked = clicked.unwrap();
        assert!(clicked.effect.contains("new tab"), "{clicked:?}");
        tab.until(|seen| seen.url == site.url("/pay") && seen.view.text.contains("Card number")).await;
        tab.close().await;
    });
}

#[test]
fn switching_to_an_earlier_tab_is_as_fast_as_any_observation() {
    run(async {
        let site = Site::of(&[
            ("/", "<a href=/second target=_blank>Second</a><button onclick=\"tell('pressed')\">Press</button>"),
            ("/second", "<h1>Second page</h1>"),
        ])
        .await;
        let tab = open_as(with_screenshots(), &site, "/").await;
        tab.click("Second").await.unwrap();
        assert!(tab.text().await.contains("Second page"));
        tab.act(Action::SwitchTab { tab: 1 }).await.unwrap();
        for _ in 0..2 {
            let started = Instant::now();
            let seen = tab.observe().await;
            assert!(started.elapsed() < Duration::from_secs(2), "{:?}: {:?}", started.elapsed(), seen.notices);
            assert!(seen.screenshot.is_some(), "{:?}", seen.notices);
            assert!(seen.view.text.contains("Press"), "{}", seen.view.text);
        }
        tab.click("Press").await.unwrap();
        site.hears("pressed").await;
        tab.close().await;
    });
}
