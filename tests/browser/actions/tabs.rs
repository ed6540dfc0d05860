//! Tabs that pages open and close.

use crate::support::{Site, open, run};

#[test]
fn a_link_into_a_new_tab_is_followed_there() {
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
fn a_popup_is_followed_and_can_speak_to_its_opener() {
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
        let outcome = tab.click("Choose").await.unwrap();
        assert!(outcome.page_changed && outcome.effect.contains("the tab closed"), "{outcome:?}");
        site.hears("chosen").await;
        let seen = tab.observe().await;
        assert_eq!((seen.url, seen.tabs.len()), (site.url("/"), 1));
        tab.close().await;
    });
}

#[test]
fn a_popup_on_a_closed_host_stays_empty() {
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
fn a_run_without_a_tab_says_so_and_can_navigate() {
    run(async {
        let site = Site::of(&[
            ("/", "<a href=/next target=_blank>Next</a>"),
            ("/next", "<button onclick=\"window.close()\">Done</button>"),
        ])
        .await;
        let tab = open(&site, "/").await;
        tab.click("Next").await.unwrap();
        tab.click("Done").await.unwrap();
        assert_eq!(tab.observe().await.url, site.url("/"));
        tab.go(&site.url("/next")).await.unwrap();
        assert_eq!(tab.observe().await.url, site.url("/next"));
        tab.close().await;
    });
}
