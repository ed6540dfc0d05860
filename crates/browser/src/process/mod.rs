//! Browser processes: finding, launching, limiting and cleaning up.

pub(crate) mod browser;
pub(crate) mod executable;
pub(crate) mod launch;
pub(crate) mod panics;
pub(crate) mod procfs;
pub(crate) mod profile;
pub(crate) mod renderers;
pub(crate) mod sandbox;
pub(crate) mod targets;
pub mod warden;
