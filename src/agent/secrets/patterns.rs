//! Looks for many writings at once, and for their parts where a text was cut off, in one walk whatever there is to be found.

use super::decoding::{Decoded, ELLIPSIS};
use super::frayed::Frayed;
use super::pieces::Pieces;
use super::walk::Walk;

/// Where a text ends without a sign of having been cut off, and is at least so long, it may have been.
const CUT_BYTES: usize = 150;

/// Writings of secrets.
pub(super) struct Patterns {
    forwards: Walk,
    /// Each the wrong way round.
    backwards: Walk,
    /// The secret of each.
    of: Vec<usize>,
    frayed: Frayed,
}

impl Patterns {
    /// Of writings and their secrets. No writing is empty.
    pub(super) fn new(writings: Vec<(Vec<u8>, usize)>) -> Self {
        let turned = writings.iter().map(|(writing, _)| writing.iter().rev().copied().collect()).collect();
        let frayed = Frayed::new(&writings);
        let (texts, of) = writings.into_iter().unzip();
        Self { forwards: Walk::new(texts, 1), backwards: Walk::new(turned, 1), of, frayed }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// All writings in a text, the beginnings of some before an ellipsis or the end of a long text, and their ends after an
    /// ellipsis, with blanks in between or not.
    pub(super) fn find(&self, text: &Decoded, found: &mut Pieces<'_>) {
        self.forwards.whole(&text.bytes, |bytes, writing| found.add(text.source(bytes), self.of[writing]));
        let is_long = found.text.len() >= CUT_BYTES;
        let cuts: Vec<usize> = places(&text.bytes, ELLIPSIS.as_bytes()).collect();
        let length = text.bytes.len();
        let ends = cuts.iter().copied().chain(is_long.then_some(length));
        self.forwards.parts(text.bytes.iter().copied(), ends.clone(), |bytes, writing| {
            found.add(text.source(bytes), self.of[writing]);
        });
        let starts = cuts.iter().rev().map(|cut| length - (cut + ELLIPSIS.len()));
        self.backwards.parts(text.bytes.iter().rev().copied(), starts, |bytes, writing| {
            found.add(text.source(length - bytes.end..length - bytes.start), self.of[writing]);
        });
        self.frayed.find(text, ends, found);
    }
}

fn places<'a>(text: &'a [u8], wanted: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    (0..text.len()).filter(move |at| text[*at..].starts_with(wanted))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::walk::PART;
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
