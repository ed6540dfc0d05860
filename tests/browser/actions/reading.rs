//! Text and screenshots of pages.

use agent::action::Action;
use agent::image::{Image, ImageFormat};
use agent::ports::{Browsers, PageSpec};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::{Browser, Site, Tab, open, open_as, run, with_screenshots};

const BODY: &str = "<h1>Tea</h1><p>Water   at\n 95 °C.</p><p style='display: none'>Secret</p>\
                    <label>Cups <input value=3></label><button>Pour the <b>pot</b></button>";

#[test]
fn the_pages_text_is_its_visible_text() {
    run(async {
        let site = Site::of(&[("/", BODY)]).await;
        let tab = open(&site, "/").await;
        let text = tab.read().await;
        assert!(text.contains("Tea\n") && text.contains("Water at 95 °C."), "{text:?}");
        assert!(!text.contains("Secret"), "{text:?}");
        tab.close().await;
    });
}

#[test]
fn the_text_or_value_of_one_element_is_read() {
    run(async {
        let site = Site::of(&[("/", BODY)]).await;
        let tab = open(&site, "/").await;
        for (label, text) in [("Cups", "3"), ("Pour the pot", "Pour the pot")] {
            let index = Some(tab.find(label).await);
            let outcome = tab.act(Action::extract(index.map(Into::into))).await.unwrap();
            assert_eq!(outcome.extracted.as_deref(), Some(text));
        }
        tab.close().await;
    });
}

#[test]
fn a_long_text_is_truncated_with_a_note() {
    run(async {
        let long = "word ".repeat(40_000);
        let site = Site::of(&[("/", &long)]).await;
        let tab = open(&site, "/").await;
        let outcome = tab.act(Action::extract(None)).await.unwrap();
        assert_eq!(outcome.extracted.unwrap().chars().count(), 100_000);
        assert!(outcome.effect.contains("first 100000 of 199999"), "{}", outcome.effect);
        tab.close().await;
    });
}

#[test]
fn screenshots_have_each_format_and_show_the_whole_viewport() {
    run(async {
        let site = Site::of(&[("/", BODY)]).await;
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Webp] {
            let spec = PageSpec::plain(Some(format));
            let tab = Tab::new(Browser::shared().open(spec).await.unwrap());
            tab.go(&site.url("/")).await.unwrap();
            let picture = tab.observe().await.screenshot.unwrap();
            assert_eq!(picture.format, format);
            assert_eq!(size(&picture), (1280, 900), "{format:?}");
            tab.close().await;
        }
    });
}

#[test]
fn a_second_tab_has_the_same_viewport() {
    run(async {
        let site = Site::of(&[("/", BODY)]).await;
        let tab = open_as(with_screenshots(), &site, "/").await;
        tab.act(Action::Navigate { url: site.url("/"), new_tab: Some(true) }).await.unwrap();
        assert_eq!(size(&tab.observe().await.screenshot.unwrap()), (1280, 900));
        tab.close().await;
    });
}

#[test]
fn a_run_without_screenshots_takes_one_only_on_request() {
    run(async {
        let site = Site::of(&[("/", BODY)]).await;
        let tab = Tab::new(Browser::shared().open(PageSpec::plain(None)).await.unwrap());
        tab.go(&site.url("/")).await.unwrap();
        assert_eq!(tab.observe().await.screenshot, None);
        let picture = tab.page().picture().await.unwrap();
        assert_eq!(size(&picture), (1280, 900));
        tab.close().await;
    });
}

/// Width and height from the file's header.
fn size(picture: &Image) -> (u32, u32) {
    let bytes = STANDARD.decode(picture.base64.as_bytes()).unwrap();
    let big = |at: usize, length: usize| bytes[at..at + length].iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
    match picture.format {
        ImageFormat::Png => {
            assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
            (big(16, 4), big(20, 4))
        }
        ImageFormat::Jpeg => {
            assert!(bytes.starts_with(b"\xff\xd8\xff"));
            // Segments up to the start of the frame.
            let mut at = 2;
            while !matches!(bytes[at + 1], 0xc0..=0xc3) {
                at += 2 + big(at + 2, 2) as usize;
            }
            (big(at + 7, 2), big(at + 5, 2))
        }
        ImageFormat::Webp => {
            assert!(bytes.starts_with(b"RIFF") && &bytes[8..15] == b"WEBPVP8");
            let little = |at: usize| u32::from(bytes[at]) | u32::from(bytes[at + 1]) << 8;
            match bytes[15] {
                b' ' => (little(26) & 0x3fff, little(28) & 0x3fff),
                b'X' => (little(24) + 1, little(27) + 1),
                other => panic!("VP8{}", char::from(other)),
            }
        }
    }
}
