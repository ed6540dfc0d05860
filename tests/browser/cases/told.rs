//! Inputs that pages take in ways of their own: they are made once, and what became of them is told.

use agent::action::Action;
use agent::ports::ActionError;

use super::tab_at;
use crate::support::run;

#[test]
fn a_field_that_is_emptied_once_it_is_full_is_typed_into_once() {
    run(async {
        let body = "<label>PIN <input id=p></label><label>Tags <input id=t></label><p id=m role=alert></p><p id=chips></p><script>\
            p.oninput = () => { if (p.value.length == 4) { tell('try ' + p.value); p.value = ''; m.textContent = 'Wrong PIN' } };\
            t.oninput = () => { if (t.value.endsWith(',')) { tell('tag ' + t.value); t.value = '' } }</script>";
        let (site, tab) = tab_at(body).await;
        let effect = tab.input("PIN", "1234").await.unwrap().effect;
        assert!(effect.contains("Wrong PIN"), "{effect}");
        tab.input("Tags", "red,").await.unwrap();
        site.hears("tag red,").await;
        assert_eq!(site.told(), ["try 1234", "tag red,"]);
        tab.close().await;
    });
}

#[test]
fn entries_with_commas_are_typed_once() {
    run(async {
        let body = "<label>Tags <input id=t></label><ul id=chips></ul><script>t.oninput = () => {\
            const parts = t.value.split(','); t.value = parts.pop(); parts.forEach(add) };\
            const add = (tag) => { const li = document.createElement('li'); li.textContent = tag.trim(); chips.append(li) };\
            t.onkeydown = (e) => { if (e.key == 'Enter') { add(t.value); t.value = '' } }</script>";
        let (_site, tab) = tab_at(body).await;
        let index = tab.find("Tags").await;
        let text = "red, dark green, blue".to_owned();
        tab.act(Action::Input { index: index.into(), text, clear: None, submit: Some(true) }).await.unwrap();
        let seen = tab.text().await;
        let chips: Vec<_> = seen.lines().filter(|line| !line.contains("Tags") && !line.starts_with("...")).collect();
        assert_eq!(chips, ["red", "dark green", "blue"]);
        tab.close().await;
    });
}

#[test]
fn an_editor_with_an_empty_paragraph_gets_its_lines_in_order() {
    run(async {
        let body = "<div contenteditable role=textbox aria-label=Note id=note><p><br></p></div>";
        let (_site, tab) = tab_at(body).await;
        tab.append("Note", "line one\nline two").await.unwrap();
        let view = tab.text().await;
        assert!(view.contains("value=\"line one\\nline two\""), "{view}");
        tab.append("Note", "\nline three").await.unwrap();
        let view = tab.text().await;
        assert!(view.contains("value=\"line one\\nline two\\nline three\""), "{view}");
        tab.input("Note", "a\nb").await.unwrap();
        let view = tab.text().await;
        assert!(view.contains("value=\"a\\nb\""), "{view}");
        tab.close().await;
    });
}

#[test]
fn a_password_that_is_shown_stays_out_of_what_is_told() {
    run(async {
        let body =
            "<label>Password <input id=p type=password></label><button onclick=\"p.type = 'text'\">Show</button>";
        let (_site, tab) = tab_at(body).await;
        tab.input("Password", "hunter2").await.unwrap();
        tab.click("Show").await.unwrap();
        let outcome = tab.input("Password", "hunter33").await.unwrap();
        assert!(!format!("{outcome:?}").contains("hunter"), "{outcome:?}");
        tab.close().await;
    });
}

#[test]
fn a_press_that_misses_is_told() {
    run(async {
        let body = "<label>Mail <input id=e></label><p id=er>Bad mail</p><button onclick=\"tell('joined')\">Join</button>\
            <script>e.onblur = () => er.textContent = ''</script>";
        let (site, tab) = tab_at(body).await;
        tab.input("Mail", "a").await.unwrap();
        let effect = tab.click("Join").await.unwrap().effect;
        assert!(effect.contains("it moved as it was pressed and got no click"), "{effect}");
        assert!(site.told().is_empty());
        let effect = tab.click("Join").await.unwrap().effect;
        assert!(!effect.contains("it moved"), "{effect}");
        site.hears("joined").await;
        tab.close().await;
    });
    run(async {
        let body = "<style>#over { display: none; position: absolute; inset: 0; background: white }\
            body:has(#buy:hover) #over, #over:hover { display: block }</style><button id=buy>Buy</button>\
            <div id=over onclick=\"tell('over')\">Quick view</div>";
        let (site, tab) = tab_at(body).await;
        let effect = tab.click("Buy").await.unwrap().effect;
        assert!(effect.contains("the press hit <div#over> 'Quick view' in its place"), "{effect}");
        site.hears("over").await;
        tab.close().await;
    });
}

