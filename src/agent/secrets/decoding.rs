//! A text with its escapes undone, and the way back to where each byte of it came from.

use std::ops::Range;

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

    /// With one layer of escapes undone, percent-encoding, HTML's and those of string literals; none when there is none.
    pub(super) fn unescaped(&self) -> Option<Self> {
        let mut undone =
            Self { bytes: Vec::with_capacity(self.bytes.len()), from: Vec::with_capacity(self.from.len()) };
        let mut at = 0;
        let mut is_changed = false;
        while at < self.bytes.len() {
            match escape(&self.bytes[at..]) {
                Some((length, character)) => {
                    is_changed = true;
                    undone.push(character.as_slice(), self.from[at].start..self.from[at + length - 1].end);
                    at += length;
                }
                None => {
                    undone.push(&self.bytes[at..=at], self.from[at].clone());
                    at += 1;
                }
            }
        }
        is_changed.then_some(undone)
    }

    /// Without what may stand between the parts of a number or a word without changing it: blanks, hyphens, brackets,
    /// dots, and what is not seen.
    pub(super) fn loosened(&self) -> Self {
        let mut loose = Self { bytes: Vec::with_capacity(self.bytes.len()), from: Vec::with_capacity(self.from.len()) };
        let mut at = 0;
        while at < self.bytes.len() {
            let length = separator(&self.bytes[at..]);
            if length == 0 {
                loose.push(&self.bytes[at..=at], self.from[at].clone());
            }
            at += length.max(1);
        }
        loose
    }

    fn push(&mut self, bytes: &[u8], from: Range<u32>) {
        self.bytes.extend_from_slice(bytes);
        self.from.extend(bytes.iter().map(|_| from.clone()));
    }
}

/// How many bytes of a separator a text begins with.
fn separator(bytes: &[u8]) -> usize {
    match bytes {
        [b' ' | b'\t' | b'\r' | b'\n' | b'-' | b'+' | b'(' | b')' | b'.', ..] => 1,
        // No-break space, soft hyphen.
        [0xc2, 0xa0 | 0xad, ..] => 2,
        // En quad to right-to-left mark, hyphens and dashes, narrow space, word joiner, zero-width space of the kind that
        // begins files.
        [0xe2, 0x80, 0x80..=0x95 | 0xaf, ..] | [0xe2, 0x81, 0xa0..=0xa4, ..] | [0xef, 0xbb, 0xbf, ..] => 3,
        _ => 0,
    }
}

/// A character, in UTF-8.
struct Character {
    bytes: [u8; 4],
    length: usize,
}

impl Character {
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
fn escape(bytes: &[u8]) -> Option<(usize, Character)> {
    match bytes {
        [b'%', rest @ ..] if rest.starts_with(b"u") => literal(rest).map(|(length, character)| (length + 1, character)),
        [b'%', high, low, ..] => Some((3, Character::byte(hex(&[*high, *low])?.try_into().ok()?))),
        [b'&', rest @ ..] => entity(rest).map(|(length, character)| (length + 1, character)),
        [b'\\', rest @ ..] => literal(rest).map(|(length, character)| (length + 1, character)),
        _ => None,
    }
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
    fn each_byte_knows_where_it_came_from() {
        let text = "x%C3%BC&amp;-y";
        let undone = Decoded::plain(text).unescaped().unwrap();
        assert_eq!(undone.bytes, "xü&-y".as_bytes());
        assert_eq!(&text[undone.source(1..4)], "%C3%BC&amp;");
        let loose = undone.loosened();
        assert_eq!(loose.bytes, "xü&y".as_bytes());
        assert_eq!(&text[loose.source(3..5)], "&amp;-y");
    }
}
