//! Finds secret values in texts, in whatever writing, and puts their masks in their place.
//!
//! What is promised: a value is found as it is, in any case of its ASCII letters and in all capitals or small letters;
//! percent-encoded, escaped as in HTML and in string literals, up to three times over; with `+` for its blanks; in base64,
//! alone or within something longer, in hexadecimal and as the name of a file; one of eight characters or more also with blanks, hyphens, dots,
//! brackets or unseen characters between its own; and a part of it where a text was cut off. What is not: other
//! writings, such as reversed, encrypted or compressed ones, and a value told piece by piece.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::{Number, Value};

use super::decoding::Decoded;

/// Layers of escapes that are looked into.
const LAYERS: usize = 3;
/// Shortest value, in characters, that is also found with separators in it.
const LOOSE: usize = 8;
/// Shortest piece of base64 that is found within something longer: a shorter one means nothing.
const BASE64_PIECE: usize = 8;
/// Shortest part of a value, in characters, that is masked where a text was cut off.
const PART: usize = 4;
/// Where a text ends without a sign of having been cut off, and is at least so long, it may have been.
const CUT_BYTES: usize = 150;
/// The sign.
const ELLIPSIS: char = '…';

/// The maskers of runs under way, for what belongs to no run: log lines.
static LIVE: Mutex<Vec<Weak<Masker>>> = Mutex::new(Vec::new());

/// Values and their masks. Its memory holds the values: it prints neither.
pub struct Masker {
    masks: Vec<String>,
    exact: Patterns,
    loose: Patterns,
    /// Of the masks themselves: what stands inside of one stays.
    marks: AhoCorasick,
    /// Each value's characters, small.
    values: Vec<Vec<char>>,
}

/// Texts that are looked for at once.
struct Patterns {
    automaton: AhoCorasick,
    /// The value that each pattern stands for.
    of: Vec<usize>,
}

/// A piece of a text that is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    bytes: Range<usize>,
    /// Which.
    of: usize,
}

impl std::fmt::Debug for Masker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Masker({} values)", self.masks.len())
    }
}

