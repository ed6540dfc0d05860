//! Who decides: a model behind a prompt, or the built-in template planner. Both read the same turn and answer in the
//! same vocabulary.

use async_trait::async_trait;

use crate::action::Action;
use crate::budget::Limit;
use crate::decision::Decision;
use crate::files::FileInfo;
use crate::image::Image;
use crate::observation::Observation;
use crate::ports::{ActionOutcome, ModelError, ModelName, Notices};

/// Decides the next actions of one run. Owned by the run's loop, so it may keep state between turns.
#[async_trait]
pub trait Planner: Send + Sync {
    /// As the `starting` event and the logs name it.
    fn name(&self) -> ModelName;

    /// One decision.
    async fn decide(&mut self, turn: Turn<'_>) -> Result<Decision, PlanError>;
}

/// Everything a decision may be based on.
#[derive(Clone, Copy)]
pub struct Turn<'a> {
    pub task: &'a str,
    /// What the caller sent along.
    pub files: &'a [FileInfo],
    /// The steps so far, oldest first.
    pub history: &'a [PastStep],
    pub observation: &'a Observation,
    /// A picture of the page when the agent asked for one.
    pub picture: Option<&'a Image>,
    /// The step being decided, 1-based, and the last one allowed.
    pub step: u32,
    pub max_steps: u32,
    /// Only `done` may be answered: the last step, or the last call after too many failures.
    pub only_done: bool,
    /// Things to bear in mind in this turn alone: steps running out, a loop, what was skipped.
    pub reminders: &'a [String],
    /// Told while a model call is being retried.
    pub notices: &'a dyn Notices,
}

/// A decided and executed step, as later decisions see it.
#[derive(Debug, Clone, PartialEq)]
pub struct PastStep {
    /// 0 for the opening of the start page, which nobody decided on.
    pub step: u32,
    pub decision: Decision,
    /// What came of each action that was tried, in order; shorter than `decision.actions` when the rest was skipped.
    pub results: Vec<ActionResult>,
    /// An error of the step as a whole, such as an answer that could not be understood.
    pub error: Option<String>,
    /// The browser was lost in the middle of the last of the results: whether it took effect is not known.
    pub interrupted: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ActionResult {
    pub action: Action,
    /// The error's text as the model reads it.
    pub outcome: Result<ActionOutcome, String>,
}

/// The last step with a decision. A step without one has not used what the step before it returned.
pub(crate) fn last_decided(history: &[PastStep]) -> Option<&PastStep> {
    history.iter().rev().find(|step| !step.decision.actions.is_empty())
}

/// Why there is no decision.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// The call itself failed, after the adapter's own retries.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The answers could not be understood, even after telling the model what was wrong.
    #[error("the model's answer could not be understood: {detail}")]
    NotUnderstood { detail: String },
    /// No call was made, since it might not fit.
    #[error("the run's {} budget leaves no room for another call", .0.noun())]
    OverBudget(Limit),
}
