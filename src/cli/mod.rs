//! The subcommands without a server: `run`, `replay` and `health`.

mod health;
mod plain;
mod replay;
mod run;
mod screen;

use std::process::ExitCode;

use plain::plain_line;

use crate::shutdown;

pub use health::health;
pub use replay::{ReplayArgs, replay};
pub use run::{RunArgs, run};

/// Everything else is part of a command's output.
const LOG_FILTER: &str = "error";
/// Longest line of an error, in characters.
const MAX_LINE: usize = 1_000;

/// Exit code of an error, as clap's for wrong usage.
const FAILED: u8 = 2;
/// 128 + SIGINT, as in shells.
const INTERRUPTED: u8 = 130;

/// Runs a command to its end and prints its error.
fn exit_code(command: impl Future<Output = anyhow::Result<u8>>) -> ExitCode {
    let code = shutdown::run_to_end(command).unwrap_or_else(|error| {
        eprintln!("browser-use-service: {}", plain_line(&format!("{error:#}"), MAX_LINE));
        FAILED
    });
    code.into()
}
