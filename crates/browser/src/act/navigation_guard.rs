//! A navigation of the run's own, from its request to its document.

use chromiumoxide_cdp::cdp::browser_protocol::page::StopLoadingParams;
use url::Url;

use crate::context::Context;
use crate::navigation::tracker::NavigationTracker;
use cdp::Session;

/// One tab's guard to a URL. Dropped while it is under guard, as when a script's time is up, it is stopped: its document would
/// come in the middle of a later step, and what the page did until then would count as astray.
pub(super) struct NavigationGuard<'a> {
    context: &'a Context,
    session: &'a Session,
    tab: u32,
    is_active: bool,
}

impl<'a> NavigationGuard<'a> {
    pub(super) fn new(context: &'a Context, session: &'a Session, tab: u32) -> Self {
        Self { context, session, tab, is_active: false }
    }

    /// The run asks for a URL.
    pub(super) fn begin(&mut self, url: &Url) {
        self.is_active = true;
        self.context.update_tracker(self.tab, |tracker| tracker.begin(url.as_str()));
    }

    /// The browser has told which navigation it is.
    pub(super) fn identified(&self, loader: &str) {
        self.context.update_tracker(self.tab, |tracker| tracker.identified(loader));
    }

    /// The document is there. Its course stands: what an earlier page began meanwhile is still astray.
    pub(super) fn committed(mut self) {
        self.is_active = false;
    }

    /// No document comes of it, by itself.
    pub(super) fn cancelled(&mut self) {
        self.is_active = false;
        self.context.update_tracker(self.tab, NavigationTracker::reset);
    }
}

impl Drop for NavigationGuard<'_> {
    fn drop(&mut self) {
        if self.is_active {
            self.cancelled();
            stop_loading(self.context, self.session, self.tab);
        }
    }
}

/// Stops whatever a tab loads.
pub(super) fn stop_loading(context: &Context, session: &Session, tab: u32) {
    session.send(StopLoadingParams::default());
    // Nothing more is expected of it, although the event that says so takes a start.
    if let Some(tab) = context.tabs().by_id(tab) {
        tab.activity.loading_stopped();
    }
}
