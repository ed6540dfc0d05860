//! The tabs of a run.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chromiumoxide_cdp::cdp::browser_protocol::dom::BackendNodeId;
use chromiumoxide_cdp::cdp::browser_protocol::input::DragData;
use chromiumoxide_cdp::cdp::browser_protocol::page::BringToFrontParams;
use url::Origin;

use crate::context::frames::Frames;
use crate::context::prompts;
use crate::isolated_world::Document;
use crate::navigation::activity::Activity;
use crate::navigation::document_response::DocumentLoad;
use crate::navigation::short_url;
use crate::navigation::tracker::NavigationTracker;
use agent::observation;
use cdp::Session;

/// Written by the event loop, read by everything else.
#[derive(Default)]
pub(crate) struct Tabs {
    list: Vec<Tab>,
    /// Index in `list`; meaningless while it is empty.
    active: usize,
    opened: u32,
    /// Windows that pages have requested and that are not open yet, oldest first.
    expected: VecDeque<ExpectedWindow>,
    /// Notices of closed tabs.
    notices: Vec<String>,
}

pub(crate) struct Tab {
    pub(crate) id: u32,
    pub(crate) session: Session,
    /// Also the id of the main frame.
    pub(crate) target: Arc<str>,
    pub(crate) url: String,
    pub(crate) title: String,
    /// Of the last allowed document that has one.
    pub(crate) origin: Option<Origin>,
    pub(crate) activity: Activity,
    pub(crate) load: DocumentLoad,
    pub(crate) tracker: NavigationTracker,
    pub(crate) frames: Frames,
    pub(crate) crashed: bool,
    pub(crate) dialog: Option<OpenDialog>,
    /// Dialogs since the last action.
    pub(crate) dialogs: u32,
    /// Data of the current drag.
    pub(crate) dragged: Option<DragData>,
    /// The last file chooser, until it is used or another action starts.
    pub(crate) chooser: Option<Chooser>,
    pub(crate) notices: Vec<String>,
    /// The URL of the last main document request, after redirects.
    pub(crate) requested: Option<String>,
    /// The last main document request that was refused: URL and reason.
    pub(crate) refused: Option<(String, String)>,
    /// A blocked window of the current document was reported.
    pub(crate) has_blocked_window: bool,
}

/// A dialog waiting for the model's answer.
#[derive(Clone)]
pub(crate) struct OpenDialog {
    /// Numbered from 1 within a run.
    pub(crate) number: u64,
    /// The session that gets the answer: the page's, or that of the frame that opened it.
    pub(crate) session: Session,
    pub(crate) shown: observation::Dialog,
}

/// A file chooser opened by a page. It has no window.
#[derive(Clone)]
pub(crate) struct Chooser {
    pub(crate) document: Document,
    /// None if the page did not use an `<input>`.
    pub(crate) input: Option<BackendNodeId>,
}

struct ExpectedWindow {
    /// Of the page's session.
    tab: u32,
    url: String,
    /// Otherwise the browser may block it.
    by_user: bool,
    requested: Instant,
}

/// Maximum number of notices kept.
const MAX_NOTICES: usize = 8;
/// Maximum number of windows expected.
const MAX_EXPECTED: usize = 50;
/// A window that is not open by then was blocked. It takes milliseconds.
const WINDOW_OPENS_WITHIN: Duration = Duration::from_secs(1);

impl Tabs {
    /// Adds a tab and activates it: a tab opened by a click is usually its purpose.
    pub(crate) fn add(&mut self, session: Session, target: &str, url: String) -> u32 {
        self.opened += 1;
        self.expected.pop_front();
        self.list.push(Tab {
            id: self.opened,
            session,
            target: target.into(),
            // The headless shell announces a new tab before its first document.
            url: if url.is_empty() { "about:blank".into() } else { url },
            title: String::new(),
            origin: None,
            activity: Activity::default(),
            load: DocumentLoad::default(),
            tracker: NavigationTracker::default(),
            frames: Frames::default(),
            crashed: false,
            dialog: None,
            dialogs: 0,
            dragged: None,
            chooser: None,
            notices: Vec::new(),
            requested: None,
            refused: None,
            has_blocked_window: false,
        });
        self.active = self.list.len() - 1;
        self.opened
    }

