//! How a tab came to its document: what was asked for, and what the server answered. Pure; fed by the context's event
//! pump.

use std::collections::VecDeque;

use crate::observe::DocumentResponse;

/// Documents of a tab that are remembered to have been committed.
const REMEMBERED: usize = 8;

/// Of one tab.
#[derive(Debug)]
pub(crate) struct DocumentLoad {
    /// Where the last action led, before the site sent it elsewhere.
    requested_url: Option<String>,
    /// An action has begun: where the tab goes next is asked for.
    expects_request: bool,
    /// The last response to a request for a document, with its loader.
    response: Option<(String, DocumentResponse)>,
    /// Why the last document could not be loaded, with its loader.
    failure: Option<(String, String)>,
    /// The loader of the document that is committed.
    loader: String,
    /// Those of the last documents that were committed.
    committed: VecDeque<String>,
}

impl Default for DocumentLoad {
    fn default() -> Self {
        Self {
            requested_url: None,
            expects_request: true,
            response: None,
            failure: None,
            loader: String::new(),
            committed: VecDeque::new(),
        }
    }
}

impl DocumentLoad {
    /// An action begins.
    pub(crate) fn action_started(&mut self) {
        self.expects_request = true;
    }

    /// The main frame asks for a document. What is sent with a form asks for nothing but a page after `current`.
    pub(crate) fn requested(&mut self, url: &str, method: &str, current: &str) {
        self.navigated(if method == "GET" { url } else { current });
    }

    /// The URL changed within the document.
    pub(crate) fn same_document_navigation(&mut self, url: &str) {
        self.navigated(url);
    }

    fn navigated(&mut self, url: &str) {
        // Later moves of the same action are redirects, by the server or by a script.
        if std::mem::take(&mut self.expects_request) {
            self.requested_url = Some(url.to_owned());
        }
    }

    pub(crate) fn response_received(&mut self, loader: String, response: DocumentResponse) {
        self.response = Some((loader, response));
    }

    /// Whether the document of a loader has been committed, lately at least.
    pub(crate) fn has_committed(&self, loader: &str) -> bool {
        self.committed.iter().any(|committed| committed == loader)
    }

    /// A document of the tab could not be loaded; the browser shows a page of its own in its place.
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

    /// What the server answered for the document that is committed; none for one that was not asked of a server.
    pub(crate) fn response(&self) -> Option<&DocumentResponse> {
        self.response.as_ref().filter(|(loader, _)| *loader == self.loader).map(|(_, response)| response)
    }

    /// Why what is committed is not the document that was asked for but the browser's word that there is none.
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
    fn what_was_asked_for_outlives_redirects_and_actions_that_go_nowhere() {
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
    fn an_answer_counts_for_its_own_document_alone() {
        let mut load = DocumentLoad::default();
        load.response_received("1".into(), DocumentResponse { status: 403, ..DocumentResponse::default() });
        load.document_committed("1");
        assert_eq!(load.response().map(|response| response.status), Some(403));
        load.document_committed("2");
        assert_eq!(load.response(), None);
    }

    #[test]
    fn a_failure_counts_for_its_own_document_alone() {
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