impl Masker {
    /// Of masks, and the values in whose place they stand. Values have at least one character.
    pub fn new<'a>(values: impl IntoIterator<Item = (String, &'a str)>) -> Self {
        let (mut masks, mut known) = (Vec::new(), Vec::new());
        let (mut exact, mut loose) = (Vec::new(), Vec::new());
        for (of, (mask, value)) in values.into_iter().enumerate() {
            exact.extend(writings(value).into_iter().map(|writing| (writing, of)));
            // As `escape()` makes it; once that is undone it is no UTF-8.
            let latin: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
            exact.extend(latin.filter(|_| !value.is_ascii()).map(|writing| (writing, of)));
            let bare = Decoded::plain(value).loosened().bytes;
            if String::from_utf8_lossy(&bare).chars().count() >= LOOSE {
                loose.push((bare, of));
            }
            known.push(value.chars().flat_map(char::to_lowercase).collect());
            masks.push(mask);
        }
        let marks = automaton(&masks, false);
        Self { masks, exact: Patterns::new(exact), loose: Patterns::new(loose), marks, values: known }
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
        for Found { bytes, of } in found {
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
        self.find(text).into_iter().map(|found| found.bytes).collect()
    }

    fn find(&self, text: &str) -> Vec<Found> {
        let mut found = Vec::new();
        let mut layer = Decoded::plain(text);
        for _ in 0..=LAYERS {
            self.exact.find(&layer, &mut found);
            if !self.loose.of.is_empty() {
                self.loose.find(&layer.loosened(), &mut found);
            }
            match layer.unescaped() {
                Some(inner) => layer = inner,
                None => break,
            }
        }
        self.find_parts(text, &mut found);
        if found.is_empty() {
            return found;
        }
        let marks: Vec<Range<usize>> = self.marks.find_iter(text).map(|mark| mark.range()).collect();
        found.retain(|found| !marks.iter().any(|mark| mark.start <= found.bytes.start && found.bytes.end <= mark.end));
        united(text, found)
    }

    /// Beginnings of values before an ellipsis or the end of a long text, and their ends after an ellipsis.
    fn find_parts(&self, text: &str, found: &mut Vec<Found>) {
        for (at, _) in text.match_indices(ELLIPSIS) {
            self.find_beginning(text, at, found);
            self.find_end(text, at + ELLIPSIS.len_utf8(), found);
        }
        if text.len() >= CUT_BYTES {
            self.find_beginning(text, text.len(), found);
        }
    }

    fn find_beginning(&self, text: &str, end: usize, found: &mut Vec<Found>) {
        for (of, value) in self.values.iter().enumerate() {
            let longest = (PART..value.len()).rev().find_map(|length| {
                let mut before = text[..end].char_indices().rev();
                value[..length].iter().rev().try_fold(end, |_, wanted| {
                    before.next().filter(|(_, is)| is.to_lowercase().eq([*wanted])).map(|(at, _)| at)
                })
            });
            found.extend(longest.map(|start| Found { bytes: start..end, of }));
        }
    }

    fn find_end(&self, text: &str, start: usize, found: &mut Vec<Found>) {
        for (of, value) in self.values.iter().enumerate() {
            let longest = (PART..value.len()).rev().find_map(|length| {
                let mut after = text[start..].char_indices();
                value[value.len() - length..].iter().try_fold(start, |_, wanted| {
                    let (at, is) = after.next().filter(|(_, is)| is.to_lowercase().eq([*wanted]))?;
                    Some(start + at + is.len_utf8())
                })
            });
            found.extend(longest.map(|end| Found { bytes: start..end, of }));
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

impl Patterns {
    fn new(patterns: Vec<(Vec<u8>, usize)>) -> Self {
        let (texts, of): (Vec<_>, Vec<_>) = patterns.into_iter().unzip();
        Self { automaton: automaton(&texts, true), of }
    }

    fn find(&self, text: &Decoded, found: &mut Vec<Found>) {
        // All of them: of two that overlap, both are secret.
        for hit in self.automaton.find_overlapping_iter(&text.bytes) {
            found.push(Found { bytes: text.source(hit.range()), of: self.of[hit.pattern().as_usize()] });
        }
    }
}

fn automaton<T: AsRef<[u8]>>(texts: &[T], in_any_case: bool) -> AhoCorasick {
    AhoCorasick::builder()
        // Small, and fast to make: there is one for each run.
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .ascii_case_insensitive(in_any_case)
        .build(texts)
        .expect("requests hold some kilobytes of values")
}

/// How a value may be written, escapes apart.
fn writings(value: &str) -> Vec<Vec<u8>> {
    let single_spaced = value.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut writings = vec![value.into(), single_spaced.replace(' ', "+"), single_spaced];
    // Letters beyond ASCII are not matched in any case.
    if !value.is_ascii() {
        writings.extend([value.to_lowercase(), value.to_uppercase()]);
    }
    // As browsers name files that they save.
    writings.push(value.replace(|c| "\"*/:<>?\\|~".contains(c), "_"));
    writings.push(value.bytes().map(|byte| format!("{byte:02x}")).collect());
    for engine in [STANDARD, URL_SAFE] {
        writings.push(engine.encode(value));
        writings.extend((0..3).filter_map(|before| base64_piece(&engine, value, before)));
    }
    writings.retain(|writing| !writing.is_empty());
    writings.sort();
    writings.dedup();
    writings.into_iter().map(String::into_bytes).collect()
}

/// What is always the same of a value's base64 when it stands so many bytes, modulo 3, within something longer.
fn base64_piece(engine: &impl base64::Engine, value: &str, before: usize) -> Option<String> {
    let bytes = [&[0; 2][..before], value.as_bytes()].concat();
    let encoded = engine.encode(&bytes);
    // Characters hold six bits each; those at either end may hold bits of the neighbours.
    let piece = &encoded[(before * 8).div_ceil(6)..bytes.len() * 8 / 6];
    (piece.len() >= BASE64_PIECE).then(|| piece.to_owned())
}

/// In order and without overlaps: what overlaps becomes one, named after the longest of its pieces.
fn united(text: &str, mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|found| (found.bytes.start, found.bytes.end));
    let mut all: Vec<(Found, usize)> = Vec::new();
    for Found { bytes, of } in found {
        let bytes = text.floor_char_boundary(bytes.start)..text.ceil_char_boundary(bytes.end);
        let length = bytes.len();
        match all.last_mut() {
            Some((last, longest)) if bytes.start < last.bytes.end => {
                last.bytes.end = last.bytes.end.max(bytes.end);
                if length > *longest {
                    (last.of, *longest) = (of, length);
                }
            }
            _ => all.push((Found { bytes, of }, length)),
        }
    }
    all.into_iter().map(|(found, _)| found).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn masker(values: &[&str]) -> Masker {
        Masker::new(values.iter().zip('a'..).map(|(value, name)| (format!("<{name}>"), *value)))
    }

    #[test]
    fn a_value_is_masked_in_every_writing_that_is_promised() {
        let masker = masker(&["Hunter \"2\" & Co", "päss-wörd/9", "4111111111111111"]);
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
        ] {
            assert_eq!(masker.mask(text), expected, "{text}");
        }
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
        fn any_text_can_be_masked(text in "\\PC{0,60}", value in "\\PC{1,8}") {
            let masker = Masker::new([(String::new(), value.as_str())]);
            masker.mask(&text);
            for place in masker.places(&text) {
                prop_assert!(text.get(place).is_some());
            }
        }
    }
}
