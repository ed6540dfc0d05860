//! The isolated worlds in which our scripts read and prepare a page: they see its DOM, the page sees nothing of them.

use agent::text::shorten;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::dom::{BackendNodeId, ResolveNodeParams};
use chromiumoxide_cdp::cdp::browser_protocol::page::{CreateIsolatedWorldParams, FrameId};
use chromiumoxide_cdp::cdp::js_protocol::runtime::{
    CallArgument, CallFunctionOnParams, EvaluateParams, ExecutionContextId, ReleaseObjectGroupParams, RemoteObject,
    RemoteObjectId,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::observe::WorldId;
use cdp::messages::{Evaluated, Installed};
use cdp::{CdpError, Session};

/// Evaluated once in each world: defines its global `injected`, whose functions are called by name (see
/// `crates/browser/scripts/src/injected.js`), and ends in the document.
const SCRIPT: &str = concat!(include_str!("../../scripts/dist/injected.js"), "document");
const WORLD_NAME: &str = "agent";

/// A frame's document: where it is asked.
#[derive(Clone)]
pub(crate) struct Document {
    pub(crate) session: Session,
    pub(crate) frame: Arc<str>,
}

/// The worlds of one run's frames.
#[derive(Default)]
pub(crate) struct IsolatedWorlds(Mutex<WorldTable>);

#[derive(Default)]
struct WorldTable {
    by_frame: HashMap<(Arc<str>, Arc<str>), IsolatedWorld>,
    /// IsolatedWorlds made so far.
    made: u64,
    /// Groups of objects begun so far.
    groups: u64,
    /// Frames that did not answer in time when they were last asked.
    unresponsive: HashSet<(Arc<str>, Arc<str>)>,
}

/// The objects by which nodes are held while they are looked at from outside: each look has its own, since letting go
/// of a group does so in all frames of a session, where others may be looking.
#[derive(Debug, Clone)]
pub(crate) struct ObjectGroup(String);

#[derive(Debug, Clone)]
struct IsolatedWorld {
    /// A number that the next process counts again: right only for as long as the world is known to be there.
    context: ExecutionContextId,
    /// Its `document`, in no group: it goes with the world. Object ids are unique across processes, so that a call
    /// addressed to it can't end up in another world, such as the page's own.
    document: RemoteObjectId,
    /// Never given to another world, also when the frame shows another document.
    key: WorldId,
    /// The same as the page's own world has it.
    page_document: Arc<OnceLock<RemoteObjectId>>,
    /// Nodes that were found to listen to presses, by the browser's ids, each looked at once.
    listening: Arc<Mutex<HashSet<i64>>>,
    /// Nodes whose closed shadow trees its scripts were shown.
    known_shadow_nodes: Arc<Mutex<HashSet<ShadowNode>>>,
}

/// A node in a closed shadow tree with what it stands in, by the browser's ids: when a part of a tree moves to another
/// one, its topmost node has another parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ShadowNode {
    pub(crate) node: i64,
    pub(crate) parent: i64,
}

/// Nodes remembered at most; a page that replaces its elements for ever must not fill the memory.
const MAX_LISTENERS: usize = 50_000;

/// The same for nodes in closed shadow trees.
const MAX_SHADOW_NODES: usize = 10_000;

/// Frames remembered at most; a page that makes and removes frames for ever must not fill the memory.
const MAX_FRAMES: usize = 1_000;

/// Why a script gave no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScriptError {
    #[error(transparent)]
    Cdp(#[from] CdpError),
    /// An exception in our own script, or a page that broke what it stands on.
    #[error("script failed: {0}")]
    Threw(String),
}

impl IsolatedWorlds {
    /// Calls one of the functions of `injected` in a document, such as `locate`, and waits for its value. Makes the
    /// world when there is none, and anew when it went away with an earlier document of the frame. The key says which
    /// world answered: node ids are its own.
    pub(crate) async fn call<R: DeserializeOwned>(
        &self,
        document: &Document,
        function: &str,
        argument: &(impl Serialize + Sync),
        limit: Duration,
    ) -> Result<(WorldId, R), ScriptError> {
        let known = self.lock().by_frame.get(&key(document)).cloned();
        if let Some(world) = known {
            match call_in(document, &world, function, argument, limit).await {
                // The only way to tell that a context is gone is the refusal.
                Err(ScriptError::Cdp(CdpError::Refused { .. })) => {}
                outcome => return outcome.map(|value| (world.key, value)),
            }
        }
        let world = self.create(document, limit).await?;
        Ok((world.key, call_in(document, &world, function, argument, limit).await?))
    }

    /// As [`call`](Self::call), in this world and in no later one of the frame.
    pub(crate) async fn call_known<R: DeserializeOwned>(
        &self,
        document: &Document,
        key: WorldId,
        function: &str,
        argument: &(impl Serialize + Sync),
        limit: Duration,
    ) -> Result<R, ScriptError> {
        let world = self.known(document)?;
        if world.key != key {
            return Err(ScriptError::Cdp(CdpError::Detached));
        }
        call_in(document, &world, function, argument, limit).await
    }

