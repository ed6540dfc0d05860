//! Keys for the focused element.

use agent::ports::ActionError;

use crate::support::{Site, open, run};

#[test]
fn enter_submits_the_form_of_the_focused_field() {
    run(async {
        let site =
            Site::of(&[("/", "<form action=/go><input name=q autofocus value=tea></form>"), ("/go", "Gone")]).await;
        let tab = open(&site, "/").await;
        let outcome = tab.keys("Enter").await.unwrap();
        assert!(outcome.page_changed);
        site.is_asked("GET /go?q=tea").await;
        tab.close().await;
    });
}

#[test]
fn typing_replaces_after_select_all() {
    run(async {
        let body = "<label>Field <input value='old words' oninput=\"tell(value)\"></label>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        tab.click("Field").await.unwrap();
        tab.keys("Control+a").await.unwrap();
        tab.type_text("new").await.unwrap();
        site.hears("new").await;
        tab.close().await;
    });
}

#[test]
fn letters_cursor_keys_and_deletions_edit_as_on_a_keyboard() {
    run(async {
        let body = "<label>Field <input oninput=\"tell(value)\"></label>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        tab.click("Field").await.unwrap();
        tab.keys("a b c ArrowLeft X Space Home Delete").await.unwrap();
        site.hears("bX c").await;
        tab.close().await;
    });
}

#[test]
fn a_chord_may_contain_blanks_and_an_unknown_key_is_an_error() {
    run(async {
        let body = "<textarea id=t oninput=\"tell(value)\">hi</textarea><script>t.focus()</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        for unknown in ["NoSuchKey", "Control + NoSuchKey", "x NoSuchKey"] {
            let Err(ActionError::NotPossible(why)) = tab.keys(unknown).await else { panic!("{unknown} is pressed") };
            assert!(why.contains("names no key") && why.contains("`type`"), "{why}");
        }
        assert_eq!(site.told(), [""; 0]);
        tab.keys("Control + a").await.unwrap();
        tab.keys("Ctrl-x").await.unwrap();
        site.hears("").await;
        tab.close().await;
    });
}

#[test]
fn text_is_typed_at_the_focus_with_key_events_even_without_a_field() {
    run(async {
        let body = "<canvas id=sheet tabindex=0 width=300 height=100></canvas><script>let text = '';\
                    sheet.focus(); sheet.onkeydown = (e) => e.key === 'Enter' ? tell(text) : text += e.key</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        tab.type_text("Two words, 12!\n").await.unwrap();
        site.hears("Two words, 12!").await;
        tab.close().await;
    });
}

#[test]
fn tab_moves_the_focus_in_order() {
    run(async {
        let body = "<script>const order = [];\
                    addEventListener('focusin', (e) => order.push(e.target.id) === 4 && tell(order.join(' ')))</script>\
                    <input id=one><input id=three tabindex=0><button id=four>Four</button>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        tab.keys("Tab Tab Tab Shift+Tab").await.unwrap();
        site.hears("one three four three").await;
        tab.close().await;
    });
}

#[test]
fn escape_closes_a_dialog_with_complete_key_events() {
    run(async {
        let body = "<dialog id=d>Really?<button>Yes</button></dialog><script>d.showModal();\
                    d.onclose = () => tell('closed');\
                    addEventListener('keydown', (e) => tell(['down', e.key, e.code, e.keyCode, e.isTrusted].join(' ')));\
                    addEventListener('keyup', (e) => tell('up ' + e.key))</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        tab.keys("Escape").await.unwrap();
        site.hears("down Escape Escape 27 true").await;
        site.hears("up Escape").await;
        site.hears("closed").await;
        tab.close().await;
    });
}

#[test]
fn a_chord_has_its_modifiers() {
    run(async {
        let body = "<script>addEventListener('keydown', (e) => e.key === 'k' && tell([e.ctrlKey, e.shiftKey, e.altKey].join()))</script>Page";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        tab.keys("Control+k").await.unwrap();
        site.hears("true,false,false").await;
        assert!(matches!(tab.keys("Control+nothing").await, Err(ActionError::NotPossible(_))));
        tab.close().await;
    });
}
