//! The action `find`.

use agent::action::Action;
use agent::observation::ElementIndex;
use agent::ports::ActionError;

use crate::support::{Site, open, run};

#[test]
fn text_is_found_with_its_context() {
    run(async {
        let site = Site::of(&[("/", "<p>Shipping: free</p><p>Order A-17 of May</p><p>Order A-18 of June</p>")]).await;
        let tab = open(&site, "/").await;
        let find = |pattern: &str, regex| Action::FindText { pattern: pattern.into(), regex };
        let plain = tab.act(find("shipping", None)).await.unwrap();
        assert!(plain.extracted.unwrap().contains("Shipping: free"));
        let regex = tab.act(find(r"A-\d+ of J", Some(true))).await.unwrap();
        assert_eq!(regex.effect, "1 places");
        assert!(regex.extracted.unwrap().contains("Order A-18 of June"));
        let none = tab.act(find("A.17", None)).await.unwrap();
        assert_eq!((none.extracted, none.effect.as_str()), (None, "it is not on the page"));
        assert!(matches!(tab.act(find("(", Some(true))).await, Err(ActionError::NotPossible(_))));
        tab.close().await;
    });
}

#[test]
fn a_pattern_with_catastrophic_backtracking_is_fast() {
    run(async {
        let body = format!("<p>{}</p>", "a".repeat(50_000));
        let site = Site::of(&[("/", &body)]).await;
        let tab = open(&site, "/").await;
        let outcome = tab.act(Action::FindText { pattern: "(a+)+b".into(), regex: Some(true) }).await.unwrap();
        assert_eq!(outcome.effect, "it is not on the page");
        tab.close().await;
    });
}

#[test]
fn a_selector_lists_its_matches_without_passwords() {
    run(async {
        let body = "<ul><li class=row>One</li><li class=row hidden>Two</li></ul><input type=password value=hunter2>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let find = |selector: &str| Action::FindElements { selector: selector.into() };
        let rows = tab.act(find("li.row")).await.unwrap();
        let rows = rows.extracted.unwrap();
        let (shown, hidden) = rows.split_once('\n').unwrap();
        assert!(shown.contains("]<li.row> at=") && shown.ends_with(" One"), "{rows}");
        assert_eq!(hidden, "<li.row> (hidden) Two");
        let field = tab.act(find("input")).await.unwrap();
        assert!(!field.extracted.unwrap().contains("hunter2"));
        assert!(matches!(tab.act(find("li[")).await, Err(ActionError::NotPossible(_))));
        tab.close().await;
    });
}

#[test]
fn what_a_selector_finds_can_be_acted_on() {
    run(async {
        // Nothing says that these can be pressed: the whole document listens.
        let body = "<p>Top</p><div style='height:3000px'></div><div class=cell data-n=1></div><div class=cell data-n=2>\
            </div><style>.cell { width: 40px; height: 40px }</style><script>\
            document.onclick = (e) => tell(e.target.dataset.n)</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let found = tab.act(Action::FindElements { selector: ".cell".into() }).await.unwrap().extracted.unwrap();
        let line = found.lines().nth(1).unwrap();
        assert!(line.contains("]<div.cell> (below)"), "{found}");
        let index = line[1..line.find(']').unwrap()].parse().unwrap();
        // The view between does not list them.
        assert!(!tab.text().await.contains("cell"));
        tab.act(Action::click(ElementIndex(index))).await.unwrap();
        site.hears("2").await;
        tab.close().await;
    });
}

#[test]
fn a_text_in_a_list_that_draws_its_rows_anew_is_scrolled_to() {
    run(async {
        // Rows that are drawn above the middle of the list push it down.
        let body = "<div id=list style='height:200px;overflow:auto'></div><script>\
            const rows = (from) => { list.replaceChildren(); for (let n = from; n < 200; n++) {\
              const row = document.createElement('div'); row.textContent = 'Row ' + n + '.';\
              row.style.height = '20px'; list.append(row) } };\
            rows(150); let drawn = false;\
            list.onscroll = () => { if (drawn) return; drawn = true; rows(0); list.scrollTop = 0 }</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        tab.act(Action::ScrollToText { text: "Row 180.".into(), select: None }).await.unwrap();
        let view = tab.text().await;
        assert!(view.contains("Row 180.") && view.contains("Row 178."), "{view}");
        let at = "document.elementFromPoint(50, list.getBoundingClientRect().top + 100).textContent";
        let middle = tab.act(Action::Evaluate { js: at.into() }).await.unwrap().extracted.unwrap();
        assert!(middle.contains("Row 18") || middle.contains("Row 179"), "{middle}");
        tab.close().await;
    });
}

#[test]
fn a_text_outside_the_viewport_is_scrolled_to() {
    run(async {
        let body = "<div style='height: 5000px'></div><button onclick=\"tell('clicked')\">Deep down</button>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        assert!(!tab.text().await.contains("Deep down"));
        tab.act(Action::ScrollToText { text: "deep  DOWN".into(), select: None }).await.unwrap();
        tab.click("Deep down").await.unwrap();
        site.hears("clicked").await;
        let nowhere = tab.act(Action::ScrollToText { text: "higher up".into(), select: None }).await;
        assert!(matches!(nowhere, Err(ActionError::NotPossible(_))));
        tab.close().await;
    });
}

#[test]
fn options_of_native_and_custom_lists_are_reported() {
    run(async {
        let body = "<label>Size <select><option>S<option>M<option>L</select></label>\
                    <input aria-label=City list=cities><datalist id=cities><option value=Bern><option value=Rome></datalist>\
                    <button role=combobox aria-controls=colours aria-label=Colour>…</button>\
                    <div id=colours role=listbox><div role=option>Red</div><div role=option>Blue</div></div>\
                    <button>Plain</button>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        for (label, options) in [("Size", "S\nM\nL"), ("City", "Bern\nRome"), ("Colour", "Red\nBlue")] {
            let index = tab.find(label).await;
            let told = tab.act(Action::DropdownOptions { index: index.into() }).await.unwrap();
            assert_eq!(told.extracted.as_deref(), Some(options), "{label}");
        }
        let index = tab.find("Plain").await;
        assert!(matches!(
            tab.act(Action::DropdownOptions { index: index.into() }).await,
            Err(ActionError::NotPossible(_))
        ));
        tab.close().await;
    });
}
