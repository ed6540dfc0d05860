//! What a run tells. No wire format is known here.

use std::time::{Duration, SystemTime};

use super::failure::Failure;
use super::id::RunId;
use crate::agent::ports::Provider;
use crate::agent::report::{AgentResult, LogLevel, StepReport, Tally};

/// One event of a run, numbered 1, 2, 3 ... in the order of the stream.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEvent {
    pub sequence: u64,
    pub kind: RunEventKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum RunEventKind {
    /// Always first.
    Started {
        at: SystemTime,
        run_id: RunId,
        provider: Provider,
        /// None for the built-in planner.
        model: Option<String>,
    },
    Log {
        at: SystemTime,
        level: LogLevel,
        message: String,
    },
    Step(StepReport),
    /// Terminal: the agent came to an end, with success or without.
    Finished {
        result: AgentResult,
        /// Since the run was accepted.
        duration: Duration,
    },
    /// Terminal: something broke, or the run was ended from outside.
    Failed {
        failure: Failure,
        tally: Tally,
        duration: Duration,
    },
}

impl RunEventKind {
    pub(super) fn log(level: LogLevel, message: String) -> Self {
        Self::Log { at: SystemTime::now(), level, message }
    }

    /// Whether nothing follows.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Finished { .. } | Self::Failed { .. })
    }
}
