//! Undoes escapes and markup in a text, one layer at a time, and keeps track of where each byte came from.

use std::ops::Range;

use crate::prompt::fence::is_unseen;

/// Layers of escapes and markup that are undone.
const MAX_DEPTH: usize = 2;

/// Reads what a text starts with: its length in bytes and the character it stands for, none for a tag. None of them looks
/// further ahead than the next `<`, and the result is always shorter.
type Decoder = fn(&str) -> Option<(usize, Option<char>)>;

/// With the character that starts what each decodes. They are applied one by one: a value may hold what another decoder
/// would change.
const DECODERS: [(char, Decoder); 4] = [('%', percent), ('&', entity), ('\\', backslash), ('<', tag)];

/// How values and texts are written when they are compared. Letters are folded to one case in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Blanks in a row are one space.
    Spaced,
    /// Without blanks, hyphens, dots, brackets and plus signs, which group the digits of a number.
    Joined,
}

/// A text derived from an original one.
pub(super) struct Layer {
    pub(super) text: String,
    /// For each byte, the range of the original that it stands for. Originals are shorter than 4 GB.
    source: Vec<Range<u32>>,
}

impl Layer {
    /// The original itself; it starts at `offset` of a longer one.
    pub(super) fn original(text: &str, offset: usize) -> Self {
        let mut layer = Self::with_capacity(text.len());
        for (at, character) in text.char_indices() {
            let start = u32::try_from(offset + at).expect("a text below 4 GB");
            layer.push(character, start..start + character.len_utf8() as u32);
        }
        layer
    }

    /// Calls `visit` with the text and with all that is left after undoing up to two layers of escapes or markup.
    pub(super) fn for_each_decoded(&self, visit: &mut impl FnMut(&Self)) {
        self.for_each_within(MAX_DEPTH, visit);
    }

    fn for_each_within(&self, depth: usize, visit: &mut impl FnMut(&Self)) {
        visit(self);
        if depth == 0 {
            return;
        }
        for (lead, decode) in DECODERS {
            if !self.text.contains(lead) {
                continue;
            }
            let decoded = self.map(|rest, first| {
                let read = if first == lead { decode(rest) } else { None };
                read.unwrap_or((first.len_utf8(), Some(first)))
            });
            if decoded.text.len() < self.text.len() {
                decoded.for_each_within(depth - 1, visit);
            }
        }
    }

    pub(super) fn normalized(&self, form: Form) -> Self {
        self.map(|rest, first| {
            let (length, kept) = match form {
                Form::Spaced => {
                    let gap = rest.find(|c: char| !c.is_whitespace() && !is_unseen(c)).unwrap_or(rest.len());
                    match gap {
                        0 => (first.len_utf8(), Some(first)),
                        _ => (gap, rest[..gap].contains(char::is_whitespace).then_some(' ')),
                    }
                }
                Form::Joined => (first.len_utf8(), Some(first).filter(|c| !is_separator(*c))),
            };
            (length, kept.into_iter().flat_map(fold))
        })
    }

    /// The range of the original that these bytes stand for; there is at least one.
    pub(super) fn source(&self, bytes: Range<usize>) -> Range<usize> {
        self.source[bytes.start].start as usize..self.source[bytes.end - 1].end as usize
    }

    /// Replaces the text from left to right: `read` gets the rest with its first character and returns how many bytes it
    /// consumes and what takes their place.
    fn map<I: IntoIterator<Item = char>>(&self, read: impl Fn(&str, char) -> (usize, I)) -> Self {
        let mut new = Self::with_capacity(self.text.len());
        let mut at = 0;
        while let Some(first) = self.text[at..].chars().next() {
            let (length, characters) = read(&self.text[at..], first);
            let source = self.source[at].start..self.source[at + length - 1].end;
            characters.into_iter().for_each(|character| new.push(character, source.clone()));
            at += length;
        }
        new
    }

    fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), source: Vec::with_capacity(bytes) }
    }

    fn push(&mut self, character: char, source: Range<u32>) {
        self.text.push(character);
        self.source.resize(self.text.len(), source);
    }
}

/// Both cases of a letter as the same characters, also where one of them has several: `ß` and `SS`. Labels have their
/// apostrophes replaced, so that these do not end the quotes around the label.
fn fold(character: char) -> impl Iterator<Item = char> {
    let character = if character == '’' { '\'' } else { character };
    character.to_uppercase().flat_map(char::to_lowercase)
}

fn is_separator(c: char) -> bool {
    let is_dash = matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    is_dash || matches!(c, '+' | '(' | ')' | '.') || c.is_whitespace() || is_unseen(c)
}

/// `%C3%A4`; `%E4` and `%u00e4` as `escape()` writes them.
fn percent(rest: &str) -> Option<(usize, Option<char>)> {
    if rest.starts_with("%u") {
        return utf16(rest, "%u");
    }
    let byte = |nth: usize| {
        let escape = rest.get(3 * nth..3 * nth + 3)?;
        u8::try_from(number(escape.strip_prefix('%')?, 16)?).ok()
    };
    let (mut bytes, mut count) = ([byte(0)?, 0, 0, 0], 1);
    while count < 4
        && let Some(next) = byte(count)
    {
        bytes[count] = next;
        count += 1;
    }
    let valid = bytes[..count].utf8_chunks().next()?.valid().chars().next();
    let character = valid.unwrap_or(char::from(bytes[0]));
    Some((3 * valid.map_or(1, char::len_utf8), Some(character)))
}

fn entity(rest: &str) -> Option<(usize, Option<char>)> {
    const LONGEST: usize = "&#x0010ffff;".len();
    let end = rest.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let character = match &rest[1..end] {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        name => {
            let digits = name.strip_prefix('#')?;
            let hex = digits.strip_prefix(['x', 'X']);
            char::from_u32(hex.map_or_else(|| number(digits, 10), |hex| number(hex, 16))?)?
        }
    };
    Some((end + 1, Some(character)))
}

