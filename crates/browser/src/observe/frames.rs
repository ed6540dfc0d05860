//! The readings of a page's frames, put together by the host.

use super::reading::{NodeId, Reading};

/// One document's isolated world. The host gives out a new one for every world it makes, also when a frame navigates,
/// so that a node number never means two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorldId(pub u64);

/// A frame's document with the frames in it.
#[derive(Debug, Clone)]
pub struct FrameReading {
    pub key: WorldId,
    pub reading: Reading,
    /// In any order; their places are told by their owner elements.
    pub children: Vec<ChildFrame>,
}

#[derive(Debug, Clone)]
pub struct ChildFrame {
    /// The `<iframe>` in the parent's world.
    pub owner: NodeId,
    pub content: ChildContent,
}

#[derive(Debug, Clone)]
pub enum ChildContent {
    Read(Box<FrameReading>),
    /// It could not be read in time, or it is gone.
    Unreadable,
}

impl FrameReading {
    /// A document without frames.
    pub fn leaf(key: WorldId, reading: Reading) -> Self {
        Self { key, reading, children: Vec::new() }
    }

    /// The reading of one of the documents.
    pub fn find(&self, key: WorldId) -> Option<&Reading> {
        if self.key == key {
            return Some(&self.reading);
        }
        self.children.iter().find_map(|child| match &child.content {
            ChildContent::Read(inner) => inner.find(key),
            ChildContent::Unreadable => None,
        })
    }
}
