//! Reads all visible documents of a page, across processes and including closed shadow trees.

use std::collections::HashSet;
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::dom::{
    BackendNodeId, DescribeNodeParams, GetFrameOwnerParams, ResolveNodeParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::dom_debugger::GetEventListenersParams;
use chromiumoxide_cdp::cdp::browser_protocol::page::FrameId;
use chromiumoxide_cdp::cdp::js_protocol::runtime::RemoteObjectId;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};

use crate::context::Context;
use crate::isolated_world::{
    Document, FrameDocument, IsolatedWorlds, ListensTo, NodeId, ObjectGroup, PageDocuments, ScriptError, WorldId,
};
use crate::observe::{ChildFrame, FrameReading, Reading};
use cdp::CdpError;
use cdp::messages::{Described, Listeners, ShadowRoot};

/// Maximum frame depth.
pub(crate) const MAX_DEPTH: usize = 5;
/// Maximum passes over a document: each may reveal closed shadow trees inside those opened before.
const MAX_PASSES: u32 = 4;
/// Hosts probed per pass. Each takes some 0.2 ms, once.
const MAX_HOSTS: usize = 200;
/// Slower frames are left out, and get less time until they respond again: unresponsive ads must not slow down every
/// step.
const FRAME_LIMIT: Duration = Duration::from_secs(2);
const UNRESPONSIVE_FRAME_LIMIT: Duration = Duration::from_millis(200);
/// Pages with more elements are not searched for listeners: it takes 0.3 ms for 1,000 elements, 3 ms for 10,000 of
/// which 1,000 listen, and 20 ms for 50,000.
const MAX_LISTENER_NODES: u32 = 20_000;
/// Listening elements marked per reading; the others follow in the next. Each takes some 0.1 ms, once.
const MAX_LISTENERS: usize = 100;
/// Events that a press triggers, of either button, or something dragged there.
const PRESSES: [&str; 9] =
    ["click", "dblclick", "mousedown", "mouseup", "pointerdown", "pointerup", "contextmenu", "dragover", "drop"];
/// Events of a pointer that comes over an element.
const POINTER: [&str; 4] = ["mouseenter", "mouseover", "pointerenter", "pointerover"];

#[derive(Clone, Copy)]
pub(crate) struct FrameReader<'a> {
    pub(crate) context: &'a Context,
    pub(crate) worlds: &'a IsolatedWorlds,
    pub(crate) limit: Duration,
}

impl<'a> FrameReader<'a> {
    /// Reads a tab from its main document down, and returns the documents that the reading covers.
    ///
    /// # Errors
    /// When the main document cannot be read. Unreadable frames are part of the result.
    pub(crate) async fn read_page(self, main: Document) -> Result<(FrameReading, PageDocuments), ScriptError> {
        self.document(main, None, 0).await
    }

