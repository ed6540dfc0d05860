use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn masker(values: &[&str]) -> Masker {
    Masker::new(values.iter().zip('a'..).map(|(value, name)| (format!("<{name}>"), *value)))
}

#[test]
fn a_value_is_masked_in_each_encoding_of_the_table() {
    let masker = masker(&["Hunter \"2\" & Co", "päss-wörd/9", "4111111111111111", "o'brien@shop.example", "pin  42"]);
    for (text, expected) in [
        ("log in with Hunter \"2\" & Co!", "log in with <a>!"),
        ("HUNTER \"2\" & CO", "<a>"),
        (r#"{"text":"Hunter \"2\" & Co"}"#, r#"{"text":"<a>"}"#),
        ("<p>Hunter &quot;2&quot; &amp; Co</p>", "<p><a></p>"),
        ("<em>H</em><i>unter</i> \"2\" & C<em>o</em>", "<em><a></em>"),
        ("?p=Hunter+%222%22+%26+Co&x=1", "?p=<a>&x=1"),
        ("/Hunter%20%222%22%20%26%20Co/", "/<a>/"),
        ("%2548unter%2520%25222%2522%2520%2526%2520Co", "<a>"),
        ("SHVudGVyICIyIiAmIENv", "<a>"),
        ("eEh1bnRlciAiMiIgJiBDb3g=", "eE<a>3g="),
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
        ("pin  42 pin\u{a0}42 pin&nbsp; 42 pin\n\t 42 pin++42 pin+42 pin%20%2042", "<e> <e> <e> <e> <e> <e> <e>"),
    ] {
        assert_eq!(masker.mask(text), expected, "{text}");
    }
}

#[test]
fn parts_of_a_value_beside_an_ellipsis_are_masked() {
    let masker = masker(&["ada@shop.example", "Hunter \"2\" & Co", "4111111111111111", "o'brien"]);
    for (text, expected) in [
        ("ada@shop.exam… is in", "<a>… is in"),
        ("ada@shop.exam … is in", "<a> … is in"),
        ("… shop.example is in", "… <a> is in"),
        ("…\u{a0}\u{200b} shop.example", "…\u{a0}\u{200b} <a>"),
        ("see /?p=Hunter%20%222%22%20… here", "see /?p=<b>… here"),
        ("pay 4111 1111 11 … now", "pay <c> … now"),
        ("Click 'o’bri…'", "Click '<d>…'"),
        ("YWRhQHNob3A…", "<a>…"),
        ("a d… o'b… and so on", "a d… o'b… and so on"),
    ] {
        assert_eq!(masker.mask(text), expected, "{text}");
    }
}

#[test]
fn invisible_characters_within_a_value_do_not_hide_it() {
    let masker = masker(&["4111111111111111"]);
    for hidden in "\u{34f} \u{61c} \u{180e} \u{200b} \u{200d} \u{202e} \u{2066} \u{2069} \u{fe00} \u{fe0f} \u{e0041} \u{e01ef} \u{a0} \u{3000}".split(' ') {
        assert_eq!(masker.mask(&format!("4111{hidden}111111111111")), "<a>", "{hidden:?}");
    }
}

#[test]
fn text_that_repeats_parts_of_values_is_masked_as_a_whole() {
    let masker_of = |values: &[String]| Masker::new(values.iter().map(|value| ("▮".to_owned(), value.as_str())));
    let alike: Vec<String> = (0..50).map(|n| format!("{}{n}", "a".repeat(500))).collect();
    let masker = masker_of(&alike);
    assert_eq!(masker.mask(&format!("{}…", "a".repeat(490)).repeat(20)), "▮…".repeat(20));
    assert_eq!(masker.mask(&"…".repeat(20_000)), "…".repeat(20_000));
    let nested: Vec<String> = (4..54).map(|length| "a".repeat(length)).collect();
    assert_eq!(masker_of(&nested).mask(&"a".repeat(50_000)), "▮");
    let masked = Masker::new([("<m>aaaa</m>".to_owned(), "aaaa")]);
    let text = "<m>aaaa</m>".repeat(10_000);
    assert_eq!(masked.mask(&text), text);
}

#[test]
fn overlapping_values_are_masked_completely() {
    let masker = masker(&["abcdef", "defghijk", "cdef"]);
    assert_eq!(masker.mask("x abcdefghijk y abcdef z"), "x <b> y <a> z");
}

#[test]
fn a_placeholder_is_not_masked_twice() {
    let masker = Masker::new([("<secret>password</secret>".to_owned(), "secret"), ("<m>".to_owned(), "word")]);
    let once = masker.mask("the secret is secret").into_owned();
    assert_eq!(once, "the <secret>password</secret> is <secret>password</secret>");
    assert_eq!(masker.mask(&once), once);
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
    masker.mask_logs();
    assert_eq!(mask_log_line("opened ?p=log-canary-7319"), "opened ?p=<a>");
    drop(masker);
    assert_eq!(mask_log_line("opened ?p=log-canary-7319"), "opened ?p=log-canary-7319");
}

#[test]
fn debug_prints_no_value() {
    assert_eq!(format!("{:?}", masker(&["hunter22"])), "Masker(1 values)");
}

type Encoding = fn(&str) -> String;

fn percent(text: &str) -> String {
    form(text).replace('+', "%20")
}

fn percent_all(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn form(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn html_all(text: &str) -> String {
    text.chars().map(|c| format!("&#x{:x};", u32::from(c))).collect()
}

fn json_string(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The row of escapes: once or twice, in any combination.
const ESCAPES: [Encoding; 6] = [percent, percent_all, form, html, html_all, json_string];

/// The other rows.
const ENCODINGS: [Encoding; 10] = [
    str::to_owned,
    str::to_lowercase,
    str::to_uppercase,
    |value| value.replace(' ', "\u{a0}\n "),
    |value| value.chars().map(String::from).collect::<Vec<_>>().join("\u{200b}"),
    |value| value.chars().map(|c| html(&c.to_string())).collect::<Vec<_>>().join("</b><b class='x'>"),
    |value| STANDARD.encode(value),
    |value| URL_SAFE_NO_PAD.encode(value),
    |value| value.bytes().map(|byte| format!("{byte:02x}")).collect(),
    |value| value.bytes().map(|byte| format!("{byte:02X}")).collect(),
];

/// A value, and text around it: characters that no value has, some escaped, and tags. Escapes of characters that start an
/// escape themselves are not among them: an edge of the value may complete it.
fn value_and_surroundings() -> impl Strategy<Value = (String, String, String)> {
    let surroundings = || "(α|ω |%CE%B1|&#945;|\\\\u03b1|<i>|</i>){0,5}";
    ("[!-~äßÉ😀]{2}[ -~äßÉ😀]{0,16}[!-~äßÉ😀]{2}", surroundings(), surroundings())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn each_encoding_of_the_table_is_masked_and_nothing_else((value, before, after) in value_and_surroundings()) {
        let masker = Masker::new([("▮".to_owned(), value.as_str())]);
        let twice = ESCAPES.iter().flat_map(|outer| ESCAPES.iter().map(|inner| outer(&inner(&value))));
        let once = ESCAPES.iter().chain(&ENCODINGS).map(|encode| encode(&value));
        for encoded in once.chain(twice) {
            let text = format!("{before}{encoded}{after}");
            let masked = masker.mask(&text);
            let (first, rest) = masked.split_once('▮').expect("a placeholder");
            prop_assert!(before.starts_with(first) && after.ends_with(rest), "{}: {}", text, masked);
            // What one decoder leaves of an escape may form one with the value for the next, and is masked with it.
            let longest = 6;
            prop_assert!(text.len() - encoded.len() - first.len() - rest.len() <= 2 * longest, "{}: {}", text, masked);
        }
    }

    #[test]
    fn base64_of_a_longer_text_does_not_reveal_the_value(value in "[!-~ä]{8,20}", before in "[α-ω]{0,3}[a-z]{0,2}", after in "[a-z]{0,3}") {
        let masker = Masker::new([("▮".to_owned(), value.as_str())]);
        let text = STANDARD.encode(format!("{before}{value}{after}"));
        let masked = masker.mask(&text);
        let kept: usize = masked.split('▮').map(str::len).sum();
        // Two characters on each side may share bits with the neighbours, and four stand for three bytes of these.
        prop_assert!(masked.contains('▮') && kept <= 4 * (before.len() + after.len()).div_ceil(3) + 4 + 4, "{} {}", text, masked);
    }

    #[test]
    fn a_text_without_the_value_is_unchanged(
        value in "[q-zQ-Z]{4}[q-zQ-Z ]{0,10}[q-z]", text in "([a-pA-P0-9 …]|%20|%41|&amp;|&lt;|\\\\\\\\|\\\\u0041|<b>|</i>|α[qrs]{3}ω){0,40}",
    ) {
        let masker = Masker::new([("▮".to_owned(), value.as_str())]);
        prop_assert_eq!(masker.mask(&text), text.as_str());
    }

    #[test]
    fn matches_are_in_order_without_overlaps_and_on_character_boundaries(text in "\\PC{0,60}", value in "\\PC{1,8}") {
        let masker = Masker::new([("▮".to_owned(), value.as_str())]);
        let mut end = 0;
        for range in masker.find(&text) {
            prop_assert!(end <= range.start && text.get(range.clone()).is_some_and(|found| !found.is_empty()));
            end = range.end;
        }
    }
}
