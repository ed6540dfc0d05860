//! The pieces of a text that are secret, collected.

use std::ops::Range;

/// Pieces that are held before those that overlap become one.
const ROOM: usize = 4_096;

/// A piece of a text that is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) bytes: Range<usize>,
    /// Which secret.
    pub(super) of: usize,
    /// Bytes of what the secret is known by: of the longest, where several overlap.
    longest: usize,
}

/// What was found in a text so far; never more than some times what there is without overlaps.
pub(super) struct Pieces<'a> {
    pub(super) text: &'a str,
    /// Where masks stand already, in order and without overlaps.
    marks: Vec<Range<usize>>,
    pieces: Vec<Piece>,
    room: usize,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(text: &'a str, marks: Vec<Range<usize>>) -> Self {
        Self { text, marks, pieces: Vec::new(), room: ROOM }
    }

    /// Takes these bytes of the text, but for what stands inside of a mask.
    pub(super) fn add(&mut self, bytes: Range<usize>, of: usize) {
        let mark = self.marks.get(self.marks.partition_point(|mark| mark.end < bytes.end));
        if mark.is_some_and(|mark| mark.start <= bytes.start) {
            return;
        }
        let bytes = self.text.floor_char_boundary(bytes.start)..self.text.ceil_char_boundary(bytes.end);
        self.pieces.push(Piece { longest: bytes.len(), bytes, of });
        if self.pieces.len() >= self.room {
            self.unite();
            self.room = ROOM.max(2 * self.pieces.len());
        }
    }

    /// In order and without overlaps: what overlaps becomes one, named after the longest of its pieces.
    pub(super) fn united(mut self) -> Vec<Piece> {
        self.unite();
        self.pieces
    }

    fn unite(&mut self) {
        self.pieces.sort_by_key(|piece| (piece.bytes.start, piece.bytes.end));
        self.pieces.dedup_by(|piece, before| {
            let overlaps = piece.bytes.start < before.bytes.end;
            if overlaps {
                before.bytes.end = before.bytes.end.max(piece.bytes.end);
                if piece.longest > before.longest {
                    (before.of, before.longest) = (piece.of, piece.longest);
                }
            }
            overlaps
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overlaps_is_held_once_however_often_it_was_found() {
        let text = "a".repeat(20_000);
        let mut pieces = Pieces::new(&text, Vec::new());
        for end in 100..=text.len() {
            for length in 90..100 {
                pieces.add(end - length..end, length);
            }
            assert!(pieces.pieces.len() <= ROOM);
        }
        let united = pieces.united();
        assert_eq!(united, [Piece { bytes: 1..text.len(), of: 99, longest: 99 }]);
    }

    #[test]
    fn what_stands_inside_of_a_mask_is_left_there() {
        let text = "<aa> aa <aa>";
        let mut pieces = Pieces::new(text, vec![0..4, 8..12]);
        for bytes in [9..11, 1..3, 5..7, 8..12, 2..5] {
            pieces.add(bytes, 0);
        }
        let places: Vec<_> = pieces.united().into_iter().map(|piece| piece.bytes).collect();
        assert_eq!(places, [2..5, 5..7]);
    }
}
