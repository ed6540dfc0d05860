//! The program on a terminal or in a container, with a real Chromium: its output, exit codes and leftovers.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself")]

mod health;
mod interrupted;
mod log;
mod no_browser;
mod open_files;
mod replay;
mod run;
mod serve;
mod test_env;
