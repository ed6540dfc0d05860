//! Chromium behind the agent's `Page` port.

mod act;
mod context;
mod egress;
mod error;
mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod isolated_world;
mod navigation;
pub mod observe;
mod page;
pub mod pdf;
mod pool;
mod process;
pub mod settings;
mod trace;
mod wait;

pub use egress::{Resolver, SystemResolver};
pub use page::BrowserPage;
pub use pool::{Pool, PoolError};
pub use process::sandbox::Sandbox;
pub use process::warden;
