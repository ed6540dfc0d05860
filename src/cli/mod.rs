//! The modes without a server: one run on the terminal, a recorded run run again, and the question whether a service is alive.

mod health;
mod plain;
mod replay;
mod run;
mod screen;
mod screenshots;

pub use health::health;
pub use replay::{ReplayArgs, replay};
pub use run::{RunArgs, run};
