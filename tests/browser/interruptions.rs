//! Tabs that close and dialogs that open during actions, waits and observations.

use std::time::Duration;

use agent::action::{Action, ScrollDirection};
use agent::ports::ActionError;
use axum::Router;
use axum::response::Html;
use axum::routing::get;

use crate::support::{Gate, OwnBrowser, Site, Tab, page, run};

const LIMIT: Duration = Duration::from_secs(6);

async fn browser() -> OwnBrowser {
    OwnBrowser::start(|settings| {
        settings.command_timeout = LIMIT;
        settings.observe_timeout = LIMIT;
    })
    .await
}

/// A tab that a page has opened, so that it may close itself.
async fn opened(browser: &OwnBrowser, site: &Site) -> Tab {
    let tab = browser.open().await;
    tab.go(&site.url("/")).await.unwrap();
    tab.click("Open").await.unwrap();
    tab.until(|seen| seen.view.text.contains("Fleeting")).await;
    tab
}

const HOME: &str = "<h1>Home</h1><button onclick=\"window.open('/fleeting')\">Open</button>";

/// Whatever the outcome of the action, the browser and the previous tab work.
async fn goes_on(tab: Tab, outcome: Result<(), ActionError>) {
    if let Err(ActionError::Browser(error)) = &outcome {
        assert!(!error.is_fatal(), "{error:?}");
    }
    let seen = tab.until(|seen| seen.view.text.contains("Home")).await;
    assert_eq!(seen.tabs.len(), 1, "{seen:#?}");
    tab.click("Open").await.unwrap();
    tab.close().await;
}

#[test]
fn a_tab_that_closes_during_an_action_activates_the_previous_one() {
    run(async {
        let browser = browser().await;
        for (body, keys) in [
            ("<input aria-label=Field oninput='window.close()'>", false),
            ("<input aria-label=Field onfocus='window.close()'>", false),
            ("<input aria-label=Field autofocus onkeydown='window.close()'>", true),
        ] {
            let site = Site::of(&[("/", HOME), ("/fleeting", &format!("<p>Fleeting</p>{body}"))]).await;
            let tab = opened(&browser, &site).await;
            let outcome = if keys { tab.keys("a b c").await } else { tab.input("Field", "some text").await };
            goes_on(tab, outcome.map(drop)).await;
        }
        let down = "<p>Fleeting</p><button onmousedown='window.close()'>From</button><button>To</button>";
        let site = Site::of(&[("/", HOME), ("/fleeting", down)]).await;
        let tab = opened(&browser, &site).await;
        let (from, to) = (tab.find("From").await, tab.find("To").await);
        let outcome = tab
            .act(Action::Drag {
                from: from.into(),
                x: None,
                y: None,
                to: Some(to.into()),
                to_x: None,
                to_y: None,
                path: None,
            })
            .await;
        goes_on(tab, outcome.map(drop)).await;
        browser.close().await;
    });
}

#[test]
fn a_tab_that_closes_during_a_wait_or_observation_activates_the_previous_one() {
    run(async {
        let browser = browser().await;
        let fleeting = "<p>Fleeting</p><script>fetch('/closed').then(() => window.close())</script>";
        for look in [false, true] {
            let gate = Gate::new();
            let held = gate.clone();
            let router = Router::new()
                .route("/", get(|| async { Html(page(HOME)) }))
                .route("/fleeting", get(move || async move { Html(page(fleeting)) }))
                .route("/closed", get(move || held.then("now")));
            let site = Site::with(router).await;
            let tab = opened(&browser, &site).await;
            let outcome = meanwhile(&tab, look, &gate).await;
            goes_on(tab, outcome).await;
        }
        browser.close().await;
    });
}

#[test]
fn a_tab_that_closes_on_a_dialog_answer_activates_the_previous_one() {
    run(async {
        let browser = browser().await;
        let fleeting = "<p>Fleeting</p><button onclick=\"if (confirm('Sure?')) window.close()\">Ask</button>";
        let site = Site::of(&[("/", HOME), ("/fleeting", fleeting)]).await;
        let tab = opened(&browser, &site).await;
        tab.click("Ask").await.unwrap();
        assert!(tab.observe().await.dialog.is_some());
        let outcome = tab.act(Action::AnswerDialog { accept: true, text: None }).await;
        goes_on(tab, outcome.map(drop)).await;
        browser.close().await;
    });
}

/// The page opens a dialog and continues after its answer.
async fn is_asked_and_goes_on(tab: Tab, site: &Site, outcome: Result<(), ActionError>) {
    if let Err(ActionError::Browser(error)) = &outcome {
        assert!(!error.is_fatal(), "{error:?}");
    }
    // Chromium itself dismisses dialogs of background windows.
    let seen = tab.until(|seen| seen.dialog.is_some() || site.told() == ["asked false"]).await;
    if seen.dialog.is_some() {
        tab.act(Action::AnswerDialog { accept: true, text: None }).await.unwrap();
        site.hears("asked true").await;
    }
    assert!(tab.text().await.contains("Text"));
    tab.close().await;
}

#[test]
fn a_dialog_opened_by_an_action_ends_it_and_can_be_answered() {
    run(async {
        let browser = browser().await;
        let ask = "tell('asked ' + confirm('Sure?'))";
        let typed = format!("<input autofocus onkeydown=\"onkeydown = null; {ask}\">");
        let scrolled =
            format!("<div style='height: 5000px'></div><script>onscroll = () => {{ onscroll = null; {ask} }}</script>");
        for (body, action) in [
            (typed, Action::keys("a")),
            (scrolled, Action::Scroll { direction: ScrollDirection::Down, pages: None, index: None }),
        ] {
            let site = Site::of(&[("/", &format!("<p>Text</p>{body}"))]).await;
            let tab = browser.open().await;
            tab.go(&site.url("/")).await.unwrap();
            let outcome = tab.act(action).await.map(drop);
            is_asked_and_goes_on(tab, &site, outcome).await;
        }
        browser.close().await;
    });
}

#[test]
fn a_dialog_during_a_wait_or_observation_delays_neither() {
    run(async {
        let browser = browser().await;
        let home = "<p>Text</p><script>\
                    fetch('/closed').then(() => tell('asked ' + confirm('Sure?')))</script>";
        for look in [false, true] {
            let gate = Gate::new();
            let held = gate.clone();
            let router = Router::new()
                .route("/", get(move || async move { Html(page(home)) }))
                .route("/closed", get(move || held.then("now")));
            let site = Site::with(router).await;
            let tab = browser.open().await;
            tab.go(&site.url("/")).await.unwrap();
            let outcome = meanwhile(&tab, look, &gate).await;
            is_asked_and_goes_on(tab, &site, outcome).await;
        }
        browser.close().await;
    });
}

/// Waits on the page or observes it, and opens the gate meanwhile.
async fn meanwhile(tab: &Tab, look: bool, gate: &Gate) -> Result<(), ActionError> {
    let acting = async {
        if look {
            tab.page().observe().await.map(drop).map_err(ActionError::from)
        } else {
            tab.act(Action::Wait {
                seconds: Some(30.0),
                text: Some("never".into()),
                gone: None,
                selector: None,
                url: None,
            })
            .await
            .map(drop)
        }
    };
    tokio::join!(acting, async { gate.open() }).0
}
