//! What a run tells. No wire format is known here.

use std::time::{Duration, SystemTime};

use super::failure::Failure;
use super::id::RunId;
use crate::agent::ports::Provider;
use crate::agent::report::{AgentResult, LogLevel, StepReport, Tally};
use crate::agent::secrets::{Mask, Masker};

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

impl Mask for RunEventKind {
    fn mask(&mut self, masker: &Masker) {
        match self {
            // Of the deployment's and the caller's own.
            Self::Started { at: _, run_id: _, provider: _, model: _ } => {}
            Self::Log { at: _, level: _, message } => message.mask(masker),
            Self::Step(report) => report.mask(masker),
            Self::Finished { result, duration: _ } => result.mask(masker),
            Self::Failed { failure, tally, duration: _ } => {
                failure.mask(masker);
                tally.mask(masker);
            }
        }
    }
}
