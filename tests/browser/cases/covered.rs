//! Covered controls: a click fails and names the cover; once the cover is gone, the control works.

use agent::action::Action;
use agent::ports::{ActionError, ActionOutcome};

use crate::support::{Site, Tab, open, run};

/// A layer that any key opens over a page with the button `Buy`, between observation and click.
async fn layered(layer: &str) -> (Site, Tab) {
    let body = format!(
        "<button style='position: absolute; top: 820px' onclick=\"tell('bought')\">Buy</button>{layer}\
         <script>onkeydown = () => layer.hidden = false</script>"
    );
    let site = Site::of(&[("/", &body)]).await;
    let tab = open(&site, "/").await;
    (site, tab)
}

fn covered_by(outcome: Result<ActionOutcome, ActionError>) -> String {
    match outcome {
        Err(ActionError::Covered { by, .. }) => by,
        other => panic!("{other:?}"),
    }
}

/// The button is usable, then covered by the named layer, then usable again by its old index.
async fn is_covered_until(dismissed: &str, name: &str, site: &Site, tab: &Tab) {
    let buy = tab.find("Buy").await;
    tab.keys("x").await.unwrap();
    let by = covered_by(tab.act(Action::click(buy)).await);
    assert!(by.contains(name), "{by}");
    let view = tab.observe().await.view;
    assert_eq!(view.element(buy), None, "what is covered is not offered:\n{}", view.text);
    tab.click(dismissed).await.unwrap();
    assert_eq!(site.told(), [""; 0]);
    assert_eq!(tab.find("Buy").await, buy);
    tab.act(Action::click(buy)).await.unwrap();
    site.hears("bought").await;
}

#[test]
fn a_button_under_a_modal_is_clicked_once_the_modal_is_closed() {
    run(async {
        let layer = "<div id=layer role=dialog aria-label=Newsletter hidden style='position: fixed; inset: 0; \
                     background: rgb(0 0 0 / 50%)'><div style='margin: 200px; background: #fff'>Subscribe? \
                     <button onclick='layer.hidden = true'>No thanks</button></div></div>";
        let (site, tab) = layered(layer).await;
        is_covered_until("No thanks", "Newsletter", &site, &tab).await;
        tab.close().await;
    });
}

#[test]
fn under_a_modal_a_note_says_that_more_is_covered() {
    run(async {
        let layer = "<div id=layer role=dialog aria-label=Newsletter hidden style='position: fixed; inset: 0; \
                     background: #fff'>Subscribe?<button>No thanks</button></div>";
        let (_site, tab) = layered(layer).await;
        tab.keys("x").await.unwrap();
        let text = tab.text().await;
        assert!(text.contains("No thanks") && text.contains("what lies beneath is not listed"), "{text}");
        tab.close().await;
    });
}

#[test]
fn a_button_under_a_cookie_banner_is_clicked_once_the_banner_is_dismissed() {
    run(async {
        let layer = "<section id=layer aria-label='Cookie notice' hidden style='position: fixed; bottom: 0; left: 0; \
                     width: 100%; height: 150px; background: #ffe'>We bake.\
                     <button onclick='layer.remove()'>Accept all</button></section>";
        let (site, tab) = layered(layer).await;
        is_covered_until("Accept all", "Cookie notice", &site, &tab).await;
        tab.close().await;
    });
}

#[test]
fn a_button_under_a_sticky_header_is_scrolled_out_from_under_it() {
    run(async {
        let body = "<header style='position: sticky; top: 0; height: 120px; background: #ccc'>Menu</header>\
                    <button onclick=\"tell('clicked')\">Under</button><div style='height: 4000px'></div>\
                    <script>onkeydown = () => scrollTo(0, 60)</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let under = tab.find("Under").await;
        tab.keys("x").await.unwrap();
        tab.act(Action::click(under)).await.unwrap();
        site.hears("clicked").await;
        tab.close().await;
    });
}

#[test]
fn rows_under_a_bar_that_stays_in_place_are_listed() {
    run(async {
        let rows: String = (1..60).map(|n| format!("<button onclick=\"tell('row {n}')\">Row {n}</button>")).collect();
        let body = format!(
            "<style>* {{ margin: 0 }} button {{ display: block; height: 30px; width: 200px }} footer {{ position: fixed;\
             bottom: 0; left: 0; right: 0; height: 90px; background: #fff }}</style>{rows}<footer>Total 59</footer>"
        );
        let site = Site::of(&[("/", &body)]).await;
        let tab = open(&site, "/").await;
        let view = tab.text().await;
        assert!((1..59).all(|n| view.contains(&format!("/>Row {n}\n"))), "{view}");
        tab.click("Row 29").await.unwrap();
        site.hears("row 29").await;
        tab.close().await;
    });
}

#[test]
fn panes_that_fill_the_window_cover_nothing() {
    run(async {
        let body = "<style>body { margin: 0; overflow: hidden } #l, #r { position: absolute; inset: 0 50% 0 0;\
            background: #fff } #r { inset: 0 0 0 50% }</style><a href=#r style='position:absolute;left:-999px'>Skip</a>\
            <div id=l><button>Left</button></div><div id=r><button>Right</button></div>\
            <div style='display:none'><button>Template</button></div>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let view = tab.text().await;
        assert!(view.contains("/>Left") && view.contains("/>Right") && !view.contains("a layer covers"), "{view}");
        tab.close().await;
    });
}
