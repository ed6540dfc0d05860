//! Pure state of a tab's navigations and requests, updated by events.

pub(crate) mod activity;
pub(crate) mod document_response;
pub(crate) mod tracker;

use agent::text::shorten;

/// A URL, shortened for messages.
pub(crate) fn short_url(url: &str) -> String {
    shorten(url, 200)
}
