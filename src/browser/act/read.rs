//! Waiting for text, and reading it.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Hands, clip, label, script_failed};
use crate::agent::action::ElementIndex;
use crate::agent::ports::{ActionError, ActionOutcome, BrowserError};
use crate::browser::observe::FrameKey;
use crate::browser::settle::Before;
use crate::browser::world::Document;

/// Longest wait in one action.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// Wait for a text when no seconds are given.
const DEFAULT_WAIT: Duration = Duration::from_secs(10);
/// Characters read off a page at most, some 10,000 tokens.
pub(super) const MAX_TEXT: usize = 40_000;

#[derive(Serialize)]
struct WaitArgument<'a> {
    text: Option<&'a str>,
    gone: Option<&'a str>,
    /// Milliseconds.
    limit: u64,
}

#[derive(Deserialize)]
struct Waited {
    reached: bool,
}

#[derive(Serialize)]
pub(super) struct TextArgument {
    pub(super) id: Option<u32>,
    pub(super) limit: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Text {
    gone: bool,
    pub(super) text: String,
    total: usize,
}

impl Hands<'_> {
    pub(super) async fn wait(
        &self,
        seconds: Option<f64>,
        text: Option<&str>,
        gone: Option<&str>,
    ) -> Result<ActionOutcome, ActionError> {
        let asked = seconds.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(MAX_WAIT));
        let limit = asked.unwrap_or(DEFAULT_WAIT).min(MAX_WAIT);
        let before = self.before()?;
        let (description, missed) = match (text, gone) {
            (None, None) if asked.is_none() => {
                return Err(ActionError::NotPossible("say how many seconds, or for which text".into()));
            }
            (None, None) => {
                // What the model asked for is time itself.
                tokio::time::sleep(limit).await;
                return self.settle(format!("Wait {} s", limit.as_secs_f32()), &before).await;
            }
            (Some(text), None) => (format!("Wait for '{}'", clip(text, 80)), "it did not appear"),
            (None, Some(gone)) => (format!("Wait until '{}' is gone", clip(gone, 80)), "it is still there"),
            (Some(text), Some(gone)) => {
                (format!("Wait for '{}' and until '{}' is gone", clip(text, 60), clip(gone, 60)), "not both happened")
            }
        };
        let argument = |limit| WaitArgument { text, gone, limit };
        match self.wait_in_page("hands.wait", argument, limit, &before).await?.2 {
            Waited { reached: true } => self.settle(description, &before).await,
            Waited { reached: false } => {
                Err(ActionError::TimedOut { what: format!("{description}: {missed}; that"), limit })
            }
        }
    }

    /// Calls one of the hands' functions that wait, which is told the milliseconds that are left, in the active tab, and
    /// again when the document goes away under it. Answers which document it was that gave the value, and its world.
    pub(super) async fn wait_in_page<A: Serialize + Sync, R: DeserializeOwned>(
        &self,
        function: &str,
        argument: impl Fn(u64) -> A + Sync,
        limit: Duration,
        before: &Before,
    ) -> Result<(Document, FrameKey, R), ActionError> {
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            let argument = argument(u64::try_from(left.as_millis()).unwrap_or(u64::MAX));
            let patience = left + self.command_timeout();
            let document = self.active()?;
            match self.worlds.call(&document, function, &argument, patience).await.map_err(script_failed) {
                Ok((world, value)) => return Ok((document, world, value)),
                // Nothing comes of a crashed page by itself.
                Err(error @ BrowserError::PageCrashed) => return Err(error.into()),
                // The next document is asked in its turn.
                Err(error) if !error.is_fatal() && !left.is_zero() => {
                    self.settle(String::new(), before).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(super) async fn extract(
        &self,
        query: Option<&str>,
        index: Option<ElementIndex>,
    ) -> Result<ActionOutcome, ActionError> {
        let (read, what): (Text, _) = match index {
            Some(index) => {
                let target = self.target(index).await?;
                let argument = TextArgument { id: Some(target.place.id), limit: MAX_TEXT };
                (self.call_at(&target.place, "hands.text", &argument).await?, label(&target.element))
            }
            None => {
                let argument = TextArgument { id: None, limit: MAX_TEXT };
                let limit = self.command_timeout();
                (self.call_in(&self.active()?, "hands.text", &argument, limit).await?, "the page".to_owned())
            }
        };
        if read.gone {
            return Err(ActionError::ElementGone { index: index.map_or(0, |index| index.0) });
        }
        let described = match query {
            Some(query) => format!("Read {what} for '{}'", clip(query, 80)),
            None => format!("Read {what}"),
        };
        let effect = match read.total {
            0 => "there is no text".to_owned(),
            total if total > MAX_TEXT => format!("the first {MAX_TEXT} of {total} characters"),
            _ => String::new(),
        };
        Ok(ActionOutcome { description: described, effect, extracted: Some(read.text), page_changed: false })
    }
}
