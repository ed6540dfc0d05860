//! A run's life: admitted or rejected, supervised to its end, reported as a sequence of events.
//!
//! Every sequence starts with [`RunEventKind::Started`] and ends with exactly one terminal event. When the stream ends, the
//! run's page is closed and its slot is free.

mod admission;
mod caller;
mod event;
mod failure;
mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod handle;
mod id;
mod journal;
mod memory_watch;
mod reconnecting_page;
mod recorder;
mod registry;
mod request;
mod service;
pub mod settings;
mod storage;
mod stream;
mod supervisor;

pub use admission::{Refusal, RefusalReason, RunCounts};
pub use caller::{CallerId, CallerIdError};
pub use event::{ReturnedStorage, RunEvent, RunEventKind, Withheld};
pub use failure::Failure;
pub use files::KeptFile;
pub use handle::{Command, RunState, RunStatus, SnapshotError, SteerError};
pub use id::RunId;
pub use memory_watch::{Memory, watch};
pub use recorder::{Recorder, Recording};
pub use registry::Once;
pub use request::{IdempotencyKey, RunRequest, StartUrl, StartUrlError, Task, TaskError};
pub use service::{NotReady, RunService, StartError};
pub use stream::{Interruption, ResumeError, RunStream};

/// Log target of the line per step, so that a deployment can silence it.
pub const STEP_LOG_TARGET: &str = "browser_use_service::step";