/// The escapes of JSON, and of string literals in JavaScript and Rust.
fn backslash(rest: &str) -> Option<(usize, Option<char>)> {
    const LONGEST: usize = r"\u{10ffff}".len();
    let character = rest[1..].chars().next()?;
    Some(match character {
        'n' => (2, Some('\n')),
        'r' => (2, Some('\r')),
        't' => (2, Some('\t')),
        '"' | '\'' | '`' | '\\' | '/' => (2, Some(character)),
        'x' => (4, Some(char::from_u32(number(rest.get(2..4)?, 16)?)?)),
        'u' if rest[2..].starts_with('{') => {
            let end = rest.bytes().take(LONGEST).position(|byte| byte == b'}')?;
            (end + 1, Some(char::from_u32(number(&rest[3..end], 16)?)?))
        }
        'u' => return utf16(rest, r"\u"),
        _ => return None,
    })
}

/// A tag or comment; a `<` before anything else is text.
fn tag(rest: &str) -> Option<(usize, Option<char>)> {
    let inner = &rest[1..];
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!')) {
        return None;
    }
    let end = inner.find(['<', '>'])?;
    inner[end..].starts_with('>').then_some((end + 2, None))
}

/// One escape with four digits, or two that are a surrogate pair.
fn utf16(rest: &str, prefix: &str) -> Option<(usize, Option<char>)> {
    let unit = |rest: &str| u16::try_from(number(rest.strip_prefix(prefix)?.get(..4)?, 16)?).ok();
    let units = [unit(rest)?, rest.get(6..).and_then(unit).unwrap_or(0)];
    let character = char::decode_utf16(units).next()?.ok()?;
    Some((6 * character.len_utf16(), Some(character)))
}

fn number(digits: &str, radix: u32) -> Option<u32> {
    let is_number = digits.chars().all(|c| c.is_digit(radix));
    if is_number { u32::from_str_radix(digits, radix).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After undoing one layer, by the only decoder that changes it.
    fn decoded(text: &str) -> Option<String> {
        let mut texts = Vec::new();
        Layer::original(text, 0).for_each_within(1, &mut |layer| texts.push(layer.text.clone()));
        assert!(texts.len() <= 2, "{texts:?}");
        texts.into_iter().nth(1)
    }

    #[test]
    fn each_kind_of_escape_is_decoded() {
        for (text, expected) in [
            ("a%20b%c3%BC", "a bü"),
            ("a%E4b%u00e4%uD83D%uDE00", "aäbä😀"),
            ("&lt;a&gt; &amp;amp; &quot;&#39;&#x27;&apos;", "<a> &amp; \"'''"),
            (r#"\"a\" \\ \/ \u00fc \u{fc} \x41 \ud83d\ude00"#, "\"a\" \\ / ü ü A 😀"),
            ("<b class='x'>a</b><!-- x -->b", "ab"),
        ] {
            assert_eq!(decoded(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn text_that_resembles_an_escape_is_kept() {
        for text in [
            "100%",
            "%zz",
            "%+f",
            "a & b",
            "&unknown;",
            "&#;",
            r"\u12",
            r"\ud800",
            r"C:\dir",
            "&#99999999;",
            "\\",
            "1 < 2 > 0",
            "<b",
            "<",
        ] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }

    #[test]
    fn nested_escapes_are_decoded() {
        let mut texts = Vec::new();
        Layer::original("a%26lt%3Bb", 0).for_each_decoded(&mut |layer| texts.push(layer.text.clone()));
        assert_eq!(texts, ["a%26lt%3Bb", "a&lt;b", "a<b"]);
    }

    #[test]
    fn forms_differ_only_in_blanks_and_separators() {
        let text = Layer::original("A  b\u{200b}C \u{ad}\u{a0}\n d-STRASSE’ß", 0);
        assert_eq!(text.normalized(Form::Spaced).text, "a bc d-strasse'ss");
        assert_eq!(text.normalized(Form::Joined).text, "abcdstrasse'ss");
    }

    #[test]
    fn each_decoded_byte_maps_to_its_origin() {
        let text = "x%C3%BC&-y";
        let mut ranges = Vec::new();
        Layer::original(text, 0).for_each_decoded(&mut |layer| {
            if layer.text == "xü&-y" {
                ranges.push(layer.source(1..4));
                ranges.push(layer.normalized(Form::Joined).source(3..5));
            }
        });
        assert_eq!(ranges.into_iter().map(|range| &text[range]).collect::<Vec<_>>(), ["%C3%BC&", "&-y"]);
        assert_eq!(Layer::original("ab", 7).source(1..2), 8..9);
    }

    #[test]
    fn the_work_on_a_hostile_text_is_linear() {
        for unit in [
            "%25",
            "%2525",
            "&amp;",
            "&amp;amp;",
            r"\\",
            "<a",
            "<a>",
            "<",
            "&#",
            r"\u{",
            "%u",
            " \u{200b}",
            "%26lt%3Bb%5C%5C>",
        ] {
            let text = unit.repeat(2_000);
            let (mut layers, mut bytes) = (0, 0);
            Layer::original(&text, 0).for_each_decoded(&mut |layer| {
                layers += 1;
                bytes += layer.normalized(Form::Spaced).text.len() + layer.normalized(Form::Joined).text.len();
            });
            assert!(
                layers <= 1 + 4 + 4 * 4 && bytes <= 2 * layers * text.len(),
                "{unit}: {layers} layers, {bytes} bytes"
            );
        }
    }
}
