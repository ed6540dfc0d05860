//! Which element an index means.

use std::collections::HashMap;

use super::frames::WorldId;
use super::reading::NodeId;
use agent::observation::ElementIndex;

/// Gives every element that is shown one index, 1, 2, 3 ..., the same in every later view for as long as the element
/// lives and never used for another one. One table serves all frames and tabs of a run.
#[derive(Debug, Default)]
pub struct IndexTable {
    last: u32,
    by_node: HashMap<(WorldId, NodeId), ElementIndex>,
    shown: HashMap<ElementIndex, IndexedElement>,
    frames: HashMap<WorldId, LastReading>,
}

/// An element as it was last shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedElement {
    pub frame: WorldId,
    pub node: NodeId,
    pub tag: String,
    pub role: String,
    pub name: String,
    /// What the script's `signature` says of it as long as it stays what it is.
    pub signature: String,
    /// `[x, y, width, height]` in its own document, CSS pixels from the document's origin.
    pub place: [i32; 4],
    /// Its box in the page's viewport, as far as it is in it; none when it is not.
    pub in_view: Option<[i32; 4]>,
}

/// How far a frame had been read before, to tell what is new from what has been scrolled to.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastReading {
    pub(super) newest: NodeId,
    /// Top and bottom of what was listed, from the document's origin.
    pub(super) range: [i32; 2],
}

impl IndexTable {
    pub fn new() -> Self {
        Self::default()
    }

    /// The element behind an index; none when the index was never shown or its frame is gone.
    pub fn resolve(&self, index: ElementIndex) -> Option<&IndexedElement> {
        self.shown.get(&index)
    }

    /// Forgets the frames that are gone. Their indices are never given out again.
    pub fn retain_frames(&mut self, is_alive: impl Fn(WorldId) -> bool) {
        self.by_node.retain(|(frame, _), _| is_alive(*frame));
        self.shown.retain(|_, shown| is_alive(shown.frame));
        self.frames.retain(|frame, _| is_alive(*frame));
    }

    /// The index of an element that is shown, its own or the next one.
    pub fn show(&mut self, shown: IndexedElement) -> ElementIndex {
        let index = *self.by_node.entry((shown.frame, shown.node)).or_insert_with(|| {
            self.last += 1;
            ElementIndex(self.last)
        });
        self.shown.insert(index, shown);
        index
    }

    pub(super) fn last_reading(&self, frame: WorldId) -> Option<LastReading> {
        self.frames.get(&frame).copied()
    }

    pub(super) fn remember_reading(&mut self, frame: WorldId, reading: LastReading) {
        self.frames.insert(frame, reading);
    }
}
