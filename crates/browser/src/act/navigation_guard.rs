//! A navigation of the run's own, from its request to its document.

use chromiumoxide_cdp::cdp::browser_protocol::page::StopLoadingParams;
use url::Url;

use crate::context::Context;
use crate::navigation::tracker::Course;
use cdp::Session;

/// One tab's way to a URL. Dropped while it is under way, as when a script's time is up, it is stopped: its document would
/// come in the middle of a later step, and what the page did until then would count as astray.
pub(super) struct Way<'a> {
    context: &'a Context,
    session: &'a Session,
    tab: u32,
    is_under_way: bool,
}

impl<'a> Way<'a> {
    pub(super) fn new(context: &'a Context, session: &'a Session, tab: u32) -> Self {
        Self { context, session, tab, is_under_way: false }
    }

    /// The run asks for a URL.
    pub(super) fn begin(&mut self, url: &Url) {
        self.is_under_way = true;
        self.context.steer(self.tab, |course| course.set(url.as_str()));
    }

    /// The browser has told which navigation it is.
    pub(super) fn found(&self, loader: &str) {
        self.context.steer(self.tab, |course| course.found(loader));
    }

    /// The document is there. Its course stands: what an earlier page began meanwhile is still astray.
    pub(super) fn arrived(mut self) {
        self.is_under_way = false;
    }

    /// No document comes of it, by itself.
    pub(super) fn came_to_nothing(&mut self) {
        self.is_under_way = false;
        self.context.steer(self.tab, Course::end);
    }
}

impl Drop for Way<'_> {
    fn drop(&mut self) {
        if self.is_under_way {
            self.came_to_nothing();
            stop_loading(self.context, self.session, self.tab);
        }
    }
}

/// Stops whatever a tab loads.
pub(super) fn stop_loading(context: &Context, session: &Session, tab: u32) {
    session.tell(StopLoadingParams::default());
    // Nothing more is expected of it, although the event that says so takes a moment.
    if let Some(tab) = context.tabs().by_id(tab) {
        tab.activity.loading_stopped();
    }
}
