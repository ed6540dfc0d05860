//! Actions by CSS selector, and waits for conditions.

use std::time::Duration;

use agent::action::Action;
use agent::locator::Locator;
use agent::ports::ActionError;
use axum::Router;
use axum::response::Html;
use axum::routing::get;

use crate::support::{Site, Start, Tab, open, page, run};
use serde_json::{Value, json};

/// Longer than any of these waits takes.
const LIMIT: Duration = Duration::from_secs(20);
/// For conditions that never hold.
const BRIEF: Duration = Duration::from_millis(100);

fn by(selector: &str) -> Locator {
    Locator::Selector(selector.to_owned())
}

async fn read(tab: &Tab, selector: &str) -> String {
    tab.act(Action::extract(Some(by(selector)))).await.unwrap().extracted.unwrap()
}

fn wait_for_element(selector: &str, limit: Duration) -> Action {
    let (seconds, selector) = (Some(limit.as_secs_f64()), Some(selector.to_owned()));
    Action::Wait { seconds, text: None, gone: None, selector, url: None }
}

fn wait_for_url(url: &str, limit: Duration) -> Action {
    let (seconds, url) = (Some(limit.as_secs_f64()), Some(url.to_owned()));
    Action::Wait { seconds, text: None, gone: None, selector: None, url }
}

fn press_enter(selector: &str) -> Action {
    Action::SendKeys { keys: "Enter".into(), index: Some(by(selector)) }
}

#[test]
fn an_element_is_acted_on_by_selector_without_an_observation() {
    run(async {
        let site = Site::of(&[(
            "/",
            "<input id=q oninput='tell(value)'><button class=go onclick='tell(\"clicked\")'>Go</button>\
             <p id=price>12 €</p>",
        )])
        .await;
        let tab = open(&site, "/").await;
        tab.act(Action::Input { index: by("#q"), text: "tea".into(), clear: None, submit: None }).await.unwrap();
        site.hears("tea").await;
        let outcome = tab.act(Action::click(by("button.go"))).await.unwrap();
        assert_eq!(outcome.description, "Click 'Go'");
        site.hears("clicked").await;
        assert_eq!(read(&tab, "p").await, "12 €", "what is no control, too");
        tab.close().await;
    });
}

#[test]
fn an_element_has_one_index_however_it_is_found() {
    run(async {
        let site = Site::of(&[("/", "<button>Other</button><button id=go>Go</button>")]).await;
        let tab = open(&site, "/").await;
        tab.act(Action::click(by("#go"))).await.unwrap();
        let index = tab.find("Go").await;
        tab.act(Action::click(by("#go"))).await.unwrap();
        assert_eq!(tab.find("Go").await, index);
        tab.close().await;
    });
}

#[test]
fn selectors_match_in_shadow_trees() {
    run(async {
        let site = Site::of(&[(
            "/",
            "<div id=outer></div><script>const root = outer.attachShadow({ mode: 'open' });\
             root.innerHTML = '<div></div>';\
             const inner = root.firstChild.attachShadow({ mode: 'open' });\
             setTimeout(() => {\
               inner.innerHTML = '<button id=deep>Deep</button>';\
               inner.firstChild.onclick = () => tell('deep');\
             }, 300)</script>",
        )])
        .await;
        let tab = open(&site, "/").await;
        tab.act(Action::click(by("#deep"))).await.unwrap();
        site.hears("deep").await;
        tab.close().await;
    });
}

#[test]
fn a_wait_ends_when_the_element_is_visible() {
    run(async {
        let site = Site::of(&[(
            "/",
            "<style>.off { display: none }</style><button class=off onclick='tell(1)'>One</button>\
             <button class='off last' onclick='tell(2)'>Two</button>\
             <script>setTimeout(() => document.querySelector('.last').classList.remove('off'), 300)</script>",
        )])
        .await;
        let tab = open(&site, "/").await;
        tab.act(Action::click(by("button"))).await.unwrap();
        site.hears("2").await;
        assert_eq!(site.told(), ["2"], "the first that can be seen");
        tab.close().await;
    });
}

