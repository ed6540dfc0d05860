//! The handlers.

pub(super) mod files;
pub(super) mod health;
pub(super) mod resume;
pub(super) mod run;
pub(super) mod runs;
