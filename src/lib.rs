//! Runs one browser agent per request in a real Chromium and streams what happens as server-sent events.
//!
//! The modules in reading order; `docs/ARCHITECTURE.md` says which may import which, and a test holds it:
//!
//! - [`policy`]: which URLs a run may reach; pure.
//! - [`agent`]: what the agent sees, decides and does, and the ports ([`agent::ports`]) it needs for that.
//! - [`run`]: one run's life, from admission to its terminal event.
//! - [`http`]: the wire: routes, authentication, event frames.
//! - [`llm`]: model providers behind the agent's `ChatModel` port.
//! - [`browser`]: Chromium behind the agent's `Page` port.
//! - [`replay`]: runs kept as files, and run again out of them.
//! - [`machine`]: the memory there is, and the use of it.
//! - [`config`]: typed settings from the environment.
//! - [`telemetry`] and [`shutdown`]: log lines; signals and the phases of stopping.
//! - [`app`]: puts it all together.
//! - [`cli`]: the modes without a server.

pub mod agent;
pub mod app;
pub mod browser;
pub mod cli;
pub mod config;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod http;
pub mod llm;
pub mod machine;
pub mod policy;
pub mod replay;
pub mod run;
pub mod shutdown;
pub mod telemetry;
