//! The agent's last word: doubted once where the page speaks against it, and held to what the caller asked for.

use serde_json::Value;

use super::Steps;
use crate::agent::AgentError;
use crate::attempt::Attempt;
use crate::observation::Blocker;
use crate::report::{LogLevel, StopReason};
use crate::sequence::{Answer, MAX_ERROR};
use crate::text::shorten;

/// How the agent's part ended.
#[derive(Debug, Default)]
pub(super) struct Ending {
    pub(super) reason: StopReason,
    /// Of the answer; without one, empty and false.
    pub(super) text: String,
    pub(super) success: bool,
    pub(super) output: Option<Value>,
}

impl From<StopReason> for Ending {
    fn from(reason: StopReason) -> Self {
        Self { reason, ..Self::default() }
    }
}

impl Steps {
    /// What speaks against a success that the agent has just declared, once in a run.
    pub(super) fn doubt(&mut self, attempt: &Attempt) -> Option<Blocker> {
        if self.doubted || !attempt.claims_success() {
            return None;
        }
        let blocker = self.observation.blocker.clone()?;
        self.doubted = true;
        Some(blocker)
    }

    pub(super) async fn ask_again(
        &mut self,
        step: u32,
        forced: Option<StopReason>,
        attempt: &Attempt,
        blocker: &Blocker,
    ) -> Result<Attempt, AgentError> {
        self.log(LogLevel::Info, format!("asking again whether it is done: {blocker}")).await;
        let before = attempt.described_before_done();
        self.reminders.push(format!(
            "{before}You said done with success, but the page is {blocker}. If all that was asked is done even so, say done \
             again; else go on, or end without success."
        ));
        self.attempt(step, forced).await
    }

    /// What comes of an answer; `forced` is why it had to come now.
    pub(super) fn ending(&mut self, answer: Answer, forced: Option<StopReason>) -> Ending {
        let Answer { text, mut success, data } = answer;
        let mut reason = match forced {
            Some(reason) if !success => reason,
            None if !success && self.observation.blocker.is_some() => StopReason::Blocked,
            _ => StopReason::Done,
        };
        let mut output = None;
        if let Some(schema) = &self.task.output {
            match schema.read(data.as_ref()) {
                Ok(value) => output = Some(value),
                // An answer without success owes no output.
                Err(_) if !success => {}
                Err(problem) => {
                    (success, reason) = (false, StopReason::OutputInvalid);
                    self.failed(shorten(&problem, MAX_ERROR));
                }
            }
        }
        Ending { reason, text, success, output }
    }
}
