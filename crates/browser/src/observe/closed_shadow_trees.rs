//! Finds all closed shadow trees of a document, for redaction, which must not miss any.
//!
//! Page reading probes likely hosts only, once each. That is fast and sufficient for acting, but misses hosts that get
//! their tree later or have other content.

use std::collections::HashSet;

use chromiumoxide_cdp::cdp::browser_protocol::dom::BackendNodeId;
use chromiumoxide_cdp::cdp::browser_protocol::dom_snapshot::CaptureSnapshotParams;
use futures::future::try_join_all;
use serde::de::IgnoredAny;

use crate::isolated_world::{Document, ObjectGroup, ScriptError, ShadowNode};
use crate::observe::frame_reader::FrameReader;
use cdp::CdpError;
use cdp::messages::{Snapshot, SnapshotDocument};

/// Maximum number of new nodes per call, about 0.2 ms each.
const MAX_NEW: usize = 2_000;

impl FrameReader<'_> {
    /// Makes all closed shadow trees of a document visible to our scripts. Takes 10 ms for 1,000 nodes and 100 ms for
    /// 10,000.
    ///
    /// # Errors
    /// When a tree could not be opened.
    pub(crate) async fn open_closed_trees(self, document: &Document) -> Result<(), ScriptError> {
        // Creates the world if needed.
        let _: (_, IgnoredAny) = self.worlds.call(document, "title", &(), self.limit).await?;
        // At least one style is mandatory.
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
                // The node is gone.
                Err(ScriptError::Cdp(CdpError::Refused { .. })) => Ok(()),
                opened => opened,
            }
        }));
        let opened = opened.await;
        self.worlds.release(document, group);
        opened.map(drop)
    }

    /// Registers the closed tree around a node: from inside it is accessible.
    async fn open_around(self, document: &Document, inner: ShadowNode, group: &ObjectGroup) -> Result<(), ScriptError> {
        let inside = self.worlds.resolve(document, BackendNodeId::new(inner.node), group).await?;
        let _: bool = self.worlds.call_on(document, &inside, "registerOwnRoot", None).await?;
        self.worlds.set_shadow_known(document, inner);
        Ok(())
    }
}

/// One node per parent inside the closed trees of a frame's document. Nested trees look like one, so every parent is
/// covered.
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
