//! Tabs that go, and questions that come, in the middle of whatever the run is doing.

use std::time::Duration;

use browser_use_service::agent::action::{Action, ScrollDirection};
use browser_use_service::agent::ports::ActionError;

use crate::support::{OwnBrowser, Site, Tab, run};

const LIMIT: Duration = Duration::from_secs(3);

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

/// Whatever comes of the action: the browser is there, and so is the tab before.
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
fn a_tab_that_closes_itself_while_it_is_typed_into_pressed_or_dragged_is_left_for_the_one_before() {
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
        let outcome = tab.act(Action::Drag { from, x: None, y: None, to: Some(to), path: None }).await;
        goes_on(tab, outcome.map(drop)).await;
        browser.close().await;
    });
}

#[test]
fn a_tab_that_closes_itself_while_it_is_waited_for_or_looked_at_is_left_for_the_one_before() {
    run(async {
        let browser = browser().await;
        let fleeting = "<p>Fleeting</p><script>fetch('/closed').then(() => window.close())</script>";
        for look in [false, true] {
            let (gate, router) = gated(fleeting);
            let site = Site::with(router).await;
            let tab = opened(&browser, &site).await;
            let acting = async {
                if look {
                    tab.page().observe().await.map(drop).map_err(ActionError::from)
                } else {
                    let wait = Action::Wait { seconds: Some(30.0), text: Some("never".into()), gone: None };
                    tab.act(wait).await.map(drop)
                }
            };
            let (outcome, ()) = tokio::join!(acting, async { gate.open() });
            goes_on(tab, outcome).await;
        }
        browser.close().await;
    });
}

fn gated(fleeting: &'static str) -> (crate::support::Gate, axum::Router) {
    use axum::response::Html;
    use axum::routing::get;
    let gate = crate::support::Gate::new();
    let held = gate.clone();
    let router = axum::Router::new()
        .route("/", get(|| async { Html(crate::support::page(HOME)) }))
        .route("/fleeting", get(move || async move { Html(crate::support::page(fleeting)) }))
        .route("/closed", get(move || held.then("now")));
    (gate, router)
}

#[test]
fn a_tab_that_is_closed_with_its_question_open_is_left_for_the_one_before() {
    run(async {
        let browser = browser().await;
        let fleeting = "<p>Fleeting</p><button onclick=\"confirm('Sure?')\">Ask</button>";
        let site = Site::of(&[("/", HOME), ("/fleeting", fleeting)]).await;
        let tab = opened(&browser, &site).await;
        tab.click("Ask").await.unwrap();
        assert!(tab.observe().await.dialog.is_some());
        tab.act(Action::CloseTab { tab: None }).await.unwrap();
        let seen = tab.observe().await;
        assert!(seen.dialog.is_none(), "{seen:#?}");
        goes_on(tab, Ok(())).await;
        browser.close().await;
    });
}

#[test]
fn a_question_in_the_middle_of_an_action_ends_the_action_and_can_be_answered() {
    run(async {
        let browser = browser().await;
        let ask = "tell('asked ' + confirm('Sure?'))";
        let cases: [(String, Action); 4] = [
            (format!("<input autofocus onkeydown=\"{ask}; onkeydown = null\">"), Action::SendKeys { keys: "a".into() }),
            (
                format!(
                    "<div style='height: 5000px'></div><script>onscroll = () => {{ onscroll = null; {ask} }}</script>"
                ),
                Action::Scroll { direction: ScrollDirection::Down, pages: None, index: None },
            ),
            (
                format!("<script>setTimeout(() => {ask}, 300)</script>"),
                Action::Wait { seconds: Some(30.0), text: Some("never".into()), gone: None },
            ),
            (
                format!("<script>fetch('/').then(() => {ask})</script>"),
                Action::Extract { query: None, schema: None, index: None, again: None },
            ),
        ];
        for (body, action) in cases {
            let site = Site::of(&[("/", &format!("<p>Text</p>{body}"))]).await;
            let tab = browser.open().await;
            tab.go(&site.url("/")).await.unwrap();
            let outcome = tab.act(action.clone()).await;
            if let Err(ActionError::Browser(error)) = &outcome {
                assert!(!error.is_fatal(), "{action:?}: {error:?}");
            }
            tab.until(|seen| seen.dialog.is_some()).await;
            tab.act(Action::AnswerDialog { accept: true, text: None }).await.unwrap();
            site.hears("asked true").await;
            assert!(tab.text().await.contains("Text"));
            tab.close().await;
        }
        browser.close().await;
    });
}
