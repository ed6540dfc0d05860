//! One run's life: admitted or refused, supervised to its end, told as a sequence of events.
//!
//! The events of every run start with [`RunEventKind::Started`] and end with exactly one terminal event, whatever
//! happens in between; by the time the stream ends, the run's page is closed and its place is free again.

mod admission;
mod caller;
mod event;
mod failure;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod id;
mod journal;
mod lasting;
mod pressure;
mod recorder;
mod registry;
mod request;
mod service;
pub mod settings;
mod stream;
mod supervisor;

pub use admission::{Refusal, RefusalReason};
pub use caller::{CallerId, CallerIdError};
pub use event::{RunEvent, RunEventKind, Withheld};
pub use failure::Failure;
pub use id::RunId;
pub use pressure::{Memory, watch};
pub use recorder::{Recorder, Recording};
pub use registry::{Once, ResumeError};
pub use request::{
    DetachTime, IdempotencyKey, MaxCost, MaxSteps, MaxStepsError, MaxTime, MaxTokens, RunRequest, StartUrl,
    StartUrlError, Task, TaskError, Temperature, TemperatureError,
};
pub use service::{NotReady, RunCounts, RunService, StartError};
pub use stream::{Interruption, RunStream};

/// Target of the log line each step writes, so that a deployment can quiet it.
pub const STEP_LOG_TARGET: &str = "browser_use_service::step";
