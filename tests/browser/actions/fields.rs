//! Filling in fields and choosing options.

use agent::action::Action;
use agent::ports::{ActionError, ActionOutcome};

use crate::support::{Site, Tab, open, run};

/// A field that reports every change of its value.
fn field(attributes: &str) -> String {
    format!(
        "<label>Field <input {attributes} oninput=\"tell('input ' + value)\" onchange=\"tell('change ' + value)\"></label>"
    )
}

async fn with_field(attributes: &str) -> (Site, Tab) {
    let site = Site::of(&[("/", &field(attributes))]).await;
    let tab = open(&site, "/").await;
    (site, tab)
}

async fn type_with(tab: &Tab, label: &str, text: &str, clear: bool, submit: bool) -> ActionOutcome {
    let index = tab.find(label).await;
    let action = Action::Input { index: index.into(), text: text.into(), clear: Some(clear), submit: Some(submit) };
    tab.act(action).await.unwrap()
}

#[test]
fn typed_text_arrives_as_input_events() {
    run(async {
        let (site, tab) = with_field("").await;
        let outcome = tab.input("Field", "Grüße, Zoë 🫖 日本").await.unwrap();
        assert_eq!(outcome.description, "Type 'Grüße, Zoë 🫖 日本' into 'Field'");
        assert_eq!(outcome.effect, "");
        site.hears("input Grüße, Zoë 🫖 日本").await;
        assert_eq!(tab.element("Field").await.value, "Grüße, Zoë 🫖 日本");
        tab.close().await;
    });
}

#[test]
fn typing_replaces_the_fields_value() {
    run(async {
        let (site, tab) = with_field("value='old text'").await;
        tab.input("Field", "new").await.unwrap();
        site.hears("input new").await;
        tab.input("Field", "").await.unwrap();
        site.hears("input ").await;
        assert_eq!(tab.element("Field").await.value, "");
        tab.close().await;
    });
}

#[test]
fn typing_can_append_to_the_fields_value() {
    run(async {
        let (site, tab) = with_field("value='tea'").await;
        let outcome = type_with(&tab, "Field", " pot", false, false).await;
        assert_eq!(outcome.effect, "");
        site.hears("input tea pot").await;
        tab.close().await;
    });
}

#[test]
fn submitting_sends_the_form() {
    run(async {
        let form = "<form action=/results><input name=q placeholder=Search></form>";
        let site = Site::of(&[("/", form), ("/results", "Results")]).await;
        let tab = open(&site, "/").await;
        let outcome = type_with(&tab, "Search", "blue kettle", true, true).await;
        assert!(outcome.page_changed);
        site.is_asked("GET /results?q=blue+kettle").await;
        assert!(tab.text().await.contains("Results"));
        tab.close().await;
    });
}