    /// Removes a session's tab. If it was active, the one opened before it becomes active.
    pub(crate) fn remove(&mut self, session: &str) -> bool {
        let Some(gone) = self.list.iter().position(|tab| tab.is_session(session)) else { return false };
        let gone_tab = self.list.remove(gone);
        self.notices.extend(gone_tab.notices);
        self.notices.truncate(MAX_NOTICES);
        if self.active >= gone {
            self.active = self.active.saturating_sub(1);
        }
        true
    }

    /// Reports why a tab was closed, ahead of other notices.
    pub(crate) fn add_urgent_notice(&mut self, notice: String) {
        self.notices.insert(0, notice);
        self.notices.truncate(MAX_NOTICES);
    }

    /// The notices of the active tab and of closed tabs.
    pub(crate) fn take_notices(&mut self) -> Vec<String> {
        self.report_blocked_windows(WINDOW_OPENS_WITHIN);
        let mut notices = std::mem::take(&mut self.notices);
        notices.extend(self.active().map(|tab| std::mem::take(&mut tab.notices)).unwrap_or_default());
        notices
    }

    /// Gives the id of the newest tab, which is closed, to the next one.
    pub(crate) fn forget_last(&mut self) {
        if self.by_id(self.opened).is_none() {
            self.opened -= 1;
        }
    }

    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Tab> {
        self.list.iter_mut()
    }

    pub(crate) fn reset_dialog_counts(&mut self) {
        for tab in &mut self.list {
            tab.dialogs = 0;
        }
    }

    pub(crate) fn active(&mut self) -> Option<&mut Tab> {
        self.list.get_mut(self.active)
    }

    /// A page requested a window.
    pub(crate) fn expect_window(&mut self, session: &str, url: String, by_user: bool) {
        let Some(tab) = self.of_session(session).map(|tab| tab.id) else { return };
        if self.expected.len() < MAX_EXPECTED {
            self.expected.push_back(ExpectedWindow { tab, url, by_user, requested: Instant::now() });
        }
    }

    /// A new window was closed because the tab limit was reached.
    pub(crate) fn reject_window(&mut self, most: usize) {
        self.expected.pop_front();
        if let Some(tab) = self.active() {
            tab.add_notice_once(format!(
                "a window that a page opened was closed, as {most} tabs are open, the most there may be"
            ));
        }
    }

    /// Whether the next window is for a URL that another program would take.
    pub(crate) fn expects_program(&self) -> bool {
        self.expected.front().is_some_and(|window| prompts::external_scheme(&window.url).is_some())
    }

    /// A new window was closed because another program would take its URL.
    pub(crate) fn reject_program(&mut self) {
        let Some(ExpectedWindow { tab, url, .. }) = self.expected.pop_front() else { return };
        if let Some(tab) = self.by_id(tab) {
            prompts::check_navigation(tab, &url);
        }
    }

    pub(crate) fn expects_window(&self) -> bool {
        !self.expected.is_empty()
    }

    /// Stops expecting windows that did not open within `limit`, and reports the first of each document that the browser
    /// has blocked.
    fn report_blocked_windows(&mut self, limit: Duration) {
        let is_late = |window: &ExpectedWindow| window.requested.elapsed() >= limit;
        let (late, expected): (VecDeque<_>, _) = self.expected.drain(..).partition(is_late);
        self.expected = expected;
        for ExpectedWindow { tab, url, .. } in late.into_iter().filter(|window| !window.by_user) {
            if let Some(tab) = self.by_id(tab).filter(|tab| !tab.has_blocked_window) {
                tab.has_blocked_window = true;
                tab.add_notice(format!("the page tried to open a window, {}, and was blocked", short_url(&url)));
            }
        }
    }

    /// Stops expecting windows that did not open. Settling has waited for them.
    pub(crate) fn expect_no_windows(&mut self) {
        self.report_blocked_windows(Duration::ZERO);
    }

