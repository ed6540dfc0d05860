//! Splits a task into words, quoted pieces and breaks, in linear time.

use super::text::fold;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// A word as written, or the text between the quotes; empty for breaks.
    pub(super) text: &'a str,
    /// The folded word; empty for quoted pieces, so that no phrase matches inside quotes.
    pub(super) folded: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Quoted,
    /// A comma, a colon, the dot of an abbreviation: separates two goals only if a verb follows.
    SoftBreak,
    /// The end of a sentence or line, a semicolon: always separates two goals.
    HardBreak,
}

const QUOTES: [(char, &[char]); 6] =
    [('"', &['"']), ('\'', &['\'']), ('“', &['”']), ('‘', &['’']), ('«', &['»']), ('„', &['“', '”'])];

/// Words before a dot that rarely ends a sentence.
const ABBREVIATIONS: [&str; 17] =
    ["mr", "mrs", "ms", "dr", "prof", "st", "no", "nr", "vs", "eg", "ie", "etc", "inc", "ltd", "co", "jr", "sr"];

/// Alternative phrases, folded and longest first, so that "search for" wins over "search".
#[derive(Debug)]
pub(super) struct Words(Vec<Vec<String>>);

impl Words {
    pub(super) fn new(alternatives: &str) -> Self {
        let phrases = alternatives.split('|').map(|phrase| phrase.split_whitespace().map(fold).collect());
        let mut phrases: Vec<Vec<String>> = phrases.collect();
        phrases.sort_by_key(|words| std::cmp::Reverse(words.len()));
        Self(phrases)
    }

    /// The length of the phrase that the tokens begin with. Quoted tokens never match.
    pub(super) fn begin(&self, tokens: &[Token<'_>]) -> Option<usize> {
        let begins = |words: &&Vec<String>| {
            words.len() <= tokens.len() && words.iter().zip(tokens).all(|(word, token)| token.is_word(word))
        };
        self.0.iter().find(begins).map(Vec::len)
    }
}

impl Token<'_> {
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.folded == word
    }

    pub(super) fn is_break(&self) -> bool {
        matches!(self.kind, Kind::SoftBreak | Kind::HardBreak)
    }
}

pub(super) fn lex(source: &str) -> Vec<Token<'_>> {
    Lexer { source, at: 0, line_start: true, next_item: None, unclosed: [false; QUOTES.len()], tokens: Vec::new() }
        .run()
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    /// The line has contained only blanks so far.
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
        while let Some(next) = self.source[self.at..].chars().next() {
            if next == '\n' {
                self.emit(Kind::HardBreak, 1);
                self.line_start = true;
            } else if next.is_whitespace() {
                self.at += next.len_utf8();
            } else {
                if !self.list_marker() && !self.quoted(next) {
                    match break_kind(next) {
                        Some(kind) => self.emit(kind, next.len_utf8()),
                        None => self.word(),
                    }
                }
                self.line_start = false;
            }
        }
        self.tokens
    }

    fn emit(&mut self, kind: Kind, length: usize) {
        let (start, end) = (self.at, self.at + length);
        let text = if kind == Kind::Word { &self.source[start..end] } else { "" };
        self.tokens.push(Token { kind, text, folded: fold(text), start, end });
        self.at = end;
    }

    /// Skips a list marker: "- ", "* ", "• ", "1. ", "2) ".
    fn list_marker(&mut self) -> bool {
        // No marker is longer. The limit keeps the lexer linear if there are no blanks.
        const LONGEST: usize = 6;
        let rest = &self.source[self.at..];
        let length = rest.char_indices().take(LONGEST).find(|(_, c)| c.is_whitespace());
        let Some(marker) = length.map(|(length, _)| &rest[..length]) else { return false };
        if self.line_start && matches!(marker, "-" | "*" | "•" | "–" | "+") {
            self.at += marker.len();
            return true;
        }
        let number = marker.strip_suffix(['.', ')']).and_then(|digits| digits.parse::<u32>().ok());
        let Some(number) = number.filter(|number| self.line_start || self.next_item == Some(*number)) else {
            return false;
        };
        self.next_item = number.checked_add(1);
        self.emit(Kind::HardBreak, marker.len());
        true
    }

    fn quoted(&mut self, opening: char) -> bool {
        let Some(which) = QUOTES.iter().position(|(open, _)| *open == opening) else { return false };
        let inner = self.at + opening.len_utf8();
        let closing = match self.unclosed[which] {
            true => None,
            false => closing_quote(&self.source[inner..], QUOTES[which].1),
        };
        let Some((length, closing)) = closing else {
            self.unclosed[which] = true;
            return false;
        };
        let (text, start) = (&self.source[inner..inner + length], self.at);
        self.at = inner + length + closing.len_utf8();
        self.tokens.push(Token { kind: Kind::Quoted, text, folded: String::new(), start, end: self.at });
        true
    }

    /// A word extends to the next blank. Punctuation at its end is a separate break, punctuation inside it is not:
    /// "12,00" and "http://a.example/b" are one word each.
    fn word(&mut self) {
        let rest = &self.source[self.at..];
        let whole = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
        let word = whole.trim_end_matches(|c| break_kind(c).is_some());
        let folded = fold(word).replace(' ', "");
        let initial = word.len() == 1 && word.chars().all(char::is_alphabetic);
        let abbreviated = initial || ABBREVIATIONS.contains(&folded.as_str());
        self.emit(Kind::Word, word.len());
        for c in whole[word.len()..].chars() {
            let kind = break_kind(c).unwrap_or(Kind::SoftBreak);
            self.emit(if abbreviated && c == '.' { Kind::SoftBreak } else { kind }, c.len_utf8());
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

/// The length of the text before the closing quote, and the quote. A single quote followed by a letter or a digit is an
/// apostrophe.
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
    fn words_quotes_and_breaks_are_distinguished() {
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
