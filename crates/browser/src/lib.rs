//! Chromium behind the agent's `Page` port: found, started, pooled, observed, acted on, and cleaned up after.

mod act;
mod activity;
mod arrival;
mod context;
mod course;
mod cover;
mod egress;
mod error;
mod files;
mod find;
mod frames;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod gather;
mod guard;
mod labels;
mod launch;
mod memory;
pub mod observe;
mod page;
mod panics;
mod pool;
mod process;
mod profile;
mod renderers;
mod sandbox;
mod screenshot;
pub mod settings;
mod settle;
mod shadows;
mod sight;
mod tabs;
mod targets;
mod transit;
pub mod warden;
mod world;

pub use egress::{Resolver, SystemResolver};
pub use pool::{Pool, PoolError};
pub use sandbox::Sandbox;
