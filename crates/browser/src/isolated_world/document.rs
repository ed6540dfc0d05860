//! Names for documents, worlds and nodes.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use cdp::Session;

/// The document of a frame, and the session to reach it.
#[derive(Clone)]
pub(crate) struct Document {
    pub(crate) session: Session,
    pub(crate) frame: Arc<str>,
}

impl Document {
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.frame == other.frame && self.session.id() == other.session.id()
    }
}

/// An isolated world. Never reused, even if its frame navigates, so that a node id never means two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorldId(pub u64);

/// A node's number in its isolated world, stable while the node lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub u32);

/// An element: its document and its id in that document's world.
#[derive(Clone)]
pub(crate) struct ElementRef {
    pub(crate) document: Document,
    /// The world that assigned the id, which is meaningless in another one.
    pub(crate) world: WorldId,
    pub(crate) id: u32,
}

/// A document and the element that holds its frame.
#[derive(Clone)]
pub(crate) struct FrameDocument {
    pub(crate) document: Document,
    /// The parent's world and the `<iframe>` in it; none for the main document.
    pub(crate) owner: Option<(WorldId, NodeId)>,
}

/// The documents of a page, by world.
pub(crate) type PageDocuments = HashMap<WorldId, FrameDocument>;

/// The element that holds a document's frame; none for a main document.
pub(crate) fn owner_of(documents: &PageDocuments, world: WorldId) -> Option<ElementRef> {
    let (parent, owner) = documents.get(&world)?.owner?;
    let document = documents.get(&parent)?.document.clone();
    Some(ElementRef { document, world: parent, id: owner.0 })
}

/// A node in a closed shadow tree and its parent, by backend id: a subtree that moves gets another parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ShadowNode {
    pub(crate) node: i64,
    pub(crate) parent: i64,
}
