//! The subcommands without a server: `run`, `replay` and `health`.

mod health;
mod plain;
mod replay;
mod run;
mod screen;
mod screenshots;

pub use health::health;
pub use replay::{ReplayArgs, replay};
pub use run::{RunArgs, run};
