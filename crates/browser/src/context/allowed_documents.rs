//! Which documents a tab may show. Documents without a request, such as blobs and the browser's own pages, pass no
//! request filter, so they are checked when they commit.

use chromiumoxide_cdp::cdp::browser_protocol::page::NavigateParams;
use url::{Origin, Url};

use super::state::ContextState;
use super::tabs::Tabs;
use crate::navigation::short_url;
use cdp::events::Frame;

impl ContextState {
    /// Navigates a tab away from a document it must not show. Runs before the tab state is updated.
    pub(super) fn check_document(&self, session: &str, frame: &Frame) {
        let (mut tabs, url) = (self.tabs(), frame.document_url());
        let may_be_shown = may_be_shown(url, &tabs);
        let Some(tab) = tabs.of_session(session).filter(|tab| *tab.target == *frame.id) else { return };
        if may_be_shown {
            tab.origin = origin(url).or(tab.origin.take());
            return;
        }
        tracing::debug!(url = short_url(url), "leaving a document that must not be shown");
        tab.session.send(NavigateParams::new("about:blank"));
        tab.add_notice(format!("the tab went to {}, which may not be shown, and was emptied", short_url(url)));
    }
}

/// Whether a tab may show a document: web pages, and blobs created by the run's own pages.
fn may_be_shown(url: &str, tabs: &Tabs) -> bool {
    let scheme = Url::parse(url).map(|url| url.scheme().to_owned());
    match scheme.as_deref() {
        Ok("http" | "https" | "about" | "chrome-error") => true,
        Ok("blob") => origin(url).is_some_and(|origin| tabs.any(|tab| tab.origin.as_ref() == Some(&origin))),
        _ => false,
    }
}

/// The origin, unless it is opaque.
fn origin(url: &str) -> Option<Origin> {
    Url::parse(url).ok().map(|url| url.origin()).filter(Origin::is_tuple)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_util::task::TaskTracker;

    use super::*;
    use cdp::Connection;

    #[tokio::test]
    async fn a_tab_may_show_web_pages_and_their_blobs() {
        let (socket, _) = tokio::io::duplex(1);
        let (connection, _) = Connection::open(socket, Duration::from_secs(1), &TaskTracker::new());
        let mut tabs = Tabs::default();
        tabs.add(connection.session("s"), "t", String::new());
        tabs.active().unwrap().origin = origin("https://shop.example/cart");
        for url in [
            "http://other.example/",
            "https://other.example/",
            "about:blank",
            "about:srcdoc",
            "chrome-error://chromewebdata/",
            "blob:https://shop.example/1",
        ] {
            assert!(may_be_shown(url, &tabs), "{url}");
        }
        // A tab may have its URL before its document was checked.
        tabs.add(connection.session("n"), "n", "blob:https://other.example/1".into());
        for url in [
            "blob:https://other.example/1",
            "blob:http://shop.example/1",
            "blob:https://shop.example:8443/1",
            "blob:null/1",
            "data:text/html,x",
            "file:///etc/passwd",
            "chrome://version/",
            "devtools://devtools/x",
            "chrome-extension://x/y",
            "filesystem:https://shop.example/x",
            "view-source:https://shop.example/",
            "javascript:1",
            "",
        ] {
            assert!(!may_be_shown(url, &tabs), "{url}");
        }
    }
}
