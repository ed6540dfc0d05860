//! The demo shop, independent clients, deployment files.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself")]

mod clients;
mod clients_are_strict;
mod clients_read_real_runs;
mod deployment;
mod evaluation;
mod shop;

/// The service's program.
const SERVICE: &str = env!("CARGO_BIN_EXE_browser-use-service");
