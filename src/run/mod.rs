//! One run's life: admitted or refused, supervised to its end, told as a sequence of events.
//!
//! Every stream of events starts with [`RunEventKind::Started`] and ends with exactly one terminal event, whatever
//! happens in between; by the time the stream ends, the run's page is closed and its place is free again.

mod admission;
mod caller;
mod event;
mod failure;
mod id;
mod pressure;
mod recorder;
mod request;
mod service;
pub mod settings;
mod supervisor;

pub use admission::{Refusal, RefusalReason};
pub use caller::{CallerId, CallerIdError};
pub use event::{RunEvent, RunEventKind};
pub use failure::Failure;
pub use id::RunId;
pub use pressure::{Memory, watch};
pub use recorder::{Recorder, Recording};
pub use request::{
    MaxCost, MaxSteps, MaxStepsError, MaxTime, MaxTokens, RunRequest, StartUrl, StartUrlError, Task, TaskError,
    Temperature, TemperatureError,
};
pub use service::{NotReady, RunCounts, RunService, RunStream, StartError};

/// Target of the log line each step writes, so that a deployment can quiet it.
pub const STEP_LOG_TARGET: &str = "browser_use_service::step";
