//! What is remembered of each world: its main-world document, and nodes and frames already examined.

use chromiumoxide_cdp::cdp::js_protocol::runtime::{ReleaseObjectGroupParams, RemoteObjectId};

use super::{Document, IsolatedWorlds, MAX_FRAMES, ObjectGroup, ScriptError, ShadowNode, WORLD_NAME, key, object};
use crate::process::panics::lock;

/// Limit for pages that replace their elements endlessly.
const MAX_LISTENERS: usize = 50_000;
const MAX_SHADOW_NODES: usize = 10_000;

/// What an element listens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ListensTo {
    Presses,
    /// The pointer coming over it.
    Pointer,
}

impl IsolatedWorlds {
    /// The world's `document` object.
    pub(crate) fn root(&self, document: &Document) -> Result<RemoteObjectId, ScriptError> {
        Ok(self.known(document)?.document)
    }

    /// The main world's `document` object, once set.
    pub(crate) fn page_root(&self, document: &Document) -> Result<Option<RemoteObjectId>, ScriptError> {
        Ok(self.known(document)?.page_document.get().cloned())
    }

    pub(crate) fn set_page_root(
        &self,
        document: &Document,
        root: Option<RemoteObjectId>,
    ) -> Result<RemoteObjectId, ScriptError> {
        let root = object(root, "DOM.resolveNode")?;
        Ok(self.known(document)?.page_document.get_or_init(|| root).clone())
    }

    /// Returns up to `limit` of these nodes that are new to the world, and remembers them.
    pub(crate) fn new_listeners(
        &self,
        document: &Document,
        nodes: impl Iterator<Item = (i64, ListensTo)>,
        limit: usize,
    ) -> Vec<(i64, ListensTo)> {
        let Ok(world) = self.known(document) else { return Vec::new() };
        let mut listening = lock(&world.listening);
        let room = MAX_LISTENERS.saturating_sub(listening.len());
        nodes.filter(|node| listening.insert(*node)).take(limit.min(room)).collect()
    }

    pub(crate) fn is_shadow_known(&self, document: &Document, inner: ShadowNode) -> bool {
        self.known(document).is_ok_and(|world| lock(&world.known_shadow_nodes).contains(&inner))
    }

    pub(crate) fn set_shadow_known(&self, document: &Document, inner: ShadowNode) {
        let Ok(world) = self.known(document) else { return };
        let mut known_shadow_nodes = lock(&world.known_shadow_nodes);
        if known_shadow_nodes.len() >= MAX_SHADOW_NODES {
            // They are registered once more.
            known_shadow_nodes.clear();
        }
        known_shadow_nodes.insert(inner);
    }

    /// Whether a frame timed out when last called.
    pub(crate) fn is_unresponsive(&self, document: &Document) -> bool {
        lock(&self.0).unresponsive.contains(&key(document))
    }

    pub(crate) fn set_unresponsive(&self, document: &Document, is_unresponsive: bool) {
        let mut known = lock(&self.0);
        if is_unresponsive {
            if known.unresponsive.len() >= MAX_FRAMES {
                // They are tried once more.
                known.unresponsive.clear();
            }
            known.unresponsive.insert(key(document));
        } else {
            known.unresponsive.remove(&key(document));
        }
    }

    pub(crate) fn group(&self) -> ObjectGroup {
        let mut known = lock(&self.0);
        known.groups += 1;
        ObjectGroup(format!("{WORLD_NAME}-{}", known.groups))
    }

    pub(crate) fn release(&self, document: &Document, group: ObjectGroup) {
        document.session.send(ReleaseObjectGroupParams::new(group.0));
    }
}
