//! Phrase patterns: how a row of the table of phrases is written and matched.
//!
//! `<type|enter> {text} <into|in> [the] {label}`: alternatives in angle brackets, optional words in square ones, slots
//! in braces. A slot takes one token or more; quoted tokens are never taken for words of a pattern.

use super::lex::{Kind, Token};
use super::text::fold;

/// Which occurrence of the words after a slot ends it, when there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    First,
    Last,
}

#[derive(Debug)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    ends: Ends,
}

#[derive(Debug)]
enum Part {
    /// Each alternative as folded words, longest first, so that "search for" wins over "search".
    Words {
        alternatives: Vec<Vec<String>>,
        optional: bool,
    },
    Slot,
}

/// What a pattern's slots took, in order, and the words that began the clause.
#[derive(Debug)]
pub(super) struct Slots<'t, 's> {
    pub(super) head: String,
    pub(super) taken: Vec<Slot<'t, 's>>,
}

/// A run of tokens, and the text it stands in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slot<'t, 's> {
    pub(super) tokens: &'t [Token<'s>],
    pub(super) source: &'s str,
}

impl Pattern {
    /// Panics on a pattern that is not well formed: the table is part of the program, and a test compiles all of it.
    pub(super) fn compile(pattern: &str, ends: Ends) -> Self {
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
            parts.push(if open == '{' { Part::Slot } else { Part::words(inside, open == '[') });
            rest = after.trim_start();
        }
        Self { parts, ends }
    }

    /// Whether a clause of this pattern could begin with these tokens.
    pub(super) fn begins(&self, tokens: &[Token<'_>]) -> bool {
        matches!(self.parts.first(), Some(Part::Words { alternatives, .. }) if literal(alternatives, tokens, 0).is_some())
    }

    /// Whether it has words after its first slot, as in "type {text} into {label}".
    pub(super) fn has_connector(&self) -> bool {
        let mut parts = self.parts.iter().skip_while(|part| !matches!(part, Part::Slot)).skip(1);
        parts.any(|part| matches!(part, Part::Words { optional: false, .. }))
    }

    /// Matches the whole clause.
    pub(super) fn matches<'t, 's>(&self, clause: Slot<'t, 's>) -> Option<Slots<'t, 's>> {
        let Some(Part::Words { alternatives, .. }) = self.parts.first() else { return None };
        let after = literal(alternatives, clause.tokens, 0)?;
        let head = clause.tokens[..after].iter().map(|token| token.folded.as_str()).collect::<Vec<_>>().join(" ");
        let taken = self.continues(clause, after)?;
        Some(Slots { head, taken })
    }

    /// Matches what follows the head: "'Ada' into 'Name'" for a pattern that begins with "type".
    pub(super) fn matches_continued<'t, 's>(&self, head: &str, clause: Slot<'t, 's>) -> Option<Slots<'t, 's>> {
        Some(Slots { head: head.to_owned(), taken: self.continues(clause, 0)? })
    }

    fn continues<'t, 's>(&self, clause: Slot<'t, 's>, at: usize) -> Option<Vec<Slot<'t, 's>>> {
        let mut taken = Vec::new();
        take(&self.parts[1..], self.ends, clause, at, &mut taken).then_some(taken)
    }
}

