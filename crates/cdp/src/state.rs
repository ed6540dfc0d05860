//! Connection state: pending replies, event routes, and failed sessions.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use chromiumoxide_cdp::cdp::browser_protocol::inspector::{EventTargetCrashed, EventTargetReloadedAfterCrash};
use chromiumoxide_cdp::cdp::browser_protocol::log::EventEntryAdded;
use chromiumoxide_cdp::cdp::browser_protocol::target::{EventAttachedToTarget, EventDetachedFromTarget, TargetId};
use chromiumoxide_cdp::cdp::js_protocol::runtime::{EventConsoleApiCalled, EventExceptionThrown};
use tokio::sync::{mpsc, oneshot};

use super::error::CdpError;
use super::events::{Event, KnownEvent, SESSION_FAILED};

/// Events that nobody needs all of: those that cost a page nothing.
const DROPPABLE: [&str; 3] =
    [EventConsoleApiCalled::IDENTIFIER, EventExceptionThrown::IDENTIFIER, EventEntryAdded::IDENTIFIER];

#[derive(Default)]
pub(super) struct State {
    /// The socket is closed; nothing is registered any more.
    pub(super) closed: bool,
    pub(super) waiting: HashMap<u64, Waiter>,
    pub(super) routes: HashMap<Option<Arc<str>>, mpsc::Sender<Event>>,
    attached: HashMap<Arc<str>, Attached>,
    /// Sessions that cannot be used, with the reason: the renderer crashed, or events were lost.
    pub(super) failed: HashMap<Arc<str>, CdpError>,
    /// Number of malformed messages.
    unreadable: usize,
}

/// An announced session.
struct Attached {
    /// The announcing session: the parent's for a frame, the root session for a page.
    by: Option<Arc<str>>,
    target: TargetId,
}

pub(super) struct Waiter {
    pub(super) session: Option<Arc<str>>,
    /// The command works without the renderer.
    pub(super) browser_side: bool,
    pub(super) reply: oneshot::Sender<Result<Bytes, CdpError>>,
    pub(super) method: String,
}

/// A session whose event queue is full.
pub(super) struct Flooded(pub(super) Option<Arc<str>>);

impl State {
    /// The state of a new connection, with the root session's queue.
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
            // Lost events stay lost.
            (Some(session), EventTargetReloadedAfterCrash::IDENTIFIER)
                if self.failed.get(session) == Some(&CdpError::TargetCrashed) =>
            {
                self.failed.remove(session);
            }
            (by, EventAttachedToTarget::IDENTIFIER) => {
                if let Some(KnownEvent::AttachedToTarget(attached)) = event.parse() {
                    let attached_as =
                        Attached { by: by.clone(), target: TargetId::new(attached.target_info.target_id) };
                    self.attached.insert(attached.session_id.into(), attached_as);
                }
            }
            (_, EventDetachedFromTarget::IDENTIFIER) => {
                if let Some(KnownEvent::DetachedFromTarget(detached)) = event.parse() {
                    self.detach(detached.session_id.into());
                }
            }
            _ => {}
        }
        let Some(route) = self.routes.get(&event.session) else {
            tracing::debug!(method = event.method, "event of an unknown session");
            return Ok(());
        };
        // A page may say more to its console than is read of it.
        if DROPPABLE.contains(&event.method.as_str()) && route.capacity() < route.max_capacity() / 2 {
            return Ok(());
        }
        match route.try_send(event) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Closed(event)) => {
                self.routes.remove(&event.session);
                Ok(())
            }
            Err(mpsc::error::TrySendError::Full(event)) => {
                // A reader that misses an event has a wrong state, so the session fails.
                tracing::warn!(method = event.method, "event queue full, failing the session");
                Err(Flooded(event.session))
            }
        }
    }

    /// Forgets a session and those of its frames, whose detaching is not reported.
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

    /// The page of a session, its own or that of its frame.
    pub(super) fn page_of(&self, session: &Arc<str>) -> Option<TargetId> {
        let announced = std::iter::successors(self.attached.get(session), |it| self.attached.get(it.by.as_ref()?));
        // Bounded, in case of a cycle.
        let mut announced = announced.take(self.attached.len());
        announced.find(|attached| attached.by.is_none()).map(|page| page.target.clone())
    }

    /// Fails a session for good.
    pub(super) fn fail_session(&mut self, session: Option<Arc<str>>) {
        self.fail(&CdpError::Overloaded, |waiter| waiter.session == session);
        let route = self.routes.remove(&session);
        if let Some(session) = session {
            let params = Bytes::from_static(b"{}");
            let last = Event { session: Some(session.clone()), method: SESSION_FAILED.into(), params };
            // If the queue is full, the reason is lost.
            let _ = route.map(|route| route.try_send(last));
            self.failed.insert(session, CdpError::Overloaded);
        }
    }

    pub(super) fn fail(&mut self, error: &CdpError, hit: impl Fn(&Waiter) -> bool) {
        for (_, waiter) in self.waiting.extract_if(|_, waiter| hit(waiter)) {
            // The receiver may be gone.
            let _ = waiter.reply.send(Err(error.clone()));
        }
    }

    /// Counts a malformed message.
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