    /// A node that the browser names, as an object in the document's world, which is made when there is none.
    pub(crate) async fn resolve(
        &self,
        document: &Document,
        node: BackendNodeId,
        group: &ObjectGroup,
    ) -> Result<RemoteObjectId, ScriptError> {
        let resolve = |world: &IsolatedWorld| {
            let resolve = ResolveNodeParams::builder()
                .backend_node_id(node)
                .execution_context_id(world.context)
                .object_group(&group.0)
                .build();
            document.session.call(resolve)
        };
        let known = self.lock().by_frame.get(&key(document)).cloned();
        let resolved = match known {
            Some(world) => resolve(&world).await,
            None => resolve(&self.create(document, document.session.connection().command_timeout()).await?).await,
        };
        object(resolved?.object, "DOM.resolveNode")
    }

    /// A node that our scripts name, as an object in the document's world.
    pub(crate) async fn object_of(
        &self,
        document: &Document,
        id: u32,
        group: &ObjectGroup,
    ) -> Result<RemoteObjectId, ScriptError> {
        let world = self.known(document)?;
        let call = CallFunctionOnParams::builder()
            .function_declaration("(id) => injected.nodeOf(id)")
            .object_id(world.document)
            .argument(CallArgument::builder().value(id).build())
            .object_group(&group.0)
            .build()
            .expect("the declaration is set");
        object(document.session.call(call).await?.result, "nodeOf")
    }

    /// Calls one of the functions of `injected` with objects of the document's world.
    pub(crate) async fn call_on<R: DeserializeOwned>(
        &self,
        document: &Document,
        object: &RemoteObjectId,
        function: &str,
        argument: Option<&RemoteObjectId>,
    ) -> Result<R, ScriptError> {
        let mut call = CallFunctionOnParams::builder()
            .function_declaration(format!("function (argument) {{ return injected.{function}(this, argument); }}"))
            .object_id(object.clone())
            .return_by_value(true);
        if let Some(argument) = argument {
            call = call.argument(CallArgument::builder().object_id(argument.clone()).build());
        }
        let call = call.build().expect("the declaration is set");
        let limit = document.session.connection().command_timeout();
        value(document.session.call_as(call, limit).await?, function)
    }

    /// The `document` of the document's world.
    pub(crate) fn root(&self, document: &Document) -> Result<RemoteObjectId, ScriptError> {
        Ok(self.known(document)?.document)
    }

    /// The same `document` as the page's own world has it, once it was set.
    pub(crate) fn page_root(&self, document: &Document) -> Result<Option<RemoteObjectId>, ScriptError> {
        Ok(self.known(document)?.page_document.get().cloned())
    }

    pub(crate) fn set_page_root(&self, document: &Document, root: RemoteObject) -> Result<RemoteObjectId, ScriptError> {
        let root = object(root, "DOM.resolveNode")?;
        Ok(self.known(document)?.page_document.get_or_init(|| root).clone())
    }

    /// Of nodes that listen to presses, up to `limit` that have not been looked at in this world; from now on they
    /// have.
    pub(crate) fn new_listeners(
        &self,
        document: &Document,
        nodes: impl Iterator<Item = i64>,
        limit: usize,
    ) -> Vec<i64> {
        let Ok(world) = self.known(document) else { return Vec::new() };
        let mut listening = locked(&world.listening);
        let room = MAX_LISTENERS.saturating_sub(listening.len());
        nodes.filter(|node| listening.insert(*node)).take(limit.min(room)).collect()
    }

    /// Whether the document's scripts were shown the closed shadow tree that a node is in.
    pub(crate) fn is_shadow_known(&self, document: &Document, inner: ShadowNode) -> bool {
        self.known(document).is_ok_and(|world| locked(&world.known_shadow_nodes).contains(&inner))
    }

    pub(crate) fn set_shadow_known(&self, document: &Document, inner: ShadowNode) {
        let Ok(world) = self.known(document) else { return };
        let mut known_shadow_nodes = locked(&world.known_shadow_nodes);
        if known_shadow_nodes.len() >= MAX_SHADOW_NODES {
            // Those that are still there are shown once more.
            known_shadow_nodes.clear();
        }
        known_shadow_nodes.insert(inner);
    }

    /// Whether a document's frame did not answer when it was last asked.
    pub(crate) fn is_unresponsive(&self, document: &Document) -> bool {
        self.lock().unresponsive.contains(&key(document))
    }

    pub(crate) fn set_unresponsive(&self, document: &Document, is_unresponsive: bool) {
        let mut known = self.lock();
        if is_unresponsive {
            if known.unresponsive.len() >= MAX_FRAMES {
                // They are asked once more.
                known.unresponsive.clear();
            }
            known.unresponsive.insert(key(document));
        } else {
            known.unresponsive.remove(&key(document));
        }
    }