impl Part {
    fn words(alternatives: &str, optional: bool) -> Self {
        let mut alternatives: Vec<Vec<String>> =
            alternatives.split('|').map(|phrase| phrase.split_whitespace().map(fold).collect()).collect();
        alternatives.sort_by_key(|words: &Vec<String>| std::cmp::Reverse(words.len()));
        Self::Words { alternatives, optional }
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

    /// Whether it is one quoted piece.
    pub(super) fn is_quoted(self) -> bool {
        matches!(self.trimmed().tokens, [only] if only.kind == Kind::Quoted)
    }

    /// Without breaks at its ends.
    pub(super) fn trimmed(self) -> Self {
        let mut tokens = self.tokens;
        while let [first, rest @ ..] = tokens
            && is_break(first)
        {
            tokens = rest;
        }
        while let [rest @ .., last] = tokens
            && is_break(last)
        {
            tokens = rest;
        }
        Self { tokens, ..self }
    }

    pub(super) fn is_empty(self) -> bool {
        self.trimmed().tokens.is_empty()
    }

    pub(super) fn part(self, range: std::ops::Range<usize>) -> Self {
        Self { tokens: &self.tokens[range], ..self }
    }
}

pub(super) fn is_break(token: &Token<'_>) -> bool {
    matches!(token.kind, Kind::SoftBreak | Kind::HardBreak)
}

/// Where the tokens continue after one of the alternatives, breaks before it skipped.
fn literal(alternatives: &[Vec<String>], tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let at = at + tokens[at..].iter().take_while(|token| is_break(token)).count();
    let rest = &tokens[at..];
    let matching = alternatives.iter().find(|words| {
        words.len() <= rest.len()
            && words.iter().zip(rest).all(|(word, token)| token.kind == Kind::Word && token.folded == *word)
    })?;
    Some(at + matching.len())
}

fn take<'t, 's>(parts: &[Part], ends: Ends, clause: Slot<'t, 's>, at: usize, taken: &mut Vec<Slot<'t, 's>>) -> bool {
    let tokens = clause.tokens;
    match parts {
        [] => tokens[at..].iter().all(is_break),
        [Part::Words { alternatives, optional }, rest @ ..] => match literal(alternatives, tokens, at) {
            Some(after) => {
                let before = taken.len();
                take(rest, ends, clause, after, taken) || {
                    taken.truncate(before);
                    *optional && take(rest, ends, clause, at, taken)
                }
            }
            None => *optional && take(rest, ends, clause, at, taken),
        },
        [Part::Slot] => {
            let slot = clause.part(at..tokens.len());
            taken.push(slot.trimmed());
            !slot.is_empty()
        }
        [Part::Slot, rest @ ..] => {
            let Some(Part::Words { alternatives, .. }) = rest.first() else { return false };
            let mut candidates: Vec<usize> =
                (at + 1..tokens.len()).filter(|end| literal(alternatives, tokens, *end).is_some()).collect();
            // What is quoted is a whole: "type 'a' in Date in full" means 'a', while an unquoted text may hold an "in".
            let quoted_first = candidates.first().is_some_and(|end| clause.part(at..*end).is_quoted());
            if ends == Ends::Last && !quoted_first {
                candidates.reverse();
            }
            let before = taken.len();
            candidates.into_iter().any(|end| {
                taken.truncate(before);
                let slot = clause.part(at..end);
                taken.push(slot.trimmed());
                !slot.is_empty() && take(rest, ends, clause, end, taken)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex::lex;
    use super::*;

    fn slots(pattern: &str, ends: Ends, source: &str) -> Option<Vec<String>> {
        let tokens = lex(source);
        let matched = Pattern::compile(pattern, ends).matches(Slot { tokens: &tokens, source })?;
        Some(matched.taken.into_iter().map(Slot::text).collect())
    }

    #[test]
    fn slots_take_what_stands_between_the_words() {
        let pattern = "<type|enter> {text} <into|in> [the] {label}";
        let cases: [(Ends, &str, Option<Vec<&str>>); 7] = [
            (Ends::Last, "type Ada into the Name", Some(vec!["Ada", "Name"])),
            (Ends::Last, "ENTER hello in Paris into City", Some(vec!["hello in Paris", "City"])),
            (Ends::First, "enter a in b in c", Some(vec!["a", "b in c"])),
            (Ends::Last, "type 'a' in Date in full", Some(vec!["a", "Date in full"])),
            (Ends::Last, "type 'a into b' into 'c in d'", Some(vec!["a into b", "c in d"])),
            (Ends::Last, "type into Name", None),
            (Ends::Last, "type Ada into", None),
        ];
        for (ends, source, expected) in cases {
            let found = slots(pattern, ends, source);
            assert_eq!(found, expected.map(|texts| texts.into_iter().map(str::to_owned).collect()), "{source}");
        }
    }

    #[test]
    fn a_pattern_without_slots_matches_the_whole_clause_only() {
        let pattern = "<go back> [to the previous page]";
        assert_eq!(slots(pattern, Ends::Last, "go back to the previous page"), Some(vec![]));
        assert_eq!(slots(pattern, Ends::Last, "Go back."), Some(vec![]));
        assert_eq!(slots(pattern, Ends::Last, "go back home"), None);
    }
}
