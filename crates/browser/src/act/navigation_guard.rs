//! Tracks a navigation requested by the run.

use chromiumoxide_cdp::cdp::browser_protocol::page::StopLoadingParams;
use url::Url;

use crate::context::Context;
use crate::navigation::tracker::NavigationTracker;
use cdp::Session;

/// A requested navigation of one tab. Dropping it while active, as when a script times out, stops it: otherwise its
/// document would appear during a later step, and navigations until then would count as stale.
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

    /// The run requests a URL.
    pub(super) fn begin(&mut self, url: &Url) {
        self.is_active = true;
        self.context.update_tracker(self.tab, |tracker| tracker.begin(url.as_str()));
    }

    /// Chromium has assigned a loader.
    pub(super) fn identified(&self, loader: &str) {
        self.context.update_tracker(self.tab, |tracker| tracker.identified(loader));
    }

    /// The document committed. The tracker keeps its state: navigations that the previous page started meanwhile are
    /// still stale.
    pub(super) fn committed(mut self) {
        self.is_active = false;
    }

    /// The navigation ended without a document.
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

/// Stops whatever a tab is loading.
pub(super) fn stop_loading(context: &Context, session: &Session, tab: u32) {
    session.send(StopLoadingParams::default());
    // The event that reports this takes a moment.
    if let Some(tab) = context.tabs().by_id(tab) {
        tab.activity.loading_stopped();
    }
}
