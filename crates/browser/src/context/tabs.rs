//! The tabs of one run, as the browser's events tell of them.

use std::sync::Arc;

use chromiumoxide_cdp::cdp::browser_protocol::dom::BackendNodeId;
use chromiumoxide_cdp::cdp::browser_protocol::input::DragData;
use url::Origin;

use crate::context::frames::Frames;
use crate::isolated_world::Document;
use crate::navigation::activity::Activity;
use crate::navigation::document_response::DocumentLoad;
use crate::navigation::tracker::NavigationTracker;
use agent::observation;
use cdp::Session;

/// All tabs of a run. Kept by the event dispatch, read by everything else.
#[derive(Default)]
pub(crate) struct Tabs {
    list: Vec<Tab>,
    /// Index of the active tab in `list`; meaningless while it is empty.
    active: usize,
    opened: u32,
    /// Tabs that pages have asked for and that are not there yet.
    expected: u32,
    /// What is to be told of tabs that are gone.
    notices: Vec<String>,
}

/// One tab.
pub(crate) struct Tab {
    pub(crate) id: u32,
    pub(crate) session: Session,
    /// Also the id of its main frame: Chromium gives both the same.
    pub(crate) target: Arc<str>,
    pub(crate) url: String,
    pub(crate) title: String,
    /// Of the last document that it was allowed to show and that has one.
    pub(crate) origin: Option<Origin>,
    pub(crate) activity: Activity,
    pub(crate) load: DocumentLoad,
    pub(crate) tracker: NavigationTracker,
    pub(crate) frames: Frames,
    pub(crate) crashed: bool,
    pub(crate) dialog: Option<OpenDialog>,
    /// Dialogs opened since the last action.
    pub(crate) dialogs: u32,
    /// What a drag that has begun carries, until it is dropped.
    pub(crate) dragged: Option<DragData>,
    /// The file chooser that opened last, until it is used or the next action begins.
    pub(crate) chooser: Option<Chooser>,
    /// What the model has not been told yet.
    pub(crate) notices: Vec<String>,
    /// The URL of the last request for a document of its own, after redirects.
    pub(crate) requested: Option<String>,
    /// The last document request that the policy refused: URL and reason.
    pub(crate) refused: Option<(String, String)>,
}

/// A dialog that waits for the model.
#[derive(Clone)]
pub(crate) struct OpenDialog {
    /// 1, 2, 3 ... in the order of opening within a run: tells one from the next.
    pub(crate) number: u64,
    /// The session that its answer goes to: the page's, or that of the frame that opened it.
    pub(crate) session: Session,
    pub(crate) shown: observation::Dialog,
}

/// A file chooser that a page has opened. No window stands behind it; it is used or forgotten.
#[derive(Clone)]
pub(crate) struct Chooser {
    /// Where the input is.
    pub(crate) document: Document,
    /// None for one that is not an input's: it can be given no files.
    pub(crate) input: Option<BackendNodeId>,
}

/// News kept for the model at most; a page that opens dialogs in a loop must not fill the prompt.
const MAX_NOTICES: usize = 8;

impl Tabs {
    /// Adds a tab and makes it the active one: a tab that a click opens is what the click was for.
    pub(crate) fn add(&mut self, session: Session, target: &str, url: String) -> u32 {
        self.opened += 1;
        self.expected = self.expected.saturating_sub(1);
        self.list.push(Tab {
            id: self.opened,
            session,
            target: target.into(),
            url,
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
        });
        self.active = self.list.len() - 1;
        self.opened
    }

    /// Removes the tab of a session; the one opened before it becomes active if it was.
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

    /// Tells why a tab had to go, before what else is to be told of those that are gone.
    pub(crate) fn add_urgent_notice(&mut self, notices: String) {
        self.notices.insert(0, notices);
        self.notices.truncate(MAX_NOTICES);
    }

    /// What is to be told of the active tab, and of those that are gone.
    pub(crate) fn take_notices(&mut self) -> Vec<String> {
        let mut notices = std::mem::take(&mut self.notices);
        notices.extend(self.active().map(|tab| std::mem::take(&mut tab.notices)).unwrap_or_default());
        notices
    }

