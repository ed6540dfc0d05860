//! A run as others see it while it goes on, and what they can do to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::caller::CallerId;
use super::files::RunFiles;
use super::id::RunId;
use super::request::Task;
use super::supervisor::masked;
use agent::asking::InputRequest;
use agent::control::{Control, Instruction, NotSteered, Steering};
use agent::image::{Image, ImageFormat};
use agent::ports::{BrowserError, Page, Provider};
use agent::report::StepReport;
use agent::secrets::Secrets;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    Queued,
    Running,
    Pausing,
    Paused,
    AwaitingInput,
    Stopping,
    /// Its terminal event is out.
    Ended,
}

impl RunState {
    /// A stable snake_case name, part of the wire contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => Steering::Running.name(),
            Self::Pausing => Steering::Pausing.name(),
            Self::Paused => Steering::Paused.name(),
            Self::AwaitingInput => Steering::AwaitingInput.name(),
            Self::Stopping => Steering::Stopping.name(),
            Self::Ended => "ended",
        }
    }
}

impl From<Steering> for RunState {
    fn from(steering: Steering) -> Self {
        match steering {
            Steering::Running => Self::Running,
            Steering::Pausing => Self::Pausing,
            Steering::Paused => Self::Paused,
            Steering::AwaitingInput => Self::AwaitingInput,
            Steering::Stopping => Self::Stopping,
        }
    }
}

/// A run's state and place, without secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct RunStatus {
    pub id: RunId,
    pub state: RunState,
    /// The last reported step, 0 before the first.
    pub step: u32,
    /// The page after that step.
    pub url: String,
    pub title: String,
    pub started_at: SystemTime,
    pub provider: Provider,
    /// None for the built-in planner.
    pub model: Option<String>,
    pub caller: Option<CallerId>,
    /// What the run asks a person.
    pub input_request: Option<InputRequest>,
}

/// What a run can be told.
#[derive(Debug, Clone)]
pub enum Command {
    Pause,
    Resume {
        message: Option<Task>,
    },
    Stop,
    /// An instruction for the next decision.
    Add(Task),
    /// Another task.
    Replace(Task),
    /// The answer to what the run asks, which may be a secret.
    Answer {
        id: String,
        input: SecretString,
    },
}

/// Why a run does not obey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SteerError {
    /// There is no such run of this caller.
    #[error("there is no such run")]
    Unknown,
    #[error("the run has ended")]
    Ended,
    #[error("a run without a model reads no instructions")]
    NeedsModel,
    #[error(transparent)]
    NotSteered(#[from] NotSteered),
}

/// A run's handle: what it reports of itself, and its controls.
pub(super) struct RunHandle {
    pub(super) id: RunId,
    pub(super) caller: Option<CallerId>,
    pub(super) provider: Provider,
    pub(super) model: Option<String>,
    pub(super) started_at: SystemTime,
    pub(super) control: Arc<Control>,
    /// Until the run ends.
    pub(super) secrets: Mutex<Secrets>,
    pub(super) progress: Progress,
    /// Kept as long as the run is held; none unless the request asks for them.
    pub(super) files: Option<Arc<RunFiles>>,
    /// From its opening to the run's end.
    pub(super) page: Mutex<Option<Arc<dyn Page>>>,
    /// Pictures are taken one by one.
    pub(super) snapshots: tokio::sync::Mutex<()>,
}

/// Why there is no picture of a run's page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    #[error("there is no such run")]
    Unknown,
    #[error("the run has ended")]
    Ended,
    #[error("the run has no page yet")]
    NoPage,
    #[error("no picture could be taken: {0}")]
    Failed(BrowserError),
}

/// How far a run has come.
#[derive(Default)]
pub(super) struct Progress(Mutex<Reached>);

#[derive(Default)]
struct Reached {
    is_admitted: bool,
    has_ended: bool,
    step: u32,
    url: String,
    title: String,
}

impl RunHandle {
    pub(super) fn admitted(&self) {
        self.reached().is_admitted = true;
    }

    /// From now on it obeys nothing, and knows no secret.
    pub(super) fn ended(&self) {
        self.reached().has_ended = true;
        self.control.clear();
        *self.secrets() = Secrets::default();
        *self.page() = None;
    }

    /// Opened: others may look at it.
    pub(super) fn opened(&self, page: Arc<dyn Page>) {
        *self.page() = Some(page);
    }

    fn page(&self) -> MutexGuard<'_, Option<Arc<dyn Page>>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page as it is now, without its secrets.
    pub(super) async fn snapshot(&self, format: ImageFormat) -> Result<Image, SnapshotError> {
        let _one_by_one = self.snapshots.lock().await;
        if self.reached().has_ended {
            return Err(SnapshotError::Ended);
        }
        let page = self.page().clone().ok_or(SnapshotError::NoPage)?;
        match page.snapshot(format).await {
            Ok(picture) => Ok(picture),
            Err(_) if self.reached().has_ended => Err(SnapshotError::Ended),
            Err(error) => {
                tracing::debug!(?error, "no picture could be taken of a run");
                Err(SnapshotError::Failed(error))
            }
        }
    }

    fn secrets(&self) -> MutexGuard<'_, Secrets> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn step(&self, report: &StepReport) {
        let mut reached = self.reached();
        reached.step = report.step;
        reached.url.clone_from(&report.url);
        reached.title.clone_from(&report.title);
    }

    pub(super) fn status(&self) -> RunStatus {
        let (steering, reached) = (self.control.steering(), self.reached());
        let state = match steering {
            _ if reached.has_ended => RunState::Ended,
            Steering::Running if !reached.is_admitted => RunState::Queued,
            steering => steering.into(),
        };
        RunStatus {
            id: self.id,
            state,
            step: reached.step,
            url: reached.url.clone(),
            title: reached.title.clone(),
            started_at: self.started_at,
            provider: self.provider,
            model: self.model.clone(),
            caller: self.caller.clone(),
            input_request: self.control.input_request().filter(|_| !reached.has_ended),
        }
    }

    /// Carries out a command and returns the state after it.
    pub(super) fn steer(&self, command: Command) -> Result<RunState, SteerError> {
        if self.reached().has_ended {
            return Err(SteerError::Ended);
        }
        let text = |task: Task| {
            // The built-in planner reads its task once.
            self.model.as_ref().ok_or(SteerError::NeedsModel)?;
            let secrets = self.secrets().clone();
            Ok::<_, SteerError>(masked(task.as_str(), &secrets))
        };
        match command {
            Command::Pause => {
                self.control.pause()?;
            }
            Command::Resume { message } => self.control.resume(message.map(text).transpose()?)?,
            Command::Stop => self.control.stop(),
            Command::Add(task) => self.control.instruct(Instruction::Added(text(task)?))?,
            Command::Answer { id, input } => {
                let id = Uuid::parse_str(&id).map_err(|_| NotSteered::InputClosed)?;
                self.control.answer(id, input.expose_secret())?;
            }
            Command::Replace(task) => self.control.instruct(Instruction::Replaced(text(task)?))?,
        }
        Ok(self.status().state)
    }

    fn reached(&self) -> MutexGuard<'_, Reached> {
        self.progress.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
