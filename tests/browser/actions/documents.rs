//! Actions cover frames and closed shadow trees.

use agent::action::Action;
use agent::locator::Locator;

use crate::support::{Site, Tab, open, run};

/// A page with a same-site frame, a nested cross-site frame, and a closed shadow tree.
async fn nested() -> (Site, Site, Tab) {
    let other =
        Site::of(&[("/", "<p>Far away words</p><button id=far class=hit onclick=\"tell('far')\">Far</button>")]).await;
    let inner = format!("<p>Frame words</p><button class=hit>Near</button><iframe src='{}'></iframe>", other.url("/"));
    let body = "<p>Main words</p><iframe src=/inner style='height: 400px; width: 600px'></iframe><x-box></x-box><script>\
        const root = document.querySelector('x-box').attachShadow({ mode: 'closed' });\
        root.innerHTML = '<p>Closed words</p><button id=shut class=hit>Shut</button>';\
        root.querySelector('button').onclick = () => tell('shut')</script>";
    let site = Site::of(&[("/", body), ("/inner", &inner)]).await;
    let tab = open(&site, "/").await;
    tab.until(|seen| seen.view.text.contains("Far")).await;
    (site, other, tab)
}

#[test]
fn extract_find_and_wait_cover_all_documents() {
    run(async {
        let (_site, _other, tab) = nested().await;
        let read = tab.read().await;
        for words in ["Main words", "Frame words", "Far away words", "Closed words"] {
            assert!(read.contains(words), "{words} in {read}");
            let found = tab.act(Action::FindText { pattern: words.into(), regex: None }).await.unwrap();
            assert_eq!(found.effect, "1 places", "{words}");
            let wait =
                Action::Wait { seconds: Some(5.0), text: Some(words.into()), gone: None, selector: None, url: None };
            tab.act(wait).await.unwrap();
            tab.act(Action::ScrollToText { text: words.into(), select: None }).await.unwrap();
        }
        let listed = tab.act(Action::FindElements { selector: "button.hit".into() }).await.unwrap();
        assert_eq!(listed.effect, "3 elements");
        tab.close().await;
    });
}

#[test]
fn a_selector_reaches_into_frames_and_closed_shadow_trees() {
    run(async {
        let (site, other, tab) = nested().await;
        // Without an observation before.
        let fresh = open(&site, "/").await;
        for selector in ["#far", "#shut"] {
            fresh.act(Action::click(Locator::Selector(selector.into()))).await.unwrap();
        }
        other.hears("far").await;
        site.hears("shut").await;
        fresh.close().await;
        tab.close().await;
    });
}

#[test]
fn a_wait_ends_when_a_frame_shows_the_text() {
    run(async {
        let site = Site::of(&[
            ("/", "<iframe src=/inner></iframe>"),
            ("/inner", "<p id=p>Brewing</p><script>setTimeout(() => p.textContent = 'Tea is ready', 300)</script>"),
        ])
        .await;
        let tab = open(&site, "/").await;
        let wait = Action::Wait {
            seconds: Some(20.0),
            text: Some("tea is ready".into()),
            gone: Some("Brewing".into()),
            selector: None,
            url: None,
        };
        tab.act(wait).await.unwrap();
        tab.close().await;
    });
}

#[test]
fn extracted_text_has_headings_lists_tables_and_link_targets() {
    run(async {
        let body = "<h2>Offers</h2><ul><li>Lamp<li><a href=/cup?x=1>Cup</a></ul>\
            <table><tr><th>Name<th>Price<tr><td><p>Lamp</p><td>12 €</table>\
            <label>Amount <input value=3></label><input type=password value=hunter2><pre>one\n  two</pre><p hidden>No</p>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let read = tab.read().await;
        let expected = "## Offers\n- Lamp\n- Cup (/cup?x=1)\nName | Price\nLamp | 12 €\nAmount 3\none\ntwo";
        assert_eq!(read, expected);
        tab.close().await;
    });
}