    /// Dialogs are counted from one action to the next, whichever tab it is in.
    pub(crate) fn reset_dialog_counts(&mut self) {
        for tab in &mut self.list {
            tab.dialogs = 0;
        }
    }

    pub(crate) fn active(&mut self) -> Option<&mut Tab> {
        self.list.get_mut(self.active)
    }

    /// A page has asked for a window.
    pub(crate) fn expect_window(&mut self) {
        self.expected += 1;
    }

    /// A page's window was closed as it opened, since there are as many tabs as there may be.
    pub(crate) fn reject_window(&mut self, most: usize) {
        self.expected = self.expected.saturating_sub(1);
        if let Some(tab) = self.active() {
            tab.add_notice_once(format!(
                "a window that a page opened was closed, as {most} tabs are open, the most there may be"
            ));
        }
    }

    pub(crate) fn expects_window(&self) -> bool {
        self.expected > 0
    }

    /// Stops expecting windows that the browser did not open.
    pub(crate) fn expect_no_windows(&mut self) {
        self.expected = 0;
    }

    /// Brings a tab to the front; false when there is none of that id.
    pub(crate) fn activate(&mut self, id: u32) -> bool {
        let place = self.list.iter().position(|tab| tab.id == id);
        self.active = place.unwrap_or(self.active);
        place.is_some()
    }

    /// The tab that a session is of, as its own or as one of its frames'.
    pub(crate) fn of_session(&mut self, session: &str) -> Option<&mut Tab> {
        self.list.iter_mut().find(|tab| tab.is_session(session) || tab.frames.has_session(session))
    }

    /// Whether a frame is one of these tabs', as far as frames are kept.
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

    /// As the agent sees them.
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
    /// The document of its main frame.
    pub(crate) fn document(&self) -> Document {
        Document { session: self.session.clone(), frame: self.target.clone() }
    }

    pub(crate) fn is_session(&self, session: &str) -> bool {
        self.session.id().is_some_and(|id| &**id == session)
    }

    /// As [`tell`](Self::add_notice), before all else, for what must not go under.
    pub(crate) fn add_urgent_notice(&mut self, notices: String) {
        self.notices.insert(0, notices);
        self.notices.truncate(MAX_NOTICES);
    }

    /// As [`tell`](Self::add_notice), for what happens again and again.
    pub(crate) fn add_notice_once(&mut self, notices: String) {
        if !self.notices.contains(&notices) {
            self.add_notice(notices);
        }
    }

    pub(crate) fn add_notice(&mut self, notices: String) {
        if self.notices.len() < MAX_NOTICES {
            self.notices.push(notices);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp::Connection;
    use std::time::Duration;
    use tokio_util::task::TaskTracker;

    /// Tabs of the sessions `s1`, `s2` ... with the targets `t1`, `t2` ...
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
    async fn ids_are_never_used_again() {
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
    async fn windows_are_expected_until_they_come_or_are_given_up() {
        let (mut tabs, connection) = tabs(1);
        tabs.expect_window();
        tabs.expect_window();
        tabs.add(connection.session("s2"), "t2", String::new());
        assert!(tabs.expects_window());
        tabs.add(connection.session("s3"), "t3", String::new());
        assert!(!tabs.expects_window());
        tabs.add(connection.session("s4"), "t4", String::new());
        tabs.expect_window();
        tabs.expect_no_windows();
        assert!(!tabs.expects_window());
    }

    #[tokio::test]
    async fn why_a_tab_had_to_go_does_not_go_under() {
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
    async fn the_news_of_a_tab_are_bounded() {
        let (mut tabs, _connection) = tabs(1);
        let tab = tabs.active().unwrap();
        (0..100).for_each(|n| tab.add_notice(format!("alert {n}")));
        assert_eq!(tab.notices.len(), MAX_NOTICES);
        assert_eq!(tab.notices[0], "alert 0");
    }
}
