//! What a connection knows: who waits for which reply, where each session's events go, and of which nothing is expected.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use chromiumoxide_cdp::cdp::browser_protocol::inspector::{EventTargetCrashed, EventTargetReloadedAfterCrash};
use chromiumoxide_cdp::cdp::browser_protocol::target::{EventAttachedToTarget, EventDetachedFromTarget, TargetId};
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot};

use super::error::CdpError;
use crate::messages;

/// The method of the last event of a session that is given up. Not Chromium's.
pub const SESSION_FAILED: &str = "session failed";

/// Where a session's events go.
pub type EventReceiver = mpsc::Receiver<Event>;

/// An event as it arrived; its parameters are parsed by whoever cares about its method.
#[derive(Debug, Clone)]
pub struct Event {
    pub session: Option<Arc<str>>,
    pub method: String,
    pub(super) params: Bytes,
}

impl Event {
    /// The parameters in their type. What does not parse is skipped with a debug line: Chromium is newer than the
    /// generated types, and an event nobody understands must not end a run.
    pub fn parse<T: DeserializeOwned>(&self) -> Option<T> {
        match serde_json::from_slice(&self.params) {
            Ok(params) => Some(params),
            Err(error) => {
                tracing::debug!(method = self.method, %error, "event does not fit its type");
                None
            }
        }
    }
}

#[derive(Default)]
pub(super) struct State {
    /// Set once the socket is gone; nothing is registered from then on.
    pub(super) closed: bool,
    pub(super) waiting: HashMap<u64, Waiter>,
    pub(super) routes: HashMap<Option<Arc<str>>, mpsc::Sender<Event>>,
    attached: HashMap<Arc<str>, Attached>,
    /// Sessions of which nothing can be expected, with the reason: the renderer crashed and never answers, or events of
    /// theirs were lost.
    pub(super) failed: HashMap<Arc<str>, CdpError>,
    /// Messages that were none so far.
    unreadable: usize,
}

/// A session as it was announced.
struct Attached {
    /// The session that announced it: a frame's is announced by that of the page or frame it is in, a page's by the
    /// browser's own.
    by: Option<Arc<str>>,
    target: TargetId,
}

pub(super) struct Waiter {
    pub(super) session: Option<Arc<str>>,
    /// A command that works although the renderer is gone or a dialog is open.
    pub(super) browser_side: bool,
    pub(super) reply: oneshot::Sender<Result<Bytes, CdpError>>,
    pub(super) method: String,
}

/// A session whose events come faster than they are read.
pub(super) struct Flooded(pub(super) Option<Arc<str>>);

impl State {
    /// Of a new connection, whose own events go to this queue.
    pub(super) fn new(root: mpsc::Sender<Event>) -> Self {
        Self { routes: HashMap::from([(None, root)]), ..Self::default() }
    }

    pub(super) fn dispatch(&mut self, event: Event) -> Result<(), Flooded> {
        match (&event.session, event.method.as_str()) {
            (Some(session), EventTargetCrashed::IDENTIFIER) => {
                let session = session.clone();
                self.fail(&CdpError::TargetCrashed, |waiter| {
                    !waiter.browser_side && waiter.session.as_ref() == Some(&session)
                });
                self.failed.entry(session).or_insert(CdpError::TargetCrashed);
            }
            // What was lost of a session's events stays lost.
            (Some(session), EventTargetReloadedAfterCrash::IDENTIFIER)
                if self.failed.get(session) == Some(&CdpError::TargetCrashed) =>
            {
                self.failed.remove(session);
            }
            (by, EventAttachedToTarget::IDENTIFIER) => {
                if let Some(attached) = event.parse::<messages::AttachedToTarget>() {
                    let attached_as =
                        Attached { by: by.clone(), target: TargetId::new(attached.target_info.target_id) };
                    self.attached.insert(attached.session_id.into(), attached_as);
                }
            }
            (_, EventDetachedFromTarget::IDENTIFIER) => {
                if let Some(detached) = event.parse::<messages::DetachedFromTarget>() {
                    self.detach(detached.session_id.into());
                }
            }
            _ => {}
        }
        let Some(route) = self.routes.get(&event.session) else {
            tracing::debug!(method = event.method, "event of an unknown session");
            return Ok(());
        };
        match route.try_send(event) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Closed(event)) => {
                self.routes.remove(&event.session);
                Ok(())
            }
            Err(mpsc::error::TrySendError::Full(event)) => {
                // Losing one event would leave its reader with a wrong picture; the session as a whole is given up.
                tracing::warn!(method = event.method, "too many unread events, giving the session up");
                Err(Flooded(event.session))
            }
        }
    }

    /// Forgets a session, and with it those of its frames, of whose ends nobody tells any more.
    fn detach(&mut self, session: Arc<str>) {
        let mut gone = vec![session];
        while let Some(session) = gone.pop() {
            let of_frames = self.attached.extract_if(|_, attached| attached.by.as_ref() == Some(&session));
            gone.extend(of_frames.map(|(frame, _)| frame));
            self.fail(&CdpError::Detached, |waiter| waiter.session.as_ref() == Some(&session));
            self.attached.remove(&session);
            self.failed.remove(&session);
            self.routes.remove(&Some(session));
        }
    }

    /// The target of the page that a session is of, as its own or as one of its frames'.
    pub(super) fn page_of(&self, session: &Arc<str>) -> Option<TargetId> {
        let announced = std::iter::successors(self.attached.get(session), |it| self.attached.get(it.by.as_ref()?));
        // As many steps as there are sessions, lest what announces each other be followed for ever.
        let mut announced = announced.take(self.attached.len());
        announced.find(|attached| attached.by.is_none()).map(|page| page.target.clone())
    }

    /// Expects nothing of a session any more.
    pub(super) fn fail_session(&mut self, session: Option<Arc<str>>) {
        self.fail(&CdpError::Overloaded, |waiter| waiter.session == session);
        let route = self.routes.remove(&session);
        if let Some(session) = session {
            let last = Event { session: Some(session.clone()), method: SESSION_FAILED.into(), params: Bytes::new() };
            // Where there is no room for it, the page's end is heard of without its cause.
            let _ = route.map(|route| route.try_send(last));
            self.failed.insert(session, CdpError::Overloaded);
        }
    }

    pub(super) fn fail(&mut self, error: &CdpError, hit: impl Fn(&Waiter) -> bool) {
        for (_, waiter) in self.waiting.extract_if(|_, waiter| hit(waiter)) {
            // Dropped receivers have no use for the error.
            let _ = waiter.reply.send(Err(error.clone()));
        }
    }

    /// Counts one more.
    pub(super) fn unreadable(&mut self) -> usize {
        self.unreadable += 1;
        self.unreadable
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
        self.fail(&CdpError::Closed, |_| true);
        self.routes.clear();
    }
}
