//! Finds secret values in texts, in whatever writing, and puts their masks in their place.
//!
//! What is promised: a value is found as it is, in any case of its ASCII letters and in all capitals or small letters, with
//! any blanks for its blanks and with unseen characters between its own; percent-encoded, escaped as in HTML and in
//! string literals, up to three times over; with `+` for its blanks; in base64, alone or within something longer, in
//! hexadecimal, as the name of a file and with a typographic apostrophe; one of eight characters or more also with blanks,
//! hyphens, dots or brackets between its own; and a part of each of these where a text was cut off, which an ellipsis shows.
//! What is not: other writings, such as reversed, encrypted or compressed ones, and a value told piece by piece.
//!
//! Pages choose the texts: the time that one takes grows with its length, whatever it holds and however many values
//! there are, and so does the memory.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use aho_corasick::AhoCorasick;
use serde_json::{Number, Value};

use super::decoding::Decoded;
use super::frayed::{Frayed, Seams};
use super::patterns::Patterns;
use super::pieces::{Piece, Pieces};
use super::writings::writings;

/// Layers of escapes that are looked into.
pub(super) const LAYERS: usize = 3;
/// Shortest value, in characters, that is also found with separators in it.
const LOOSE: usize = 8;

/// The maskers of runs under way, for what belongs to no run: log lines.
static LIVE: Mutex<Vec<Weak<Masker>>> = Mutex::new(Vec::new());

/// Values and their masks. Its memory holds the values: it prints neither.
pub struct Masker {
    masks: Vec<String>,
    exact: Patterns,
    loose: Patterns,
    exact_frayed: Frayed,
    loose_frayed: Frayed,
    /// Of the masks themselves: what stands inside of one stays.
    marks: AhoCorasick,
}

impl std::fmt::Debug for Masker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Masker({} values)", self.masks.len())
    }
}

