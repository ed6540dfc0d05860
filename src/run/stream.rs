//! The channel between a run, which never waits, and its readers, one at a time.
//!
//! As in `admission`, the whole state is one value in a watch channel; waiting means checking again when it changes.

mod state;

use std::any::Any;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use self::state::{Cursor, Phase, Reader, State};
pub use self::state::{Interruption, ResumeError};
use super::event::{RunEvent, RunEventKind, Withheld};
use super::failure::Failure;
use super::id::RunId;
use agent::image::Image;
use agent::report::StepReport;

/// A run's limits for its readers.
#[derive(Debug, Clone, Copy)]
pub(super) struct StreamOptions {
    /// Memory for the run's events, in bytes.
    pub(super) buffer: usize,
    /// How long events may wait for a reader that takes nothing.
    pub(super) stall_timeout: Duration,
    /// How long the run continues, and its events are kept, without a reader.
    pub(super) detach: Duration,
    /// Whether a stream omits a screenshot that is identical to the last one sent.
    pub(super) skip_unchanged: bool,
}

/// One run's events.
pub(super) struct Channel {
    id: RunId,
    options: StreamOptions,
    state: watch::Sender<State>,
}

/// One reader of a run's events. Dropping it before the run's end cancels the run, at once or when the time that it may
/// continue without a reader is over.
pub struct RunStream {
    channel: Arc<Channel>,
    changes: watch::Receiver<State>,
    number: u64,
    interruption: Option<Interruption>,
    /// Hash of the last screenshot sent.
    last_screenshot: Option<u64>,
    hasher: RandomState,
}

impl Channel {
    /// Opens a channel that contains `first`, with its first reader.
    pub(super) fn open(id: RunId, options: StreamOptions, first: RunEventKind) -> (Arc<Self>, RunStream) {
        let channel =
            Arc::new(Self { id, options, state: watch::Sender::new(State::new(options.buffer, options.detach)) });
        channel.push(first);
        let stream = channel.attach(0).expect("a new channel is not abandoned");
        (channel, stream)
    }

    /// Adds a reader that has read up to the event `after`, in place of the previous one.
    pub(super) fn attach(self: &Arc<Self>, after: u64) -> Result<RunStream, ResumeError> {
        let mut seat = Err(ResumeError::Unknown);
        self.state.send_if_modified(|state| {
            seat = state.seat(after);
            seat.is_ok()
        });
        let (channel, changes) = (self.clone(), self.state.subscribe());
        let (last_screenshot, hasher) = (None, RandomState::new());
        Ok(RunStream { channel, changes, number: seat?, interruption: None, last_screenshot, hasher })
    }

    /// Adds an event; ignored after the terminal one.
    pub(super) fn push(&self, event: RunEventKind) {
        self.state.send_if_modified(|state| state.push(event));
    }

    /// Ends the stream. The run is over and cleaned up.
    pub(super) fn close(&self) {
        self.state.send_modify(|state| state.phase = Phase::Closed);
    }

    /// Waits until the run is to be cancelled: its reader stalls, or has been away for too long.
    pub(super) async fn given_up(&self) -> Failure {
        let StreamOptions { stall_timeout, detach, .. } = self.options;
        self.until(|state| match state.reader {
            _ if state.overrun => Some((Instant::now(), Failure::ClientStalled)),
            Reader::Here(Cursor { waiting_since, .. }) => {
                // The time without a reader that the request asked for applies here, too.
                waiting_since.map(|since| (since + stall_timeout + detach, Failure::ClientStalled))
            }
            Reader::Away { since } => Some((since + detach, Failure::Cancelled)),
            Reader::Evicted => None,
        })
        .await
    }

    /// Waits until there is no reader.
    pub(super) async fn is_without_reader(&self) {
        self.until(|state| (!state.is_read()).then(|| (Instant::now(), ()))).await;
    }

    /// Waits until there is a reader.
    pub(super) async fn has_reader(&self) {
        self.until(|state| state.is_read().then(|| (Instant::now(), ()))).await;
    }

    /// Waits until a finished run has had no reader for as long as its events are kept.
    pub(super) async fn abandoned(&self) {
        self.until(|state| state.left_until().map(|until| (until, ()))).await;
    }

