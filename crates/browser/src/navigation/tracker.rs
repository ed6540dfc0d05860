//! Tells stale navigations from the run's own. Pure; updated by events and by navigating actions.
//!
//! A page that reloads or redirects itself by timer may do so just as its replacement is about to commit. Chromium
//! starts that navigation although its document is gone, and it would take the run back. Such a navigation is stale;
//! its request is failed.

/// Maximum number of navigations remembered between the run's own and its document.
const MAX_REMEMBERED: usize = 16;

#[derive(Debug, Default, PartialEq)]
pub(crate) struct NavigationTracker {
    /// The URL the run navigates to, if it does.
    url: Option<String>,
    /// The loader of the run's own navigation, once known.
    own: Option<String>,
    /// Loaders and URLs of navigations, in the order they started.
    started: Vec<(String, String)>,
    /// Loaders of committed documents, each with the number of navigations started before.
    committed: Vec<(String, usize)>,
}

/// What to do about a navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    /// Started by a page that the run has left.
    Stale,
    /// Not known until the run's own navigation is identified.
    Undecided,
}

impl NavigationTracker {
    /// The run requests a URL.
    pub(crate) fn begin(&mut self, url: &str) {
        *self = Self { url: Some(url.to_owned()), ..Self::default() };
    }

    /// Chromium has assigned the run's navigation a loader.
    pub(crate) fn identified(&mut self, loader: &str) {
        self.own = Some(loader.to_owned());
    }

    /// The run no longer navigates.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn started(&mut self, loader: &str, url: &str) {
        if self.url.is_some() && self.started.len() < MAX_REMEMBERED {
            self.started.push((loader.to_owned(), url.to_owned()));
        }
    }

    pub(crate) fn committed(&mut self, loader: &str) {
        if self.url.is_some() && self.committed.len() < MAX_REMEMBERED {
            self.committed.push((loader.to_owned(), self.started.len()));
        }
    }

    pub(crate) fn verdict(&self, loader: &str) -> Verdict {
        let place = |loader: &str| self.started.iter().position(|(started, _)| started == loader);
        let Some(at) = place(loader) else { return Verdict::Allowed };
        let Some(own) = &self.own else {
            let wanted = |(_, url): &(String, String)| self.url.as_ref() == Some(url);
            // The first navigation to that URL is most likely the run's own; holding it back would deadlock.
            return if self.started[..at].iter().any(wanted) { Verdict::Undecided } else { Verdict::Allowed };
        };
        // Navigations after the run's document committed come from that document.
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
    fn navigations_of_the_previous_page_are_stale_until_the_commit() {
        let mut tracker = tracker();
        tracker.started("own", NEXT);
        tracker.identified("own");
        tracker.started("reload", HOME);
        assert_eq!((tracker.verdict("own"), tracker.verdict("reload")), (Verdict::Allowed, Verdict::Stale));
        tracker.committed("own");
        assert_eq!(tracker.verdict("reload"), Verdict::Stale);
    }

    #[test]
    fn navigations_of_the_new_document_are_allowed() {
        let mut tracker = tracker();
        tracker.started("own", NEXT);
        tracker.committed("own");
        tracker.started("onward", HOME);
        tracker.identified("own");
        assert_eq!(tracker.verdict("onward"), Verdict::Allowed);
    }

    #[test]
    fn navigations_before_the_runs_own_are_left_to_chromium() {
        let mut tracker = tracker();
        tracker.started("reload", HOME);
        assert_eq!(tracker.verdict("reload"), Verdict::Allowed);
        tracker.started("own", NEXT);
        tracker.identified("own");
        assert_eq!((tracker.verdict("reload"), tracker.verdict("own")), (Verdict::Allowed, Verdict::Allowed));
    }

    #[test]
    fn navigations_are_undecided_until_the_runs_own_is_identified() {
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
    fn without_a_navigation_nothing_is_stale_and_memory_is_bounded() {
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
