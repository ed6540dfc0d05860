//! Phrase patterns: the syntax and the matching of a row of the table of phrases.
//!
//! `<type|enter> {text} <into|in> [the] {label}`: alternatives in angle brackets, optional words in square ones, slots
//! in braces. A slot matches one token or more: as many as possible, or with a `?` as few as possible (`{label?}`). Quoted
//! tokens never match words of a pattern.

use super::lex::{Kind, Token, Words};
use super::text::fold;

#[derive(Debug)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug)]
enum Part {
    Words { words: Words, optional: bool },
    Slot { lazy: bool },
}

/// The tokens that a pattern's slots matched, in order, and the words that began the clause.
#[derive(Debug)]
pub(super) struct Slots<'t, 's> {
    pub(super) head: String,
    pub(super) taken: Vec<Slot<'t, 's>>,
}

/// A run of tokens, and the text that contains it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slot<'t, 's> {
    pub(super) tokens: &'t [Token<'s>],
    pub(super) source: &'s str,
}

impl Pattern {
    /// Panics on an invalid pattern: the table is part of the program, and a test compiles all of it.
    pub(super) fn compile(pattern: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = pattern.trim();
        while let Some(open) = rest.chars().next() {
            let close = match open {
                '<' => '>',
                '[' => ']',
                '{' => '}',
                _ => panic!("'{pattern}': a part begins with <, [ or {{"),
            };
            let (inside, after) = rest[1..].split_once(close).expect("every part of a pattern is closed");
            parts.push(match open {
                '{' => Part::Slot { lazy: inside.ends_with('?') },
                _ => Part::Words { words: Words::new(inside), optional: open == '[' },
            });
            rest = after.trim_start();
        }
        Self(parts)
    }

    pub(super) fn begins(&self, tokens: &[Token<'_>]) -> bool {
        matches!(self.0.first(), Some(Part::Words { words, .. }) if literal(words, tokens, 0).is_some())
    }

    /// Whether it has words after its first slot, as in "type {text} into {label}".
    pub(super) fn has_connector(&self) -> bool {
        let mut parts = self.0.iter().skip_while(|part| !matches!(part, Part::Slot { .. })).skip(1);
        parts.any(|part| matches!(part, Part::Words { optional: false, .. }))
    }

    pub(super) fn matches<'t, 's>(&self, clause: Slot<'t, 's>) -> Option<Slots<'t, 's>> {
        let (after, parts) = match self.0.split_first()? {
            (Part::Words { words, .. }, rest) => (literal(words, clause.tokens, 0)?, rest),
            (Part::Slot { .. }, _) => (0, self.0.as_slice()),
        };
        let head = clause.tokens[..after].iter().map(|token| token.folded.as_str()).collect::<Vec<_>>().join(" ");
        let mut taken = Vec::new();
        take(parts, clause, after, &mut taken).then_some(Slots { head, taken })
    }

    /// Matches what follows the head: "'Ada' into 'Name'" for a pattern that begins with "type".
    pub(super) fn matches_continued<'t, 's>(&self, head: &str, clause: Slot<'t, 's>) -> Option<Slots<'t, 's>> {
        let mut taken = Vec::new();
        take(&self.0[1..], clause, 0, &mut taken).then_some(Slots { head: head.to_owned(), taken })
    }
}

impl<'t, 's> Slot<'t, 's> {
    /// The text as written; the quotes are dropped when it is one quoted piece.
    pub(super) fn text(self) -> String {
        match self.trimmed().tokens {
            [] => String::new(),
            [only] => only.text.to_owned(),
            [first, .., last] => self.source[first.start..last.end].to_owned(),
        }
    }

    pub(super) fn folded(self) -> String {
        fold(&self.text())
    }

    pub(super) fn is_quoted(self) -> bool {
        matches!(self.trimmed().tokens, [only] if only.kind == Kind::Quoted)
    }

