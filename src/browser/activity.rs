//! What a tab is busy with, as its events tell it: navigations and requests. Pure; fed by the context's event pump,
//! read by settling.

use std::collections::HashMap;

/// Counts of things that happened, to compare two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Mark {
    /// Documents the main frame has committed.
    pub(crate) documents: u64,
    /// Changes of the main frame's URL within its document.
    pub(crate) same_document: u64,
    /// Requests started.
    requests: u64,
}

/// One tab's activity.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    now: Mark,
    inflight: HashMap<String, Request>,
    navigation: Navigation,
}

#[derive(Debug)]
struct Request {
    number: u64,
    weight: Weight,
}

/// Whether a request is worth waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// It decides what the page says.
    Content,
    /// It decides what the page looks like.
    Looks,
}

/// Where the main frame stands.
#[derive(Debug, Default, PartialEq, Eq)]
enum Navigation {
    /// Asked for, by a link, a form or a script; nothing has come back.
    Requested,
    /// A new document is there and is being parsed.
    Parsing { loader: String },
    #[default]
    Done,
}

impl Activity {
    pub(crate) fn mark(&self) -> Mark {
        self.now
    }

    /// Whether a navigation of the main frame is under way.
    pub(crate) fn is_navigating(&self) -> bool {
        self.navigation != Navigation::Done
    }

    /// Requests started since the mark and not through: those that decide what the page says, and all.
    pub(crate) fn pending_since(&self, mark: Mark) -> (usize, usize) {
        let since = || self.inflight.values().filter(|request| request.number > mark.requests);
        (since().filter(|request| request.weight == Weight::Content).count(), since().count())
    }

    pub(crate) fn navigation_requested(&mut self) {
        self.navigation = Navigation::Requested;
    }

    /// The navigation came to nothing: a download, a 204, a refusal, a stop.
    pub(crate) fn loading_stopped(&mut self) {
        self.navigation = Navigation::Done;
    }

    pub(crate) fn document_committed(&mut self, loader: &str) {
        self.now.documents += 1;
        // What the old document had asked for is of no interest any more; its requests may never be told as ended.
        self.inflight.clear();
        self.navigation = Navigation::Parsing { loader: loader.to_owned() };
    }

    pub(crate) fn document_parsed(&mut self, loader: &str) {
        if matches!(&self.navigation, Navigation::Parsing { loader: current } if current == loader) {
            self.navigation = Navigation::Done;
        }
    }

    pub(crate) fn moved_within_document(&mut self) {
        self.now.same_document += 1;
        if self.navigation == Navigation::Requested {
            self.navigation = Navigation::Done;
        }
    }

    pub(crate) fn request_started(&mut self, id: String, kind: Option<&str>) {
        let weight = match kind {
            // They stay open as long as the page lives, or tell the server something nobody waits for.
            Some("EventSource" | "WebSocket" | "Ping" | "Prefetch" | "CSPViolationReport") => return,
            Some("Image" | "Media" | "Font" | "Manifest" | "TextTrack" | "Other") => Weight::Looks,
            _ => Weight::Content,
        };
        self.now.requests += 1;
        // A redirect keeps its id and its place.
        self.inflight.entry(id).or_insert(Request { number: self.now.requests, weight });
    }

    pub(crate) fn request_ended(&mut self, id: &str) {
        self.inflight.remove(id);
    }

    /// The renderer is gone and tells nothing any more.
    pub(crate) fn reset(&mut self) {
        self.inflight.clear();
        self.navigation = Navigation::Done;
    }
}