    /// Activates a tab; false if there is none of that id.
    pub(crate) fn activate(&mut self, id: u32) -> bool {
        let place = self.list.iter().position(|tab| tab.id == id);
        self.active = place.unwrap_or(self.active);
        place.is_some()
    }

    /// The tab of a session, its page's or a frame's.
    pub(crate) fn of_session(&mut self, session: &str) -> Option<&mut Tab> {
        self.list.iter_mut().find(|tab| tab.is_session(session) || tab.frames.has_session(session))
    }

    /// Whether a frame belongs to one of these tabs, as far as frames are tracked.
    pub(crate) fn has_frame(&self, frame: &str) -> bool {
        self.list.iter().any(|tab| *tab.target == *frame || tab.frames.has(frame))
    }

    pub(crate) fn by_target(&mut self, target: &str) -> Option<&mut Tab> {
        self.list.iter_mut().find(|tab| &*tab.target == target)
    }

    pub(crate) fn by_id(&mut self, id: u32) -> Option<&mut Tab> {
        self.list.iter_mut().find(|tab| tab.id == id)
    }

    pub(crate) fn any(&self, is_so: impl Fn(&Tab) -> bool) -> bool {
        self.list.iter().any(is_so)
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn overview(&self) -> Vec<observation::Tab> {
        let overview = |(place, tab): (usize, &Tab)| observation::Tab {
            id: tab.id,
            url: tab.url.clone(),
            title: tab.title.clone(),
            active: place == self.active,
        };
        self.list.iter().enumerate().map(overview).collect()
    }
}

impl Tab {
    /// Chromium draws no pictures of a tab behind another, so the active tab is always in front.
    pub(crate) fn bring_to_front(&self) {
        self.session.send(BringToFrontParams::default());
    }

    /// The main document.
    pub(crate) fn document(&self) -> Document {
        Document { session: self.session.clone(), frame: self.target.clone() }
    }

    pub(crate) fn is_session(&self, session: &str) -> bool {
        self.session.id().is_some_and(|id| &**id == session)
    }

    /// Adds a notice ahead of others.
    pub(crate) fn add_urgent_notice(&mut self, notice: String) {
        self.notices.insert(0, notice);
        self.notices.truncate(MAX_NOTICES);
    }

    /// Adds a notice unless the same one is pending.
    pub(crate) fn add_notice_once(&mut self, notice: String) {
        if !self.notices.contains(&notice) {
            self.add_notice(notice);
        }
    }