    pub(super) fn trimmed(self) -> Self {
        let end = self.tokens.iter().rposition(|token| !token.is_break()).map_or(0, |last| last + 1);
        let start = self.tokens[..end].iter().take_while(|token| token.is_break()).count();
        self.part(start..end)
    }

    pub(super) fn is_empty(self) -> bool {
        self.trimmed().tokens.is_empty()
    }

    pub(super) fn part(self, range: std::ops::Range<usize>) -> Self {
        Self { tokens: &self.tokens[range], ..self }
    }
}

/// The position after one of the phrases. Breaks before the phrase are skipped.
fn literal(words: &Words, tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let at = at + tokens[at..].iter().take_while(|token| token.is_break()).count();
    Some(at + words.begin(&tokens[at..])?)
}

fn take<'t, 's>(parts: &[Part], clause: Slot<'t, 's>, at: usize, taken: &mut Vec<Slot<'t, 's>>) -> bool {
    let tokens = clause.tokens;
    match parts {
        [] => tokens[at..].iter().all(Token::is_break),
        [Part::Words { words, optional }, rest @ ..] => match literal(words, tokens, at) {
            Some(after) => {
                let before = taken.len();
                take(rest, clause, after, taken) || {
                    taken.truncate(before);
                    *optional && take(rest, clause, at, taken)
                }
            }
            None => *optional && take(rest, clause, at, taken),
        },
        [Part::Slot { .. }] => {
            let slot = clause.part(at..tokens.len());
            taken.push(slot.trimmed());
            !slot.is_empty()
        }
        [Part::Slot { lazy }, rest @ ..] => {
            let Some(Part::Words { words, optional }) = rest.first() else { return false };
            let mut candidates: Vec<usize> =
                (at + 1..tokens.len()).filter(|end| literal(words, tokens, *end).is_some()).collect();
            // A quoted text is complete: "type 'a' in Date in full" means 'a'. An unquoted one may contain an "in".
            let quoted_first = candidates.first().is_some_and(|end| clause.part(at..*end).is_quoted());
            if !lazy && !quoted_first {
                candidates.reverse();
            }
            if *optional {
                candidates.push(tokens.len());
            }
            let before = taken.len();
            candidates.into_iter().any(|end| {
                taken.truncate(before);
                let slot = clause.part(at..end);
                taken.push(slot.trimmed());
                !slot.is_empty() && take(rest, clause, end, taken)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex::lex;
    use super::*;

    fn slots(pattern: &str, source: &str) -> Option<Vec<String>> {
        let tokens = lex(source);
        let matched = Pattern::compile(pattern).matches(Slot { tokens: &tokens, source })?;
        Some(matched.taken.into_iter().map(Slot::text).collect())
    }

    #[test]
    fn slots_capture_the_text_between_words() {
        let pattern = "<type|enter> {text} <into|in> [the] {label}";
        let lazy = "<type|enter> {text?} <into|in> [the] {label}";
        let cases: [(&str, &str, Option<Vec<&str>>); 7] = [
            (pattern, "type Ada into the Name", Some(vec!["Ada", "Name"])),
            (pattern, "ENTER hello in Paris into City", Some(vec!["hello in Paris", "City"])),
            (lazy, "enter a in b in c", Some(vec!["a", "b in c"])),
            (pattern, "type 'a' in Date in full", Some(vec!["a", "Date in full"])),
            (pattern, "type 'a into b' into 'c in d'", Some(vec!["a into b", "c in d"])),
            (pattern, "type into Name", None),
            (pattern, "type Ada into", None),
        ];
        for (pattern, source, expected) in cases {
            let found = slots(pattern, source);
            assert_eq!(found, expected.map(|texts| texts.into_iter().map(str::to_owned).collect()), "{source}");
        }
    }

    #[test]
    fn a_pattern_without_slots_matches_only_the_whole_clause() {
        let pattern = "<go back> [to the previous page]";
        assert_eq!(slots(pattern, "go back to the previous page"), Some(vec![]));
        assert_eq!(slots(pattern, "Go back."), Some(vec![]));
        assert_eq!(slots(pattern, "go back home"), None);
    }
}
