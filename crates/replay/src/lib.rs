//! Records runs as files and replays them without a model. A recording holds, in order, the messages to the model, its
//! replies, the observations of the pages and the outcomes of the actions.
//!
//! Everything is built on the agent's ports: `recorder` wraps a run's model and page, `replay` and `page` replace
//! them. `format` is the file, `playback` the position in it.

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
