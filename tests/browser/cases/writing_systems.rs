//! Right-to-left scripts, emoji, and invisible characters.

use agent::action::Action;

use crate::support::{Site, open, run};

#[test]
fn controls_with_names_in_any_script_are_read_and_clicked() {
    run(async {
        let names = ["اتصل بنا", "צור קשר 24", "👩‍👩‍👧 family 🎉", "日本語", "🇨🇭", "Ünïcödé"];
        let buttons: String =
            names.iter().map(|name| format!("<p><button onclick=\"tell(textContent)\">{name}</button></p>")).collect();
        let site = Site::of(&[("/", &format!("<div dir=auto>{buttons}</div>"))]).await;
        let tab = open(&site, "/").await;
        for name in names {
            let outcome = tab.click(name).await.unwrap();
            assert_eq!(outcome.description, format!("Click '{name}'"));
            site.hears(name).await;
        }
        tab.close().await;
    });
}

#[test]
fn a_link_over_two_lines_of_mixed_direction_is_clicked() {
    run(async {
        let body = "<div dir=rtl style='width: 320px; font: 20px monospace; line-height: 80px'>שלום שלום שלום שלום ש\
                    <a href=/next>קשר contact</a> טקסט טקסט טקסט</div>";
        let site = Site::of(&[("/", body), ("/next", "Arrived")]).await;
        let tab = open(&site, "/").await;
        tab.click("קשר contact").await.unwrap();
        site.is_asked("GET /next").await;
        tab.close().await;
    });
}

#[test]
fn a_right_to_left_page_is_scrolled_and_filled_in() {
    run(async {
        let body = "<div dir=rtl lang=ar><label>الاسم <input oninput=\"tell(value)\"></label>\
                    <div style='height: 4000px'></div><button onclick=\"tell('إرسال')\">إرسال</button></div>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        assert_eq!(tab.input("الاسم", "محمد 👋🏽 25").await.unwrap().effect, "");
        site.hears("محمد 👋🏽 25").await;
        tab.act(Action::ScrollToText { text: "إرسال".into(), select: None }).await.unwrap();
        tab.click("إرسال").await.unwrap();
        site.hears("إرسال").await;
        tab.close().await;
    });
}

const UNSEEN: &str = "<h1>Check\u{ad}out of order</h1><p>zero\u{200b}width\u{feff} text\u{a0}here</p>\
    <button onclick=\"tell('clicked')\">Pay\u{200b} now\u{200e}</button>\
    <label>Size <select onchange=\"tell(value)\"><option>-<option value=l>Extra\u{a0}large\u{200b}</select></label>";

#[test]
fn names_omit_invisible_characters_and_can_be_clicked() {
    run(async {
        let site = Site::of(&[("/", UNSEEN)]).await;
        let tab = open(&site, "/").await;
        let text = tab.text().await;
        for words in ["Checkout of order", "zerowidth text here", "Pay now"] {
            assert!(text.contains(words), "{words}:\n{text}");
        }
        tab.click("Pay now").await.unwrap();
        site.hears("clicked").await;
        tab.close().await;
    });
}

#[test]
fn text_is_matched_without_invisible_characters() {
    run(async {
        let site = Site::of(&[("/", UNSEEN)]).await;
        let tab = open(&site, "/").await;
        for text in ["zerowidth text here", "checkout of order"] {
            tab.act(Action::ScrollToText { text: text.into(), select: None }).await.unwrap();
            tab.act(Action::Wait {
                seconds: Some(5.0),
                text: Some(text.into()),
                gone: None,
                selector: None,
                url: None,
            })
            .await
            .unwrap();
            let found = tab.act(Action::FindText { pattern: text.into(), regex: None }).await.unwrap();
            assert!(found.extracted.is_some(), "{text}");
        }
        tab.select("Size", &["Extra large"]).await.unwrap();
        site.hears("l").await;
        tab.close().await;
    });
}

#[test]
fn emoji_and_joined_characters_are_typed_intact() {
    run(async {
        let site = Site::of(&[("/", "<label>Note <input oninput=\"tell(value)\"></label>")]).await;
        let tab = open(&site, "/").await;
        for text in ["👩‍👩‍👧🇨🇭", "e\u{301}té", "שלום, world", "می\u{200c}خواهم"] {
            assert_eq!(tab.input("Note", text).await.unwrap().effect, "", "{text}");
            site.hears(text).await;
        }
        tab.close().await;
    });
}
