//! How a tab came to its document: what was asked for, and what the server answered. Pure; fed by the context's event
//! pump.

use std::collections::VecDeque;

use crate::observe::Answer;

/// Documents of a tab that are remembered to have been shown.
const REMEMBERED: usize = 8;

/// Of one tab.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// Where the last action led, before the site sent it elsewhere.
    asked: Option<String>,
    /// An action has begun: where the tab goes next is asked for.
    acted: bool,
    /// The last answer to a request for a document, with its loader.
    answer: Option<(String, Answer)>,
    /// Why the last document could not be loaded, with its loader.
    failure: Option<(String, String)>,
    /// The loader of the document that is shown.
    loader: String,
    /// Those of the last documents that were shown.
    shown: VecDeque<String>,
}

impl Default for Arrival {
    fn default() -> Self {
        Self { asked: None, acted: true, answer: None, failure: None, loader: String::new(), shown: VecDeque::new() }
    }
}

impl Arrival {
    /// An action begins.
    pub(crate) fn acted(&mut self) {
        self.acted = true;
    }

    /// The main frame asks for a document. What is sent with a form asks for nothing but a page after `current`.
    pub(crate) fn requested(&mut self, url: &str, method: &str, current: &str) {
        self.went(if method == "GET" { url } else { current });
    }

    /// The URL changed within the document.
    pub(crate) fn moved_within_document(&mut self, url: &str) {
        self.went(url);
    }

    fn went(&mut self, url: &str) {
        // Later moves of the same action are redirects, by the server or by a script.
        if std::mem::take(&mut self.acted) {
            self.asked = Some(url.to_owned());
        }
    }

    pub(crate) fn answered(&mut self, loader: String, answer: Answer) {
        self.answer = Some((loader, answer));
    }

    /// Whether the document of a loader has been shown, lately at least.
    pub(crate) fn has_shown(&self, loader: &str) -> bool {
        self.shown.iter().any(|shown| shown == loader)
    }

    /// A document of the tab could not be loaded; the browser shows a page of its own in its place.
    pub(crate) fn failed(&mut self, loader: String, cause: String) {
        self.failure = Some((loader, cause));
    }

    pub(crate) fn document_committed(&mut self, loader: &str) {
        self.shown.push_back(loader.to_owned());
        if self.shown.len() > REMEMBERED {
            self.shown.pop_front();
        }
        loader.clone_into(&mut self.loader);
    }

    /// What the server answered for the document that is shown; none for one that was not asked of a server.
    pub(crate) fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref().filter(|(loader, _)| *loader == self.loader).map(|(_, answer)| answer)
    }

    /// Why what is shown is not the document that was asked for but the browser's word that there is none.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_ref().filter(|(loader, _)| *loader == self.loader).map(|(_, cause)| cause.as_str())
    }

    pub(crate) fn asked(&self) -> Option<&str> {
        self.asked.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_outlives_redirects_and_actions_that_go_nowhere() {
        let mut arrival = Arrival::default();
        arrival.requested("https://a.example/account", "GET", "about:blank");
        arrival.requested("https://a.example/login", "GET", "about:blank");
        arrival.moved_within_document("https://a.example/login#form");
        arrival.acted();
        assert_eq!(arrival.asked(), Some("https://a.example/account"));
        arrival.requested("https://a.example/session", "POST", "https://a.example/login");
        assert_eq!(arrival.asked(), Some("https://a.example/login"));
    }

    #[test]
    fn an_answer_counts_for_its_own_document_alone() {
        let mut arrival = Arrival::default();
        arrival.answered("1".into(), Answer { status: 403, ..Answer::default() });
        arrival.document_committed("1");
        assert_eq!(arrival.answer().map(|answer| answer.status), Some(403));
        arrival.document_committed("2");
        assert_eq!(arrival.answer(), None);
    }

    #[test]
    fn a_failure_counts_for_its_own_document_alone() {
        let mut arrival = Arrival::default();
        arrival.failed("2".into(), "net::ERR_CONNECTION_REFUSED".into());
        arrival.document_committed("1");
        assert_eq!(arrival.failure(), None);
        arrival.document_committed("2");
        assert_eq!(arrival.failure(), Some("net::ERR_CONNECTION_REFUSED"));
        arrival.document_committed("3");
        assert_eq!(arrival.failure(), None);
    }
}
