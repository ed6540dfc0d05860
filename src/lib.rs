//! Runs one browser agent per request in a real Chromium and streams what happens as server-sent events.
//!
//! The modules in reading order; `docs/ARCHITECTURE.md` says how they and the crates fit together:
//!
//! - [`run`]: one run's life, from admission to its terminal event.
//! - [`http`]: routes, authentication, event frames.
//! - [`recording`]: runs and their recordings.
//! - [`machine`]: the memory there is, and how much of it is used.
//! - [`config`]: typed settings from the environment.
//! - [`telemetry`] and [`shutdown`]: log lines; signals and the phases of stopping.
//! - [`app`]: puts it all together.
//! - [`cli`]: the modes without a server.

pub mod app;
pub mod cli;
pub mod config;
pub mod http;
pub mod machine;
pub mod recording;
pub mod run;
pub mod shutdown;
pub mod telemetry;
