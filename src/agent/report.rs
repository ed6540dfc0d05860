//! What a run's agent tells while it works and when it is through.

use async_trait::async_trait;

// Parts of what is reported: those who pass reports on need not know where they come from.
pub use super::files::FileInfo;
use super::image::Image;
pub use super::observation::Blocker;

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
    /// A step error as it happens: a run that is cut off has no [`AgentResult`] to read it from.
    fn error(&self, error: &str);
}

/// How an agent's work ended when nothing broke.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentResult {
    /// What the agent said in its final `done`; false when it ran out of steps.
    pub success: bool,
    /// The answer, empty if there is none.
    pub final_text: String,
    /// Every step error's text, in order.
    pub errors: Vec<String>,
    /// What the page was blocked by when the run ended without success.
    pub blocker: Option<Blocker>,
}
