//! A tab's navigation and network activity. Pure; updated by events, read while settling.

use std::collections::HashMap;

use tokio::time::Instant;

/// Event counters, for comparing two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ActivityCounts {
    /// Documents committed in the main frame.
    pub(crate) documents: u64,
    /// Same-document navigations of the main frame.
    pub(crate) same_document: u64,
    requests: u64,
}

/// Maximum number of tracked requests. A page above it counts as busy.
const MAX_INFLIGHT: usize = 4_096;

#[derive(Debug, Default)]
pub(crate) struct Activity {
    now: ActivityCounts,
    inflight: HashMap<String, Request>,
    navigation: Navigation,
}

#[derive(Debug)]
struct Request {
    number: u64,
    kind_of: RequestKind,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RequestKind {
    /// It affects what the page says.
    Content,
    /// It affects only how the page looks.
    Appearance,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Navigation {
    /// Requested, without a response yet.
    Requested(PendingNavigation),
    /// Committed, and still parsing.
    Parsing { loader: String },
    #[default]
    Idle,
}

/// A navigation without a response yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PendingNavigation {
    /// Before redirects.
    pub(crate) url: String,
    pub(crate) since: Instant,
}

impl Activity {
    pub(crate) fn counts(&self) -> ActivityCounts {
        self.now
    }

    /// Whether the main frame is navigating.
    pub(crate) fn is_navigating(&self) -> bool {
        self.navigation != Navigation::Idle
    }

    pub(crate) fn pending_navigation(&self) -> Option<&PendingNavigation> {
        match &self.navigation {
            Navigation::Requested(pending) => Some(pending),
            Navigation::Parsing { .. } | Navigation::Idle => None,
        }
    }

    /// Requests started since and not finished: those for content, and all.
    pub(crate) fn pending_since(&self, mark: ActivityCounts) -> (usize, usize) {
        let since = || self.inflight.values().filter(|request| request.number > mark.requests);
        (since().filter(|request| request.kind_of == RequestKind::Content).count(), since().count())
    }

    pub(crate) fn navigation_requested(&mut self, url: &str, now: Instant) {
        let since = self.pending_navigation().map_or(now, |pending| pending.since);
        self.navigation = Navigation::Requested(PendingNavigation { url: url.to_owned(), since });
    }

    /// The navigation ended without a document: a download, a 204, a refusal, a stop.
    pub(crate) fn loading_stopped(&mut self) {
        self.navigation = Navigation::Idle;
    }

    pub(crate) fn document_committed(&mut self, loader: &str) {
        self.now.documents += 1;
        // Requests of the previous document may never be reported as finished.
        self.inflight.clear();
        self.navigation = Navigation::Parsing { loader: loader.to_owned() };
    }

    pub(crate) fn document_parsed(&mut self, loader: &str) {
        if matches!(&self.navigation, Navigation::Parsing { loader: current } if current == loader) {
            self.navigation = Navigation::Idle;
        }
    }

    pub(crate) fn same_document_navigation(&mut self) {
        self.now.same_document += 1;
        if self.pending_navigation().is_some() {
            self.navigation = Navigation::Idle;
        }
    }

    pub(crate) fn request_started(&mut self, id: String, kind: Option<&str>) {
        let kind_of = match kind {
            // These stay open as long as the page, or nobody waits for them.
            Some("EventSource" | "WebSocket" | "Ping" | "Prefetch" | "CSPViolationReport") => return,
            Some("Image" | "Media" | "Font" | "Manifest" | "TextTrack" | "Other") => RequestKind::Appearance,
            _ => RequestKind::Content,
        };
        self.now.requests += 1;
        if self.inflight.len() >= MAX_INFLIGHT && !self.inflight.contains_key(&id) {
            return;
        }
        // A redirect keeps its request's id and number.
        self.inflight.entry(id).or_insert(Request { number: self.now.requests, kind_of });
    }

    pub(crate) fn request_ended(&mut self, id: &str) {
        self.inflight.remove(id);
    }

