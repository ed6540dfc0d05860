//! A text with its escapes undone, and the way back to where each byte of it came from.

use std::ops::Range;

use crate::prompt::fence::is_unseen;

/// The sign that a text was cut off.
pub(super) const ELLIPSIS: &str = "…";

/// Bytes made of a text, each with the piece of that text that it stands for.
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// As many as there are bytes.
    from: Vec<Range<u32>>,
}

impl Decoded {
    /// As it is written. Texts of more than 4 GB do not come here.
    pub(super) fn plain(text: &str) -> Self {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let from = (0..text.len()).map(|at| place(at)..place(at + 1)).collect();
        Self { bytes: text.as_bytes().to_vec(), from }
    }

    /// The piece of the text that these bytes stand for.
    pub(super) fn source(&self, bytes: Range<usize>) -> Range<usize> {
        let start = self.from.get(bytes.start).map_or(0, |from| from.start);
        let end = bytes.end.checked_sub(1).and_then(|last| self.from.get(last)).map_or(start, |from| from.end);
        start as usize..end as usize
    }

    /// The piece that each byte stands for.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Range<usize>> {
        self.from.iter().map(|from| from.start as usize..from.end as usize)
    }

    /// Which of its bytes stands for the piece of the text that begins there, or the first after it.
    pub(super) fn place(&self, source: usize) -> usize {
        self.from.partition_point(|from| (from.start as usize) < source)
    }

    /// With one layer of escapes undone, percent-encoding, HTML's and those of string literals; none when there is none.
    pub(super) fn unescaped(&self) -> Option<Self> {
        self.rewritten(|bytes| escape(bytes).or_else(|| cut_escape(bytes)))
    }

    /// As it is read: without what is not seen, and with one blank for each row of them; none when that is the same.
    pub(super) fn tidied(&self) -> Option<Self> {
        self.rewritten(|bytes| match blanks(bytes) {
            (0, _) => None,
            (length, false) => Some((length, Character::NONE)),
            (1, true) if bytes[0] == b' ' => None,
            (length, true) => Some((length, Character::byte(b' '))),
        })
    }

    /// Without what may stand between the parts of a number or a word without changing it: blanks, hyphens, brackets,
    /// dots, and what is not seen; none when there is none of it.
    pub(super) fn loosened(&self) -> Option<Self> {
        self.rewritten(|bytes| match separator(bytes) {
            0 => None,
            length => Some((length, Character::NONE)),
        })
    }

    /// With another character in the place of so many bytes, where `read` says so of what a rest of the text begins with.
    fn rewritten(&self, read: impl Fn(&[u8]) -> Option<(usize, Character)>) -> Option<Self> {
        let mut new = Self { bytes: Vec::with_capacity(self.bytes.len()), from: Vec::with_capacity(self.from.len()) };
        let mut at = 0;
        let mut is_changed = false;
        while at < self.bytes.len() {
            match read(&self.bytes[at..]) {
                Some((length, character)) => {
                    is_changed = true;
                    new.push(character.as_slice(), self.from[at].start..self.from[at + length - 1].end);
                    at += length;
                }
                None => {
                    new.push(&self.bytes[at..=at], self.from[at].clone());
                    at += 1;
                }
            }
        }
        is_changed.then_some(new)
    }

    fn push(&mut self, bytes: &[u8], from: Range<u32>) {
        self.bytes.extend_from_slice(bytes);
        self.from.extend(bytes.iter().map(|_| from.clone()));
    }
}

/// The character that a text begins with, and its length in bytes; none where it is no UTF-8.
fn first(bytes: &[u8]) -> Option<(char, usize)> {
    let length = match bytes.first()? {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    let character = std::str::from_utf8(bytes.get(..length)?).ok()?.chars().next()?;
    Some((character, length))
}

/// How many bytes of blanks and of what is not seen a text begins with, and whether there is a blank among them.
fn blanks(bytes: &[u8]) -> (usize, bool) {
    let (mut length, mut is_blank) = (0, false);
    while let Some((c, bytes)) = first(&bytes[length..]).filter(|(c, _)| c.is_whitespace() || is_unseen(*c)) {
        length += bytes;
        is_blank |= c.is_whitespace();
    }
    (length, is_blank)
}

/// How many bytes of a separator a text begins with.
fn separator(bytes: &[u8]) -> usize {
    let is_separator = |c: char| {
        // Hyphens and dashes, and the sign for minus.
        matches!(c, '-' | '+' | '(' | ')' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}')
            || c.is_whitespace()
            || is_unseen(c)
    };
    first(bytes).filter(|(c, _)| is_separator(*c)).map_or(0, |(_, length)| length)
}

/// A character, in UTF-8, or none.
pub(super) struct Character {
    bytes: [u8; 4],
    length: usize,
}

impl Character {
    const NONE: Self = Self { bytes: [0; 4], length: 0 };

    fn of(character: char) -> Self {
        let mut bytes = [0; 4];
        let length = character.encode_utf8(&mut bytes).len();
        Self { bytes, length }
    }

    fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], length: 1 }
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The escape that a text begins with: its length and what it stands for.
pub(super) fn escape(bytes: &[u8]) -> Option<(usize, Character)> {
    match bytes {
        [b'%', rest @ ..] if rest.starts_with(b"u") => literal(rest).map(|(length, character)| (length + 1, character)),
        [b'%', high, low, ..] => Some((3, Character::byte(hex(&[*high, *low])?.try_into().ok()?))),
        [b'&', rest @ ..] => entity(rest).map(|(length, character)| (length + 1, character)),
        [b'\\', rest @ ..] => literal(rest).map(|(length, character)| (length + 1, character)),
        _ => None,
    }
}

