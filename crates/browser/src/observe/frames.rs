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
    pub content: ChildContent,
}

#[derive(Debug, Clone)]
pub enum ChildContent {
    Read(Box<FrameReading>),
    /// It timed out, or is gone.
    Unreadable,
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
        self.children.iter().find_map(|child| match &child.content {
            ChildContent::Read(inner) => inner.find(key),
            ChildContent::Unreadable => None,
        })
    }
}
