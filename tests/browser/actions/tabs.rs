//! Tabs that pages open and close.

use agent::action::Action;
use agent::ports::ActionError;

use crate::support::{Site, open, run};

#[test]
fn a_link_that_opens_a_new_tab_is_followed_there() {
    run(async {
        let site = Site::of(&[("/", "<a href=/next target=_blank>Next</a>"), ("/next", "Arrived")]).await;
        let tab = open(&site, "/").await;
        let outcome = tab.click("Next").await.unwrap();
        assert!(outcome.page_changed);
        assert!(outcome.effect.contains("new tab"), "{outcome:?}");
        let seen = tab.observe().await;
        assert_eq!((seen.url, seen.tabs.len()), (site.url("/next"), 2));
        assert!(seen.view.text.contains("Arrived"), "{}", seen.view.text);
        tab.close().await;
    });
}

#[test]
fn a_popup_is_followed_and_can_message_its_opener() {
    run(async {
        let popup = "<button onclick=\"opener.tell('chosen'); window.close()\">Choose</button>";
        let site = Site::of(&[
            ("/", "<button onclick=\"window.open('/popup', 'picker', 'width=400,height=300')\">Pick</button>"),
            ("/popup", popup),
        ])
        .await;
        let tab = open(&site, "/").await;
        let outcome = tab.click("Pick").await.unwrap();
        assert!(outcome.page_changed && outcome.effect.contains("new tab"), "{outcome:?}");
        tab.click("Choose").await.unwrap();
        site.hears("chosen").await;
        // No event announces when the tab has closed.
        let opener = tab.until(|seen| seen.tabs.len() == 1).await;
        assert_eq!(opener.url, site.url("/"));
        tab.close().await;
    });
}

#[test]
fn a_popup_to_a_forbidden_host_stays_empty() {
    run(async {
        let inner = Site::of(&[("/secret", "Secret")]).await;
        let body = format!("<a href={} target=_blank>Out</a>", inner.url_at("localhost", "/secret"));
        let site = Site::of(&[("/", &body)]).await;
        let tab = open(&site, "/").await;
        tab.click("Out").await.unwrap();
        assert_eq!(inner.requests(), [""; 0]);
        assert!(!tab.text().await.contains("Secret"));
        tab.close().await;
    });
}

#[test]
fn when_a_tab_closes_the_previous_one_becomes_active() {
    run(async {
        let site = Site::of(&[
            ("/", "<a href=/next target=_blank>Next</a>"),
            ("/next", "<button onclick=\"window.close()\">Done</button>"),
        ])
        .await;
        let tab = open(&site, "/").await;
        tab.click("Next").await.unwrap();
        tab.click("Done").await.unwrap();
        tab.until(|seen| seen.url == site.url("/")).await;
        tab.go(&site.url("/next")).await.unwrap();
        assert_eq!(tab.observe().await.url, site.url("/next"));
        tab.close().await;
    });
}

#[test]
fn tabs_are_switched_to_and_closed_by_their_ids() {
    run(async {
        let site = Site::of(&[("/", "<p>First</p>"), ("/second", "<p>Second</p>")]).await;
        let tab = open(&site, "/").await;
        tab.act(Action::Navigate { url: site.url("/second"), new_tab: Some(true) }).await.unwrap();
        let ids: Vec<u32> = tab.observe().await.tabs.iter().map(|tab| tab.id).collect();
        let switched = tab.act(Action::SwitchTab { tab: ids[0] }).await.unwrap();
        assert!(switched.page_changed);
        assert!(tab.text().await.contains("First"));
        tab.act(Action::CloseTab { tab: None }).await.unwrap();
        let seen = tab.observe().await;
        assert!(seen.view.text.contains("Second"), "{}", seen.view.text);
        assert_eq!(seen.tabs.iter().map(|tab| tab.id).collect::<Vec<_>>(), [ids[1]]);
        for gone in [Action::SwitchTab { tab: ids[0] }, Action::CloseTab { tab: Some(99) }] {
            assert!(matches!(tab.act(gone).await, Err(ActionError::NotPossible(_))));
        }
        tab.close().await;
    });
}

#[test]
fn a_tab_that_asks_before_it_is_left_can_be_closed() {
    run(async {
        let site = Site::of(&[(
            "/",
            "<button>Edit</button><script>onbeforeunload = (event) => event.preventDefault()</script>",
        )])
        .await;
        let tab = open(&site, "/").await;
        tab.click("Edit").await.unwrap();
        let closed = tab.act(Action::CloseTab { tab: None }).await.unwrap();
        assert!(closed.effect.contains("no tab is open"), "{closed:?}");
        tab.go(&site.url("/")).await.unwrap();
        assert!(tab.text().await.contains("Edit"));
        tab.close().await;
    });
}
