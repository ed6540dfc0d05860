//! Finds any of many patterns in a text, and parts of them where the text was truncated.

use std::ops::Range;

use aho_corasick::AhoCorasick;

/// Shows that a text was truncated.
const ELLIPSIS: &str = "…";
/// Shortest part of a pattern, in characters, that is found beside an ellipsis.
const MIN_PART: usize = 4;

pub(super) struct Search {
    /// Each with the number of its secret.
    patterns: Vec<(String, usize)>,
    whole: AhoCorasick,
    /// The first and the last characters of each pattern, as many as a part has at least.
    starts: AhoCorasick,
    ends: AhoCorasick,
}

impl Search {
    /// No pattern is empty.
    pub(super) fn new(patterns: Vec<(String, usize)>) -> Self {
        let search_for = |part: fn(&str) -> &str| {
            let parts = patterns.iter().map(|(pattern, _)| part(pattern));
            AhoCorasick::new(parts).expect("requests are too small for its limits")
        };
        let (whole, starts, ends) = (search_for(|pattern| pattern), search_for(start), search_for(end));
        Self { patterns, whole, starts, ends }
    }

    /// Reports patterns, starts of patterns before an ellipsis and ends of them after one, with the secret of each.
    /// What lies within the report before it is left out.
    pub(super) fn find(&self, text: &str, mut report: impl FnMut(Range<usize>, usize)) {
        let mut last = 0..0;
        let mut report = |range: Range<usize>, secret| {
            if range.start < last.start || range.end > last.end {
                last = range.clone();
                report(range, secret);
            }
        };
        for found in self.whole.find_overlapping_iter(text) {
            report(found.range(), self.patterns[found.pattern()].1);
        }
        let cuts: Vec<usize> = text.match_indices(ELLIPSIS).map(|(at, _)| at).collect();
        if cuts.is_empty() {
            return;
        }
        for found in self.starts.find_overlapping_iter(text) {
            let (pattern, secret) = &self.patterns[found.pattern()];
            let next = cuts.partition_point(|cut| *cut < found.end());
            if let Some(cut) = cuts.get(next)
                && pattern.starts_with(&text[found.start()..*cut])
            {
                report(found.start()..*cut, *secret);
            }
        }
        for found in self.ends.find_overlapping_iter(text) {
            let (pattern, secret) = &self.patterns[found.pattern()];
            let before = cuts.partition_point(|cut| *cut < found.start());
            if let Some(cut) = cuts[..before].last()
                && pattern.ends_with(&text[cut + ELLIPSIS.len()..found.end()])
            {
                report(cut + ELLIPSIS.len()..found.end(), *secret);
            }
        }
    }
}

fn start(pattern: &str) -> &str {
    let end = pattern.char_indices().nth(MIN_PART).map_or(pattern.len(), |(at, _)| at);
    &pattern[..end]
}

fn end(pattern: &str) -> &str {
    let start = pattern.char_indices().nth_back(MIN_PART - 1).map_or(0, |(at, _)| at);
    &pattern[start..]
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
            Search::new(numbered).find(&text, |range, _| {
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