    /// A group for a look at some nodes.
    pub(crate) fn group(&self) -> ObjectGroup {
        let mut known = self.lock();
        known.groups += 1;
        ObjectGroup(format!("{WORLD_NAME}-{}", known.groups))
    }

    /// Lets go of the objects of a group.
    pub(crate) fn release(&self, document: &Document, group: ObjectGroup) {
        document.session.send(ReleaseObjectGroupParams::new(group.0));
    }

    /// The world of a document that has been asked before.
    pub(crate) fn world_of(&self, document: &Document) -> Result<WorldId, ScriptError> {
        Ok(self.known(document)?.key)
    }

    fn known(&self, document: &Document) -> Result<IsolatedWorld, ScriptError> {
        self.lock().by_frame.get(&key(document)).cloned().ok_or(ScriptError::Cdp(CdpError::Detached))
    }

    /// Whether a key's world may still be asked.
    pub(crate) fn is_current(&self, key: WorldId) -> bool {
        self.lock().by_frame.values().any(|world| world.key == key)
    }

    async fn create(&self, document: &Document, limit: Duration) -> Result<IsolatedWorld, ScriptError> {
        let create = CreateIsolatedWorldParams::builder()
            .frame_id(FrameId::new(document.frame.to_string()))
            .world_name(WORLD_NAME)
            .build()
            .expect("the frame is set");
        let context = document.session.call_within(create, limit).await?.execution_context_id;
        let install =
            EvaluateParams::builder().expression(SCRIPT).context_id(context).build().expect("the expression is set");
        let installed: Installed = document.session.call_as(install, limit).await?;
        if let Some(exception) = installed.exception_details {
            return Err(ScriptError::Threw(shorten(exception.first_line(), 300)));
        }
        let root = object(installed.result, "document")?;
        let mut known = self.lock();
        known.made += 1;
        let world = IsolatedWorld {
            context,
            key: WorldId(known.made),
            document: root,
            page_document: Arc::default(),
            listening: Arc::default(),
            known_shadow_nodes: Arc::default(),
        };
        known.remember(key(document), world.clone());
        Ok(world)
    }

    fn lock(&self) -> MutexGuard<'_, WorldTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WorldTable {
    /// The oldest has to go for one that is too many: its frame most likely has, and else gets another world.
    fn remember(&mut self, frame: (Arc<str>, Arc<str>), world: IsolatedWorld) {
        self.by_frame.insert(frame, world);
        if self.by_frame.len() > MAX_FRAMES {
            let oldest = self.by_frame.iter().min_by_key(|(_, world)| world.key.0).map(|(frame, _)| frame.clone());
            oldest.and_then(|frame| self.by_frame.remove(&frame));
        }
    }
}

fn locked<T>(nodes: &Mutex<HashSet<T>>) -> MutexGuard<'_, HashSet<T>> {
    nodes.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(document: &Document) -> (Arc<str>, Arc<str>) {
    (document.session.id().cloned().unwrap_or_else(|| "".into()), document.frame.clone())
}

async fn call_in<R: DeserializeOwned>(
    document: &Document,
    world: &IsolatedWorld,
    function: &str,
    argument: &(impl Serialize + Sync),
    limit: Duration,
) -> Result<R, ScriptError> {
    let argument = serde_json::to_value(argument).map_err(|error| ScriptError::Threw(error.to_string()))?;
    let call = CallFunctionOnParams::builder()
        .function_declaration(format!("(argument) => injected.{function}(argument)"))
        .object_id(world.document.clone())
        .argument(CallArgument::builder().value(argument).build())
        .return_by_value(true)
        .await_promise(true)
        .build()
        .expect("the declaration is set");
    value(document.session.call_as(call, limit).await?, function)
}

fn value<R>(evaluated: Evaluated<R>, function: &str) -> Result<R, ScriptError> {
    if let Some(exception) = evaluated.exception_details {
        return Err(ScriptError::Threw(shorten(exception.first_line(), 300)));
    }
    evaluated.result.value.ok_or_else(|| ScriptError::Threw(format!("{function} returned nothing")))
}

fn object(object: RemoteObject, source: &str) -> Result<RemoteObjectId, ScriptError> {
    object.object_id.ok_or_else(|| ScriptError::Threw(format!("{source} returned no object")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frames_of_a_run_are_remembered_up_to_a_number_the_latest_of_them() {
        let mut known = WorldTable::default();
        for number in 1..=MAX_FRAMES as u64 + 50 {
            let world = IsolatedWorld {
                context: ExecutionContextId::new(1),
                document: RemoteObjectId::new(""),
                key: WorldId(number),
                page_document: Arc::default(),
                listening: Arc::default(),
                known_shadow_nodes: Arc::default(),
            };
            known.remember(("s".into(), number.to_string().into()), world);
        }
        assert_eq!(known.by_frame.len(), MAX_FRAMES);
        assert_eq!(known.by_frame.values().map(|world| world.key.0).min(), Some(51));
    }
}