#[test]
fn a_wait_for_an_element_continues_in_a_new_document() {
    run(async {
        let site = Site::of(&[
            ("/", "<script>setTimeout(() => location.href = '/next', 200)</script>Here"),
            ("/next", "<h1 id=there>There</h1>"),
        ])
        .await;
        let tab = open(&site, "/").await;
        let outcome = tab.act(wait_for_element("#there", LIMIT)).await.unwrap();
        assert_eq!(outcome.description, "Wait for '#there'");
        assert_eq!(read(&tab, "#there").await, "There");
        tab.close().await;
    });
}

#[test]
fn a_wait_that_times_out_reports_the_reason() {
    run(async {
        let site = Site::of(&[("/", "<p id=shy hidden>Shy</p>")]).await;
        let tab = open(&site, "/").await;
        for (selector, why) in [("#shy", "stays hidden"), ("#none", "matches nothing")] {
            let missed = tab.act(wait_for_element(selector, BRIEF)).await.unwrap_err();
            let ActionError::TimedOut { what, limit } = &missed else { panic!("{missed:?}") };
            assert!(what.contains(selector) && what.contains(why) && *limit == BRIEF, "{missed}");
        }
        let invalid = tab.act(Action::click(by("p["))).await;
        assert!(
            matches!(&invalid, Err(ActionError::NotPossible(why)) if why.contains("no CSS selector")),
            "{invalid:?}"
        );
        tab.close().await;
    });
}

#[test]
fn enter_is_pressed_at_an_element_without_a_click() {
    run(async {
        let site = Site::of(&[
            (
                "/",
                "<form action=/found><input id=q name=q value=tea onclick='tell(\"clicked\")'></form><p id=text>Text</p>",
            ),
            ("/found", "Found"),
        ])
        .await;
        let tab = open(&site, "/").await;
        let refused = tab.act(press_enter("#text")).await;
        assert!(matches!(refused, Err(ActionError::NotPossible(_))), "{refused:?}");
        tab.act(press_enter("#q")).await.unwrap();
        site.is_asked("GET /found?q=tea").await;
        assert_eq!(site.told(), Vec::<String>::new());
        tab.close().await;
    });
}

#[test]
fn a_wait_ends_when_the_url_matches() {
    run(async {
        let site = Site::of(&[
            ("/", "<script>setTimeout(() => history.pushState(0, '', '/cart?step=2'), 200)</script>Here"),
            ("/next", "Next"),
        ])
        .await;
        let tab = open(&site, "/").await;
        let outcome = tab.act(wait_for_url("step=2", LIMIT)).await.unwrap();
        assert_eq!(outcome.description, "Wait for a URL with 'step=2'");
        tab.act(wait_for_url("/cart", LIMIT)).await.unwrap();
        let missed = tab.act(wait_for_url("/next", BRIEF)).await;
        assert!(matches!(missed, Err(ActionError::TimedOut { .. })), "{missed:?}");
        tab.close().await;
    });
}

#[test]
fn requested_actions_place_an_order_without_a_model() {
    run(async {
        let home = "<form action=/ordered><input id=item name=item><button id=buy>Buy</button></form>";
        let router = Router::new()
            .route("/", get(|| async { Html(page(home)) }))
            .route("/ordered", get(|| async { Html(page("<p>Order <b id=number>4711</b></p>")) }));
        let site = Site::with(router).await;
        let service = Start::new().ready().await;
        let request = json!({
            "task": "order", "provider": "template", "startUrl": site.url("/"), "screenshotFormat": "none",
            "actions": [
                { "type": "wait_for", "selector": "#item" },
                { "type": "type", "selector": "#item", "text": "kettle" },
                { "type": "press_enter", "selector": "#item" },
                { "type": "wait_for_url_contains", "text": "/ordered" },
                { "type": "scroll", "text": "down", "pixels": 100 },
                { "type": "extract_text", "selector": "#number" },
            ],
        });
        let events = crate::support::Events::of(service.post(&request).await).rest().await;
        site.is_asked("GET /ordered?item=kettle").await;
        let result = events.last().unwrap();
        assert_eq!((&result["success"], &result["finalText"]), (&json!(true), &json!("4711")), "{result}");
        let steps: Vec<&Value> = events.iter().filter(|event| event["type"] == "step").collect();
        assert_eq!(steps.len(), 6);
        assert_eq!(steps[5]["url"], site.url("/ordered?item=kettle"));
        service.stop().await;
    });
}
