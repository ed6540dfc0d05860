//! What a tab may show. Documents that nothing is requested for, such as blobs and the browser's own pages, pass no door:
//! they are looked at when they have come.

use chromiumoxide_cdp::cdp::browser_protocol::page::NavigateParams;
use url::Url;

use super::Shared;
use crate::browser::cdp::Event;
use crate::browser::tabs::{Tab, Tabs};
use crate::browser::transit::short;
use crate::browser::wire;

impl Shared {
    /// Takes a tab back from a document that it may not show. To be called before the tab hears of it.
    pub(super) fn look_at_document(&self, event: &Event) {
        let (Some(session), Some(wire::FrameNavigated { frame, .. })) = (&event.session, event.parse()) else { return };
        let mut tabs = self.tabs();
        if may_be_shown(frame.document_url(), &tabs) {
            return;
        }
        if let Some(tab) = tabs.of_session(session).filter(|tab| *tab.target == *frame.id) {
            tracing::debug!(url = short(frame.document_url()), "a document is taken away");
            tab.session.tell(NavigateParams::new("about:blank"));
            tab.tell(format!(
                "the tab went to {}, which may not be shown, and was emptied",
                short(frame.document_url())
            ));
        }
    }
}

/// Whether a tab may show a document: of the web, or of a blob that one of the run's pages has made.
fn may_be_shown(url: &str, tabs: &Tabs) -> bool {
    let Ok(parsed) = Url::parse(url) else { return false };
    let is_of = |tab: &Tab| tab.url != url && Url::parse(&tab.url).is_ok_and(|of| of.origin() == parsed.origin());
    match parsed.scheme() {
        "http" | "https" | "about" | "chrome-error" => true,
        "blob" => parsed.origin().is_tuple() && tabs.any(is_of),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::browser::cdp::Connection;

    #[tokio::test]
    async fn a_tab_shows_the_web_and_the_blobs_of_its_pages() {
        let (socket, _) = tokio::io::duplex(1);
        let (connection, _) = Connection::open(socket, Duration::from_secs(1), &TaskTracker::new());
        let mut tabs = Tabs::default();
        tabs.add(connection.session("s"), "t", "https://shop.example/cart".into());
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
        // A new tab has its address before its document was looked at.
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
