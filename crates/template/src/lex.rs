//! Cuts a task's text into words, quoted pieces and breaks. One pass, linear in the text's length.

use super::text::fold;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// A word as written, or what stands between the quotes; empty for breaks.
    pub(super) text: &'a str,
    /// The folded word; empty for quoted pieces, so that no phrase ever matches inside quotes.
    pub(super) folded: String,
    /// Byte range in the task, quotes included.
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Quoted,
    /// A comma, a colon, the dot of an abbreviation: parts two goals only when a verb follows.
    SoftBreak,
    /// The end of a sentence, a semicolon, a line's end: always parts two goals.
    HardBreak,
}

/// Opening quotes and what closes them.
const QUOTES: [(char, &[char]); 6] =
    [('"', &['"']), ('\'', &['\'']), ('“', &['”']), ('‘', &['’']), ('«', &['»']), ('„', &['“', '”'])];

/// Words before a dot that rarely ends a sentence.
const ABBREVIATIONS: [&str; 17] =
    ["mr", "mrs", "ms", "dr", "prof", "st", "no", "nr", "vs", "eg", "ie", "etc", "inc", "ltd", "co", "jr", "sr"];

pub(super) fn lex(source: &str) -> Vec<Token<'_>> {
    Lexer { source, at: 0, line_start: true, next_item: None, unclosed: [false; QUOTES.len()], tokens: Vec::new() }
        .run()
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    /// Nothing but blanks since the line began.
    line_start: bool,
    /// The number that would continue a numbered list within a line: "1. open x 2. click y".
    next_item: Option<u32>,
    /// Quotes for which a search for the closing one has already failed. It would fail from any later place as well;
    /// remembering that keeps the lexer linear.
    unclosed: [bool; QUOTES.len()],
    tokens: Vec<Token<'a>>,
}

impl<'a> Lexer<'a> {
    fn run(mut self) -> Vec<Token<'a>> {
        while let Some(next) = self.rest().chars().next() {
            if next == '\n' {
                self.emit(Kind::HardBreak, self.at, self.at + 1);
                self.line_start = true;
            } else if next.is_whitespace() {
                self.at += next.len_utf8();
            } else {
                if !self.list_marker() && !self.quoted(next) && !self.punctuation(next) {
                    self.word();
                }
                self.line_start = false;
            }
        }
        self.tokens
    }

    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn emit(&mut self, kind: Kind, start: usize, end: usize) {
        let text = if kind == Kind::Word { &self.source[start..end] } else { "" };
        self.tokens.push(Token { kind, text, folded: fold(text), start, end });
        self.at = end;
    }

    /// "- ", "* ", "• ", "1. ", "2) ": begins an item and is no part of it.
    fn list_marker(&mut self) -> bool {
        // No marker is longer; looking no further keeps the lexer linear where there are no blanks.
        const LONGEST: usize = 6;
        let rest = self.rest();
        let Some((length, _)) = rest.char_indices().take(LONGEST).find(|(_, c)| c.is_whitespace()) else {
            return false;
        };
        let marker = &rest[..length];
        if self.line_start && matches!(marker, "-" | "*" | "•" | "–" | "+") {
            self.at += marker.len();
            return true;
        }
        let Some(number) = marker.strip_suffix(['.', ')']).and_then(|digits| digits.parse::<u32>().ok()) else {
            return false;
        };
        if !self.line_start && self.next_item != Some(number) {
            return false;
        }
        self.next_item = number.checked_add(1);
        self.emit(Kind::HardBreak, self.at, self.at + marker.len());
        true
    }

    fn quoted(&mut self, opening: char) -> bool {
        let Some(which) = QUOTES.iter().position(|(open, _)| *open == opening) else { return false };
        if self.unclosed[which] {
            return false;
        }
        let inner = self.at + opening.len_utf8();
        let Some((length, closing)) = closing_quote(&self.source[inner..], QUOTES[which].1) else {
            self.unclosed[which] = true;
            return false;
        };
        let end = inner + length;
        self.tokens.push(Token {
            kind: Kind::Quoted,
            text: &self.source[inner..end],
            folded: String::new(),
            start: self.at,
            end: end + closing.len_utf8(),
        });
        self.at = end + closing.len_utf8();
        true
    }

    fn punctuation(&mut self, c: char) -> bool {
        let Some(kind) = break_kind(c) else { return false };
        self.emit(kind, self.at, self.at + c.len_utf8());
        true
    }

    /// A word reaches to the next blank; punctuation at its end is a break of its own, punctuation inside it is not:
    /// "12,00" and "http://a.example/b" are one word each.
    fn word(&mut self) {
        let start = self.at;
        let rest = self.rest();
        let whole = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
        let word = whole.trim_end_matches(|c| break_kind(c).is_some());
        self.emit(Kind::Word, start, start + word.len());
        let abbreviated = self.tokens.last().is_some_and(|token| {
            let initial = token.folded.len() == 1 && token.folded.chars().all(char::is_alphabetic);
            initial || ABBREVIATIONS.contains(&token.folded.replace(' ', "").as_str())
        });
        for (offset, c) in whole[word.len()..].char_indices() {
            let kind = match break_kind(c) {
                _ if abbreviated && c == '.' => Kind::SoftBreak,
                Some(kind) => kind,
                None => continue,
            };
            let at = start + word.len() + offset;
            self.emit(kind, at, at + c.len_utf8());
        }
    }
}

fn break_kind(c: char) -> Option<Kind> {
    match c {
        ',' | ':' => Some(Kind::SoftBreak),
        '.' | ';' | '!' | '?' | '…' => Some(Kind::HardBreak),
        _ => None,
    }
}

/// The length of what stands before the closing quote. A single quote followed by a letter or a digit is an apostrophe.
fn closing_quote(text: &str, closing: &[char]) -> Option<(usize, char)> {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let apostrophe = matches!(c, '\'' | '’') && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if closing.contains(&c) && !apostrophe {
            return Some((at, c));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words as they are, quoted pieces in brackets, soft breaks as ",", hard ones as "|".
    fn shown(source: &str) -> String {
        let pieces: Vec<String> = lex(source)
            .iter()
            .map(|token| match token.kind {
                Kind::Word => token.text.to_owned(),
                Kind::Quoted => format!("<{}>", token.text),
                Kind::SoftBreak => ",".to_owned(),
                Kind::HardBreak => "|".to_owned(),
            })
            .collect();
        pieces.join(" ")
    }

    #[test]
    fn words_quotes_and_breaks_are_told_apart() {
        let cases = [
            ("click 'Add to cart', then go", "click <Add to cart> , then go"),
            ("click \"a, b\" «c; d» “e. f” ‘g’ „h“", "click <a, b> <c; d> <e. f> <g> <h>"),
            ("open http://127.0.0.1:8080/a?b=c, search", "open http://127.0.0.1:8080/a?b=c , search"),
            ("it costs 12,00 EUR. Buy", "it costs 12,00 EUR | Buy"),
            ("don't type 'Bob's place' here", "don't type <Bob's place> here"),
            ("ask Mr. Smith", "ask Mr , Smith"),
            ("1. open a\n2) click b\n- read c", "| open a | | click b | read c"),
            ("1. open a 2. click b", "| open a | click b"),
            ("pay 3. then", "pay 3 | then"),
            ("J. Doe", "J , Doe"),
            ("an 'unclosed quote", "an 'unclosed quote"),
            ("empty '' quotes", "empty <> quotes"),
            ("wait... what?!", "wait | | | what | |"),
        ];
        for (source, expected) in cases {
            assert_eq!(shown(source), expected, "{source}");
        }
    }
}
