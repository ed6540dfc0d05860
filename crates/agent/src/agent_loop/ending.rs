//! The end of a run: doubts a success on a blocked page once, and checks the answer against the caller's schema.

use serde_json::Value;

use super::attempt::Attempt;
use super::execute::{FinalAnswer, MAX_ERROR};
use super::state::AgentLoop;
use crate::observation::Blocker;
use crate::report::StopReason;
use crate::text::shorten;

#[derive(Debug, Default)]
pub(super) struct Ending {
    pub(super) reason: StopReason,
    /// Empty without an answer.
    pub(super) text: String,
    pub(super) success: bool,
    pub(super) output: Option<Value>,
}

impl From<StopReason> for Ending {
    fn from(reason: StopReason) -> Self {
        Self { reason, ..Self::default() }
    }
}

impl AgentLoop {
    /// What contradicts a success that was just claimed, once per run.
    pub(super) fn doubts_success_of(&mut self, attempt: &Attempt) -> Option<Blocker> {
        if self.asked_to_confirm || !attempt.claims_success() {
            return None;
        }
        let blocker = self.observation.blocker.clone()?;
        self.asked_to_confirm = true;
        Some(blocker)
    }

    /// The ending that an answer makes. `forced` is why it had to come now.
    pub(super) fn ending(&mut self, answer: FinalAnswer, forced: Option<StopReason>) -> Ending {
        let FinalAnswer { text, mut success, data } = answer;
        let mut reason = match forced {
            Some(reason) if !success => reason,
            None if !success && self.observation.blocker.is_some() => StopReason::Blocked,
            _ => StopReason::Done,
        };
        let mut output = None;
        if let Some(schema) = &self.task.output {
            match schema.read(data.as_ref()) {
                Ok(value) => output = Some(value),
                // Without success no output is required.
                Err(_) if !success => {}
                Err(problem) => {
                    (success, reason) = (false, StopReason::OutputInvalid);
                    self.add_error(shorten(&problem, MAX_ERROR));
                }
            }
        }
        Ending { reason, text, success, output }
    }
}
