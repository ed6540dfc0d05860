//! Queries to all documents of the active tab, including frames of other processes.

use std::time::Duration;

use futures::FutureExt;
use futures::future::{join_all, select_all};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::json;
use tokio::time::Instant;

use super::executor::Executor;
use crate::isolated_world::{Document, FrameDocument, PageDocuments, ScriptError, WorldId};
use crate::observe::frame_reader::{FrameReader, MAX_DEPTH};
use agent::ports::{ActionError, BrowserError};
use cdp::CdpError;

const MAX_DOCUMENTS: usize = 50;
/// Timeout for a frame; the main document has the command timeout.
const FRAME_TIMEOUT: Duration = Duration::from_secs(1);
/// How often to include frames and closed shadow trees that appeared since.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(super) struct FrameAnswer<R> {
    pub(super) document: Document,
    pub(super) world: WorldId,
    pub(super) value: R,
}

impl Executor<'_> {
    /// The main document, then its frames breadth first.
    pub(super) fn documents(&self) -> Result<Vec<Document>, ActionError> {
        let mut found = vec![self.active()?];
        let (mut from, mut depth) = (0, 0);
        while from < found.len() && depth < MAX_DEPTH {
            let level = from..found.len();
            from = level.end;
            depth += 1;
            for at in level {
                let frames = self.context.frames_of(&found[at]);
                let room = MAX_DOCUMENTS.saturating_sub(found.len());
                found.extend(frames.into_iter().take(room));
            }
        }
        Ok(found)
    }

    /// Calls a function in all documents concurrently and returns the results in document order. Frames that fail are
    /// left out.
    pub(super) async fn ask_all<R: DeserializeOwned>(
        &self,
        function: &str,
        argument: &(impl Serialize + Sync),
    ) -> Result<Vec<FrameAnswer<R>>, ActionError> {
        let documents = self.documents()?;
        let asked = documents.into_iter().enumerate().map(|(at, document)| async move {
            let limit = if at == 0 { self.command_timeout() } else { FRAME_TIMEOUT };
            let answer = self.worlds.call::<R>(&document, function, argument, limit).await;
            (document, answer)
        });
        let mut answers = Vec::new();
        for (at, (document, answer)) in join_all(asked).await.into_iter().enumerate() {
            match answer {
                Ok((world, value)) => answers.push(FrameAnswer { document, world, value }),
                Err(error @ ScriptError::Cdp(CdpError::Closed)) => return Err(error.into()),
                Err(error) if at == 0 => return Err(error.into()),
                Err(error) => tracing::debug!(%error, function, "a frame did not answer"),
            }
        }
        Ok(answers)
    }

    /// Queries all documents until `wanted` returns a value, again whenever one changes or is replaced. None on
    /// timeout; `wanted` sees every round of answers.
    pub(super) async fn ask_until<R: DeserializeOwned, T>(
        &self,
        function: &str,
        argument: &(impl Serialize + Sync),
        limit: Duration,
        mut wanted: impl FnMut(Vec<FrameAnswer<R>>) -> Option<T>,
    ) -> Result<Option<T>, ActionError> {
        let deadline = Instant::now() + limit;
        let mut opened: Option<Instant> = None;
        loop {
            if opened.is_none_or(|last| last.elapsed() >= LOOK_AGAIN) {
                self.open_shadow_trees().await;
                opened = Some(Instant::now());
            }
            match self.ask_all(function, argument).await {
                Ok(answers) => {
                    if let Some(found) = wanted(answers) {
                        return Ok(Some(found));
                    }
                }
                // A crashed page does not recover by itself.
                Err(error @ ActionError::Browser(BrowserError::PageCrashed)) => return Err(error),
                Err(ActionError::Browser(error)) if !error.is_fatal() && Instant::now() < deadline => {
                    // The document was replaced; query the next one.
                    tracing::debug!(%error, function, "asking again");
                }
                Err(error) => return Err(error),
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.wait_for_change(left.min(LOOK_AGAIN)).await?;
        }
    }

    /// Waits until a document changes or is replaced, or the limit passes.
    pub(super) async fn wait_for_change(&self, limit: Duration) -> Result<(), ActionError> {
        let argument = json!({ "limit": u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1) });
        let mark =
            |tabs: &mut crate::context::tabs::Tabs| tabs.active().map(|tab| (tab.id, tab.activity.counts().documents));
        let now = mark(&mut self.context.tabs());
        let moved_on = self.context.wait_until(|tabs| (mark(tabs) != now).then_some(()));
        let documents = self.documents()?;
        let waits = documents.iter().map(|document| {
            async {
                let patience = limit + FRAME_TIMEOUT;
                let wait_for_change = self.worlds.call::<IgnoredAny>(document, "pageChange", &argument, patience).await;
                if wait_for_change.is_err() {
                    // A document that cannot report changes must not cause a busy loop.
                    std::future::pending::<()>().await;
                }
            }
            .boxed()
        });
        tokio::select! {
            _ = select_all(waits) => Ok(()),
            moved = moved_on => Ok(moved?),
            // A timeout, not a pause.
            () = tokio::time::sleep(limit) => Ok(()),
        }
    }

    /// Opens the closed shadow trees of all documents to queries.
    async fn open_shadow_trees(&self) {
        let Ok(documents) = self.documents() else { return };
        let reads = documents.into_iter().map(|document| async move {
            let reader = FrameReader { context: self.context, worlds: self.worlds, limit: FRAME_TIMEOUT };
            // A document that cannot be read fails when it is queried.
            let _read = reader.read(&document).await;
        });
        join_all(reads).await;
    }

    /// A document and those around it.
    pub(super) async fn owners_of(&self, of: &FrameAnswer<impl Sized>) -> Result<PageDocuments, ActionError> {
        let mut chain = PageDocuments::new();
        let (mut document, mut world) = (of.document.clone(), of.world);
        let all = self.documents()?;
        let reader = FrameReader { context: self.context, worlds: self.worlds, limit: self.command_timeout() };
        while chain.len() <= MAX_DEPTH {
            let holds =
                |parent: &&Document| self.context.frames_of(parent).iter().any(|frame| frame.frame == document.frame);
            let Some(parent) = all.iter().find(holds).cloned() else { break };
            let owner = reader.owner(&parent, &document).await?;
            let parent_world = self.worlds.world_of(&parent)?;
            chain.insert(world, FrameDocument { document, owner: Some((parent_world, owner)) });
            (document, world) = (parent, parent_world);
        }
        chain.insert(world, FrameDocument { document, owner: None });
        Ok(chain)
    }
}
