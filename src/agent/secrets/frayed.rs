//! Writings at whose edges the text around them has become one escape with their own characters.
//!
//! In `%0A%2BB`, `0A+B` was written percent-encoded after a `%`; read from the left it is a line break, `+` and `B`. Such
//! a writing is looked for without the characters that were lost, and those right beside it in the text as it was.

use std::ops::Range;

use super::decoding::{Decoded, escape};
use super::pieces::Pieces;
use super::walk::Walk;

/// What the beginning of a writing may end an escape of.
const OPENINGS: [&str; 33] = [
    "%", "%0", "%u", "%u0", "%u00", "%u000", "\\", "\\x", "\\x0", "\\u", "\\u0", "\\u00", "\\u000", "\\u{", "\\u{0",
    "&", "&#", "&#0", "&#x", "&#x0", "&a", "&am", "&amp", "&l", "&lt", "&q", "&qu", "&quo", "&quot", "&ap", "&apo",
    "&n", "&nb",
];
/// What the end of a writing may begin an escape with.
const CLOSINGS: [&str; 14] =
    ["0", "00", "u0000", "n", "x00", "000", "0000", "#0;", "0;", ";", "amp;", "p;", "uot;", "bsp;"];
/// Longest edge that is lost, in bytes.
const LONGEST: usize = 11;
/// Writings tried at one place.
const MOST: usize = 16;

/// What is left of writings when their edges are lost.
pub(super) struct Frayed {
    left: Walk,
    edges: Vec<Edges>,
}

/// What is lost of a writing.
struct Edges {
    before: Vec<u8>,
    after: Vec<u8>,
    /// Which secret.
    of: usize,
}

impl Frayed {
    pub(super) fn new(writings: &[(Vec<u8>, usize)]) -> Self {
        let (mut left, mut edges) = (Vec::new(), Vec::new());
        for (writing, of) in writings {
            for start in starts(writing) {
                for end in ends(writing) {
                    if start < end && end - start < writing.len() {
                        left.push(writing[start..end].to_vec());
                        edges.push(Edges {
                            before: writing[..start].to_vec(),
                            after: writing[end..].to_vec(),
                            of: *of,
                        });
                    }
                }
            }
        }
        Self { left: Walk::new(left, MOST), edges }
    }

    /// Those in a text, and the beginnings of some where it was cut off.
    pub(super) fn find(&self, text: &Decoded, cuts: impl Iterator<Item = usize>, found: &mut Pieces<'_>) {
        if self.edges.is_empty() {
            return;
        }
        self.left.whole(&text.bytes, |bytes, nth| {
            let Edges { before, after, of } = &self.edges[nth];
            add(found, text.source(bytes), before, after, *of);
        });
        self.left.parts(text.bytes.iter().copied(), cuts, |bytes, nth| {
            let Edges { before, of, .. } = &self.edges[nth];
            add(found, text.source(bytes), before, &[], *of);
        });
    }
}

/// Takes a piece with what is lost of it, if that stands there.
fn add(found: &mut Pieces<'_>, bytes: Range<usize>, before: &[u8], after: &[u8], of: usize) {
    let text = found.text.as_bytes();
    let Some(start) = bytes.start.checked_sub(before.len()) else { return };
    let end = bytes.end + after.len();
    let stands = |place: Range<usize>, edge: &[u8]| text.get(place).is_some_and(|text| text.eq_ignore_ascii_case(edge));
    if stands(start..bytes.start, before) && stands(bytes.end..end, after) {
        found.add(start..end, of);
    }
}

/// Where a writing may begin when its beginning is lost, and where it begins.
fn starts(writing: &[u8]) -> impl Iterator<Item = usize> {
    let is_lost = |edge: &[u8]| OPENINGS.iter().any(|opening| is_escape(&[opening.as_bytes(), edge].concat()));
    (0..=LONGEST.min(writing.len() - 1)).filter(move |start| *start == 0 || is_lost(&writing[..*start]))
}

/// Where a writing may end when its end is lost, and where it ends.
fn ends(writing: &[u8]) -> impl Iterator<Item = usize> {
    let is_lost = |edge: &[u8]| CLOSINGS.iter().any(|closing| is_escape(&[edge, closing.as_bytes()].concat()));
    let lost = 0..=LONGEST.min(writing.len() - 1);
    lost.map(|length| writing.len() - length).filter(move |end| *end == writing.len() || is_lost(&writing[*end..]))
}

fn is_escape(text: &[u8]) -> bool {
    escape(text).is_some_and(|(length, _)| length == text.len())
}
