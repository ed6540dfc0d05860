//! A run's events, without a wire format.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::failure::Failure;
use super::id::RunId;
use agent::asking::InputRequest;
use agent::control::{Change, Steering};
use agent::ports::Provider;
use agent::report::{AgentResult, LogLevel, StepReport, Tally};
use agent::secrets::{Mask, Masker};
use agent::storage_state::StorageState;

/// One event of a run, numbered 1, 2, 3 ... in the order of the stream.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEvent {
    pub sequence: u64,
    pub kind: RunEventKind,
    /// Why a step's screenshot was removed.
    pub withheld: Option<Withheld>,
}

/// The cookies and storage that a request asked for; none if they could not be read. They are neither masked, as that would
/// break them, nor recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct ReturnedStorage(pub Option<Arc<StorageState>>);

impl ReturnedStorage {
    fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |state| state.bytes())
    }
}

/// Why a screenshot was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// The buffer had no room for it.
    Dropped,
    /// It is identical to the last one sent, and the request asked to omit those.
    Unchanged,
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
        /// The run's new state, if somebody changed it.
        state: Option<Steering>,
    },
    /// The run asks a person.
    Asked(InputRequest),
    Step(StepReport),
    /// Stands for the events `from` to `to`, which were dropped before they were read. Its number is `to`.
    Gap {
        at: SystemTime,
        from: u64,
        to: u64,
    },
    /// Terminal: the agent finished, with or without success.
    Finished {
        result: AgentResult,
        /// Since the run was accepted.
        duration: Duration,
        storage: Option<ReturnedStorage>,
    },
    /// Terminal: the run failed or was cancelled.
    Failed {
        failure: Failure,
        tally: Tally,
        duration: Duration,
        storage: Option<ReturnedStorage>,
    },
}

impl RunEvent {
    pub(crate) fn new(sequence: u64, kind: RunEventKind) -> Self {
        Self { sequence, kind, withheld: None }
    }

    /// Removes a step's screenshot and returns its size in bytes.
    pub(super) fn withhold(&mut self, why: Withheld) -> usize {
        let RunEventKind::Step(StepReport { screenshot, .. }) = &mut self.kind else { return 0 };
        let Some(taken) = screenshot.take() else { return 0 };
        self.withheld = Some(why);
        taken.base64.len()
    }
}

impl RunEventKind {
    pub(super) fn log(level: LogLevel, message: String) -> Self {
        Self::Log { at: SystemTime::now(), level, message, state: None }
    }

    pub(super) fn changed(change: Change) -> Self {
        match change {
            Change::State(state) => Self::steered(state),
            Change::Asked(request) => Self::Asked(request),
        }
    }

    /// Says that the run's state has changed.
    fn steered(state: Steering) -> Self {
        let message = match state {
            Steering::Running => "the run continues",
            Steering::Pausing => "the run pauses before its next action",
            Steering::Paused => "the run is paused",
            Steering::AwaitingInput => "the run waits for a person",
            Steering::Stopping => "the run stops",
        };
        Self::Log { at: SystemTime::now(), level: LogLevel::Info, message: message.into(), state: Some(state) }
    }

    /// Whether nothing follows.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Finished { .. } | Self::Failed { .. })
    }

    /// Heap memory in bytes, as far as it is unbounded.
    pub(super) fn heap_bytes(&self) -> usize {
        let all = |texts: &[String]| texts.iter().map(|text| text.len() + size_of::<String>()).sum::<usize>();
        match self {
            Self::Started { model, .. } => model.as_ref().map_or(0, String::len),
            Self::Log { message, .. } => message.len(),
            Self::Asked(request) => request.prompt.len() + all(&request.options),
            Self::Gap { .. } => 0,
            Self::Step(step) => {
                let texts = [&step.action, &step.description, &step.thought, &step.url, &step.title];
                texts.into_iter().map(String::len).sum::<usize>()
                    + step.screenshot.as_ref().map_or(0, |picture| picture.base64.len())
                    + step
                        .downloads
                        .iter()
                        .chain(&step.kept)
                        .map(|file| file.name.len() + size_of_val(file))
                        .sum::<usize>()
                    + step.blocker.as_ref().map_or(0, |blocker| blocker.message.len())
            }
            Self::Finished { result, storage, .. } => {
                storage.as_ref().map_or(0, ReturnedStorage::bytes)
                    + result.final_text.len()
                    + result.output_bytes()
                    + all(&result.errors)
                    + result.blocker.as_ref().map_or(0, |blocker| blocker.message.len())
                    + all(&result.tally.urls)
                    + result.kept.iter().map(|file| file.name.len() + size_of_val(file)).sum::<usize>()
            }
            // Some contain a provider's message.
            Self::Failed { failure, tally, storage, .. } => {
                failure.to_string().len() + all(&tally.urls) + storage.as_ref().map_or(0, ReturnedStorage::bytes)
            }
        }
    }
}

impl Mask for RunEventKind {
    fn mask(&mut self, masker: &Masker) {
        match self {
            // Texts of the deployment and the caller.
            Self::Started { at: _, run_id: _, provider: _, model: _ } => {}
            Self::Gap { at: _, from: _, to: _ } => {}
            // The agent asks without secrets.
            Self::Asked(_) => {}
            Self::Log { at: _, level: _, message, state: _ } => message.mask(masker),
            Self::Step(report) => report.mask(masker),
            Self::Finished { result, duration: _, storage: _ } => result.mask(masker),
            Self::Failed { failure, tally, duration: _, storage: _ } => {
                failure.mask(masker);
                tally.mask(masker);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent::observation::BlockerKind;
    use agent::ports::ModelError;
    use agent::report::Blocker;

    fn finished_bytes(result: AgentResult) -> usize {
        RunEventKind::Finished { result, duration: Duration::ZERO, storage: None }.heap_bytes()
    }

    #[test]
    fn every_text_of_a_result_or_failure_counts() {
        let long = "x".repeat(10_000);
        let blocker = Blocker { kind: BlockerKind::Captcha, message: long.clone() };
        let tally = Tally { urls: vec![long.clone(); 3], ..Tally::default() };
        let errors = vec![long.clone(); 2];
        let result =
            AgentResult { final_text: long.clone(), errors, blocker: Some(blocker), tally, ..Default::default() };
        assert!(finished_bytes(result) >= 7 * long.len());
        let error = ModelError::Refused { provider: "openai".into(), reason: long.clone() };
        let failure = Failure::Model(error);
        let event = RunEventKind::Failed { failure, tally: Tally::default(), duration: Duration::ZERO, storage: None };
        assert!(event.heap_bytes() >= long.len());
    }
}
