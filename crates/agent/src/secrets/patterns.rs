//! Looks for many texts at once, and for their parts where a text was cut off, in one walk whatever there is to be found.

use std::ops::Range;

use aho_corasick::automaton::StateID;

use super::decoding::{Decoded, ELLIPSIS};
use super::pieces::Pieces;
use super::walk::Walk;

/// Shortest part of a writing, in characters, that is found where a text was cut off.
const PART: usize = 4;
/// Where a text ends without a sign of having been cut off, and is at least so long, it may have been.
const CUT_BYTES: usize = 150;

/// Writings of secrets.
pub(super) struct Patterns {
    forwards: Direction,
    /// Each the wrong way round.
    backwards: Direction,
}

/// The writings, read in one direction.
struct Direction {
    walk: Walk,
    /// The secret of each writing.
    of: Vec<usize>,
    /// What the automaton has just read, for those of its states that say it of a part; by state.
    parts: Vec<(StateID, Part)>,
}

#[derive(Debug, Clone, Copy)]
struct Part {
    bytes: usize,
    of: usize,
}

impl Patterns {
    /// Of writings and their secrets. No writing is empty.
    pub(super) fn new(writings: Vec<(Vec<u8>, usize)>) -> Self {
        let turned = writings.iter().map(|(writing, of)| (writing.iter().rev().copied().collect(), *of)).collect();
        Self { forwards: Direction::new(writings), backwards: Direction::new(turned) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.forwards.of.is_empty()
    }

    /// All writings in a text, the beginnings of some before an ellipsis or the end of a long text, and their ends after an
    /// ellipsis, with blanks in between or not.
    pub(super) fn find(&self, text: &Decoded, found: &mut Pieces<'_>) {
        self.forwards.whole(&text.bytes, |bytes, of| found.add(text.source(bytes), of));
        let is_long = found.text.len() >= CUT_BYTES;
        let cuts: Vec<usize> = places(&text.bytes, ELLIPSIS.as_bytes()).collect();
        let length = text.bytes.len();
        let ends = cuts.iter().copied().chain(is_long.then_some(length));
        self.forwards.parts(text.bytes.iter().copied(), ends, |bytes, of| found.add(text.source(bytes), of));
        let starts = cuts.iter().rev().map(|cut| length - (cut + ELLIPSIS.len()));
        self.backwards.parts(text.bytes.iter().rev().copied(), starts, |bytes, of| {
            found.add(text.source(length - bytes.end..length - bytes.start), of);
        });
    }
}

impl Direction {
    fn new(writings: Vec<(Vec<u8>, usize)>) -> Self {
        let walk = Walk::new(writings.iter().map(|(text, _)| text));
        let mut parts = Vec::new();
        for (text, of) in &writings {
            let (mut state, mut characters) = (walk.start, 0);
            for (at, byte) in text.iter().enumerate() {
                state = walk.next(state, *byte);
                // Those that go on a character do not count.
                characters += usize::from(byte & 0xc0 != 0x80);
                if characters >= PART {
                    parts.push((state, Part { bytes: at + 1, of: *of }));
                }
            }
        }
        parts.sort_by_key(|(state, _)| *state);
        parts.dedup_by_key(|(state, _)| *state);
        Self { walk, of: writings.into_iter().map(|(_, of)| of).collect(), parts }
    }

    /// The longest writing that ends at each place: what is found within it is secret anyway.
    fn whole(&self, text: &[u8], mut found: impl FnMut(Range<usize>, usize)) {
        let mut state = self.walk.start;
        for (at, byte) in text.iter().enumerate() {
            state = self.walk.next(state, *byte);
            if let Some((longest, length)) = self.walk.read(state).next() {
                found(at + 1 - length..at + 1, self.of[longest]);
            }
        }
    }

    /// The longest part that was read when so many bytes of a text were, or when the blanks before that began.
    fn parts(
        &self,
        text: impl Iterator<Item = u8>,
        cuts: impl Iterator<Item = usize>,
        mut found: impl FnMut(Range<usize>, usize),
    ) {
        let mut cuts = cuts.peekable();
        let (mut state, mut before_blanks) = (self.walk.start, (self.walk.start, 0));
        // With a byte more, for a cut at the end.
        for (at, byte) in text.chain([0]).enumerate() {
            if cuts.next_if_eq(&at).is_some() {
                for (state, end) in [(state, at), before_blanks] {
                    if let Some(Part { bytes, of }) = self.part(state) {
                        found(end - bytes..end, of);
                    }
                }
            }
            if cuts.peek().is_none() {
                return;
            }
            state = self.walk.next(state, byte);
            if !byte.is_ascii_whitespace() {
                before_blanks = (state, at + 1);
            }
        }
    }

    fn part(&self, state: StateID) -> Option<Part> {
        let at = self.parts.binary_search_by_key(&state, |(state, _)| *state).ok()?;
        Some(self.parts[at].1)
    }
}

fn places<'a>(text: &'a [u8], wanted: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    (0..text.len()).filter(move |at| text[*at..].starts_with(wanted))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Held by what an automaton's states say, which only its source does.
        #[test]
        fn what_is_found_is_what_looking_for_each_writing_at_each_place_finds(
            writings in prop::collection::vec("[ab]{1,7}", 1..6), text in "[ab…]{0,40}",
        ) {
            let patterns = Patterns::new(writings.iter().map(|writing| (writing.clone().into_bytes(), 0)).collect());
            let mut found = Pieces::new(&text, Vec::new());
            patterns.find(&Decoded::plain(&text), &mut found);
            let mut expected = Pieces::new(&text, Vec::new());
            for writing in &writings {
                for (at, _) in text.char_indices().filter(|(at, _)| text[*at..].starts_with(writing.as_str())) {
                    expected.add(at..at + writing.len(), 0);
                }
                for (cut, _) in text.match_indices('…') {
                    for length in PART..writing.len() {
                        if text[..cut].ends_with(&writing[..length]) {
                            expected.add(cut - length..cut, 0);
                        }
                        let start = cut + ELLIPSIS.len();
                        if text[start..].starts_with(&writing[writing.len() - length..]) {
                            expected.add(start..start + length, 0);
                        }
                    }
                }
            }
            prop_assert_eq!(found.united(), expected.united());
        }
    }
}