/// What is left of an escape that a text was cut off in: it stands for nothing that could be told.
fn cut_escape(bytes: &[u8]) -> Option<(usize, Character)> {
    // None is longer than a pair of `\ud83d\ude00`.
    const LONGEST: usize = 12;
    let (b'%' | b'&' | b'\\') = bytes.first()? else { return None };
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'#' | b'{' | b'\\');
    let length = 1 + bytes[1..].iter().take(LONGEST).take_while(|byte| is_part(byte)).count();
    bytes[length..].starts_with(ELLIPSIS.as_bytes()).then_some((length, Character::NONE))
}

fn entity(rest: &[u8]) -> Option<(usize, Character)> {
    const NAMED: [(&[u8], char); 6] =
        [(b"amp;", '&'), (b"lt;", '<'), (b"gt;", '>'), (b"quot;", '"'), (b"apos;", '\''), (b"nbsp;", ' ')];
    if let Some((name, character)) = NAMED.iter().find(|(name, _)| rest.starts_with(name)) {
        return Some((name.len(), Character::of(*character)));
    }
    // No number of a character is longer.
    let end = rest.iter().take(10).position(|byte| *byte == b';')?;
    let number = match &rest[..end] {
        [b'#', b'x' | b'X', digits @ ..] => hex(digits)?,
        [b'#', digits @ ..] => std::str::from_utf8(digits).ok()?.parse().ok()?,
        _ => return None,
    };
    Some((end + 1, Character::of(char::from_u32(number)?)))
}

fn literal(rest: &[u8]) -> Option<(usize, Character)> {
    Some(match rest {
        [b'n', ..] => (1, Character::of('\n')),
        [b't', ..] => (1, Character::of('\t')),
        [b'r', ..] => (1, Character::of('\r')),
        [quoted @ (b'"' | b'\'' | b'`' | b'\\' | b'/'), ..] => (1, Character::byte(*quoted)),
        [b'x', high, low, ..] => (3, Character::of(char::from_u32(hex(&[*high, *low])?)?)),
        [b'u', b'{', braced @ ..] => {
            let end = braced.iter().take(7).position(|byte| *byte == b'}')?;
            (end + 3, Character::of(char::from_u32(hex(&braced[..end])?)?))
        }
        [b'u', digits @ ..] => {
            let first = hex(digits.get(..4)?)?;
            match (first, digits.get(4..10)) {
                // Half of a pair.
                (0xd800..=0xdbff, Some([b'\\', b'u', low @ ..])) => {
                    let low = hex(low)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                    (11, Character::of(char::from_u32(0x10000 + ((first - 0xd800) << 10) + low)?))
                }
                _ => (5, Character::of(char::from_u32(first)?)),
            }
        }
        _ => return None,
    })
}

fn hex(digits: &[u8]) -> Option<u32> {
    let is_hex = !digits.is_empty() && digits.len() <= 8 && digits.iter().all(u8::is_ascii_hexdigit);
    if is_hex { u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unescaped(text: &str) -> Option<String> {
        Some(String::from_utf8_lossy(&Decoded::plain(text).unescaped()?.bytes).into_owned())
    }

    #[test]
    fn each_kind_of_escape_is_undone() {
        for (text, expected) in [
            ("a%20b%c3%BC", "a bü"),
            ("&lt;a&gt; &amp;amp; &quot;&#39;&#x27;&apos;", "<a> &amp; \"'''"),
            (r#"\"a\" \\ \/ \u00fc \u{fc} \x41 \ud83d\ude00"#, "\"a\" \\ / ü ü A 😀"),
        ] {
            assert_eq!(unescaped(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in ["100%", "%zz", "a & b", "&unknown;", "&#;", r"\u12", r"C:\dir", "&#99999999;", "\\"] {
            assert_eq!(unescaped(text), None, "{text}");
        }
    }

    #[test]
    fn an_escape_that_was_cut_off_stands_for_nothing() {
        for text in ["a%…", "a%2…", "a%u00…", "a&quo…", "a&#x2…", r"a\…", r"a\u{f…", r"a\ud83d\ude…"] {
            assert_eq!(unescaped(text).as_deref(), Some("a…"), "{text}");
        }
        assert_eq!(unescaped("50% off…"), None);
    }

    #[test]
    fn what_is_not_seen_is_left_out_and_blanks_become_one() {
        let tidied = |text: &str| Some(String::from_utf8(Decoded::plain(text).tidied()?.bytes).unwrap());
        assert_eq!(tidied("a  b\u{200b}c \u{ad}\u{a0}\n d").as_deref(), Some("a bc d"));
        assert_eq!(tidied("a b"), None);
        // What a layer of escapes leaves need not be UTF-8.
        let bytes = Decoded::plain("a%E4%20%20%ff").unescaped().unwrap().tidied().unwrap().bytes;
        assert_eq!(bytes, b"a\xe4 \xff");
    }

    #[test]
    fn each_byte_knows_where_it_came_from() {
        let text = "x%C3%BC&amp;-y";
        let undone = Decoded::plain(text).unescaped().unwrap();
        assert_eq!(undone.bytes, "xü&-y".as_bytes());
        assert_eq!(&text[undone.source(1..4)], "%C3%BC&amp;");
        let loose = undone.loosened().unwrap();
        assert_eq!(loose.bytes, "xü&y".as_bytes());
        assert_eq!(&text[loose.source(3..5)], "&amp;-y");
    }
}
