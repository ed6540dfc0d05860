//! The modes without a server: one run on the terminal, and the question whether a service is alive.

mod health;
mod plain;
mod run;
mod screen;
mod screenshots;

pub use health::health;
pub use run::{RunArgs, run};
