//! Maps element indices to nodes.

use std::collections::HashMap;

use crate::isolated_world::{NodeId, WorldId};
use agent::observation::ElementIndex;

/// Assigns each shown element an index from 1 that is stable while the element lives and never reused. One table serves
/// all frames and tabs of a run.
#[derive(Debug, Default)]
pub struct IndexTable {
    last: u32,
    by_node: HashMap<(WorldId, NodeId), ElementIndex>,
    shown: HashMap<ElementIndex, IndexedElement>,
    frames: HashMap<WorldId, LastReading>,
}

/// An element as last shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedElement {
    pub frame: WorldId,
    pub node: NodeId,
    /// The script's `signature` of the element.
    pub signature: String,
    /// The visible part of its box in the viewport: `[x, y, width, height]`, CSS pixels.
    pub in_view: Option<[i32; 4]>,
}

/// An element's index and its box, `[x, y, width, height]` in viewport pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndexBox(pub(crate) u32, pub(crate) [i32; 4]);

/// How far a frame was read before, to tell new elements from those scrolled into view.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastReading {
    pub(super) newest: NodeId,
    /// Top and bottom of the listed part, relative to the document's origin.
    pub(super) range: [i32; 2],
}

impl IndexTable {
    /// The element of an index; none if it was never shown or its frame is gone.
    pub fn resolve(&self, index: ElementIndex) -> Option<&IndexedElement> {
        self.shown.get(&index)
    }

    /// Drops frames that are gone. Their indices are not reused.
    pub fn retain_frames(&mut self, is_alive: impl Fn(WorldId) -> bool) {
        self.by_node.retain(|(frame, _), _| is_alive(*frame));
        self.shown.retain(|_, shown| is_alive(shown.frame));
        self.frames.retain(|frame, _| is_alive(*frame));
    }

    /// The index of a shown element, existing or new.
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
