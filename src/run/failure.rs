//! Why a run failed.

use std::time::Duration;

use agent::AgentError;
use agent::ports::{BrowserError, ModelError};
use agent::secrets::{Mask, Masker};

/// What ends a run with an error instead of a result. The text is one plain sentence for the caller; details that are
/// for the log alone are in the `Debug` form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Browser(#[from] BrowserError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("no place came free within {} s", waited.as_secs_f32())]
    QueueTimeout { waited: Duration },
    #[error("the service is shutting down")]
    ShuttingDown,
    #[error("the run was cancelled because its client went away")]
    Cancelled,
    #[error("the run was ended because its client did not read what it was told")]
    ClientStalled,
    /// A panic; the log has it.
    #[error("the run failed for an internal reason")]
    Internal,
}

impl Failure {
    /// A stable snake_case name, part of the wire contract.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Browser(error) => match error {
                BrowserError::NotStarted { .. } => "browser_unavailable",
                BrowserError::Lost => "browser_lost",
                BrowserError::PageCrashed => "page_crashed",
                BrowserError::Unresponsive { .. } => "page_unresponsive",
                BrowserError::Protocol { .. } => "browser_error",
            },
            Self::Model(error) => match error {
                ModelError::Unauthorized { .. } => "model_unauthorized",
                ModelError::UnknownModel { .. } => "model_unknown",
                ModelError::Rejected { .. } => "model_rejected",
                ModelError::RateLimited { .. } => "model_rate_limited",
                ModelError::Unavailable { .. } | ModelError::Unreachable { .. } | ModelError::Interrupted { .. } => {
                    "model_unavailable"
                }
                ModelError::TimedOut { .. } => "model_timeout",
                ModelError::Malformed { .. } => "model_malformed",
                ModelError::Empty { .. } => "model_empty",
                ModelError::ContextTooLong { .. } => "model_context_too_long",
                ModelError::Refused { .. } | ModelError::Filtered { .. } => "model_refused",
                ModelError::CutOff { .. } => "model_cut_off",
            },
            Self::QueueTimeout { .. } => "queue_timeout",
            Self::ShuttingDown => "shutting_down",
            Self::Cancelled => "cancelled",
            Self::ClientStalled => "client_stalled",
            Self::Internal => "internal_error",
        }
    }
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        match error {
            AgentError::Browser(error) => Self::Browser(error),
            AgentError::Model(error) => Self::Model(error),
        }
    }
}

impl Mask for Failure {
    fn mask(&mut self, masker: &Masker) {
        match self {
            Self::Browser(error) => error.mask(masker),
            Self::Model(error) => error.mask(masker),
            Self::QueueTimeout { waited: _ }
            | Self::ShuttingDown
            | Self::Cancelled
            | Self::ClientStalled
            | Self::Internal => {}
        }
    }
}
