//! Which navigation of a tab's main frame is the run's own, while the run goes somewhere. Pure; fed by the event pump and
//! by whoever navigates.
//!
//! A page that reloads itself or leads on by a timer may do so in the moment in which the document that takes its place
//! is on its way to the renderer. Chromium starts such a navigation although the document that asked for it is gone by
//! then, and it would take the run back: it is astray, and its request is failed.

/// Navigations remembered between the run's own and its document; a page has no time for more.
const MAX_REMEMBERED: usize = 16;

/// Of one tab.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct NavigationTracker {
    /// Where the run wants to go; none while it goes nowhere.
    url: Option<String>,
    /// The loader of the run's own navigation, once the browser has told it.
    own: Option<String>,
    /// Loaders and URLs of navigations, in the order in which they started.
    started: Vec<(String, String)>,
    /// Loaders of documents that committed, each with how many navigations had started by then.
    committed: Vec<(String, usize)>,
}

/// What a navigation is to a run that goes somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing against it.
    Allowed,
    /// Begun by a page that has been left.
    Stale,
    /// Known when the browser has told which navigation is the run's own.
    Undecided,
}

impl NavigationTracker {
    /// The run asks for a URL.
    pub(crate) fn begin(&mut self, url: &str) {
        *self = Self { url: Some(url.to_owned()), ..Self::default() };
    }

    /// The browser has told the run's navigation.
    pub(crate) fn identified(&mut self, loader: &str) {
        self.own = Some(loader.to_owned());
    }

    /// The run goes nowhere any more.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    /// A navigation starts.
    pub(crate) fn started(&mut self, loader: &str, url: &str) {
        if self.url.is_some() && self.started.len() < MAX_REMEMBERED {
            self.started.push((loader.to_owned(), url.to_owned()));
        }
    }

    /// A document comes.
    pub(crate) fn committed(&mut self, loader: &str) {
        if self.url.is_some() && self.committed.len() < MAX_REMEMBERED {
            self.committed.push((loader.to_owned(), self.started.len()));
        }
    }

    /// What the navigation of a loader is.
    pub(crate) fn verdict(&self, loader: &str) -> Verdict {
        let place = |loader: &str| self.started.iter().position(|(started, _)| started == loader);
        let Some(at) = place(loader) else { return Verdict::Allowed };
        let Some(own) = &self.own else {
            let wanted = |(_, url): &(String, String)| self.url.as_ref() == Some(url);
            // The first with that URL is the run's own in all likelihood; to hold it back would be to wait for itself.
            return if self.started[..at].iter().any(wanted) { Verdict::Undecided } else { Verdict::Allowed };
        };
        // What starts when the run's document is there was asked for by that document.
        let shown =
            self.committed.iter().find(|(committed, _)| committed == own).map_or(usize::MAX, |(_, started)| *started);
        match place(own) {
            Some(own) if own < at && at < shown => Verdict::Stale,
            _ => Verdict::Allowed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEXT: &str = "https://shop.example/next";
    const HOME: &str = "https://shop.example/";

    fn tracker() -> NavigationTracker {
        let mut tracker = NavigationTracker::default();
        tracker.begin(NEXT);
        tracker
    }

    #[test]
    fn what_a_page_begins_before_the_run_s_document_is_there_is_astray() {
        let mut tracker = tracker();
        tracker.started("own", NEXT);
        tracker.identified("own");
        tracker.started("reload", HOME);
        assert_eq!((tracker.verdict("own"), tracker.verdict("reload")), (Verdict::Allowed, Verdict::Stale));
        tracker.committed("own");
        assert_eq!(tracker.verdict("reload"), Verdict::Stale);
    }

    #[test]
    fn where_the_run_s_document_leads_on_to_is_free() {
        let mut tracker = tracker();
        tracker.started("own", NEXT);
        tracker.committed("own");
        tracker.started("onward", HOME);
        tracker.identified("own");
        assert_eq!(tracker.verdict("onward"), Verdict::Allowed);
    }

    #[test]
    fn what_began_before_the_run_s_navigation_is_the_browser_s_to_stop() {
        let mut tracker = tracker();
        tracker.started("reload", HOME);
        assert_eq!(tracker.verdict("reload"), Verdict::Allowed);
        tracker.started("own", NEXT);
        tracker.identified("own");
        assert_eq!((tracker.verdict("reload"), tracker.verdict("own")), (Verdict::Allowed, Verdict::Allowed));
    }

    #[test]
    fn what_begins_before_the_run_s_navigation_is_told_waits_for_that() {
        let mut tracker = tracker();
        tracker.started("own", NEXT);
        tracker.started("reload", NEXT);
        assert_eq!((tracker.verdict("own"), tracker.verdict("reload")), (Verdict::Allowed, Verdict::Undecided));
        tracker.identified("own");
        assert_eq!(tracker.verdict("reload"), Verdict::Stale);
        tracker.begin(HOME);
        assert_eq!(tracker.verdict("reload"), Verdict::Allowed);
    }

    #[test]
    fn a_run_that_goes_nowhere_stops_nothing_and_what_is_kept_is_bounded() {
        let mut tracker = NavigationTracker::default();
        tracker.started("reload", HOME);
        assert_eq!(tracker, NavigationTracker::default());
        tracker.begin(NEXT);
        (0..100).for_each(|n| tracker.started(&n.to_string(), HOME));
        (0..100).for_each(|n| tracker.committed(&n.to_string()));
        assert_eq!((tracker.started.len(), tracker.committed.len()), (MAX_REMEMBERED, MAX_REMEMBERED));
        tracker.reset();
        assert_eq!(tracker, NavigationTracker::default());
    }
}
