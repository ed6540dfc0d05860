//! Which navigation of a tab's main frame is the run's own, while the run goes somewhere. Pure; fed by the event pump and
//! by whoever navigates.
//!
//! A page that reloads itself or leads on by a timer may do so in the moment in which the document that takes its place
//! is on its way to the renderer. Chromium starts such a navigation although the document that asked for it is gone by
//! then, and it would take the run back: it is astray, and its request is failed.

/// Navigations remembered between the run's own and its document; a page has no time for more.
const MAX_STARTED: usize = 16;

/// Of one tab.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Course {
    /// Where the run wants to go; none while it goes nowhere.
    url: Option<String>,
    /// The loader of the run's own navigation, once the browser has told it.
    own: Option<String>,
    /// Loaders and URLs of navigations, in the order in which they started.
    started: Vec<(String, String)>,
    /// Loaders of documents that came, each with how many navigations had started by then.
    came: Vec<(String, usize)>,
}

/// What a navigation is to a run that goes somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bearing {
    /// Nothing against it.
    Free,
    /// Begun by a page that has been left.
    Astray,
    /// Known when the browser has told which navigation is the run's own.
    Unknown,
}

impl Course {
    /// The run asks for a URL.
    pub(crate) fn set(&mut self, url: &str) {
        *self = Self { url: Some(url.to_owned()), ..Self::default() };
    }

    /// The browser has told the run's navigation.
    pub(crate) fn found(&mut self, loader: &str) {
        self.own = Some(loader.to_owned());
    }

    /// The run goes nowhere any more.
    pub(crate) fn end(&mut self) {
        *self = Self::default();
    }

    /// A navigation starts.
    pub(crate) fn started(&mut self, loader: &str, url: &str) {
        if self.url.is_some() && self.started.len() < MAX_STARTED {
            self.started.push((loader.to_owned(), url.to_owned()));
        }
    }

    /// A document comes.
    pub(crate) fn came(&mut self, loader: &str) {
        if self.url.is_some() && self.came.len() < MAX_STARTED {
            self.came.push((loader.to_owned(), self.started.len()));
        }
    }

    /// What the navigation of a loader is.
    pub(crate) fn bearing(&self, loader: &str) -> Bearing {
        let place = |loader: &str| self.started.iter().position(|(started, _)| started == loader);
        let Some(at) = place(loader) else { return Bearing::Free };
        let Some(own) = &self.own else {
            let wanted = |(_, url): &(String, String)| self.url.as_ref() == Some(url);
            // The first with that URL is the run's own in all likelihood; to hold it back would be to wait for itself.
            return if self.started[..at].iter().any(wanted) { Bearing::Unknown } else { Bearing::Free };
        };
        // What starts when the run's document is there was asked for by that document.
        let shown = self.came.iter().find(|(came, _)| came == own).map_or(usize::MAX, |(_, started)| *started);
        match place(own) {
            Some(own) if own < at && at < shown => Bearing::Astray,
            _ => Bearing::Free,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEXT: &str = "https://shop.example/next";
    const HOME: &str = "https://shop.example/";

    fn course() -> Course {
        let mut course = Course::default();
        course.set(NEXT);
        course
    }

    #[test]
    fn what_a_page_begins_before_the_run_s_document_is_there_is_astray() {
        let mut course = course();
        course.started("own", NEXT);
        course.found("own");
        course.started("reload", HOME);
        assert_eq!((course.bearing("own"), course.bearing("reload")), (Bearing::Free, Bearing::Astray));
        course.came("own");
        assert_eq!(course.bearing("reload"), Bearing::Astray);
    }

    #[test]
    fn where_the_run_s_document_leads_on_to_is_free() {
        let mut course = course();
        course.started("own", NEXT);
        course.came("own");
        course.started("onward", HOME);
        course.found("own");
        assert_eq!(course.bearing("onward"), Bearing::Free);
    }

    #[test]
    fn what_began_before_the_run_s_navigation_is_the_browser_s_to_stop() {
        let mut course = course();
        course.started("reload", HOME);
        assert_eq!(course.bearing("reload"), Bearing::Free);
        course.started("own", NEXT);
        course.found("own");
        assert_eq!((course.bearing("reload"), course.bearing("own")), (Bearing::Free, Bearing::Free));
    }

    #[test]
    fn what_begins_before_the_run_s_navigation_is_told_waits_for_that() {
        let mut course = course();
        course.started("own", NEXT);
        course.started("reload", NEXT);
        assert_eq!((course.bearing("own"), course.bearing("reload")), (Bearing::Free, Bearing::Unknown));
        course.found("own");
        assert_eq!(course.bearing("reload"), Bearing::Astray);
        course.set(HOME);
        assert_eq!(course.bearing("reload"), Bearing::Free);
    }

    #[test]
    fn a_run_that_goes_nowhere_stops_nothing_and_what_is_kept_is_bounded() {
        let mut course = Course::default();
        course.started("reload", HOME);
        assert_eq!(course, Course::default());
        course.set(NEXT);
        (0..100).for_each(|n| course.started(&n.to_string(), HOME));
        (0..100).for_each(|n| course.came(&n.to_string()));
        assert_eq!((course.started.len(), course.came.len()), (MAX_STARTED, MAX_STARTED));
        course.end();
        assert_eq!(course, Course::default());
    }
}