    /// The renderer is gone.
    pub(crate) fn reset(&mut self) {
        self.inflight.clear();
        self.navigation = Navigation::Idle;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn pending(activity: &Activity, mark: ActivityCounts) -> (usize, usize) {
        activity.pending_since(mark)
    }

    #[test]
    fn a_new_tab_is_idle() {
        let activity = Activity::default();
        assert!(!activity.is_navigating());
        assert_eq!(pending(&activity, activity.counts()), (0, 0));
    }

    #[test]
    fn requests_are_pending_from_their_start_to_their_end() {
        let mut activity = Activity::default();
        let mark = activity.counts();
        activity.request_started("1".into(), Some("XHR"));
        activity.request_started("2".into(), Some("Image"));
        assert_eq!(pending(&activity, mark), (1, 2), "a picture decides only what the page looks like");
        activity.request_ended("1");
        activity.request_ended("unknown");
        assert_eq!(pending(&activity, mark), (0, 1));
    }

    #[test]
    fn requests_from_before_an_action_are_not_awaited() {
        let mut activity = Activity::default();
        activity.request_started("earlier".into(), Some("Fetch"));
        let mark = activity.counts();
        assert_eq!(pending(&activity, mark), (0, 0));
        activity.request_started("later".into(), Some("Fetch"));
        assert_eq!(pending(&activity, mark), (1, 1));
        // A redirect of the earlier request is still the earlier one.
        activity.request_started("earlier".into(), Some("Fetch"));
        assert_eq!(pending(&activity, mark), (1, 1));
        assert_eq!(pending(&activity, ActivityCounts::default()), (2, 2));
    }

    #[test]
    fn long_lived_requests_are_never_pending() {
        let mut activity = Activity::default();
        for kind in ["EventSource", "WebSocket", "Ping", "Prefetch", "CSPViolationReport"] {
            activity.request_started(kind.into(), Some(kind));
        }
        assert_eq!(pending(&activity, ActivityCounts::default()), (0, 0));
        activity.request_started("unknown".into(), None);
        activity.request_started("new".into(), Some("SomethingNew"));
        assert_eq!(pending(&activity, ActivityCounts::default()), (2, 2));
    }

    #[test]
    fn a_navigation_lasts_until_its_document_is_parsed() {
        let mut activity = Activity::default();
        activity.navigation_requested("https://a.example/", Instant::now());
        assert!(activity.is_navigating());
        activity.document_committed("loader");
        assert!(activity.is_navigating());
        activity.document_parsed("an earlier loader");
        assert!(activity.is_navigating());
        activity.document_parsed("loader");
        assert!(!activity.is_navigating());
        assert_eq!(activity.counts().documents, 1);
    }

    #[test]
    fn a_document_that_redirects_while_parsing_is_still_navigating() {
        let mut activity = Activity::default();
        activity.document_committed("first");
        activity.navigation_requested("https://a.example/", Instant::now());
        activity.document_parsed("first");
        assert!(activity.is_navigating());
    }

    #[test]
    fn a_navigation_is_pending_until_its_first_response() {
        let mut activity = Activity::default();
        let start = Instant::now();
        assert_eq!(activity.pending_navigation(), None);
        activity.navigation_requested("https://a.example/", start);
        activity.navigation_requested("https://b.example/", start + Duration::from_secs(1));
        assert_eq!(
            activity.pending_navigation(),
            Some(&PendingNavigation { url: "https://b.example/".into(), since: start })
        );
        activity.document_committed("loader");
        assert_eq!(activity.pending_navigation(), None);
    }

    #[test]
    fn a_cancelled_navigation_ends_without_a_document() {
        let mut activity = Activity::default();
        let mark = activity.counts();
        activity.navigation_requested("https://a.example/", Instant::now());
        activity.loading_stopped();
        assert!(!activity.is_navigating());
        assert_eq!(activity.counts(), mark);
    }

    #[test]
    fn a_same_document_navigation_ends_a_pending_one_but_not_parsing() {
        let mut activity = Activity::default();
        activity.navigation_requested("https://a.example/", Instant::now());
        activity.same_document_navigation();
        assert!(!activity.is_navigating());
        assert_eq!((activity.counts().same_document, activity.counts().documents), (1, 0));
        activity.document_committed("loader");
        activity.same_document_navigation();
        assert!(activity.is_navigating());
    }

    #[test]
    fn a_new_document_drops_the_requests_of_the_previous_one() {
        let mut activity = Activity::default();
        activity.request_started("old".into(), Some("Script"));
        activity.document_committed("loader");
        assert_eq!(pending(&activity, ActivityCounts::default()), (0, 0));
        // The end of a request of the previous document changes nothing.
        activity.request_started("new".into(), Some("Script"));
        activity.request_ended("old");
        assert_eq!(pending(&activity, ActivityCounts::default()), (1, 1));
    }

    #[test]
    fn a_crashed_tab_is_idle_and_keeps_its_counts() {
        let mut activity = Activity::default();
        activity.document_committed("loader");
        activity.request_started("1".into(), None);
        let mark = activity.counts();
        activity.reset();
        assert!(!activity.is_navigating());
        assert_eq!(pending(&activity, ActivityCounts::default()), (0, 0));
        assert_eq!(activity.counts(), mark);
    }

    #[test]
    fn the_number_of_tracked_requests_is_bounded() {
        let mut activity = Activity::default();
        (0..MAX_INFLIGHT + 500).for_each(|n| activity.request_started(n.to_string(), Some("Fetch")));
        assert_eq!(pending(&activity, ActivityCounts::default()), (MAX_INFLIGHT, MAX_INFLIGHT));
        activity.request_ended("0");
        activity.request_started("later".into(), Some("Fetch"));
        assert_eq!(activity.inflight.len(), MAX_INFLIGHT);
    }
}