    pub(crate) fn add_notice(&mut self, notice: String) {
        if self.notices.len() < MAX_NOTICES {
            self.notices.push(notice);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp::Connection;
    use std::time::Duration;
    use tokio_util::task::TaskTracker;

    /// Tabs with the sessions `s1`, `s2` ... and the targets `t1`, `t2` ...
    fn tabs(count: u32) -> (Tabs, Connection) {
        let (socket, _) = tokio::io::duplex(1);
        let (connection, _) = Connection::open(socket, Duration::from_secs(1), &TaskTracker::new());
        let mut tabs = Tabs::default();
        for n in 1..=count {
            let session = connection.session(&format!("s{n}"));
            assert_eq!(tabs.add(session, &format!("t{n}"), format!("https://site{n}.example/")), n);
        }
        (tabs, connection)
    }

    fn active(tabs: &mut Tabs) -> Option<u32> {
        tabs.active().map(|tab| tab.id)
    }

    #[tokio::test]
    async fn a_new_tab_is_the_active_one() {
        let (mut tabs, _connection) = tabs(3);
        assert_eq!(active(&mut tabs), Some(3));
        let seen: Vec<_> = tabs.overview().into_iter().map(|tab| (tab.id, tab.url, tab.active)).collect();
        assert_eq!(seen[0], (1, "https://site1.example/".into(), false));
        assert_eq!(seen[2], (3, "https://site3.example/".into(), true));
    }

    #[tokio::test]
    async fn closing_the_active_tab_goes_back_to_the_one_before() {
        let (mut tabs, _connection) = tabs(3);
        assert!(tabs.remove("s3"));
        assert_eq!(active(&mut tabs), Some(2));
        assert!(tabs.activate(1));
        assert!(tabs.remove("s1"));
        assert_eq!(active(&mut tabs), Some(2), "there is none before the first");
        assert!(tabs.remove("s2"));
        assert_eq!((active(&mut tabs), tabs.len()), (None, 0));
    }

    #[tokio::test]
    async fn closing_another_tab_leaves_the_active_one_active() {
        let (mut tabs, _connection) = tabs(4);
        tabs.activate(3);
        assert!(tabs.remove("s1"));
        assert_eq!(active(&mut tabs), Some(3));
        assert!(tabs.remove("s4"));
        assert_eq!(active(&mut tabs), Some(3));
        assert!(!tabs.remove("s4"), "it is gone already");
    }

    #[tokio::test]
    async fn tab_ids_are_never_reused() {
        let (mut tabs, connection) = tabs(2);
        tabs.remove("s2");
        assert_eq!(tabs.add(connection.session("s3"), "t3", String::new()), 3);
        assert!(tabs.by_id(2).is_none());
        assert!(!tabs.activate(2));
        assert_eq!(active(&mut tabs), Some(3), "a tab that is not there changes nothing");
    }

    #[tokio::test]
    async fn tabs_are_found_by_session_and_target() {
        let (mut tabs, _connection) = tabs(2);
        assert_eq!(tabs.of_session("s1").map(|tab| tab.id), Some(1));
        assert_eq!(tabs.by_target("t2").map(|tab| tab.id), Some(2));
        assert!(tabs.of_session("t1").is_none() && tabs.by_target("s1").is_none());
    }

    #[tokio::test]
    async fn windows_are_expected_until_they_open_or_expire() {
        let (mut tabs, connection) = tabs(1);
        tabs.expect_window("s1", "/a".into(), true);
        tabs.expect_window("s1", "/b".into(), true);
        tabs.add(connection.session("s2"), "t2", String::new());
        assert!(tabs.expects_window());
        tabs.add(connection.session("s3"), "t3", String::new());
        assert!(!tabs.expects_window());
        tabs.add(connection.session("s4"), "t4", String::new());
        tabs.expect_window("s1", "/c".into(), true);
        tabs.expect_no_windows();
        assert!(!tabs.expects_window());
        tabs.activate(1);
        assert_eq!(tabs.take_notices(), [""; 0]);
    }

    #[tokio::test]
    async fn the_first_blocked_window_of_a_document_is_reported() {
        let (mut tabs, _connection) = tabs(1);
        tabs.expect_window("s1", "https://a.example/1".into(), false);
        tabs.expect_window("s1", "https://a.example/2".into(), false);
        assert_eq!(tabs.take_notices(), [""; 0], "it may still open");
        tabs.expect_no_windows();
        assert_eq!(tabs.take_notices(), ["the page tried to open a window, https://a.example/1, and was blocked"]);
        tabs.expect_window("s1", "https://a.example/3".into(), false);
        tabs.expect_no_windows();
        assert_eq!(tabs.take_notices(), [""; 0]);
    }

    #[tokio::test]
    async fn urgent_notices_come_first() {
        let (mut tabs, _connection) = tabs(3 * MAX_NOTICES as u32);
        for gone in 1..=2 * MAX_NOTICES {
            if gone == MAX_NOTICES + 1 {
                tabs.add_urgent_notice("closed".into());
            }
            tabs.of_session(&format!("s{gone}")).unwrap().add_notice(format!("alert {gone}"));
            tabs.remove(&format!("s{gone}"));
        }
        let notices = tabs.take_notices();
        assert_eq!((notices.len(), notices[0].as_str(), notices[1].as_str()), (MAX_NOTICES, "closed", "alert 1"));
        assert_eq!(tabs.take_notices(), [""; 0]);
    }

    #[tokio::test]
    async fn notices_of_a_tab_are_bounded() {
        let (mut tabs, _connection) = tabs(1);
        let tab = tabs.active().unwrap();
        (0..100).for_each(|n| tab.add_notice(format!("alert {n}")));
        assert_eq!(tab.notices.len(), MAX_NOTICES);
        assert_eq!(tab.notices[0], "alert 0");
    }
}
