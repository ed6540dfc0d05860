//! Finds any of many patterns in a text in one pass, and parts of them where the text was truncated.

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton as _, StateID};
use aho_corasick::nfa::contiguous::NFA;

/// Shows that a text was truncated.
const ELLIPSIS: &str = "…";
/// Shortest part of a pattern, in characters, that is found beside an ellipsis.
const MIN_PART: usize = 4;

/// Patterns, each with the number of its secret.
pub(super) struct Search {
    forward: Scanner,
    /// Of the patterns in reverse, for their ends after an ellipsis.
    backward: Scanner,
}

struct Scanner {
    automaton: NFA,
    /// The longest pattern that ends in a state.
    whole: HashMap<StateID, Found>,
    /// The part of a pattern that leads to a state.
    part: HashMap<StateID, Found>,
}

#[derive(Debug, Clone, Copy)]
struct Found {
    bytes: usize,
    secret: usize,
}

impl Search {
    /// No pattern is empty.
    pub(super) fn new(patterns: &[(String, usize)]) -> Self {
        let forward = patterns.iter().map(|(pattern, secret)| (pattern.bytes().collect(), *secret));
        let backward = patterns.iter().map(|(pattern, secret)| (pattern.bytes().rev().collect(), *secret));
        Self { forward: Scanner::new(forward.collect()), backward: Scanner::new(backward.collect()) }
    }

    /// Reports the longest pattern that ends at each byte, starts of patterns before an ellipsis and ends of them after
    /// one, with the secret of each.
    pub(super) fn find(&self, text: &str, mut report: impl FnMut(Range<usize>, usize)) {
        let cuts: Vec<usize> = text.match_indices(ELLIPSIS).map(|(at, _)| at).collect();
        self.forward.scan(text.bytes(), &cuts, &mut report);
        if !cuts.is_empty() {
            let length = text.len();
            let cuts: Vec<usize> = cuts.iter().rev().map(|at| length - at - ELLIPSIS.len()).collect();
            self.backward.scan(text.bytes().rev(), &cuts, |found, secret| {
                report(length - found.end..length - found.start, secret);
            });
        }
    }
}

impl Scanner {
    fn new(patterns: Vec<(Vec<u8>, usize)>) -> Self {
        let automaton = NFA::builder()
            .prefilter(false)
            .build(patterns.iter().map(|(pattern, _)| pattern))
            .expect("requests are too small for its limits");
        let (mut whole, mut part) = (HashMap::new(), HashMap::new());
        for (pattern, secret) in &patterns {
            let mut state = automaton.start_state(Anchored::No).expect("it supports unanchored searches");
            let mut characters = 0;
            // A pattern's own states are all that the automaton has.
            for (bytes, byte) in (1..).zip(pattern) {
                state = automaton.next_state(Anchored::No, state, *byte);
                characters += usize::from(byte & 0xc0 != 0x80);
                if characters >= MIN_PART {
                    part.entry(state).or_insert(Found { bytes, secret: *secret });
                }
                if automaton.is_match(state) {
                    whole.entry(state).or_insert_with(|| {
                        let all = (0..automaton.match_len(state)).map(|nth| automaton.match_pattern(state, nth));
                        let longest = all.max_by_key(|id| automaton.pattern_len(*id)).expect("there is a match");
                        Found { bytes: automaton.pattern_len(longest), secret: patterns[longest.as_usize()].1 }
                    });
                }
            }
        }
        Self { automaton, whole, part }
    }

    /// `cuts`: in ascending order, each less than the number of bytes.
    fn scan(&self, text: impl Iterator<Item = u8>, cuts: &[usize], mut report: impl FnMut(Range<usize>, usize)) {
        let mut cuts = cuts.iter().peekable();
        let mut state = self.automaton.start_state(Anchored::No).expect("it supports unanchored searches");
        for (at, byte) in text.enumerate() {
            if cuts.next_if_eq(&&at).is_some()
                && let Some(Found { bytes, secret }) = self.part.get(&state)
            {
                report(at - bytes..at, *secret);
            }
            state = self.automaton.next_state(Anchored::No, state, byte);
            if self.automaton.is_match(state)
                && let Some(Found { bytes, secret }) = self.whole.get(&state)
            {
                report(at + 1 - bytes..at + 1, *secret);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_search_finds_the_same_matches_as_a_naive_one(
            patterns in prop::collection::vec("[ab]{1,7}", 1..6), text in "[ab…]{0,40}",
        ) {
            let numbered: Vec<_> = patterns.iter().cloned().zip(0..).collect();
            let (mut found, mut reports) = (BTreeSet::new(), 0);
            Search::new(&numbered).find(&text, |range, _| {
                reports += 1;
                found.extend(range);
            });
            prop_assert!(reports <= 4 * text.len(), "at most a whole and a part for each byte and direction");
            let mut expected = BTreeSet::new();
            for pattern in &patterns {
                for (at, _) in text.char_indices().filter(|(at, _)| text[*at..].starts_with(pattern.as_str())) {
                    expected.extend(at..at + pattern.len());
                }
                for (cut, _) in text.match_indices(ELLIPSIS) {
                    for length in MIN_PART..pattern.len() {
                        if text[..cut].ends_with(&pattern[..length]) {
                            expected.extend(cut - length..cut);
                        }
                        let start = cut + ELLIPSIS.len();
                        if text[start..].starts_with(&pattern[pattern.len() - length..]) {
                            expected.extend(start..start + length);
                        }
                    }
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
