//! One walk through a text that finds any number of others in it.

use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton as _, StateID};
use aho_corasick::nfa::contiguous::NFA;

/// Texts that are looked for, in any case of ASCII letters.
pub(super) struct Walk {
    automaton: NFA,
    /// Where nothing was read.
    pub(super) start: StateID,
}

impl Walk {
    /// None of the texts is empty.
    pub(super) fn new(texts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        // Made of small letters, and given them: made for any case it takes several times as long, for large requests
        // a second.
        let texts = texts.into_iter().map(|text| text.as_ref().to_ascii_lowercase());
        let automaton = NFA::builder().prefilter(false).build(texts).expect("requests hold some kilobytes of values");
        let start = automaton.start_state(Anchored::No).expect("it is made for texts within others");
        Self { automaton, start }
    }

    pub(super) fn next(&self, state: StateID, byte: u8) -> StateID {
        self.automaton.next_state(Anchored::No, state, byte.to_ascii_lowercase())
    }

    /// The texts that were read to their end just now, the longest first: their numbers and lengths in bytes.
    pub(super) fn read(&self, state: StateID) -> impl Iterator<Item = (usize, usize)> {
        // What a state stands for itself comes before the ends of it that are texts as well.
        let count = if self.automaton.is_match(state) { self.automaton.match_len(state) } else { 0 };
        (0..count).map(move |nth| {
            let pattern = self.automaton.match_pattern(state, nth);
            (pattern.as_usize(), self.automaton.pattern_len(pattern))
        })
    }
}
