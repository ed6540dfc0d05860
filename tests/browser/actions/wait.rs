//! The action `wait`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use agent::action::Action;
use agent::ports::ActionError;
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use tokio::sync::Notify;

use crate::support::{Site, Tab, open, page, run};

fn for_text(text: &str, seconds: f64) -> Action {
    Action::Wait { seconds: Some(seconds), text: Some(text.into()), gone: None, selector: None, url: None }
}

/// A page that changes when the test lets its server respond.
async fn page_on_call() -> (Site, Tab, Arc<Notify>) {
    let call = Arc::new(Notify::new());
    let called = call.clone();
    let home = "<p id=state>Brewing</p><script>\
                fetch('/call').then(() => { state.textContent = 'Tea is ready'; tell('changed') })</script>";
    let router = Router::new().route("/", get(|| async { Html(page(home)) })).route(
        "/call",
        get(|| async move {
            called.notified().await;
            "now"
        }),
    );
    let site = Site::with(router).await;
    let tab = open(&site, "/").await;
    (site, tab, call)
}

#[test]
fn a_text_that_appears_ends_the_wait() {
    run(async {
        let (site, tab, call) = page_on_call().await;
        let wait = for_text("tea is ready", 20.0);
        let waiting = tab.act(wait);
        let brewing = async {
            site.is_asked("GET /call").await;
            call.notify_one();
        };
        let (outcome, ()) = tokio::join!(waiting, brewing);
        assert_eq!(outcome.unwrap().description, "Wait for 'tea is ready'");
        assert!(tab.text().await.contains("Tea is ready"));
        tab.close().await;
    });
}

#[test]
fn a_text_that_disappears_ends_the_wait() {
    run(async {
        let (_site, tab, call) = page_on_call().await;
        call.notify_one();
        tab.act(Action::Wait {
            seconds: Some(20.0),
            text: None,
            gone: Some("Brewing".into()),
            selector: None,
            url: None,
        })
        .await
        .unwrap();
        assert!(!tab.text().await.contains("Brewing"));
        tab.close().await;
    });
}

#[test]
fn a_text_that_does_not_appear_is_reported_after_the_timeout() {
    run(async {
        let (_site, tab, _call) = page_on_call().await;
        let started = Instant::now();
        let missed = tab.act(for_text("Coffee", 0.5)).await.unwrap_err();
        let ActionError::TimedOut { what, limit } = &missed else { panic!("{missed:?}") };
        assert!(what.contains("Coffee") && what.contains("did not appear"), "{what}");
        assert_eq!(*limit, Duration::from_millis(500));
        assert!(started.elapsed() >= Duration::from_millis(500));
        tab.close().await;
    });
}

#[test]
fn a_wait_continues_in_a_new_document() {
    run(async {
        let site = Site::of(&[
            ("/", "<script>onkeydown = () => location.href = '/next'</script>Here"),
            ("/next", "<script>document.write('Ready')</script>"),
        ])
        .await;
        let tab = open(&site, "/").await;
        tab.keys("x").await.unwrap();
        tab.act(for_text("Ready", 20.0)).await.unwrap();
        assert_eq!(tab.observe().await.url, site.url("/next"));
        tab.close().await;
    });
}

#[test]
fn a_wait_without_a_condition_is_rejected() {
    run(async {
        let (_site, tab, _call) = page_on_call().await;
        let refused = tab.act(Action::Wait { seconds: None, text: None, gone: None, selector: None, url: None }).await;
        assert!(matches!(refused, Err(ActionError::NotPossible(_))), "{refused:?}");
        tab.close().await;
    });
}
