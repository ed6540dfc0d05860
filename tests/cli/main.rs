//! The program as a person or a container starts it, with a real Chromium: what it prints, what it exits with, what it
//! leaves behind.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself")]

mod ground;
mod health;
mod interrupted;
mod log;
mod no_browser;
mod open_files;
mod replay;
mod run;
mod serve;