impl Masker {
    /// Of masks, and the values in whose place they stand. Values have at least one character.
    pub fn new<'a>(values: impl IntoIterator<Item = (String, &'a str)>) -> Self {
        let (mut masks, mut exact, mut loose) = (Vec::new(), Vec::new(), Vec::new());
        for (of, (mask, value)) in values.into_iter().enumerate() {
            exact.extend(writings(value).into_iter().map(|writing| (writing, of)));
            let bare = Decoded::plain(value).loosened().map_or_else(|| value.into(), |loose| loose.bytes);
            if String::from_utf8_lossy(&bare).chars().count() >= LOOSE {
                loose.push((bare, of));
            }
            masks.push(mask);
        }
        let marks = AhoCorasick::new(&masks).expect("requests hold some kilobytes of names");
        // Letters and digits alone are not escaped, so they are found as they are, whatever stands beside them.
        let escaped: Vec<_> = exact.iter().filter(|(text, _)| !text.iter().all(u8::is_ascii_alphanumeric)).collect();
        Self {
            masks,
            exact_frayed: Frayed::new(escaped),
            loose_frayed: Frayed::new(&loose),
            exact: Patterns::new(exact),
            loose: Patterns::new(loose),
            marks,
        }
    }

    /// From now until it is dropped its values are masked in log lines, too.
    pub fn watch_logs(self: &Arc<Self>) {
        let mut live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
        live.retain(|masker| masker.strong_count() > 0);
        live.push(Arc::downgrade(self));
    }

    /// A text with a mask in the place of each value.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let found = self.find(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = String::with_capacity(text.len());
        let mut copied = 0;
        for Piece { bytes, of, .. } in found {
            masked.push_str(&text[copied..bytes.start]);
            masked.push_str(&self.masks[of]);
            copied = bytes.end;
        }
        masked.push_str(&text[copied..]);
        Cow::Owned(masked)
    }

    /// Masks every text of a JSON value, the names of its fields included, and every number that is a secret.
    pub fn mask_json(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.mask_in(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.mask_json(value)),
            Value::Object(fields) => {
                if fields.keys().any(|name| !self.find(name).is_empty()) {
                    *fields = std::mem::take(fields)
                        .into_iter()
                        .map(|(name, value)| (self.mask(&name).into_owned(), value))
                        .collect();
                }
                fields.values_mut().for_each(|value| self.mask_json(value));
            }
            Value::Number(number) => {
                if let Some(masked) = self.masked_number(number) {
                    *value = Value::String(masked);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    pub(super) fn masked_number(&self, number: &Number) -> Option<String> {
        match self.mask(&number.to_string()) {
            Cow::Owned(masked) => Some(masked),
            Cow::Borrowed(_) => None,
        }
    }

    /// Masks a text where it stands.
    pub fn mask_in(&self, text: &mut String) {
        if let Cow::Owned(masked) = self.mask(text) {
            *text = masked;
        }
    }

    /// The pieces of a text that are secret, in order, without overlaps and on boundaries of characters.
    pub fn places(&self, text: &str) -> Vec<Range<usize>> {
        self.find(text).into_iter().map(|piece| piece.bytes).collect()
    }

    fn find(&self, text: &str) -> Vec<Piece> {
        let marks = self.marks.find_iter(text).map(|mark| mark.range()).collect();
        let mut pieces = Pieces::new(text, marks);
        let mut layers = vec![Decoded::plain(text)];
        let mut seams = Seams::new(text.len());
        while let Some((layer, before)) = layers.split_last() {
            self.look_at(layer, &mut pieces);
            if !before.is_empty() {
                self.look_at_frayed(layer, before, &seams, &mut pieces);
            }
            match layer.unescaped() {
                Some(inner) if before.len() < LAYERS => {
                    seams.add(&inner);
                    layers.push(inner);
                }
                _ => break,
            }
        }
        pieces.united()
    }

    fn look_at(&self, layer: &Decoded, pieces: &mut Pieces<'_>) {
        self.exact.find(layer, pieces);
        if let Some(tidied) = layer.tidied() {
            self.exact.find(&tidied, pieces);
        }
        if !self.loose.is_empty() {
            self.loose.find(layer.loosened().as_ref().unwrap_or(layer), pieces);
        }
    }

    /// `before`: what the layer was made of, from the text itself on.
    fn look_at_frayed(&self, layer: &Decoded, before: &[Decoded], seams: &Seams, pieces: &mut Pieces<'_>) {
        if !self.exact_frayed.is_empty() {
            self.exact_frayed.find(layer, before, seams, pieces);
            if let Some(tidied) = layer.tidied() {
                self.exact_frayed.find(&tidied, before, seams, pieces);
            }
        }
        if !self.loose_frayed.is_empty() {
            self.loose_frayed.find(layer.loosened().as_ref().unwrap_or(layer), before, seams, pieces);
        }
    }
}

/// A log line with the secrets of all runs under way masked.
pub fn mask_log_line(line: &str) -> Cow<'_, str> {
    let live: Vec<Arc<Masker>> = {
        let live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
        live.iter().filter_map(Weak::upgrade).collect()
    };
    let mut line = Cow::Borrowed(line);
    for masker in live {
        if let Cow::Owned(masked) = masker.mask(&line) {
            line = Cow::Owned(masked);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::secrets::writings::is_telling;

    fn masker(values: &[&str]) -> Masker {
        Masker::new(values.iter().zip('a'..).map(|(value, name)| (format!("<{name}>"), *value)))
    }

    #[test]
    fn a_value_is_masked_in_every_writing_that_is_promised() {
        let masker = masker(&["Hunter \"2\" & Co", "päss-wörd/9", "4111111111111111", "o'brien@shop.example"]);
        for (text, expected) in [
            ("log in with Hunter \"2\" & Co!", "log in with <a>!"),
            ("HUNTER \"2\" & CO", "<a>"),
            (r#"{"text":"Hunter \"2\" & Co"}"#, r#"{"text":"<a>"}"#),
            ("<p>Hunter &quot;2&quot; &amp; Co</p>", "<p><a></p>"),
            ("?p=Hunter+%222%22+%26+Co&x=1", "?p=<a>&x=1"),
            ("/Hunter%20%222%22%20%26%20Co/", "/<a>/"),
            ("%2548unter%2520%25222%2522%2520%2526%2520Co", "<a>"),
            ("SHVudGVyICIyIiAmIENv", "<a>"),
            ("eEh1bnRlciAiMiIgJiBDb3g=", "eE<a>3g="),
            ("48756e746572202232222026 20436f", "48756e746572202232222026 20436f"),
            ("48756E74657220223222202620436F", "<a>"),
            ("Hunter _2_ & Co.txt", "<a>.txt"),
            ("Hunter  \"2\"\n & Co", "<a>"),
            ("PÄSS-WÖRD/9 päss-wörd/9", "<b> <b>"),
            ("p%C3%A4ss-w%c3%b6rd%2F9", "<b>"),
            (r"p\u00e4ss-w\u00f6rd\/9", "<b>"),
            ("p%E4ss-w%F6rd/9 p%u00e4ss-w%u00F6rd/9", "<b> <b>"),
            ("4111 1111 1111 1111", "<c>"),
            ("4111-1111\u{200b}-1111-1111.", "<c>."),
            ("pin 4111 1111 1111", "pin 4111 1111 1111"),
            ("Log in as Hunter \"2…", "Log in as <a>…"),
            ("…11111111 was charged", "…<c> was charged"),
            ("Click 'Reset o’brien@shop.example'", "Click 'Reset <d>'"),
        ] {
            assert_eq!(masker.mask(text), expected, "{text}");
        }
    }

    #[test]
    fn what_an_ellipsis_leaves_of_a_value_is_masked() {
        let masker = masker(&["ada@shop.example", "Hunter \"2\" & Co", "4111111111111111", "o'brien"]);
        for (text, expected) in [
            ("ada@shop.exam… is in", "<a>… is in"),
            ("ada@shop.exam … is in", "<a> … is in"),
            ("ada@shop.exam\n  …", "<a>\n  …"),
            ("… shop.example is in", "… <a> is in"),
            ("…\u{a0}\u{200b} shop.example", "…\u{a0}\u{200b} <a>"),
            ("see /?p=Hunter%20%222%22%20%2… here", "see /?p=<b>%2… here"),
            ("see /?p=Hunter+%222%22+%… here", "see /?p=<b>%… here"),
            // It may be the value's own, or what is left of an escape.
            ("say \"Hunter \\\"2\\\" &…\"", "say \"<b>&…\""),
            ("say \"Hunter \\\"2\\…\"", "say \"<b>\\…\""),
            ("pay 4111 1111 11 … now", "pay <c> … now"),
            ("Click 'o’bri…'", "Click '<d>…'"),
            ("YWRhQHNob3A…", "<a>…"),
            ("a d… o'b… and so on", "a d… o'b… and so on"),
        ] {
            assert_eq!(masker.mask(text), expected, "{text}");
        }
    }

    #[test]
    fn what_stands_between_the_characters_of_a_value_does_not_hide_it() {
        let masker = masker(&["4111111111111111", "Hunter 2", "pin  42"]);
        for hidden in "\u{34f} \u{61c} \u{180e} \u{200b} \u{200d} \u{202e} \u{2066} \u{2069} \u{fe00} \u{fe0f} \u{e0041} \u{e01ef} \u{a0} \u{3000}".split(' ') {
            assert_eq!(masker.mask(&format!("4111{hidden}111111111111")), "<a>", "{hidden:?}");
        }
        for text in ["Hunter 2", "Hunter  2", "Hunter\n\t 2", "Hunter\u{a0}2", "Hunter&nbsp; 2", "Hunter+2"] {
            assert_eq!(masker.mask(text), "<b>", "{text:?}");
        }
        for text in ["pin  42", "pin 42", "pin++42", "pin+42", "pin%20%2042"] {
            assert_eq!(masker.mask(text), "<c>", "{text:?}");
        }
    }

    #[test]
    fn an_escape_that_takes_an_edge_of_a_value_does_not_hide_it() {
        let masker = masker(&[
            "0A+B 1",
            "n \"2\"&",
            "x41-ü/7",
            "; '1' '2'",
            "1111 1111 1111",
            "a\"%41&amp;b",
            "#39;a&b12",
            ";-2p\\lf22",
            "Tom \"x\" &g",
        ]);
        for (text, expected) in [
            ("100%0A%2BB+1", "100%<a>"),
            ("%250a%252BB%25201", "%25<a>"),
            (r#""\\dir\n \"2\"&""#, r#""\\dir\<b>""#),
            (r#"\n \"2\"&lt;"#, r"\<b>lt;"),
            (r"\x41-\u00fc\/7", r"\<c>"),
            ("&#39; &#39;1&#39; &#39;2&#39;", "&#39<d>"),
            ("%1111%201111%201111", "%<e>"),
            ("%1111%20111%2D1%201111", "%<e>"),
            (r#"a\"%41&amp;b"#, "<f>"),
            // The escape that took the edge was escaped with all the rest.
            ("%26%2339%3Ba%26amp%3Bb12", "%26<g>"),
            ("&amp%3B-2p%5C%5Clf22", "&amp<h>"),
            (r#"Tom \"x\" &gt;"#, "<i>t;"),
        ] {
            assert_eq!(masker.mask(text), expected, "{text}");
        }
        // Other characters than those of the value.
        assert_eq!(masker.mask("100%0D%2BB+1"), "100%0D%2BB+1");
        // Values that are alike but for the edge.
        let alike: Vec<String> = (10..60).map(|n| format!("{n}+tail/12")).collect();
        let masker = Masker::new(alike.iter().map(|value| ("▮".to_owned(), value.as_str())));
        assert_eq!(masker.mask("100%26%2Btail%2F12"), "100%▮");
    }

    #[test]
    fn values_made_to_be_large_are_known_by_little() {
        let escapes = format!("0000;%{}", "25".repeat(252));
        let values: Vec<String> = (0..50).map(|n| format!("{escapes}{n}{}zz%", "qwertyuiop".repeat(50))).collect();
        for value in &values {
            assert!(writings(value).len() < 30, "each layer of escapes was one more");
        }
    }

    #[test]
    fn a_text_made_to_be_slow_is_masked_in_a_time_that_only_grows_with_its_length() {
        let masker_of = |values: &[String]| Masker::new(values.iter().map(|value| ("▮".to_owned(), value.as_str())));
        // At each ellipsis every length of every value was tried.
        let alike: Vec<String> = (0..50).map(|n| format!("{}{n}", "a".repeat(500))).collect();
        let masker = masker_of(&alike);
        assert_eq!(masker.mask(&format!("{}…", "a".repeat(490)).repeat(20)), "▮…".repeat(20));
        assert_eq!(masker.mask(&"…".repeat(20_000)), "…".repeat(20_000));
        // Each value that ends at a place was kept.
        let nested: Vec<String> = (4..54).map(|length| "a".repeat(length)).collect();
        assert_eq!(masker_of(&nested).mask(&"a".repeat(50_000)), "▮");
        // Each value was compared with each mask that stood there.
        let marked = Masker::new([("<m>aaaa</m>".to_owned(), "aaaa")]);
        let text = "<m>aaaa</m>".repeat(10_000);
        assert_eq!(marked.mask(&text), text);
    }

    #[test]
    fn values_that_overlap_leave_nothing_of_either() {
        let masker = masker(&["abcdef", "defghijk", "cdef"]);
        assert_eq!(masker.mask("x abcdefghijk y abcdef z"), "x <b> y <a> z");
    }

    #[test]
    fn a_mask_is_not_masked_again() {
        let masker = Masker::new([("<secret>password</secret>".to_owned(), "secret"), ("<m>".to_owned(), "word")]);
        let once = masker.mask("the secret is secret").into_owned();
        assert_eq!(once, "the <secret>password</secret> is <secret>password</secret>");
        assert_eq!(masker.mask(&once), once);
    }

    #[test]
    fn the_end_of_a_long_text_may_be_the_beginning_of_a_value() {
        let masker = masker(&["hunter2222"]);
        let long = format!("{}hunter2", "x".repeat(200));
        assert_eq!(masker.mask(&long), format!("{}<a>", "x".repeat(200)));
        assert_eq!(masker.mask("a deer hunter2"), "a deer hunter2");
    }

    #[test]
    fn json_is_masked_in_texts_names_and_numbers() {
        let masker = masker(&["hunter22", "12345"]);
        let mut value = json!({ "hunter22": ["x hunter22", 12345, 7, null, true], "b": { "c": "%68unter22" } });
        masker.mask_json(&mut value);
        assert_eq!(value, json!({ "<a>": ["x <a>", "<b>", 7, null, true], "b": { "c": "<a>" } }));
    }

    #[test]
    fn log_lines_are_masked_while_the_masker_lives() {
        let masker = Arc::new(masker(&["log-canary-7319"]));
        masker.watch_logs();
        assert_eq!(mask_log_line("opened ?p=log-canary-7319"), "opened ?p=<a>");
        drop(masker);
        assert_eq!(mask_log_line("opened ?p=log-canary-7319"), "opened ?p=log-canary-7319");
    }

    #[test]
    fn nothing_of_it_is_printed() {
        assert_eq!(format!("{:?}", masker(&["hunter22"])), "Masker(1 values)");
    }

    proptest! {
        #[test]
        fn no_text_keeps_a_value(
            value in "[ -~äß😀]{4,20}", before in "[ -~é…%\\\\&]{0,20}", after in "[ -~é…]{0,20}", times in 0..3_usize,
        ) {
            prop_assume!(value.trim().chars().count() >= 4);
            let masker = Masker::new([("▮".to_owned(), value.as_str())]);
            let mut written = value.clone();
            for _ in 0..times {
                written = url::form_urlencoded::byte_serialize(written.as_bytes()).collect();
            }
            let masked = masker.mask(&format!("{before}{written}{after}")).into_owned();
            prop_assert!(!masked.contains(&written), "{masked}");
            prop_assert!(masked.contains('▮'), "{masked}");
        }

        #[test]
        fn no_escape_beside_a_value_hides_it(
            value in "[0-9a-fnrtux%&\\\\\"';{}+ -]{6,12}", manner in 0..4_usize,
            before in "[%&\\\\#u{x]{0,2}[0-9a-f]{0,3}", after in "[0-9a-fnutpm;\"\\\\]{0,4}",
        ) {
            // A value must not be next to nothing once it is taken for escapes itself.
            let mut layers = std::iter::successors(Some(Decoded::plain(&value)), Decoded::unescaped);
            prop_assume!(layers.all(|layer| is_telling(&layer.bytes)));
            let masker = Masker::new([("▮".to_owned(), value.as_str())]);
            let percent = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let written = match manner {
                0 => percent(&value),
                1 => percent(&percent(&value)),
                2 => serde_json::to_string(&value).unwrap().strip_prefix('"').unwrap().strip_suffix('"').unwrap().to_owned(),
                _ => value.replace('&', "&amp;").replace('"', "&quot;").replace('\'', "&#39;"),
            };
            let masked = masker.mask(&format!("{before}{written}{after}")).into_owned();
            let (first, rest) = masked.split_once('▮').expect("there is a mask");
            prop_assert!(before.starts_with(first), "{masked}");
            prop_assert!(rest.rsplit('▮').next().is_some_and(|last| after.ends_with(last)), "{masked}");
        }

        #[test]
        fn any_text_can_be_masked(text in "\\PC{0,60}", value in "\\PC{1,8}") {
            let masker = Masker::new([(String::new(), value.as_str())]);
            masker.mask(&text);
            for place in masker.places(&text) {
                prop_assert!(text.get(place).is_some());
            }
        }
    }
}
