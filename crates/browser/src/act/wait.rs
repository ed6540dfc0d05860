//! Waits for time, text and URLs.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::documents::FrameAnswer;
use super::executor::{Executor, reject};
use super::text::clip;
use crate::context::tabs::Tabs;
use agent::RequestedAction;
use agent::ports::{ActionError, ActionOutcome};

/// Longest wait for time or text.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// Default timeout of a condition.
const DEFAULT_WAIT: Duration = Duration::from_secs(10);

/// Whether a document shows each text.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Has {
    pub(super) has: Vec<bool>,
}

/// A duration as a model or caller gives it, within the limit.
fn wait_of(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(RequestedAction::MAX_WAIT).min(RequestedAction::MAX_WAIT)
}

impl Executor<'_> {
    pub(super) async fn wait(
        &self,
        seconds: Option<f64>,
        text: Option<&str>,
        gone: Option<&str>,
    ) -> Result<ActionOutcome, ActionError> {
        let asked = seconds.map(wait_of);
        let limit = asked.unwrap_or(DEFAULT_WAIT).min(MAX_WAIT);
        let before = self.start_action().await?;
        let (description, missed) = match (text, gone) {
            (None, None) if asked.is_none() => {
                reject!("say how many seconds, or for which text");
            }
            (None, None) => {
                // The model asked for a plain delay.
                tokio::time::sleep(limit).await;
                return self.settle(format!("Wait {} s", limit.as_secs_f32()), &before).await;
            }
            (Some(text), None) => (format!("Wait for '{}'", clip(text, 80)), "it did not appear"),
            (None, Some(gone)) => (format!("Wait until '{}' is gone", clip(gone, 80)), "it is still there"),
            (Some(text), Some(gone)) => {
                (format!("Wait for '{}' and until '{}' is gone", clip(text, 60), clip(gone, 60)), "not both happened")
            }
        };
        let texts = [text.unwrap_or_default(), gone.unwrap_or_default()];
        let reached = |answers: Vec<FrameAnswer<Has>>| {
            let has = |at: usize| answers.iter().any(|answer| answer.value.has.get(at) == Some(&true));
            ((text.is_none() || has(0)) && (gone.is_none() || !has(1))).then_some(())
        };
        match self.ask_until("hasTexts", &json!({ "texts": texts }), limit, reached).await? {
            Some(()) => self.settle(description, &before).await,
            None => Err(ActionError::TimedOut { what: format!("{description}: {missed}; that"), limit }),
        }
    }

    pub(super) async fn wait_for_element(
        &self,
        selector: &str,
        seconds: Option<f64>,
    ) -> Result<ActionOutcome, ActionError> {
        self.wait_for_selector(selector, seconds.map_or(DEFAULT_WAIT, wait_of)).await?;
        Ok(ActionOutcome { description: format!("Wait for '{}'", clip(selector, 80)), ..ActionOutcome::default() })
    }

    pub(super) async fn wait_for_url(&self, text: &str, seconds: Option<f64>) -> Result<ActionOutcome, ActionError> {
        let limit = seconds.map_or(DEFAULT_WAIT, wait_of);
        let before = self.start_action().await?;
        let shown = clip(text, 80);
        let reached = |tabs: &mut Tabs| tabs.active().filter(|tab| tab.url.contains(text)).map(|_| ());
        if self.context.wait_within(limit, reached).await?.is_none() {
            return Err(ActionError::TimedOut { what: format!("waiting for a URL that contains {shown:?}"), limit });
        }
        self.settle(format!("Wait for a URL with '{shown}'"), &before).await
    }
}
