//! Runs as files: what a model was asked and answered, what the pages showed and what each action did, in order, and
//! such a run run again without a model.
//!
//! All of it stands on the agent's own ports: a recording wraps a run's model and page, a replay takes their place, and
//! neither the agent nor the browser knows of it. `format` is the file, `record` writes one, `player` runs one again,
//! `tape` is what the player has still to play.

mod compare;
mod format;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod numbers;
mod player;
mod record;
mod secrets;
mod tape;

pub use format::{End, Header, Recorded, UnreadableRecording, VERSION};
pub use player::{CannotReplay, Replay, Requested};
pub use record::{Recording, Recordings};
pub use tape::{Divergence, Report};
