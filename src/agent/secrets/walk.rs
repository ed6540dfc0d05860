//! One walk through a text that finds any number of others in it, and their parts.

use std::ops::Range;

use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton as _, StateID};
use aho_corasick::nfa::contiguous::NFA;

/// Shortest part of a text, in characters, that is found where another was cut off.
pub(super) const PART: usize = 4;

/// Texts that are looked for, in any case of ASCII letters.
pub(super) struct Walk {
    automaton: NFA,
    start: StateID,
    /// What the automaton has just read, for those of its states that say it of parts; by state.
    parts: Vec<(StateID, Part)>,
    /// Texts that are told at one place.
    most: usize,
}

/// The beginning of a text.
#[derive(Debug, Clone, Copy)]
struct Part {
    bytes: usize,
    of: usize,
}

impl Walk {
    /// Of texts, none of them empty, of which so many are told at one place, the longest first: the time that a walk takes
    /// must not grow with their number.
    pub(super) fn new(mut texts: Vec<Vec<u8>>, most: usize) -> Self {
        for text in &mut texts {
            text.make_ascii_lowercase();
        }
        // Made of small letters, and given them: made for any case it takes several times as long, for large requests
        // a second.
        let automaton = NFA::builder().prefilter(false).build(&texts).expect("requests hold some kilobytes of values");
        let start = automaton.start_state(Anchored::No).expect("it is made for texts within others");
        let mut parts = Vec::new();
        for (of, text) in texts.iter().enumerate() {
            let (mut state, mut characters) = (start, 0);
            for (at, byte) in text.iter().enumerate() {
                state = automaton.next_state(Anchored::No, state, *byte);
                // Those that go on a character do not count.
                characters += usize::from(byte & 0xc0 != 0x80);
                if characters >= PART {
                    parts.push((state, Part { bytes: at + 1, of }));
                }
            }
        }
        parts.sort_by_key(|(state, _)| *state);
        if most == 1 {
            parts.dedup_by_key(|(state, _)| *state);
        }
        Self { automaton, start, parts, most }
    }

    /// The texts that end at each place: what is found within the longest is told by it.
    pub(super) fn whole(&self, text: &[u8], mut found: impl FnMut(Range<usize>, usize)) {
        let mut state = self.start;
        for (at, byte) in text.iter().enumerate() {
            state = self.next(state, *byte);
            if self.automaton.is_match(state) {
                // What a state stands for itself comes before the ends of it that are texts as well.
                for nth in 0..self.automaton.match_len(state).min(self.most) {
                    let pattern = self.automaton.match_pattern(state, nth);
                    let length = self.automaton.pattern_len(pattern);
                    found(at + 1 - length..at + 1, pattern.as_usize());
                }
            }
        }
    }

    /// The longest parts that were read when so many bytes of a text were, or when the blanks before that began.
    pub(super) fn parts(
        &self,
        text: impl Iterator<Item = u8>,
        cuts: impl Iterator<Item = usize>,
        mut found: impl FnMut(Range<usize>, usize),
    ) {
        let mut cuts = cuts.peekable();
        let (mut state, mut before_blanks) = (self.start, (self.start, 0));
        // With a byte more, for a cut at the end.
        for (at, byte) in text.chain([0]).enumerate() {
            if cuts.next_if_eq(&at).is_some() {
                for (state, end) in [(state, at), before_blanks] {
                    for Part { bytes, of } in self.parts_at(state) {
                        found(end - bytes..end, of);
                    }
                }
            }
            if cuts.peek().is_none() {
                return;
            }
            state = self.next(state, byte);
            if !byte.is_ascii_whitespace() {
                before_blanks = (state, at + 1);
            }
        }
    }

    fn next(&self, state: StateID, byte: u8) -> StateID {
        self.automaton.next_state(Anchored::No, state, byte.to_ascii_lowercase())
    }

    fn parts_at(&self, state: StateID) -> impl Iterator<Item = Part> {
        let first = self.parts.partition_point(|(of, _)| *of < state);
        let parts = self.parts[first..].iter().take_while(move |(of, _)| *of == state);
        parts.map(|(_, part)| *part).take(self.most)
    }
}
