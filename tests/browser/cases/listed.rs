//! What the view lists of small pages, by pattern.

use super::tab_at;
use crate::support::{Site, Tab, open, run};

/// Pages, what their views must contain, and what they must not.
async fn views(pages: &[(&str, &[&str], &[&str])]) {
    const PATHS: [&str; 6] = ["/0", "/1", "/2", "/3", "/4", "/5"];
    let bodies: Vec<_> = PATHS.into_iter().zip(pages).map(|(path, (body, ..))| (path, *body)).collect();
    let site = Site::of(&bodies).await;
    let tab = open(&site, "/0").await;
    let mut wrong = Vec::new();
    for (path, (body, present, absent)) in PATHS.into_iter().zip(pages) {
        tab.go(&site.url(path)).await.unwrap();
        let text = tab.text().await;
        let plain = without_indexes(&text);
        let missing = present.iter().filter(|part| !plain.contains(**part));
        let extra = absent.iter().filter(|part| plain.contains(**part));
        let faults: Vec<_> = missing.chain(extra).collect();
        if !faults.is_empty() {
            wrong.push(format!("{faults:?}: {body}\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    tab.close().await;
}

/// A view without the indexes of its elements.
fn without_indexes(view: &str) -> String {
    let mut parts = view.split('[');
    let mut out = parts.next().unwrap_or_default().trim_end_matches('*').to_owned();
    for part in parts {
        let rest = part.split_once(']').filter(|(index, _)| index.bytes().all(|byte| byte.is_ascii_digit()));
        out.push_str(rest.map_or(part, |(_, rest)| rest));
    }
    out
}

#[test]
fn a_label_stands_for_its_clipped_control() {
    run(views(&[
        (
            "<label><input type=radio style='position:absolute;clip:rect(0,0,0,0)'> Week</label>",
            &["<label type=radio />Week"],
            &[],
        ),
        (
            "<label><input type=checkbox style='position:absolute;clip-path:inset(50%)'> Month</label>",
            &["<label type=checkbox />Month"],
            &[],
        ),
    ]));
}

#[test]
fn controls_in_a_legend_are_listed() {
    run(views(&[(
        "<fieldset><legend><label><input type=checkbox> Gift wrap</label></legend><input aria-label=Card></fieldset>",
        &["<group> Gift wrap", "<input type=checkbox />Gift wrap", "<input />Card"],
        &[],
    )]));
}

#[test]
fn a_combobox_shows_its_words_as_its_value() {
    run(views(&[
        (
            "<button role=combobox aria-expanded=false><span>English</span></button>",
            &["<combobox value=English collapsed />"],
            &[],
        ),
        (
            "<div role=combobox tabindex=0 aria-label=Language aria-expanded=false>English</div>",
            &["<combobox value=English collapsed />Language"],
            &[],
        ),
        (
            "<div role=combobox aria-label=Town aria-expanded=false><input aria-label=Search></div>",
            &["Town", "<input />Search"],
            &[],
        ),
    ]));
}

/// A script by which the first element that a selector matches listens to clicks.
fn listening(body: &str, selector: &str) -> String {
    format!(
        "{body}<script>for (const part of document.querySelectorAll('{selector}')) part.addEventListener('click', () => {{}})</script>"
    )
}

#[test]
fn what_listens_around_controls_keeps_its_structure() {
    let buttons = "<button>One</button><button>Two</button>";
    let nav = listening(&format!("<nav aria-label=Site>{buttons}</nav>"), "nav");
    let fieldset = listening(&format!("<fieldset><legend>Size</legend>{buttons}</fieldset>"), "fieldset");
    let grid = listening(&format!("<div role=grid aria-label=Rows aria-rowcount=900>{buttons}</div>"), "div");
    let dialog = listening(&format!("<dialog open aria-label=Ask>{buttons}</dialog>"), "dialog");
    let scroller = listening(
        &format!("<div id=box style='height:100px;overflow:auto'>{buttons}<p style='height:400px'>Text</p></div>"),
        "#box",
    );
    run(async move {
        views(&[
            (&nav, &["<nav> Site"], &[]),
            (&fieldset, &["<group> Size"], &[]),
            (&grid, &["<grid> Rows, 900 rows"], &[]),
            (&dialog, &["<dialog> Ask"], &[]),
            (&scroller, &["scroll="], &[]),
        ])
        .await;
    });
}

#[test]
fn small_parts_of_a_widget_that_listen_are_listed() {
    let chip = listening("<button style='width:200px'>Chip <span>×</span></button>", "span");
    let tab = listening("<div role=tab style='width:200px'>Notes <span>×</span></div>", "span");
    let item = listening("<div role=treeitem style='width:300px'><i>▸</i> <span>Folder</span></div>", "i, span");
    let whole = listening("<button><span>Save</span></button>", "span");
    run(async move {
        views(&[
            (&chip, &["<button />Chip", "<span />×"], &["Chip ×"]),
            (&tab, &["<tab />Notes", "<span />×"], &["Notes ×"]),
            (&item, &["<treeitem />▸ Folder", "<i />▸"], &[]),
            (&whole, &["<button />Save"], &["<span"]),
        ])
        .await;
    });
}

#[test]
fn a_pressable_card_is_one_control() {
    run(views(&[(
        "<div onclick='1' style='cursor:pointer'><h3>Card</h3><p>Text</p></div>",
        &["<div />Card Text"],
        &["<h3", "<p"],
    )]));
}

#[test]
fn what_only_catches_the_focus_is_not_listed() {
    let backdrop = listening(
        "<div id=back style='position:fixed;inset:0;background:#0008'></div>\
         <div role=dialog style='position:fixed;inset:100px;background:white'><button>Agree</button></div>",
        "#back",
    );
    run(async move {
        views(&[
            (
                "<span tabindex=0></span><div tabindex=0></div><button>Agree</button><span tabindex=0></span>",
                &["<button />Agree"],
                &["<span", "<div"],
            ),
            (&backdrop, &["<button />Agree"], &["<div"]),
        ])
        .await;
    });
}

#[test]
fn what_lets_presses_through_is_disabled() {
    run(views(&[
        ("<a href=/x style='pointer-events:none'>Next</a>", &["disabled"], &[]),
        ("<button style='pointer-events:none'>Next</button>", &["<button disabled />Next"], &[]),
        (
            "<div style='cursor:pointer'><button style='pointer-events:none'>Row</button> text</div>",
            &["Row"],
            &["disabled"],
        ),
    ]));
}

#[test]
fn a_focused_custom_checkbox_is_listed_once() {
    run(async {
        let (_site, tab): (Site, Tab) = tab_at(
            "<style>input { position: absolute; opacity: 0; width: 0; height: 0 }</style>\
             <label><input type=checkbox>Named</label>",
        )
        .await;
        tab.click("Named").await.unwrap();
        let text = tab.text().await;
        assert!(text.matches("Named").count() == 1 && text.contains("checked focused"), "{text}");
        tab.close().await;
    });
}

#[test]
fn what_real_applications_wrap_around_their_controls_is_no_control() {
    let rows: String = (0..4)
        .map(|n| format!("<td role=gridcell class='ag-cell {}'>{n}</td>", if n == 3 { "ag-column-last" } else { "" }))
        .collect();
    let grid = format!(
        "<table role=grid><tr>{rows}</tr></table><script>onload = () => document.querySelectorAll('td')\
                        .forEach((td) => td.onclick = () => {{}})</script>"
    );
    run(async move {
        views(&[
            (
                "<style>a { display: flex } b { flex-grow: 1 } i { margin-left: 3px }</style>\
                 <a href=/x><b>Import</b><i>ctrl-i</i></a><a href=/y><span>Ex</span><span>port</span></a>",
                &[">Import ctrl-i"],
                &[],
            ),
            ("<button><span>Ex</span><span>port</span></button>", &["<button />Export"], &[]),
            (
                "<div style='height:1000px'></div><div id=w style='background:white;width:20px'>\
                 <input type=checkbox aria-label=Row style='opacity:0;width:16px;height:16px'></div>\
                 <script>w.onclick = () => {}</script>",
                &["<input type=checkbox />Row"],
                &["<div"],
            ),
            (&grid, &["<gridcell />3"], &["state="]),
            (
                "<svg id=s width=400 height=300><g id=g class=background><rect width=400 height=300 fill=white /></g></svg>\
                 <script>s.onclick = g.onclick = () => {}</script>",
                &["<svg size=400x300"],
                &["<g"],
            ),
            (
                "<x-box>Gift</x-box><script>customElements.define('x-box', class extends HTMLElement { constructor() {\
                 super(); this.attachInternals().states.add('checked'); this.onclick = () => {} } })</script>",
                &["<x-box checked />Gift"],
                &[],
            ),
        ])
        .await;
    });
}

#[test]
fn options_that_the_list_does_not_show_are_not_told() {
    let many: String = (1..=12).map(|n| format!("<option>Town {n}</option>")).collect();
    let cut = format!("<select aria-label=Town><option hidden>Gone</option>{many}</select>");
    run(async move {
        views(&[
            (
                "<style>.old { display: none }</style><select aria-label=Size><option disabled hidden>Choose</option>\
                 <option>S</option><option class=old>M</option><option>L</option></select>",
                &["options=\"S|L\""],
                &["M"],
            ),
            (&cut, &["Town 7|… 5 more"], &["Gone|"]),
        ])
        .await;
    });
}
