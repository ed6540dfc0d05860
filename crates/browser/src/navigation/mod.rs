//! What is known of a tab's navigations and requests. Pure; fed with events.

pub(crate) mod activity;
pub(crate) mod document_response;
pub(crate) mod tracker;
