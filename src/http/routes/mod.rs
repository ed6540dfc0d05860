//! One handler a route.

pub(super) mod health;
pub(super) mod resume;
pub(super) mod run;
