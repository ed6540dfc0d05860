//! Dialogs of pages.

use agent::action::Action;
use agent::observation::Dialog;
use agent::ports::BrowserError;

use crate::support::{OwnBrowser, Site, eventually, open, run};

use std::time::{Duration, Instant};

const ASKING: &str = "<button onclick=\"tell('said ' + confirm('Delete it?'))\">Delete</button>\
                      <button onclick=\"tell('name ' + prompt('Your name?', 'Ada'))\">Name</button>";

fn answer(accept: bool, text: Option<&str>) -> Action {
    Action::AnswerDialog { accept, text: text.map(str::to_owned) }
}

#[test]
fn an_alert_is_accepted_and_its_text_reported() {
    run(async {
        let site = Site::of(&[("/", "<button onclick=\"alert('Sold out'); tell('went on')\">Buy</button>")]).await;
        let tab = open(&site, "/").await;
        let outcome = tab.click("Buy").await.unwrap();
        assert!(outcome.effect.contains("Sold out"), "{outcome:?}");
        site.hears("went on").await;
        assert!(tab.text().await.contains("Buy"));
        tab.close().await;
    });
}

#[test]
fn an_alert_at_load_does_not_block_the_page() {
    run(async {
        let site = Site::of(&[("/", "<script>alert('Hello')</script><h1>Home</h1>")]).await;
        let tab = open(&site, "/").await;
        assert!(tab.text().await.contains("Home"));
        tab.close().await;
    });
}

#[test]
fn a_confirm_dialog_waits_for_the_models_answer() {
    run(async {
        let site = Site::of(&[("/", ASKING)]).await;
        let tab = open(&site, "/").await;
        for (accept, said) in [(true, "said true"), (false, "said false")] {
            tab.click("Delete").await.unwrap();
            let seen = tab.observe().await;
            let dialog = Dialog { kind: "confirm".into(), message: "Delete it?".into(), proposal: String::new() };
            assert_eq!(seen.dialog, Some(dialog));
            assert_eq!(seen.view.elements, []);
            tab.act(answer(accept, None)).await.unwrap();
            site.hears(said).await;
        }
        assert_eq!(tab.observe().await.dialog, None);
        tab.close().await;
    });
}

#[test]
fn a_prompt_accepts_a_text_or_its_default() {
    run(async {
        let site = Site::of(&[("/", ASKING)]).await;
        let tab = open(&site, "/").await;
        for (given, said) in [
            (answer(true, Some("Grace")), "name Grace"),
            (answer(true, None), "name Ada"),
            (answer(false, None), "name null"),
        ] {
            tab.click("Name").await.unwrap();
            tab.act(given).await.unwrap();
            site.hears(said).await;
        }
        tab.close().await;
    });
}

#[test]
fn an_unanswered_dialog_is_dismissed_and_reported() {
    run(async {
        let browser = OwnBrowser::start(|settings| settings.dialog_timeout = Duration::from_millis(300)).await;
        let site = Site::of(&[("/", ASKING)]).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        tab.click("Delete").await.unwrap();
        site.hears("said false").await;
        let seen = tab.observe().await;
        assert!(seen.notices.iter().any(|notice| notice.contains("dismissed")), "{:?}", seen.notices);
        assert!(seen.view.text.contains("Delete"));
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_run_ends_with_an_open_dialog() {
    run(async {
        let browser = OwnBrowser::start(|_| {}).await;
        let site = Site::of(&[("/", ASKING)]).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        tab.click("Delete").await.unwrap();
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_beforeunload_dialog_does_not_keep_the_page() {
    run(async {
        let body = "<button onclick=\"onbeforeunload = (event) => { event.preventDefault(); return 'Stay' }\">Edit</button>\
                    <a href=/next>Next</a>";
        let site = Site::of(&[("/", body), ("/next", "Arrived")]).await;
        let tab = open(&site, "/").await;
        tab.click("Edit").await.unwrap();
        tab.click("Next").await.unwrap();
        assert!(tab.text().await.contains("Arrived"));
        tab.back().await.unwrap();
        tab.click("Edit").await.unwrap();
        tab.go(&site.url("/next")).await.unwrap();
        assert!(tab.text().await.contains("Arrived"));
        tab.close().await;
    });
}

#[test]
fn endless_dialogs_do_not_fill_the_prompt() {
    run(async {
        let site = Site::of(&[(
            "/",
            "<button onclick=\"for (let i = 0; i < 30; i++) alert('Again ' + i); tell('through')\">Go</button>",
        )])
        .await;
        let tab = open(&site, "/").await;
        let outcome = tab.click("Go").await.unwrap();
        site.hears("through").await;
        assert!(outcome.effect.len() < 2_000, "{}", outcome.effect.len());
        eventually("the page answers", Duration::from_secs(5), || true).await;
        tab.close().await;
    });
}

#[test]
fn no_screenshot_is_taken_while_a_dialog_is_open() {
    run(async {
        let site = Site::of(&[("/", ASKING)]).await;
        let tab = open(&site, "/").await;
        tab.click("Delete").await.unwrap();
        let started = Instant::now();
        let failed = tab.page().picture().await.unwrap_err();
        assert!(matches!(&failed, BrowserError::Protocol { cause } if cause == "a dialog is open"), "{failed:?}");
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        tab.act(answer(true, None)).await.unwrap();
        site.hears("said true").await;
        tab.page().picture().await.unwrap();
        tab.close().await;
    });
}
