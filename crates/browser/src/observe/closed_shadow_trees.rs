//! Closed shadow trees, which no script can see from outside: all of a document, for what must not miss one.
//!
//! Reading asks about elements that look as if they had one, once each. That is quick, and good enough to act on; an
//! element that gets its tree later, or has other content beside it, is missed.

use std::collections::HashSet;

use chromiumoxide_cdp::cdp::browser_protocol::dom::BackendNodeId;
use chromiumoxide_cdp::cdp::browser_protocol::dom_snapshot::CaptureSnapshotParams;
use futures::future::try_join_all;
use serde::de::IgnoredAny;

use crate::isolated_world::{Document, ObjectGroup, ScriptError, ShadowNode};
use crate::observe::frame_reader::FrameReader;
use cdp::CdpError;
use cdp::messages::{Snapshot, SnapshotDocument};

/// Nodes looked at in one look at most. Each costs some 0.2 ms, once.
const MAX_NEW: usize = 2_000;

impl FrameReader<'_> {
    /// Lets our scripts in a document see all of its closed shadow trees. It takes 10 ms for 1,000 nodes and 100 ms for
    /// 10,000.
    ///
    /// # Errors
    /// When one is left out.
    pub(crate) async fn open_closed_trees(self, document: &Document) -> Result<(), ScriptError> {
        // Makes the world, if this is the first to ask it.
        let _: (_, IgnoredAny) = self.worlds.call(document, "title", &(), self.limit).await?;
        // The browser wants a style named.
        let ask = CaptureSnapshotParams::builder().computed_style("display").build();
        let ask = ask.expect("a style is set");
        let snapshot: Snapshot = document.session.call_as(ask, self.limit).await?;
        let inside = inside_closed_trees(&snapshot, &document.frame).into_iter();
        let new: Vec<ShadowNode> = inside.filter(|inner| !self.worlds.is_shadow_known(document, *inner)).collect();
        if new.len() > MAX_NEW {
            return Err(ScriptError::Threw(format!("more than {MAX_NEW} parts of closed shadow trees are new")));
        }
        let group = self.worlds.group();
        let opened = try_join_all(new.iter().map(|inner| async {
            match self.open_around(document, *inner, &group).await {
                // Gone in the meantime, and no loss.
                Err(ScriptError::Cdp(CdpError::Refused { .. })) => Ok(()),
                opened => opened,
            }
        }));
        let opened = opened.await;
        self.worlds.release(document, group);
        opened.map(drop)
    }

    /// Shows our scripts the closed tree that a node is in: from inside it is no secret.
    async fn open_around(self, document: &Document, inner: ShadowNode, group: &ObjectGroup) -> Result<(), ScriptError> {
        let inside = self.worlds.resolve(document, BackendNodeId::new(inner.node), group).await?;
        let _: bool = self.worlds.call_on(document, &inside, "registerOwnRoot", None).await?;
        self.worlds.set_shadow_known(document, inner);
        Ok(())
    }
}

/// A node of each closed tree of a frame's document, each. Trees that stand in one another look like
/// one, so it is a child of each node that has any in there.
fn inside_closed_trees(snapshot: &Snapshot, frame: &str) -> Vec<ShadowNode> {
    let text = |at: i64| usize::try_from(at).ok().and_then(|at| snapshot.strings.get(at)).map(String::as_str);
    let of_frame = snapshot.documents.iter().filter(|document| text(document.frame_id) == Some(frame));
    let inside = of_frame.flat_map(|SnapshotDocument { nodes, .. }| {
        let kinds = nodes.shadow_root_type.index.iter().zip(&nodes.shadow_root_type.value);
        let closed = kinds.filter(|(_, kind)| text(**kind) == Some("closed")).map(|(node, _)| *node);
        let id = |node: usize| nodes.backend_node_id.get(node).copied();
        let parent = |node: usize| nodes.parent_index.get(node).and_then(|parent| usize::try_from(*parent).ok());
        let mut parents = HashSet::new();
        let all = closed.filter_map(move |node| Some(ShadowNode { node: id(node)?, parent: id(parent(node)?)? }));
        all.filter(move |inner| parents.insert(inner.parent))
    });
    inside.collect()
}
