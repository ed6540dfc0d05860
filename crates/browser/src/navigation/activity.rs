//! A tab's navigation and network activity. Pure; updated by events, read while settling.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

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

/// A response to a script that brings nothing for this long is over: Chromium reports no end while nobody reads the body.
const BODY_SILENCE: Duration = Duration::from_millis(300);
/// The same once all of its Content-Length is here.
const WHOLE_BODY_SILENCE: Duration = Duration::from_millis(50);
/// A response held back for this long may be one of a long poll.
const POLL_HELD: Duration = Duration::from_millis(500);
/// A request that follows its predecessor's response this soon is the next one of a long poll.
const POLL_REPEATS: Duration = Duration::from_millis(200);
/// Endpoints remembered that may be polled.
const MAX_POLLED: usize = 16;
/// The two events about a request's start come one right after the other.
const MAX_EARLY_REPORTS: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Activity {
    now: ActivityCounts,
    inflight: HashMap<String, Request>,
    /// Endpoints that held a response back, and when it came.
    held: VecDeque<(String, Instant)>,
    /// Requests that are known to be reports before they are known to have started.
    early_reports: VecDeque<String>,
    /// When the document was parsed.
    parsed: Option<Instant>,
    navigation: Navigation,
}

#[derive(Debug)]
struct Request {
    number: u64,
    kind_of: RequestKind,
    since: Instant,
    /// Method and URL without the query, of a script's request.
    endpoint: Option<String>,
    /// Of a script's request that has its response.
    body: Option<Body>,
    /// Whose document is requested, until it is known whether anybody sees that frame.
    unchecked_frame: Option<String>,
}

/// The body of a response as far as it has come.
#[derive(Debug)]
struct Body {
    /// Bytes to come; None when the server did not say how many there are.
    remaining: Option<u64>,
    last: Instant,
}

