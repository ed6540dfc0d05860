//! The port of what decides: a model, or the built-in planner. Both get the same turn and answer with the same actions.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::action::Action;
use crate::budget::Limit;
use crate::image::Image;
use crate::observation::Observation;
use crate::ports::{ActionOutcome, ModelError, ModelName, Notices};

/// Decides the next actions of one run. May keep state between turns.
#[async_trait]
pub trait Planner: Send + Sync {
    /// The name in logs and in the `starting` event.
    fn name(&self) -> ModelName;

    /// Returns a decision with at least one action, and with nothing but `done` where the turn says so.
    async fn decide(&mut self, turn: Turn<'_>) -> Result<Decision, PlanError>;
}

/// The input of one decision.
#[derive(Clone, Copy)]
pub struct Turn<'a> {
    pub task: &'a str,
    /// The steps so far, oldest first.
    pub history: &'a [PastStep],
    pub observation: &'a Observation,
    /// A picture of the page, if the planner gets one.
    pub picture: Option<&'a Image>,
    /// The step being decided, 1-based, and the last one allowed.
    pub step: u32,
    pub max_steps: u32,
    /// Only `done` is allowed: in the last step, or in the last call that a limit leaves.
    pub only_done: bool,
    /// For this turn only: steps running out, a loop, skipped actions.
    pub reminders: &'a [String],
    /// When the run's time is over.
    pub deadline: Option<Instant>,
    /// Gets messages while a model call is retried.
    pub notices: &'a dyn Notices,
}

/// One answer of a planner.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// Did the last actions reach their goal?
    #[serde(default)]
    pub evaluation_previous_goal: String,
    /// What to remember for later steps.
    #[serde(default)]
    pub memory: String,
    /// What the actions below are for.
    #[serde(default)]
    pub next_goal: String,
    /// Run in order until one fails or the page changes under them.
    pub actions: Vec<Action>,
}

/// An earlier step, as later decisions see it.
#[derive(Debug, Clone, PartialEq)]
pub struct PastStep {
    /// 0 for opening the start page.
    pub step: u32,
    pub decision: Decision,
    /// Results of the actions that were tried, in order. Fewer than `decision.actions` if the rest was skipped.
    pub results: Vec<ActionResult>,
    /// An error of the step as a whole, such as an unusable answer.
    pub error: Option<String>,
    /// The browser was lost during the last action, so whether it took effect is unknown.
    pub interrupted: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ActionResult {
    pub action: Action,
    /// The error as the model reads it.
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
    /// The answers were unusable, even after the model was told why.
    #[error("the model's answer could not be understood: {detail}")]
    NotUnderstood { detail: String },
    /// The call might exceed this limit and was not made.
    #[error("the run's {0} budget leaves no room for another call")]
    OverBudget(Limit),
}