#[test]
fn a_menu_that_opens_over_its_button_is_no_miss() {
    run(async {
        let body = "<button id=b>Sort</button><div role=menu id=m hidden style='position:absolute;inset:0;background:white'>\
            <div role=menuitem>Price</div></div><script>b.onpointerdown = () => m.hidden = false</script>";
        let (_site, tab) = tab_at(body).await;
        let effect = tab.click("Sort").await.unwrap().effect;
        assert!(effect.starts_with("the menu appeared with 'Price'"), "{effect}");
        tab.close().await;
    });
}

#[test]
fn a_list_that_does_not_take_a_choice_is_told() {
    run(async {
        let body = "<button role=combobox id=c aria-label=Size aria-controls=l aria-expanded=false>Choose</button>\
            <div role=listbox id=l hidden><div role=option>Small</div><div role=option>Large</div></div><script>\
            let left = 1; c.onpointerdown = () => l.hidden = false;\
            l.onpointerup = (e) => { if (left-- > 0) return; c.textContent = e.target.textContent; l.hidden = true }</script>";
        let (_site, tab) = tab_at(body).await;
        let effect = tab.select("Size", &["Large"]).await.unwrap().effect;
        assert!(effect.contains("'Large' is not chosen in it"), "{effect}");
        let effect = tab.select("Size", &["Large"]).await.unwrap().effect;
        assert!(!effect.contains("not chosen"), "{effect}");
        tab.close().await;
    });
}

#[test]
fn a_slider_of_the_page_is_set_by_keys() {
    run(async {
        let body = "<div role=slider tabindex=0 aria-label=Volume id=s aria-valuenow=50 aria-valuemin=0 aria-valuemax=200></div>\
            <style>#s { width: 200px; height: 20px; background: gray }</style><script>\
            s.onkeydown = ({ key }) => { const by = { ArrowRight: 5, ArrowLeft: -5 }[key]; if (by) s.ariaValueNow = +s.ariaValueNow + by }\
            </script>";
        let (_site, tab) = tab_at(body).await;
        for value in ["120", "15"] {
            assert_eq!(tab.input("Volume", value).await.unwrap().effect, "", "{value}");
            let view = tab.text().await;
            assert!(view.contains(&format!("value={value}")), "{view}");
        }
        let effect = tab.input("Volume", "17").await.unwrap().effect;
        assert!(effect.contains("the slider is at 15"), "{effect}");
        for wrong in ["500", "loud"] {
            let refused = tab.input("Volume", wrong).await.unwrap_err();
            assert!(matches!(&refused, ActionError::NotPossible(why) if why.contains("takes a number")), "{refused:?}");
        }
        tab.close().await;
    });
}

#[test]
fn options_that_nobody_can_choose_are_marked_and_refused() {
    run(async {
        let body = "<label>Pick <select><option>A</option><optgroup label=Out disabled><option>Blue</option></optgroup>\
            <option disabled>D</option><option hidden>Z</option></select></label>";
        let (_site, tab) = tab_at(body).await;
        for option in ["Blue", "D", "Z"] {
            let Err(ActionError::NotPossible(why)) = tab.select("Pick", &[option]).await else { panic!("{option}") };
            assert!(why.ends_with("it has: A, Blue (disabled), D (disabled)"), "{why}");
        }
        tab.close().await;
    });
}

#[test]
fn a_checkbox_of_the_page_that_answers_late_is_waited_for() {
    run(async {
        let body = "<div role=checkbox aria-checked=false tabindex=0 onclick=\"setTimeout(() => this.ariaChecked = 'true', 300)\">\
                    Agree</div>";
        let (_site, tab) = tab_at(body).await;
        let effect = tab.click("Agree").await.unwrap().effect;
        assert_eq!(effect, "it is now checked");
        tab.close().await;
    });
}

#[test]
fn a_box_that_a_press_or_key_scrolls_is_a_change() {
    run(async {
        let body = "<div id=box style='width:200px;overflow:hidden;white-space:nowrap'><div style='width:900px'>One Two</div></div>\
            <button onclick='box.scrollBy(200, 0)'>Next</button>\
            <script>onkeydown = () => box.scrollBy(200, 0)</script>";
        let (_site, tab) = tab_at(body).await;
        assert_eq!(tab.click("Next").await.unwrap().effect, "a part of the page scrolled");
        let effect = tab.act(Action::keys("ArrowRight")).await.unwrap().effect;
        assert_eq!(effect, "a part of the page scrolled");
        tab.close().await;
    });
}