    /// Boxed for recursion.
    fn document(
        self,
        document: Document,
        owner: Option<(WorldId, NodeId)>,
        depth: usize,
    ) -> BoxFuture<'a, Result<(FrameReading, PageDocuments), ScriptError>> {
        async move {
            let (key, reading) = self.read(&document).await?;
            let mut documents = PageDocuments::from([(key, FrameDocument { document: document.clone(), owner })]);
            let mut children = Vec::new();
            let in_sight: HashSet<NodeId> = reading.frame_owners().collect();
            if depth < MAX_DEPTH && !in_sight.is_empty() {
                let frames = self.context.frames_of(&document);
                let frames = frames.into_iter().map(|frame| self.child(&document, key, &in_sight, frame, depth));
                for (child, below) in join_all(frames).await.into_iter().flatten() {
                    children.push(child);
                    documents.extend(below);
                }
            }
            Ok((FrameReading { key, reading, children }, documents))
        }
        .boxed()
    }

    /// Reads a frame if its element is visible.
    async fn child(
        self,
        parent: &Document,
        parent_key: WorldId,
        in_sight: &HashSet<NodeId>,
        frame: Document,
        depth: usize,
    ) -> Option<(ChildFrame, PageDocuments)> {
        let owner = self.owner(parent, &frame).await.ok().filter(|owner| in_sight.contains(owner))?;
        let limit = if self.worlds.is_unresponsive(&frame) { UNRESPONSIVE_FRAME_LIMIT } else { FRAME_LIMIT };
        let reader = Self { limit: self.limit.min(limit), ..self };
        let read = reader.document(frame.clone(), Some((parent_key, owner)), depth + 1).await;
        self.worlds.set_unresponsive(&frame, matches!(read, Err(ScriptError::Cdp(CdpError::TimedOut { .. }))));
        match read {
            Ok((mut reading, documents)) => {
                reading.reading.is_pdf = self.context.files().ledger().pdf_of(&frame.frame).is_some();
                Some((ChildFrame { owner, content: Some(reading) }, documents))
            }
            Err(error) => {
                tracing::debug!(%error, "a frame could not be read");
                Some((ChildFrame { owner, content: None }, PageDocuments::new()))
            }
        }
    }

    /// The element that holds a frame in its parent document.
    pub(crate) async fn owner(self, parent: &Document, frame: &Document) -> Result<NodeId, ScriptError> {
        let ask = GetFrameOwnerParams::new(FrameId::new(frame.frame.to_string()));
        let owner = parent.session.call_within(ask, self.limit).await?.backend_node_id;
        let group = self.worlds.group();
        let element = self.worlds.resolve(parent, owner, &group).await?;
        let id = self.worlds.call_on(parent, &element, "idOf", None).await;
        self.worlds.release(parent, group);
        id
    }

    /// Reads a document, repeatedly if that revealed closed shadow trees or elements that listen.
    pub(crate) async fn read(self, document: &Document) -> Result<(WorldId, Reading), ScriptError> {
        let mut passes = 1;
        loop {
            let (key, json): (_, String) = self.worlds.call(document, "read", &(), self.limit).await?;
            let mut reading = Reading::parse(&json).map_err(|error| ScriptError::Threw(error.to_string()))?;
            if passes == MAX_PASSES {
                return Ok((key, reading));
            }
            let opened = self.open_closed_roots(document, &reading.hosts);
            let (opened, found) = tokio::join!(opened, async {
                passes == 1
                    && reading.nodes <= MAX_LISTENER_NODES
                    && self.find_listeners(document).await.unwrap_or(false)
            });
            if !(opened || found) {
                self.add_editor_models(document, &mut reading).await;
                return Ok((key, reading));
            }
            passes += 1;
        }
    }

    /// Marks elements that listen to presses or to the pointer without looking so; true if there are new ones.
    async fn find_listeners(self, document: &Document) -> Result<bool, ScriptError> {
        let root = self.root(document).await?;
        // The object is in no group, so the reply contains no function objects. `pierce` includes shadow trees.
        let ask = GetEventListenersParams::builder().object_id(root).depth(-1).pierce(true).build();
        let ask = ask.expect("the object is set");
        let Listeners { listeners } = document.session.call_as(ask, self.limit).await?;
        let of = |events: &'static [&str], kind: ListensTo| {
            let heard = listeners.iter().filter(|listener| events.contains(&listener.event.as_str()));
            heard.filter_map(move |listener| Some((listener.backend_node_id?, kind)))
        };
        let nodes = of(&PRESSES, ListensTo::Presses).chain(of(&POINTER, ListensTo::Pointer));
        let new_listeners = self.worlds.new_listeners(document, nodes, MAX_LISTENERS);
        if new_listeners.is_empty() {
            return Ok(false);
        }
        let group = self.worlds.group();
        let marks = new_listeners.into_iter().map(|listener| self.mark(document, listener, &group));
        let marks = join_all(marks).await;
        self.worlds.release(document, group);
        // The node is gone or belongs to another document.
        Ok(marks.into_iter().any(|marked| marked.unwrap_or(false)))
    }

    /// The main world's `document`, in no group. With an object of our world, Chromium compiles `onclick` attributes
    /// there, and the renderer crashes when the page runs them.
    pub(super) async fn root(self, document: &Document) -> Result<RemoteObjectId, ScriptError> {
        if let Some(root) = self.worlds.page_root(document)? {
            return Ok(root);
        }
        let ours = self.worlds.root(document)?;
        let describe = DescribeNodeParams::builder().object_id(ours).build();
        let Described { node } = document.session.call_as(describe, self.limit).await?;
        let resolve = ResolveNodeParams::builder().backend_node_id(BackendNodeId::new(node.backend_node_id)).build();
        let root = document.session.call_within(resolve, self.limit).await?.object.object_id;
        self.worlds.set_page_root(document, root)
    }

    async fn mark(
        self,
        document: &Document,
        (node, kind): (i64, ListensTo),
        group: &ObjectGroup,
    ) -> Result<bool, ScriptError> {
        let node = self.worlds.resolve(document, BackendNodeId::new(node), group).await?;
        let mark = match kind {
            ListensTo::Presses => "markListening",
            ListensTo::Pointer => "markHoverable",
        };
        self.worlds.call_on(document, &node, mark, None).await
    }

    /// Probes elements for a closed shadow tree; true if any has one.
    async fn open_closed_roots(self, document: &Document, hosts: &[NodeId]) -> bool {
        if hosts.is_empty() {
            return false;
        }
        let group = self.worlds.group();
        let looks = hosts.iter().take(MAX_HOSTS).map(|host| self.open_closed_root(document, *host, &group));
        let found = join_all(looks).await;
        self.worlds.release(document, group);
        // The host is gone.
        found.into_iter().any(|opened| opened.unwrap_or(false))
    }

    async fn open_closed_root(
        self,
        document: &Document,
        host: NodeId,
        group: &ObjectGroup,
    ) -> Result<bool, ScriptError> {
        let host = self.worlds.object_of(document, host.0, group).await?;
        let describe = DescribeNodeParams::builder().object_id(host.clone()).depth(1).pierce(true).build();
        let described: Described = document.session.call_as(describe, self.limit).await?;
        let closed = described.node.shadow_roots.iter().find(|root| root.shadow_root_type == "closed");
        let root = match closed {
            Some(ShadowRoot { backend_node_id, .. }) => {
                Some(self.worlds.resolve(document, BackendNodeId::new(*backend_node_id), group).await?)
            }
            None => None,
        };
        let _: bool = self.worlds.call_on(document, &host, "registerClosedRoot", root.as_ref()).await?;
        Ok(root.is_some())
    }
}
