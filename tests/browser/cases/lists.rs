//! Virtual lists and huge pages.

use agent::action::Action;
use agent::action::ScrollDirection::Down;
use agent::ports::ActionError;
use browser::observe::tokens;

use crate::support::{Site, Tab, open, run};

/// Ten thousand rows that reuse the nodes of the visible ones.
const VIRTUAL: &str = "<div id=box aria-label=Rows style='height: 400px; width: 400px; overflow: auto'>
    <div style='height: 400000px; position: relative'></div></div><script>
    const rows = Array.from({ length: 11 }, () => box.firstElementChild.appendChild(document.createElement('button')));
    const render = () => rows.forEach((row, place) => {
        const number = Math.floor(box.scrollTop / 40) + place;
        row.textContent = 'Row ' + number;
        row.style = `position: absolute; height: 40px; top: ${number * 40}px`;
        row.onclick = () => tell('row ' + number);
    });
    box.onscroll = () => requestAnimationFrame(render);
    render();
    </script>";

async fn virtual_list() -> (Site, Tab) {
    let site = Site::of(&[("/", VIRTUAL)]).await;
    let tab = open(&site, "/").await;
    (site, tab)
}

#[test]
fn a_container_with_only_text_can_be_scrolled() {
    run(async {
        let lines: String = (1..=100).map(|n| format!("<p style='height: 30px; margin: 0'>Line {n}.</p>")).collect();
        let body = format!(
            "<p>Terms</p><div style='height: 300px; overflow: auto'>{lines}\
             <button onclick=\"tell('agreed')\">Agree</button></div><div style='height: 3000px'></div>"
        );
        let site = Site::of(&[("/", &body)]).await;
        let tab = open(&site, "/").await;
        let terms = tab.find("div").await;
        assert!(!tab.text().await.contains("Line 30."));
        tab.act(Action::Scroll { direction: Down, pages: Some(50.0), index: Some(terms.into()) }).await.unwrap();
        let seen = tab.observe().await;
        assert!(seen.view.text.contains("Line 100."), "{}", seen.view.text);
        assert_eq!(seen.view.scroll.pixels_above, 0, "the page stays");
        tab.click("Agree").await.unwrap();
        site.hears("agreed").await;
        tab.close().await;
    });
}

#[test]
fn a_virtual_list_is_read_and_clicked_at_its_scroll_position() {
    run(async {
        let (site, tab) = virtual_list().await;
        let row = tab.find("Row 3").await;
        tab.act(Action::Scroll { direction: Down, pages: Some(20.0), index: Some(row.into()) }).await.unwrap();
        let text = tab.text().await;
        assert!(text.contains("Row 203") && !text.contains("Row 3\n"), "{text}");
        tab.click("Row 203").await.unwrap();
        site.hears("row 203").await;
        tab.close().await;
    });
}

#[test]
fn a_recycled_row_is_not_clicked() {
    run(async {
        let (site, tab) = virtual_list().await;
        let row = tab.find("Row 3").await;
        tab.act(Action::Scroll { direction: Down, pages: None, index: Some(row.into()) }).await.unwrap();
        let changed = tab.act(Action::click(row)).await.unwrap_err();
        assert!(
            matches!(&changed, ActionError::ElementChanged { was, now, .. } if was.contains("Row 3") && now.contains("Row 13")),
            "{changed:?}"
        );
        assert_eq!(site.told(), [""; 0]);
        tab.close().await;
    });
}

#[test]
fn a_page_of_fifty_thousand_nodes_is_usable() {
    run(async {
        let body = "<main id=all></main><script>
            all.innerHTML = Array.from({ length: 12500 }, (_, n) =>
                `<p>Item ${n} <b>tea</b> <button onclick=\"tell('item ${n}')\">Buy ${n}</button></p>`).join('');
            </script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let text = tab.text().await;
        assert!(tokens(&text) <= 8_000, "{} tokens", tokens(&text));
        assert!(text.contains("more controls: scroll down"), "omissions are reported:\n{text}");
        tab.click("Buy 3").await.unwrap();
        site.hears("item 3").await;
        tab.act(Action::ScrollToText { text: "Item 9876".into(), select: None }).await.unwrap();
        tab.click("Buy 9876").await.unwrap();
        site.hears("item 9876").await;
        tab.close().await;
    });
}

#[test]
fn classes_about_layout_are_no_state_of_a_cell() {
    run(async {
        let cell = |classes: &str, text: &str| {
            format!("<div role=gridcell tabindex=-1 onclick=tell(1) class='{classes}'>{text}</div>")
        };
        let cells = [
            cell("ag-cell ag-cell-normal-height ag-cell-value", "10"),
            cell("ag-cell ag-cell-normal-height ag-cell-value ag-cell-selected", "47"),
            cell("ag-cell", "K1"),
            cell("ag-cell", "Arden"),
            cell("ag-cell", "K2"),
            cell("ag-cell", "Brill"),
        ];
        let body = format!("<div role=grid>{}</div>", cells.concat());
        let site = Site::of(&[("/", &body)]).await;
        let tab = open(&site, "/").await;
        let text = tab.observe().await.view.text;
        assert!(text.contains("state=ag-cell-selected />47") && !text.contains("height"), "{text}");
        tab.close().await;
    });
}
