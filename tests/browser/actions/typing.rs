//! Fields that react to typing.

use agent::action::Action;

use crate::support::{Site, Tab, open, run};

async fn with(body: &str) -> (Site, Tab) {
    let site = Site::of(&[("/", body)]).await;
    let tab = open(&site, "/").await;
    (site, tab)
}

#[test]
fn suggestions_are_awaited_and_reported() {
    run(async {
        let body = "<input role=combobox aria-label=City aria-autocomplete=list aria-controls=list aria-expanded=false id=f>\
            <ul id=list role=listbox hidden></ul><script>
            let timer;
            f.oninput = () => { clearTimeout(timer); timer = setTimeout(() => {
              list.innerHTML = ['Berlin', 'Bern', 'Bergen'].map((n) => `<li role=option onclick=\"f.value = '${n}'; list.hidden = true; tell('picked ${n}')\">${n}</li>`).join('');
              list.hidden = false; }, 300) };</script>";
        let (site, tab) = with(body).await;
        let outcome = tab.input("City", "Ber").await.unwrap();
        assert!(outcome.effect.starts_with("it suggests 'Berlin', 'Bern', 'Bergen'"), "{outcome:?}");
        tab.click("Bern").await.unwrap();
        site.hears("picked Bern").await;
        tab.close().await;
    });
}

#[test]
fn key_listeners_get_a_key_after_the_text_is_inserted() {
    run(async {
        let (site, tab) = with("<input aria-label=Code onkeyup=\"tell('up ' + value)\">").await;
        assert_eq!(tab.input("Code", "kettle").await.unwrap().effect, "");
        site.hears("up kettle").await;
        assert_eq!(site.told().len(), 1, "not key by key where that is not needed");
        tab.close().await;
    });
}

#[test]
fn an_input_mask_may_reformat_the_text_and_is_reported() {
    run(async {
        let body = "<input aria-label=Phone oninput=\"const d = value.replace(/\\D/g, ''); \
            value = d.length > 3 ? `(${d.slice(0, 3)}) ${d.slice(3)}` : d\" onchange=\"tell(value)\">";
        let (_site, tab) = with(body).await;
        let outcome = tab.input("Phone", "0301234567").await.unwrap();
        assert_eq!(outcome.effect, "the field now holds \"(030) 1234567\"");
        assert_eq!(tab.element("Phone").await.value, "(030) 1234567");
        tab.close().await;
    });
}

#[test]
fn a_field_that_takes_only_keys_gets_them_one_by_one() {
    run(async {
        // It only accepts single characters with key events.
        let body = "<input aria-label=Serial id=f><script>f.addEventListener('beforeinput', (event) => {\
            if ((event.data ?? '').length > 1) event.preventDefault(); })</script>";
        let (_site, tab) = with(body).await;
        assert_eq!(tab.input("Serial", "AB-12 c").await.unwrap().effect, "");
        assert_eq!(tab.element("Serial").await.value, "AB-12 c");
        tab.close().await;
    });
}

#[test]
fn a_code_is_spread_over_single_character_fields() {
    run(async {
        let body = "<input aria-label='Digit 1' maxlength=1><input aria-label='Digit 2' maxlength=1><input aria-label='Digit 3' maxlength=1>\
            <script>const boxes = [...document.querySelectorAll('input')];\
            boxes.forEach((box, at) => box.oninput = () => { boxes[at + 1]?.focus(); tell(boxes.map((b) => b.value).join('')) })</script>";
        let (site, tab) = with(body).await;
        tab.input("Digit 1", "123").await.unwrap();
        site.hears("123").await;
        tab.close().await;
    });
}

#[test]
fn a_field_that_autocompletes_is_reported() {
    run(async {
        let body = "<input aria-label=City oninput=\"if ('berlin'.startsWith(value.toLowerCase()) && value) { const at = value.length; \
            value = 'Berlin'; setSelectionRange(at, 6) }\">";
        let (_site, tab) = with(body).await;
        let outcome = tab.input("City", "Ber").await.unwrap();
        assert!(outcome.effect.contains("\"Berlin\""), "{outcome:?}");
        tab.close().await;
    });
}

