//! Isolated worlds: our scripts in them see a page's DOM, and the page sees nothing of them.

mod document;
mod memory;

pub(crate) use document::{Document, ElementRef, FrameDocument, PageDocuments, ShadowNode, owner_of};
pub use document::{NodeId, WorldId};
pub(crate) use memory::ListensTo;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::dom::{BackendNodeId, ResolveNodeParams};
use chromiumoxide_cdp::cdp::browser_protocol::page::{CreateIsolatedWorldParams, FrameId};
use chromiumoxide_cdp::cdp::js_protocol::runtime::{
    CallArgument, CallFunctionOnParams, EvaluateParams, ExecutionContextId, RemoteObjectId,
};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::process::panics::lock;
use agent::text::shorten;
use cdp::CdpError;
use cdp::messages::Evaluated;

/// Evaluated once in each world: defines its global `injected`, whose functions are called by name (see
/// `crates/browser/scripts/src/injected.js`), and ends in the document.
const SCRIPT: &str = concat!(include_str!("../../scripts/dist/injected.js"), "document");
const WORLD_NAME: &str = "agent";

/// The isolated worlds of a run's frames.
#[derive(Default)]
pub(crate) struct IsolatedWorlds(Mutex<WorldTable>);

#[derive(Default)]
struct WorldTable {
    by_frame: HashMap<(Arc<str>, Arc<str>), IsolatedWorld>,
    made: u64,
    groups: u64,
    /// Frames that timed out when last called.
    unresponsive: HashSet<(Arc<str>, Arc<str>)>,
}

/// An object group. Each look-up has its own, since releasing a group affects all frames of a session.
#[derive(Debug, Clone)]
pub(crate) struct ObjectGroup(String);

#[derive(Debug, Clone)]
struct IsolatedWorld {
    /// Unique only within a process and while the world exists.
    context: ExecutionContextId,
    /// The world's `document`, in no group. Object ids are unique across processes, so a call on it cannot reach
    /// another world.
    document: RemoteObjectId,
    /// Never reused, even if the frame navigates.
    key: WorldId,
    /// The same document in the page's main world.
    page_document: Arc<OnceLock<RemoteObjectId>>,
    /// Backend ids of nodes known to listen.
    listening: Arc<Mutex<HashSet<(i64, ListensTo)>>>,
    /// Nodes whose closed shadow trees are registered.
    known_shadow_nodes: Arc<Mutex<HashSet<ShadowNode>>>,
}

/// Limit for pages that create frames endlessly.
const MAX_FRAMES: usize = 1_000;

/// Why a script call returned no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScriptError {
    #[error(transparent)]
    Cdp(#[from] CdpError),
    /// An exception in our script, or a page that broke its environment.
    #[error("script failed: {0}")]
    Threw(String),
}

impl IsolatedWorlds {
    /// Calls a script function in a document and returns its value and the world, which node ids belong to. Creates the
    /// world if needed, also after the frame has navigated.
    pub(crate) async fn call<R: DeserializeOwned>(
        &self,
        document: &Document,
        function: &str,
        argument: &(impl Serialize + Sync),
        limit: Duration,
    ) -> Result<(WorldId, R), ScriptError> {
        let known = lock(&self.0).by_frame.get(&key(document)).cloned();
        if let Some(world) = known {
            match call_in(document, &world, function, argument, limit).await {
                // Only the error shows that the execution context is gone.
                Err(ScriptError::Cdp(CdpError::Refused { .. })) => {}
                outcome => return outcome.map(|value| (world.key, value)),
            }
        }
        let world = self.create(document, limit).await?;
        Ok((world.key, call_in(document, &world, function, argument, limit).await?))
    }

    /// Creates the world of a document unless it is known.
    pub(crate) async fn enter(&self, document: &Document, limit: Duration) -> Result<WorldId, ScriptError> {
        let known = self.known(document);
        Ok(match known {
            Ok(world) => world.key,
            Err(_) => self.create(document, limit).await?.key,
        })
    }

    /// Like [`call`](Self::call), but only in this world.
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

    /// Resolves a backend node to an object in the document's world, created if needed.
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
        let known = lock(&self.0).by_frame.get(&key(document)).cloned();
        let resolved = match known {
            Some(world) => resolve(&world).await,
            None => resolve(&self.create(document, document.session.connection().command_timeout()).await?).await,
        };
        object(resolved?.object.object_id, "DOM.resolveNode")
    }

    /// Resolves a script's node id to an object.
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
        object(document.session.call(call).await?.result.object_id, "nodeOf")
    }

    /// Calls a function on an object of the document's world.
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

    /// The world of a document that was called before.
    pub(crate) fn world_of(&self, document: &Document) -> Result<WorldId, ScriptError> {
        Ok(self.known(document)?.key)
    }

    fn known(&self, document: &Document) -> Result<IsolatedWorld, ScriptError> {
        lock(&self.0).by_frame.get(&key(document)).cloned().ok_or(ScriptError::Cdp(CdpError::Detached))
    }

    /// Whether a world still exists.
    pub(crate) fn is_current(&self, key: WorldId) -> bool {
        lock(&self.0).by_frame.values().any(|world| world.key == key)
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
        let installed: Evaluated<IgnoredAny> = document.session.call_as(install, limit).await?;
        if let Some(exception) = installed.exception_details {
            return Err(ScriptError::Threw(shorten(exception.first_line(), 300)));
        }
        let root = object(installed.result.object_id, "document")?;
        let mut known = lock(&self.0);
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
}

impl WorldTable {
    /// Evicts the oldest: its frame is most likely gone, and otherwise gets a new world.
    fn remember(&mut self, frame: (Arc<str>, Arc<str>), world: IsolatedWorld) {
        self.by_frame.insert(frame, world);
        if self.by_frame.len() > MAX_FRAMES {
            let oldest = self.by_frame.iter().min_by_key(|(_, world)| world.key.0).map(|(frame, _)| frame.clone());
            oldest.and_then(|frame| self.by_frame.remove(&frame));
        }
    }
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

fn object(id: Option<RemoteObjectId>, source: &str) -> Result<RemoteObjectId, ScriptError> {
    id.ok_or_else(|| ScriptError::Threw(format!("{source} returned no object")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_worlds_are_kept_up_to_a_limit() {
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
