//! Waiting for text, and reading it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::pages::FrameAnswer;
use super::{Executor, clip, label};
use agent::RequestedAction;
use agent::locator::Locator;
use agent::ports::{ActionError, ActionOutcome};
use agent::text::shorten;

/// Longest wait for time or a text.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// How long a condition is waited for when no seconds are given.
pub(super) const DEFAULT_WAIT: Duration = Duration::from_secs(10);
/// Characters read off a page at most, some 25,000 tokens.
pub(super) const MAX_TEXT: usize = 100_000;

pub(super) fn wait_of(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(RequestedAction::MAX_WAIT).min(RequestedAction::MAX_WAIT)
}

#[derive(Serialize)]
pub(super) struct TextsArgument<'a> {
    pub(super) texts: &'a [&'a str],
}

/// Of each text whether a document shows it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Has {
    pub(super) has: Vec<bool>,
}

#[derive(Serialize)]
pub(super) struct TextArgument {
    pub(super) id: Option<u32>,
    pub(super) limit: usize,
    /// With headings, lists, tables and where links lead, instead of the words alone.
    pub(super) marks: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Text {
    gone: bool,
    pub(super) text: String,
    total: usize,
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
        let texts = [text.unwrap_or_default(), gone.unwrap_or_default()];
        let reached = |answers: Vec<FrameAnswer<Has>>| {
            let has = |at: usize| answers.iter().any(|answer| answer.value.has.get(at) == Some(&true));
            ((text.is_none() || has(0)) && (gone.is_none() || !has(1))).then_some(())
        };
        match self.ask_until("hasTexts", &TextsArgument { texts: &texts }, limit, reached).await? {
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

    pub(super) async fn extract(
        &self,
        query: Option<&str>,
        index: Option<&Locator>,
    ) -> Result<ActionOutcome, ActionError> {
        let (read, what) = match index {
            Some(index) => {
                let target = self.target(index).await?;
                let argument = TextArgument { id: Some(target.place.id), limit: MAX_TEXT, marks: true };
                let read: Text = self.call_at(&target.place, "text", &argument).await?;
                if read.gone {
                    return Err(ActionError::ElementGone { index: index.clone() });
                }
                (read, label(&target.element))
            }
            None => (self.page_text(true, MAX_TEXT).await?, "the page".to_owned()),
        };
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

    /// The text of the page and its frames, at most `limit` characters of it.
    pub(super) async fn page_text(&self, marks: bool, limit: usize) -> Result<Text, ActionError> {
        let answers: Vec<FrameAnswer<Text>> = self.ask_all("text", &TextArgument { id: None, limit, marks }).await?;
        let mut whole = Text::default();
        for (at, answer) in answers.into_iter().enumerate().filter(|(_, answer)| answer.value.total > 0) {
            if at > 0 {
                whole.text.push_str("\n\nIn a frame:\n");
            }
            whole.text.push_str(&answer.value.text);
            whole.total += answer.value.total;
        }
        whole.text = shorten(&whole.text, limit);
        Ok(whole)
    }
}
