//! Writings at whose edges the text around them has become one escape with their own characters.
//!
//! In `%0A%2BB`, `0A+B` was written percent-encoded after a `%`; read from the left it is a line break, `+` and `B`. Such
//! a writing is looked for without the characters that were lost, and those right beside it in the text as it was before.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::decoding::{Decoded, escape};
use super::pieces::Pieces;
use super::walk::Walk;

/// An escape of each kind and length, to be parted between a writing and the text around it. Any digit may stand where `0`
/// does.
const ESCAPES: [&str; 22] = [
    "%00",
    "%u0000",
    r"\n",
    r"\x00",
    r"\u0000",
    r"\ud800\udc00",
    r"\u{0}",
    r"\u{000000}",
    r"%u{000000}",
    "&#0;",
    "&#00;",
    "&#000;",
    "&#0000;",
    "&#00000;",
    "&#x000000;",
    "&amp;",
    "&lt;",
    "&gt;",
    "&quot;",
    "&apos;",
    "&nbsp;",
    r"\'",
];
/// Longest edge that is lost, in bytes.
const LONGEST: usize = 11;
/// Texts that are tried at one place: their number must not make a walk long.
const MOST: usize = 16;

/// What is left of writings when their edges are lost.
pub(super) struct Frayed {
    walk: Walk,
    left: Vec<Left>,
}

/// What may have been lost around a text.
struct Left {
    /// In order.
    edges: Vec<Edges>,
    /// Of the edges, in bytes, before and after.
    lengths: BTreeSet<(usize, usize)>,
}

/// What stood before and after, in small letters.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Edges {
    before: Vec<u8>,
    after: Vec<u8>,
    /// Which secret.
    of: usize,
}

/// Where in a text the escapes begin and end that were undone in it so far: nowhere else an edge is lost.
pub(super) struct Seams(Vec<Seam>);

#[derive(Clone, Copy, Default)]
struct Seam {
    begins: bool,
    ends: bool,
}

impl Seams {
    /// Of a text with so many bytes.
    pub(super) fn new(length: usize) -> Self {
        Self(vec![Seam::default(); length + 1])
    }

    /// Adds those that were undone for a layer.
    pub(super) fn add(&mut self, layer: &Decoded) {
        for piece in layer.pieces().filter(|piece| piece.len() > 1) {
            self.0[piece.start].begins = true;
            self.0[piece.end].ends = true;
        }
    }
}

impl Frayed {
    /// Of writings and their secrets. No writing is empty.
    pub(super) fn new<'a>(writings: impl IntoIterator<Item = &'a (Vec<u8>, usize)>) -> Self {
        let parted = ESCAPES.iter().flat_map(|escape| (1..escape.len()).map(|cut| escape.as_bytes().split_at(cut)));
        let (openings, closings): (Vec<_>, Vec<_>) = parted.unzip();
        let ends_one = |edge: &[u8]| openings.iter().any(|opening| is_escape(&[*opening, edge].concat()));
        let begins_one = |edge: &[u8]| closings.iter().any(|closing| is_escape(&[edge, *closing].concat()));

        let mut texts: BTreeMap<Vec<u8>, BTreeSet<Edges>> = BTreeMap::new();
        for (writing, of) in writings {
            let writing = writing.to_ascii_lowercase();
            let lost = 1..=LONGEST.min(writing.len() - 1);
            let starts = lost.clone().filter(|length| ends_one(&writing[..*length]));
            let ends = lost.map(|length| writing.len() - length).filter(|end| begins_one(&writing[*end..]));
            let ends: Vec<_> = ends.chain([writing.len()]).collect();
            for start in starts.chain([0]) {
                for end in ends.iter().copied().filter(|end| start < *end && end - start < writing.len()) {
                    let edges = Edges { before: writing[..start].to_vec(), after: writing[end..].to_vec(), of: *of };
                    texts.entry(writing[start..end].to_vec()).or_default().insert(edges);
                }
            }
        }
        let walk = Walk::new(texts.keys());
        let left = texts.into_values().map(|edges| Left {
            lengths: edges.iter().map(|edges| (edges.before.len(), edges.after.len())).collect(),
            edges: edges.into_iter().collect(),
        });
        Self { walk, left: left.collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Those in a text that was made of the last of these layers, each of which was made of the one before it.
    pub(super) fn find(&self, text: &Decoded, before: &[Decoded], seams: &Seams, found: &mut Pieces<'_>) {
        let mut state = self.walk.start;
        for (at, byte) in text.bytes.iter().enumerate() {
            state = self.walk.next(state, *byte);
            for (nth, length) in self.walk.read(state).take(MOST) {
                let source = text.source(at + 1 - length..at + 1);
                if seams.0[source.start].ends || seams.0[source.end].begins {
                    before.iter().for_each(|layer| self.left[nth].find(layer, &source, found));
                }
            }
        }
    }
}

impl Left {
    /// Takes this piece of the text with what is lost of it, if that stands beside it in a layer.
    fn find(&self, layer: &Decoded, source: &Range<usize>, found: &mut Pieces<'_>) {
        let (start, end) = (layer.place(source.start), layer.place(source.end));
        for (before, after) in &self.lengths {
            let Some(first) = start.checked_sub(*before) else { continue };
            let Some(after) = layer.bytes.get(end..end + after) else { continue };
            let before = &layer.bytes[first..start];
            let order = |edges: &Edges| {
                edges
                    .before
                    .iter()
                    .copied()
                    .cmp(small(before))
                    .then_with(|| edges.after.iter().copied().cmp(small(after)))
            };
            if let Ok(nth) = self.edges.binary_search_by(order) {
                let start = if before.is_empty() { source.start } else { layer.source(first..start).start };
                let end = if after.is_empty() { source.end } else { layer.source(end..end + after.len()).end };
                found.add(start..end, self.edges[nth].of);
            }
        }
    }
}

fn small(text: &[u8]) -> impl Iterator<Item = u8> {
    text.iter().map(u8::to_ascii_lowercase)
}

fn is_escape(text: &[u8]) -> bool {
    escape(text).is_some_and(|(length, _)| length == text.len())
}
