//! How a tab's document was loaded: what was requested, and the server's response. Pure; updated by events.

use std::collections::VecDeque;

use crate::observe::DocumentResponse;

/// Number of committed documents remembered.
const REMEMBERED: usize = 8;

#[derive(Debug, Default)]
pub(crate) struct DocumentLoad {
    /// The URL requested by the last action, before redirects.
    requested_url: Option<String>,
    /// The last action has made its request: further navigations are redirects, by the server or a script.
    has_requested: bool,
    /// The last main document response and its loader.
    response: Option<(String, DocumentResponse)>,
    /// That response has a body.
    has_body: bool,
    /// The last loading error and its loader.
    failure: Option<(String, String)>,
    /// The loader of the current document.
    loader: String,
    /// The loaders of recent documents.
    committed: VecDeque<String>,
}

impl DocumentLoad {
    pub(crate) fn action_started(&mut self) {
        self.has_requested = false;
    }

    /// The main frame requests a document. A form submission counts as a request for `current`.
    pub(crate) fn requested(&mut self, url: &str, method: &str, current: &str) {
        self.navigated(if method == "GET" { url } else { current });
    }

    /// The main frame navigated within its document.
    pub(crate) fn same_document_navigation(&mut self, url: &str) {
        self.navigated(url);
    }

    fn navigated(&mut self, url: &str) {
        if !std::mem::replace(&mut self.has_requested, true) {
            self.requested_url = Some(url.to_owned());
        }
    }

    pub(crate) fn response_received(&mut self, loader: String, response: DocumentResponse) {
        self.response = Some((loader, response));
        self.has_body = false;
    }

    /// Bytes of a request's body. A document's request has the id of its loader.
    pub(crate) fn data_received(&mut self, request: &str) {
        self.has_body |= self.response.as_ref().is_some_and(|(loader, _)| loader == request);
    }

    /// An error status without a body is a failure. Chromium shows an error page for it, the headless shell does not.
    pub(crate) fn loading_finished(&mut self, request: String) {
        let is_empty = |(loader, response): &(String, DocumentResponse)| {
            !self.has_body && *loader == request && response.status >= 400
        };
        if self.response.as_ref().is_some_and(is_empty) {
            self.loading_failed(request, "net::ERR_HTTP_RESPONSE_CODE_FAILURE".to_owned());
        }
    }

    /// Whether a loader's document has committed recently.
    pub(crate) fn has_committed(&self, loader: &str) -> bool {
        self.committed.iter().any(|committed| committed == loader)
    }

    /// A document failed to load; Chromium shows an error page instead.
    pub(crate) fn loading_failed(&mut self, loader: String, cause: String) {
        self.failure = Some((loader, cause));
    }

    pub(crate) fn document_committed(&mut self, loader: &str) {
        self.committed.push_back(loader.to_owned());
        if self.committed.len() > REMEMBERED {
            self.committed.pop_front();
        }
        loader.clone_into(&mut self.loader);
    }

    /// The server's response for the current document; none if it did not come from a server.
    pub(crate) fn response(&self) -> Option<&DocumentResponse> {
        self.response.as_ref().filter(|(loader, _)| *loader == self.loader).map(|(_, response)| response)
    }

    /// The error that the current error page stands for.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_ref().filter(|(loader, _)| *loader == self.loader).map(|(_, cause)| cause.as_str())
    }

    pub(crate) fn requested_url(&self) -> Option<&str> {
        self.requested_url.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requested_url_survives_redirects_and_other_actions() {
        let mut load = DocumentLoad::default();
        load.requested("https://a.example/account", "GET", "about:blank");
        load.requested("https://a.example/login", "GET", "about:blank");
        load.same_document_navigation("https://a.example/login#form");
        load.action_started();
        assert_eq!(load.requested_url(), Some("https://a.example/account"));
        load.requested("https://a.example/session", "POST", "https://a.example/login");
        assert_eq!(load.requested_url(), Some("https://a.example/login"));
    }

    #[test]
    fn an_error_status_without_a_body_is_a_failure() {
        for (status, body, fails) in [(500, false, true), (500, true, false), (200, false, false)] {
            let mut load = DocumentLoad::default();
            load.response_received("1".into(), DocumentResponse { status, ..DocumentResponse::default() });
            load.document_committed("1");
            if body {
                load.data_received("1");
            }
            load.loading_finished("2".into());
            assert_eq!(load.failure(), None);
            load.loading_finished("1".into());
            assert_eq!(load.failure().is_some(), fails, "{status} {body}");
        }
    }

    #[test]
    fn a_response_applies_only_to_its_document() {
        let mut load = DocumentLoad::default();
        load.response_received("1".into(), DocumentResponse { status: 403, ..DocumentResponse::default() });
        load.document_committed("1");
        assert_eq!(load.response().map(|response| response.status), Some(403));
        load.document_committed("2");
        assert_eq!(load.response(), None);
    }

    #[test]
    fn a_failure_applies_only_to_its_document() {
        let mut load = DocumentLoad::default();
        load.loading_failed("2".into(), "net::ERR_CONNECTION_REFUSED".into());
        load.document_committed("1");
        assert_eq!(load.failure(), None);
        load.document_committed("2");
        assert_eq!(load.failure(), Some("net::ERR_CONNECTION_REFUSED"));
        load.document_committed("3");
        assert_eq!(load.failure(), None);
    }
}