#[test]
fn a_textarea_keeps_its_lines() {
    run(async {
        let body = "<textarea aria-label=Note oninput=\"tell(JSON.stringify(value))\"></textarea>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        tab.input("Note", "one\ntwo\n\nthree").await.unwrap();
        site.hears(r#""one\ntwo\n\nthree""#).await;
        tab.close().await;
    });
}

#[test]
fn a_password_reaches_only_its_field() {
    run(async {
        let (site, tab) = with_field("type=password").await;
        let outcome = tab.input("Field", "hunter2-secret").await.unwrap();
        site.hears("input hunter2-secret").await;
        let seen = tab.observe().await;
        let read = tab.read().await;
        let told = format!("{outcome:?} {} {:?} {:?} {read}", seen.view.text, seen.view.elements, seen.notices);
        assert!(!told.contains("hunter2"), "{told}");
        assert!(outcome.description.contains("a password"));
        tab.close().await;
    });
}

#[test]
fn a_number_field_takes_a_number() {
    run(async {
        let (site, tab) = with_field("type=number min=0 max=99 value=1").await;
        assert_eq!(tab.input("Field", "42").await.unwrap().effect, "");
        site.hears("input 42").await;
        tab.close().await;
    });
}

#[test]
fn fields_with_pickers_are_set_by_value_with_change_events() {
    run(async {
        for (kind, value) in [
            ("date", "2026-03-01"),
            ("time", "14:30"),
            ("datetime-local", "2026-03-01T14:30"),
            ("month", "2026-03"),
            ("week", "2026-W10"),
            ("color", "#12ab34"),
            ("range", "70"),
        ] {
            let (site, tab) = with_field(&format!("type={kind}")).await;
            assert_eq!(tab.input("Field", value).await.unwrap().effect, "", "{kind}");
            site.hears(&format!("input {value}")).await;
            site.hears(&format!("change {value}")).await;
            tab.close().await;
        }
    });
}

#[test]
fn an_invalid_date_is_rejected_with_the_format() {
    run(async {
        let (_site, tab) = with_field("type=date").await;
        let refused = tab.input("Field", "1st of March").await.unwrap_err();
        assert!(matches!(&refused, ActionError::NotPossible(why) if why.contains("YYYY-MM-DD")), "{refused:?}");
        tab.close().await;
    });
}

#[test]
fn typing_replaces_the_text_of_an_editable_element() {
    run(async {
        let body = "<div contenteditable role=textbox aria-label=Message oninput=\"tell(innerText)\">old <b>bold</b> words</div>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        assert_eq!(tab.input("Message", "Hello").await.unwrap().effect, "");
        site.hears("Hello").await;
        assert_eq!(type_with(&tab, "Message", " there", false, false).await.effect, "");
        site.hears("Hello there").await;
        tab.close().await;
    });
}

#[test]
fn a_controlled_field_of_a_framework_accepts_text() {
    run(async {
        // As React does: a wrapper around the setter remembers a value set by a script, and an input event without a
        // change is ignored; the state is written back after each event.
        let body = "<label>Field <input id=f></label><script>
            const own = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
            let tracked = '', state = '';
            Object.defineProperty(f, 'value', {
                get() { return own.get.call(this) },
                set(value) { tracked = String(value); own.set.call(this, value) },
            });
            f.addEventListener('input', () => {
                const now = own.get.call(f);
                if (now !== tracked) { tracked = now; state = now; tell('state ' + state) }
                own.set.call(f, state);
            });
            </script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        assert_eq!(tab.input("Field", "controlled").await.unwrap().effect, "");
        site.hears("state controlled").await;
        tab.input("Field", "again").await.unwrap();
        site.hears("state again").await;
        assert_eq!(tab.element("Field").await.value, "again");
        tab.close().await;
    });
}

#[test]
fn a_field_that_changes_the_text_is_reported() {
    run(async {
        let upper = "<label>Code <input oninput=\"value = value.toUpperCase().slice(0, 4)\"></label>\
                     <label>Name <input value=Fixed oninput=\"value = 'Fixed'\"></label>";
        let site = Site::of(&[("/", upper)]).await;
        let tab = open(&site, "/").await;
        let outcome = tab.input("Code", "abcdef").await.unwrap();
        assert!(outcome.effect.contains("\"ABCD\""), "{outcome:?}");
        let outcome = tab.input("Name", "Changed").await.unwrap();
        assert!(outcome.effect.contains("\"Fixed\""), "{outcome:?}");
        tab.close().await;
    });
}

#[test]
fn typing_into_an_element_that_takes_no_text_fails() {
    run(async {
        let body = "<button>Save</button><label><input type=checkbox> Terms</label><label>Off <input disabled></label>\
                    <label>Fixed <input readonly value=same></label>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        for label in ["Terms", "Off"] {
            let refused = tab.input(label, "text").await;
            assert!(matches!(refused, Err(ActionError::NotPossible(_))), "{label}: {refused:?}");
        }
        for label in ["Save", "Fixed"] {
            // An error or a report of the field's value, but no false success.
            match tab.input(label, "text").await {
                Err(ActionError::NotPossible(_)) => {}
                Ok(outcome) if !outcome.effect.is_empty() => {}
                other => panic!("{label}: {other:?}"),
            }
        }
        tab.close().await;
    });
}

const SIZES: &str = "<select aria-label=Size onchange=\"tell([...selectedOptions].map(o => o.value).join('+'))\"";

#[test]
fn an_option_is_chosen_by_its_text_or_its_value() {
    run(async {
        let body =
            format!("{SIZES}><option value=s>Small<option value=l>Extra  large<option value=x disabled>Huge</select>");
        let site = Site::of(&[("/", &body)]).await;
        let tab = open(&site, "/").await;
        let outcome = tab.select("Size", &["extra large"]).await.unwrap();
        assert_eq!(outcome.description, "Select 'Extra large' in 'Size'");
        site.hears("l").await;
        tab.select("Size", &["s"]).await.unwrap();
        site.hears("s").await;
        assert_eq!(tab.element("Size").await.value, "Small");
        tab.close().await;
    });
}

#[test]
fn an_unknown_option_fails_with_the_choices() {
    run(async {
        let body = format!("{SIZES}><option value=s>Small<option value=l>Large<option value=x disabled>Huge</select>");
        let site = Site::of(&[("/", &body)]).await;
        let tab = open(&site, "/").await;
        for unknown in ["Medium", "Huge"] {
            let refused = tab.select("Size", &[unknown]).await.unwrap_err();
            assert!(matches!(&refused, ActionError::NotPossible(why) if why.contains("Small, Large")), "{refused:?}");
        }
        let refused = tab.select("Size", &["Small", "Large"]).await;
        assert!(matches!(refused, Err(ActionError::NotPossible(_))), "{refused:?}");
        assert_eq!(site.told(), [""; 0]);
        tab.close().await;
    });
}

#[test]
fn several_options_are_chosen_in_a_multiple_select() {
    run(async {
        let body = format!(
            "{SIZES} multiple><option value=s selected>Small<option value=m>Medium<option value=l>Large</select>"
        );
        let site = Site::of(&[("/", &body)]).await;
        let tab = open(&site, "/").await;
        tab.select("Size", &["Medium", "Large"]).await.unwrap();
        site.hears("m+l").await;
        tab.close().await;
    });
}

#[test]
fn selecting_in_an_element_without_options_fails() {
    run(async {
        let site = Site::of(&[("/", "<button>Size</button>")]).await;
        let tab = open(&site, "/").await;
        assert!(matches!(tab.select("Size", &["Small"]).await, Err(ActionError::NotPossible(_))));
        tab.close().await;
    });
}
