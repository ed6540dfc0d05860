//! Records runs as files and replays them without a model: what the model was sent and replied, what the pages showed
//! and what each action did, in order.
//!
//! Everything is built on the agent's ports: `recorder` wraps a run's model and page, `replay` and `page` take their
//! place. `format` is the file, `playback` the position in it.

mod compare;
mod format;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod indices;
mod page;
mod playback;
mod recorder;
mod replay;
mod secrets;

pub use format::{End, Header, Recording, RecordingError, VERSION};
pub use playback::{Divergence, Playback, Report};
pub use recorder::{Destination, RunRecorder};
pub use replay::{Replay, ReplayError};