    /// Waits until the time that `end` returns, which is called again when the state changes.
    async fn until<T>(&self, end: impl Fn(&State) -> Option<(Instant, T)>) -> T {
        let mut changes = self.state.subscribe();
        loop {
            let ending = end(&changes.borrow_and_update());
            let changed = changes.changed();
            match ending {
                Some((at, what)) if at <= Instant::now() => return what,
                // Progress of a reader moves the time without a notification, so it is checked again when it comes.
                Some((at, _)) => tokio::select! {
                    _ = changed => {}
                    () = sleep_until(at) => {}
                },
                None => changed.await.expect("the channel itself keeps the sender alive"),
            }
        }
    }

    /// Whether the events are kept, for the reader or for one that resumes.
    pub(super) fn is_kept(&self) -> bool {
        !self.state.borrow().is_abandoned()
    }

    pub(super) fn is_read(&self) -> bool {
        self.state.borrow().is_read()
    }

    /// Drops the events of a finished run, even if it has a reader.
    pub(super) fn evict(&self) {
        self.state.send_modify(|state| {
            state.reader = Reader::Evicted;
            state.journal.clear();
        });
    }

    /// Memory of the events in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.state.borrow().journal.bytes()
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn is_overrun(&self) -> bool {
        self.state.borrow().overrun
    }

    /// Changes the state without a notification.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut result = None;
        self.state.send_if_modified(|state| {
            result = Some(change(state));
            false
        });
        result.expect("the closure has run")
    }
}

impl RunStream {
    pub fn id(&self) -> RunId {
        self.channel.id
    }

    /// The next event; none when the run is over and cleaned up, or when the stream is interrupted. Cancel-safe.
    pub async fn next(&mut self) -> Option<RunEvent> {
        loop {
            self.changes.borrow_and_update();
            match self.channel.with(|state| state.next(self.number)) {
                Ok(Poll::Ready(event)) => return event.map(|event| self.omit_repeated_screenshot(event)),
                Ok(Poll::Pending) => self.changes.changed().await.expect("the channel itself keeps the sender alive"),
                Err(interruption) => {
                    self.interruption = Some(interruption);
                    return None;
                }
            }
        }
    }

    /// Why the stream ended early, if it did.
    pub fn interruption(&self) -> Option<Interruption> {
        self.interruption
    }

    /// Keeps what is to be sent of the last event, until [`progress`](Self::progress) says that it was sent. An interruption
    /// drops it, even while the reader stalls, so the reader must hold only a weak reference.
    pub fn hold(&mut self, unsent: Arc<dyn Any + Send + Sync>) {
        // Notifies, since the reader may stall from here on.
        self.channel.state.send_modify(|state| {
            if let Ok((journal, cursor)) = state.cursor_of(self.number) {
                cursor.unsent = Some(unsent);
                cursor.has_taken(journal.last());
            }
        });
    }

    /// Records that the reader took a part of what is held, or all of it.
    ///
    /// # Errors
    /// The stream was interrupted.
    pub fn progress(&mut self, is_all: bool) -> Result<(), Interruption> {
        self.channel.with(|state| {
            let (journal, cursor) = state.cursor_of(self.number)?;
            if is_all {
                cursor.unsent = None;
            }
            cursor.has_taken(journal.last());
            Ok(())
        })
    }

    fn omit_repeated_screenshot(&mut self, mut event: RunEvent) -> RunEvent {
        let RunEventKind::Step(StepReport { screenshot: Some(Image { format, base64 }), .. }) = &event.kind else {
            return event;
        };
        if self.channel.options.skip_unchanged {
            let hash = self.hasher.hash_one((format, base64));
            if self.last_screenshot.replace(hash) == Some(hash) {
                event.withhold(Withheld::Unchanged);
            }
        }
        event
    }
}

impl Drop for RunStream {
    fn drop(&mut self) {
        self.channel.state.send_if_modified(|state| {
            let is_reader = state.cursor_of(self.number).is_ok();
            if is_reader {
                state.reader = Reader::Away { since: Instant::now() };
            }
            is_reader
        });
    }
}

#[cfg(test)]
mod tests;
