//! What a run's agent tells while it works and when it is through.

use async_trait::async_trait;
use serde_json::Value;

// Parts of what is reported: those who pass reports on need not know where they come from.
pub use super::files::FileInfo;
use super::image::Image;
pub use super::ledger::Tally;
pub use super::observation::Blocker;
pub use super::usage::ModelUsage;

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    Debug,
    Info,
    Warning,
    Error,
}

/// One finished step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// 1, 2, 3 ... without gaps.
    pub step: u32,
    /// Name of the first action, empty when there was none.
    pub action: String,
    /// What was done, in words a person reads.
    pub description: String,
    /// Evaluation, next goal and memory, joined.
    pub thought: String,
    /// The page after the actions.
    pub url: String,
    pub title: String,
    pub screenshot: Option<Image>,
    /// What has been downloaded since the step before.
    pub downloads: Vec<FileInfo>,
    /// What keeps that page from being worked with.
    pub blocker: Option<Blocker>,
}

/// Where an agent reports to; the run that owns it implements this.
#[async_trait]
pub trait Reporter: Send + Sync {
    async fn log(&self, level: LogLevel, message: String);
    async fn step(&self, report: StepReport);
}

/// How an agent's work ended when nothing broke.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AgentResult {
    /// What the agent said in its final `done`; false when it ran out of steps, time or budget without saying it, and
    /// when its output does not fit.
    pub success: bool,
    /// The answer, empty if there is none.
    pub final_text: String,
    /// The answer as data, when a schema was asked for and it fits.
    pub output: Option<Value>,
    pub stop_reason: StopReason,
    /// Every step error's text, in order.
    pub errors: Vec<String>,
    /// What the page was blocked by when the run ended without success.
    pub blocker: Option<Blocker>,
    pub tally: Tally,
}

/// Why an agent stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum StopReason {
    /// It said that it is done; always so after a success of its own.
    #[default]
    Done,
    /// It gave up, at a page that was blocked.
    Blocked,
    /// What it said for the output did not fit the schema, told or not.
    OutputInvalid,
    /// It said that it succeeded at a page that was blocked, and could not be asked again.
    Unconfirmed,
    MaxSteps,
    /// Too many failed steps in a row.
    Failures,
    /// It went in circles.
    Loop,
    BudgetTokens,
    BudgetCost,
    BudgetTime,
    /// The caller's own actions were carried out, and there was no more to do.
    ActionsComplete,
    ActionsFailed,
}

impl StopReason {
    /// A stable snake_case name, part of the wire contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Blocked => "blocked",
            Self::OutputInvalid => "output_invalid",
            Self::Unconfirmed => "unconfirmed",
            Self::MaxSteps => "max_steps",
            Self::Failures => "failures",
            Self::Loop => "loop",
            Self::BudgetTokens => "budget_tokens",
            Self::BudgetCost => "budget_cost",
            Self::BudgetTime => "budget_time",
            Self::ActionsComplete => "actions_complete",
            Self::ActionsFailed => "actions_failed",
        }
    }
}