#[test]
fn a_field_that_restores_its_text_when_cleared_still_accepts_another() {
    run(async {
        let body = "<input aria-label=Name value=Ann oninput=\"if (value === '') value = 'Ann'; tell(value)\">";
        let (site, tab) = with(body).await;
        assert_eq!(tab.input("Name", "Bob").await.unwrap().effect, "");
        site.hears("Bob").await;
        assert!(!site.told().contains(&"Ann".to_owned()), "it was never empty");
        let outcome = tab.input("Name", "").await.unwrap();
        assert!(outcome.effect.contains("\"Ann\""), "{outcome:?}");
        tab.close().await;
    });
}

#[test]
fn a_field_that_turns_text_into_chips_gets_it_once() {
    run(async {
        let body = "<div id=chips></div><input aria-label=Tags oninput=\"if (value.endsWith(',')) { \
            chips.insertAdjacentHTML('beforeend', `<span>${value}</span>`); tell('chip ' + value); value = '' }\">";
        let (site, tab) = with(body).await;
        let outcome = tab.input("Tags", "tea,").await.unwrap();
        assert!(outcome.effect.contains("'tea,'"), "{outcome:?}");
        site.hears("chip tea,").await;
        assert_eq!(site.told(), ["chip tea,"]);
        tab.close().await;
    });
}

#[test]
fn copying_cutting_pasting_and_undoing_work() {
    run(async {
        let (_site, tab) = with("<input aria-label=One value=kettle><input aria-label=Two>").await;
        tab.click("One").await.unwrap();
        tab.keys("Control+a Control+c").await.unwrap();
        tab.click("Two").await.unwrap();
        tab.keys("Control+v").await.unwrap();
        assert_eq!(tab.element("Two").await.value, "kettle");
        tab.keys("Control+a Control+x").await.unwrap();
        assert_eq!(tab.element("Two").await.value, "");
        tab.keys("Control+z").await.unwrap();
        assert_eq!(tab.element("Two").await.value, "kettle");
        tab.close().await;
    });
}

#[test]
fn clipboard_events_reach_the_page() {
    run(async {
        let body = "<p id=p>Order 4711</p><button onclick=\"getSelection().selectAllChildren(p); document.execCommand('copy')\">Copy</button>\
            <div contenteditable role=textbox aria-label=Note></div><div id=drop tabindex=0 role=textbox aria-label=Sheet>Sheet</div>\
            <script>drop.onpaste = (e) => { e.preventDefault(); tell('pasted ' + e.clipboardData.getData('text/plain')) };\
            drop.oncopy = (e) => { e.preventDefault(); e.clipboardData.setData('text/plain', 'row 1') };</script>";
        let (site, tab) = with(body).await;
        tab.click("Copy").await.unwrap();
        tab.click("Note").await.unwrap();
        tab.keys("Control+v").await.unwrap();
        assert_eq!(tab.element("Note").await.value, "Order 4711");
        tab.click("Sheet").await.unwrap();
        tab.keys("Control+v Control+c").await.unwrap();
        site.hears("pasted Order 4711").await;
        tab.click("Note").await.unwrap();
        tab.keys("Control+a Shift+Insert").await.unwrap();
        assert_eq!(tab.element("Note").await.value, "row 1");
        tab.close().await;
    });
}

#[test]
fn typed_words_keep_their_blanks_and_a_tab_goes_to_the_next_field() {
    run(async {
        let (_site, tab) = with("<input aria-label=One><input aria-label=Two>").await;
        tab.click("One").await.unwrap();
        tab.type_text("Hello brave world\tsecond").await.unwrap();
        assert_eq!(tab.element("One").await.value, "Hello brave world");
        assert_eq!(tab.element("Two").await.value, "second");
        tab.close().await;
    });
}

#[test]
fn a_text_is_selected_with_the_mouse_and_can_be_copied() {
    run(async {
        let body = "<p>The code is <b>X-4711</b>, keep it.</p><input aria-label=Code>\
            <script>onmouseup = () => tell('selected ' + getSelection())</script>";
        let (site, tab) = with(body).await;
        let select = Action::ScrollToText { text: "code is x-4711".into(), select: Some(true) };
        let outcome = tab.act(select).await.unwrap();
        assert!(outcome.effect.starts_with("selected: 'code is X-4711'"), "{outcome:?}");
        site.hears("selected code is X-4711").await;
        tab.keys("Control+c").await.unwrap();
        tab.click("Code").await.unwrap();
        tab.keys("Control+v").await.unwrap();
        assert_eq!(tab.element("Code").await.value, "code is X-4711");
        tab.close().await;
    });
}
