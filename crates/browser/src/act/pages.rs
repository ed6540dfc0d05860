//! The documents of the active tab: its own and those of its frames, whichever process they live in.

use std::time::Duration;

use futures::FutureExt;
use futures::future::{join_all, select_all};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::time::Instant;

use super::{ElementRef, Executor, script_failed};
use crate::isolated_world::{Document, ScriptError};
use crate::observe::WorldId;
use crate::observe::frame_reader::{FrameDocument, FrameReader};
use agent::ports::{ActionError, BrowserError};
use cdp::CdpError;

/// Documents asked at most.
const MAX_DOCUMENTS: usize = 50;
/// How deep frames are followed.
const MAX_DEPTH: usize = 5;
/// For a frame to answer; the main document has the time of any command.
const FRAME_TIMEOUT: Duration = Duration::from_secs(1);
/// How often what is awaited is also looked for in frames and closed shadow trees that have come up since.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What a document answered.
pub(super) struct FrameAnswer<R> {
    pub(super) document: Document,
    pub(super) world: WorldId,
    pub(super) value: R,
}

#[derive(Serialize)]
struct ChangeArgument {
    /// Milliseconds.
    limit: u64,
}

impl Executor<'_> {
    /// The main document first, then the frames from the outside in.
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

    /// Asks all documents at once, and answers what they say in their order. A frame that does not answer is left out.
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
                Err(error @ ScriptError::Cdp(CdpError::Closed)) => return Err(script_failed(error).into()),
                Err(error) if at == 0 => return Err(script_failed(error).into()),
                Err(error) => tracing::debug!(%error, function, "a frame did not answer"),
            }
        }
        Ok(answers)
    }

    /// Asks all documents until `wanted` finds what it looks for in their answers, again whenever one of them changes
    /// or another document takes their place. None when the time is over; the answers of the last look are given to it
    /// in any case.
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
                // Nothing comes of a crashed page by itself.
                Err(error @ ActionError::Browser(BrowserError::PageCrashed)) => return Err(error),
                Err(ActionError::Browser(error)) if !error.is_fatal() && Instant::now() < deadline => {
                    // The document went away; the next one is asked in its turn.
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

    /// Waits until a document changes, or goes away, or the time is over.
    async fn wait_for_change(&self, limit: Duration) -> Result<(), ActionError> {
        let argument = ChangeArgument { limit: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1) };
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
                    // One that cannot say is no reason to look again at once.
                    std::future::pending::<()>().await;
                }
            }
            .boxed()
        });
        tokio::select! {
            _ = select_all(waits) => Ok(()),
            moved = moved_on => Ok(moved?),
            // The end of the wait, not a pause: what is waited for ends it sooner.
            () = tokio::time::sleep(limit) => Ok(()),
        }
    }

    /// Looks into the closed shadow trees of all documents, so that what is asked sees them.
    async fn open_shadow_trees(&self) {
        let Ok(documents) = self.documents() else { return };
        let reads = documents.into_iter().map(|document| async move {
            let reader = FrameReader { context: self.context, worlds: self.worlds, limit: FRAME_TIMEOUT };
            // Read for that alone; a document that cannot be read shows when it is asked.
            let _read = reader.read(&document).await;
        });
        join_all(reads).await;
    }

    /// The frames' elements around a document, innermost first, each with the document that it holds.
    pub(super) async fn owners_of(
        &self,
        of: &FrameAnswer<impl Sized>,
    ) -> Result<Vec<(WorldId, FrameDocument)>, ActionError> {
        let mut chain = Vec::new();
        let (mut document, mut world) = (of.document.clone(), of.world);
        let all = self.documents()?;
        let reader = FrameReader { context: self.context, worlds: self.worlds, limit: self.command_timeout() };
        while chain.len() <= MAX_DEPTH {
            let holds =
                |parent: &&Document| self.context.frames_of(parent).iter().any(|frame| frame.frame == document.frame);
            let Some(parent) = all.iter().find(holds).cloned() else { break };
            let owner = reader.owner(&parent, &document).await.map_err(script_failed)?;
            let parent_world = self.worlds.world_of(&parent).map_err(script_failed)?;
            chain.push((world, FrameDocument { document, owner: Some((parent_world, owner)) }));
            (document, world) = (parent, parent_world);
        }
        chain.push((world, FrameDocument { document, owner: None }));
        Ok(chain)
    }

    /// A point of a document's viewport in the coordinates of the page.
    pub(super) async fn to_page_point_through(
        &self,
        chain: &[(WorldId, FrameDocument)],
        mut point: (f64, f64),
    ) -> Result<(f64, f64), ActionError> {
        for pair in chain.windows(2) {
            let [(_, inner), (world, outer)] = pair else { break };
            let Some((_, owner)) = inner.owner else { break };
            let owner = ElementRef { document: outer.document.clone(), world: *world, id: owner.0 };
            point = self
                .through(&owner, point)
                .await?
                .map_err(|by| ActionError::NotPossible(format!("its frame is covered by {by}")))?;
        }
        Ok(point)
    }
}