/// A request as it starts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NewRequest<'a> {
    pub(crate) id: &'a str,
    /// The protocol's resource type.
    pub(crate) kind: Option<&'a str>,
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    /// The frame whose document is requested, unless it is the main one.
    pub(crate) subframe: Option<&'a str>,
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

    /// Requests started since that can still change the page: those for content, and all.
    pub(crate) fn pending_since(&self, mark: ActivityCounts, now: Instant) -> (usize, usize) {
        let pending = || self.inflight.values().filter(|it| it.number > mark.requests && !it.is_over(now));
        (pending().filter(|request| request.kind_of == RequestKind::Content).count(), pending().count())
    }

    /// As [`pending_since`](Self::pending_since), those for content that were sent before the document was parsed.
    pub(crate) fn pending_from_parsing(&self, mark: ActivityCounts, now: Instant) -> usize {
        let is_of_parsing = |it: &Request| self.parsed.is_none_or(|parsed| it.since <= parsed);
        let pending = self.inflight.values().filter(|it| it.number > mark.requests && !it.is_over(now));
        pending.filter(|it| it.kind_of == RequestKind::Content && is_of_parsing(it)).count()
    }

    /// When the next of the responses that have begun is over if nothing more comes of it.
    pub(crate) fn next_over(&self, now: Instant) -> Option<Instant> {
        self.inflight.values().filter_map(Request::over_at).filter(|over| *over > now).min()
    }

    /// Frames whose documents are pending and of which nobody has looked whether they can be seen.
    pub(crate) fn unchecked_frames(&self) -> Vec<String> {
        self.inflight.values().filter_map(|request| request.unchecked_frame.clone()).collect()
    }

    /// A pending document is one that can be seen, or else not worth waiting for.
    pub(crate) fn frame_checked(&mut self, frame: &str, is_seen: bool) {
        self.inflight.retain(|_, request| {
            let is_its = request.unchecked_frame.as_deref() == Some(frame);
            request.unchecked_frame.take_if(|_| is_its);
            !is_its || is_seen
        });
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
        self.held.clear();
        self.parsed = None;
        self.navigation = Navigation::Parsing { loader: loader.to_owned() };
    }

    pub(crate) fn document_parsed(&mut self, loader: &str, now: Instant) {
        if matches!(&self.navigation, Navigation::Parsing { loader: current } if current == loader) {
            self.navigation = Navigation::Idle;
            self.parsed = Some(now);
        }
    }

    pub(crate) fn same_document_navigation(&mut self) {
        self.now.same_document += 1;
        if self.pending_navigation().is_some() {
            self.navigation = Navigation::Idle;
        }
    }

    pub(crate) fn request_started(&mut self, request: NewRequest<'_>, now: Instant) {
        let NewRequest { id, kind, method, url, subframe } = request;
        let kind_of = match kind {
            // These stay open as long as the page, or nobody waits for them.
            Some("EventSource" | "WebSocket" | "Ping" | "Prefetch" | "CSPViolationReport") => return,
            Some("Image" | "Media" | "Font" | "Manifest" | "TextTrack" | "Other") => RequestKind::Appearance,
            _ => RequestKind::Content,
        };
        self.now.requests += 1;
        let endpoint = matches!(kind, Some("Fetch" | "XHR")).then(|| endpoint(method, url));
        let is_poll = |endpoint: &String| {
            self.held.iter().any(|(held, responded)| held == endpoint && now < *responded + POLL_REPEATS)
        };
        let is_report = endpoint.is_some() && self.early_reports.iter().any(|early| early == id);
        if is_report
            || endpoint.as_ref().is_some_and(is_poll)
            || (self.inflight.len() >= MAX_INFLIGHT && !self.inflight.contains_key(id))
        {
            return;
        }
        // A redirect keeps its request's id and number.
        self.inflight.entry(id.to_owned()).or_insert_with(|| Request {
            number: self.now.requests,
            kind_of,
            since: now,
            endpoint,
            body: None,
            unchecked_frame: subframe.filter(|_| kind == Some("Document")).map(str::to_owned),
        });
    }

    /// A response has begun; `length` is that of its body as it is transferred, if the server said so.
    pub(crate) fn response_received(&mut self, id: &str, length: Option<u64>, now: Instant) {
        let Some(request) = self.inflight.get_mut(id) else { return };
        request.unchecked_frame = None;
        let Some(endpoint) = &request.endpoint else { return };
        request.body = Some(Body { remaining: length, last: now });
        if now > request.since + POLL_HELD {
            self.held.push_back((endpoint.clone(), now));
            if self.held.len() > MAX_POLLED {
                self.held.pop_front();
            }
        }
    }

    pub(crate) fn data_received(&mut self, id: &str, bytes: u64, now: Instant) {
        if let Some(body) = self.inflight.get_mut(id).and_then(|request| request.body.as_mut()) {
            body.remaining = body.remaining.map(|remaining| remaining.saturating_sub(bytes));
            body.last = now;
        }
    }

    /// A request is sent as reports are, in the mode `no-cors`: the script that sends it cannot read its response. This
    /// may be known before the request is.
    pub(crate) fn is_report(&mut self, id: &str) {
        match self.inflight.get(id) {
            Some(request) if request.endpoint.is_some() => {
                self.inflight.remove(id);
            }
            Some(_) => {}
            None => {
                self.early_reports.push_back(id.to_owned());
                if self.early_reports.len() > MAX_EARLY_REPORTS {
                    self.early_reports.pop_front();
                }
            }
        }
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

impl Request {
    /// When its response is over if nothing more comes of it.
    fn over_at(&self) -> Option<Instant> {
        let body = self.body.as_ref()?;
        Some(body.last + if body.remaining == Some(0) { WHOLE_BODY_SILENCE } else { BODY_SILENCE })
    }

    fn is_over(&self, now: Instant) -> bool {
        self.over_at().is_some_and(|over| over <= now)
    }
}

fn endpoint(method: &str, url: &str) -> String {
    format!("{method} {}", url.split(['?', '#']).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(activity: &Activity, mark: ActivityCounts) -> (usize, usize) {
        activity.pending_since(mark, Instant::now())
    }

    fn start(activity: &mut Activity, id: &str, kind: Option<&str>) {
        activity.request_started(NewRequest { id, kind, ..NewRequest::default() }, Instant::now());
    }

    #[test]
    fn a_silent_response_is_complete() {
        let (mut activity, now) = (Activity::default(), Instant::now());
        let content = |activity: &Activity, now| activity.pending_since(ActivityCounts::default(), now).0;
        for id in ["unread", "whole"] {
            start(&mut activity, id, Some("Fetch"));
        }
        assert_eq!((content(&activity, now + Duration::from_secs(60)), activity.next_over(now)), (2, None));
        activity.response_received("unread", None, now);
        activity.response_received("whole", Some(2), now);
        activity.data_received("whole", 2, now);
        assert_eq!(activity.next_over(now), Some(now + WHOLE_BODY_SILENCE));
        assert_eq!(content(&activity, now + WHOLE_BODY_SILENCE), 1);
        activity.data_received("unread", 9, now + Duration::from_millis(100));
        assert_eq!(content(&activity, now + BODY_SILENCE), 1);
        assert_eq!(content(&activity, now + Duration::from_millis(100) + BODY_SILENCE), 0);
    }

    #[test]
    fn a_stylesheet_is_pending_until_its_end() {
        let (mut activity, now) = (Activity::default(), Instant::now());
        start(&mut activity, "1", Some("Stylesheet"));
        activity.response_received("1", Some(0), now);
        assert_eq!(activity.pending_since(ActivityCounts::default(), now + Duration::from_secs(9)), (1, 1));
    }

    #[test]
    fn the_next_request_of_a_long_poll_is_not_pending() {
        let (mut activity, now) = (Activity::default(), Instant::now());
        let ask = |id, query| NewRequest { id, kind: Some("XHR"), method: "GET", url: query, subframe: None };
        let responded = now + POLL_HELD * 2;
        activity.request_started(ask("1", "https://a.example/news?since=0"), now);
        activity.response_received("1", None, responded);
        activity.request_ended("1");
        activity.request_started(ask("2", "https://a.example/news?since=1"), responded);
        assert_eq!(activity.pending_since(ActivityCounts::default(), responded), (0, 0));
        activity.request_started(ask("3", "https://a.example/other"), responded);
        activity.request_started(ask("4", "https://a.example/news"), responded + POLL_REPEATS);
        assert_eq!(activity.pending_since(ActivityCounts::default(), responded), (2, 2));
    }

    #[test]
    fn the_document_of_an_invisible_frame_is_not_pending() {
        let mut activity = Activity::default();
        for id in ["seen", "unseen"] {
            let asked = NewRequest { id, kind: Some("Document"), subframe: Some(id), ..NewRequest::default() };
            activity.request_started(asked, Instant::now());
        }
        assert_eq!(activity.unchecked_frames().len(), 2);
        activity.frame_checked("seen", true);
        activity.frame_checked("unseen", false);
        assert_eq!((activity.unchecked_frames().len(), pending(&activity, ActivityCounts::default())), (0, (1, 1)));
    }

    #[test]
    fn a_report_is_not_pending() {
        let mut activity = Activity::default();
        start(&mut activity, "report", Some("Fetch"));
        start(&mut activity, "script", Some("Script"));
        activity.is_report("report");
        activity.is_report("script");
        assert_eq!(pending(&activity, ActivityCounts::default()), (1, 1), "scripts are loaded in that mode as well");
        activity.is_report("early");
        start(&mut activity, "early", Some("Fetch"));
        assert_eq!(pending(&activity, ActivityCounts::default()), (1, 1), "its mode may be known first");
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
        start(&mut activity, "1", Some("XHR"));
        start(&mut activity, "2", Some("Image"));
        assert_eq!(pending(&activity, mark), (1, 2), "a picture decides only what the page looks like");
        activity.request_ended("1");
        activity.request_ended("unknown");
        assert_eq!(pending(&activity, mark), (0, 1));
    }

    #[test]
    fn requests_from_before_an_action_are_not_awaited() {
        let mut activity = Activity::default();
        start(&mut activity, "earlier", Some("Fetch"));
        let mark = activity.counts();
        assert_eq!(pending(&activity, mark), (0, 0));
        start(&mut activity, "later", Some("Fetch"));
        assert_eq!(pending(&activity, mark), (1, 1));
        // A redirect of the earlier request is still the earlier one.
        start(&mut activity, "earlier", Some("Fetch"));
        assert_eq!(pending(&activity, mark), (1, 1));
        assert_eq!(pending(&activity, ActivityCounts::default()), (2, 2));
    }

    #[test]
    fn long_lived_requests_are_never_pending() {
        let mut activity = Activity::default();
        for kind in ["EventSource", "WebSocket", "Ping", "Prefetch", "CSPViolationReport"] {
            start(&mut activity, kind, Some(kind));
        }
        assert_eq!(pending(&activity, ActivityCounts::default()), (0, 0));
        start(&mut activity, "unknown", None);
        start(&mut activity, "new", Some("SomethingNew"));
        assert_eq!(pending(&activity, ActivityCounts::default()), (2, 2));
    }

    #[test]
    fn a_navigation_lasts_until_its_document_is_parsed() {
        let mut activity = Activity::default();
        activity.navigation_requested("https://a.example/", Instant::now());
        assert!(activity.is_navigating());
        activity.document_committed("loader");
        assert!(activity.is_navigating());
        activity.document_parsed("an earlier loader", Instant::now());
        assert!(activity.is_navigating());
        activity.document_parsed("loader", Instant::now());
        assert!(!activity.is_navigating());
        assert_eq!(activity.counts().documents, 1);
    }

    #[test]
    fn a_document_that_redirects_while_parsing_is_still_navigating() {
        let mut activity = Activity::default();
        activity.document_committed("first");
        activity.navigation_requested("https://a.example/", Instant::now());
        activity.document_parsed("first", Instant::now());
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
        start(&mut activity, "old", Some("Script"));
        activity.document_committed("loader");
        assert_eq!(pending(&activity, ActivityCounts::default()), (0, 0));
        // The end of a request of the previous document changes nothing.
        start(&mut activity, "new", Some("Script"));
        activity.request_ended("old");
        assert_eq!(pending(&activity, ActivityCounts::default()), (1, 1));
    }

    #[test]
    fn a_crashed_tab_is_idle_and_keeps_its_counts() {
        let mut activity = Activity::default();
        activity.document_committed("loader");
        start(&mut activity, "1", None);
        let mark = activity.counts();
        activity.reset();
        assert!(!activity.is_navigating());
        assert_eq!(pending(&activity, ActivityCounts::default()), (0, 0));
        assert_eq!(activity.counts(), mark);
    }

    #[test]
    fn the_number_of_tracked_requests_is_bounded() {
        let mut activity = Activity::default();
        (0..MAX_INFLIGHT + 500).for_each(|n| start(&mut activity, &n.to_string(), Some("Fetch")));
        assert_eq!(pending(&activity, ActivityCounts::default()), (MAX_INFLIGHT, MAX_INFLIGHT));
        activity.request_ended("0");
        start(&mut activity, "later", Some("Fetch"));
        assert_eq!(activity.inflight.len(), MAX_INFLIGHT);
    }
}
