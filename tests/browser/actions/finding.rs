//! The action `find`.

use agent::action::Action;
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
        assert_eq!(rows.extracted.as_deref(), Some("<li.row> One\n<li.row> (hidden) Two"));
        let field = tab.act(find("input")).await.unwrap();
        assert!(!field.extracted.unwrap().contains("hunter2"));
        assert!(matches!(tab.act(find("li[")).await, Err(ActionError::NotPossible(_))));
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
