//! Waiting for the effects of actions.

pub(crate) mod capture;
pub(crate) mod pending_navigation;
pub(crate) mod settle;
