//! The readings of a page's frames.

use super::reading::Reading;
use crate::isolated_world::{NodeId, WorldId};

/// A document and its frames.
#[derive(Debug, Clone)]
pub struct FrameReading {
    pub key: WorldId,
    pub reading: Reading,
    /// In any order; their owners determine the place.
    pub children: Vec<ChildFrame>,
}

#[derive(Debug, Clone)]
pub struct ChildFrame {
    /// The `<iframe>` in the parent's world.
    pub owner: NodeId,
    /// None if it timed out, or is gone.
    pub content: Option<FrameReading>,
}

impl FrameReading {
    /// A document without frames.
    pub fn leaf(key: WorldId, reading: Reading) -> Self {
        Self { key, reading, children: Vec::new() }
    }

    /// The reading of a document.
    pub fn find(&self, key: WorldId) -> Option<&Reading> {
        if self.key == key {
            return Some(&self.reading);
        }
        self.inner().find_map(|inner| inner.find(key))
    }

    /// The frames that were read.
    pub(super) fn inner(&self) -> impl Iterator<Item = &FrameReading> {
        self.children.iter().filter_map(|child| child.content.as_ref())
    }
}
