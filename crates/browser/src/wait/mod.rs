//! Waiting for what an action started.

pub(crate) mod pending_navigation;
pub(crate) mod settle;
