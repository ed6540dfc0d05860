//! Chromium behind the agent's `Page` port: found, started, pooled, observed, acted on, and cleaned up after.

pub mod observe;
pub mod settings;
mod settle;
mod sight;
mod tabs;
pub mod warden;
mod wire;
mod world;

pub use pool::{Pool, PoolError};
