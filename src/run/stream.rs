//! Between a run, which never waits, and those who read it, one at a time.
//!
//! The whole state is one value in a watch channel, as the admission's is: whoever waits looks again when it changes.

mod state;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

pub use self::state::Interruption;
pub(super) use self::state::NotAttached;
use self::state::{Next, Phase, Reader, Seat, State};
use super::event::{RunEvent, RunEventKind, Withheld};
use super::failure::Failure;
use super::id::RunId;
use agent::image::Image;
use agent::report::StepReport;

/// How a run deals with its readers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Memory for the run's events, in bytes.
    pub(super) buffer: usize,
    /// How long something may wait for a reader that takes nothing.
    pub(super) stall_timeout: Duration,
    /// How long the run goes on, and its events are kept, without a reader.
    pub(super) detach: Duration,
    /// Whether a stream leaves out a screenshot that is the one it told last.
    pub(super) skip_unchanged: bool,
}

/// One run's events, where they are written and read.
pub(super) struct Channel {
    id: RunId,
    terms: Terms,
    state: watch::Sender<State>,
}

/// Writes a run's events. When it is dropped the stream is closed.
pub(super) struct Outbox {
    channel: Arc<Channel>,
}

/// One run's events as one reader reads them. When it is dropped before the run's end the run is cancelled, at once or
/// when the time is over for which it may go on without a reader.
pub struct RunStream {
    channel: Arc<Channel>,
    changes: watch::Receiver<State>,
    number: u64,
    interruption: Option<Interruption>,
    /// Bytes of what is [held](Self::hold), and how many of them are still to be sent.
    held: usize,
    unsent: usize,
    /// Of the last screenshot that was told.
    told: Option<u64>,
    hasher: RandomState,
}

impl Channel {
    /// A channel with `first` in it and its first reader.
    pub(super) fn open(id: RunId, terms: Terms, first: RunEventKind) -> (Outbox, RunStream) {
        let channel = Arc::new(Self { id, terms, state: watch::Sender::new(State::new(terms.buffer)) });
        channel.push(first);
        let stream = channel.attach(0).expect("nobody has left a new channel");
        (Outbox { channel }, stream)
    }

    /// A new reader, which has read up to the number `after`. It takes the place of the one before.
    pub(super) fn attach(self: &Arc<Self>, after: u64) -> Result<RunStream, NotAttached> {
        let mut seat = Err(NotAttached::Abandoned);
        self.state.send_if_modified(|state| {
            seat = state.seat(after, self.terms.detach);
            seat.is_ok()
        });
        let (channel, changes) = (self.clone(), self.state.subscribe());
        let (told, hasher) = (None, RandomState::new());
        Ok(RunStream { channel, changes, number: seat?, interruption: None, held: 0, unsent: 0, told, hasher })
    }

    /// Nothing is added after the terminal event.
    pub(super) fn push(&self, event: RunEventKind) {
        self.state.send_if_modified(|state| state.push(event, self.terms.detach));
    }

    /// Waits until nobody is there any more to run for: the reader stalls, or has been away for too long.
    pub(super) async fn given_up(&self) -> Failure {
        let Terms { stall_timeout, detach, .. } = self.terms;
        self.until(|state| match state.reader {
            _ if state.overrun => Some((Instant::now(), Failure::ClientStalled)),
            Reader::Here(Seat { kept_waiting, .. }) => {
                // Who asked for time without a reader has it in this case, too.
                kept_waiting.map(|since| (since + stall_timeout + detach, Failure::ClientStalled))
            }
            Reader::Away { since } => Some((since + detach, Failure::Cancelled)),
            Reader::Evicted => None,
        })
        .await
    }

    /// Waits until nobody reads.
    pub(super) async fn is_without_reader(&self) {
        self.until(|state| (!state.is_read()).then(|| (Instant::now(), ()))).await;
    }

    /// Waits until somebody reads.
    pub(super) async fn has_reader(&self) {
        self.until(|state| state.is_read().then(|| (Instant::now(), ()))).await;
    }

    /// Waits until a run that is over has been without a reader for as long as what it told is to be kept.
    pub(super) async fn abandoned(&self) {
        self.until(|state| state.left_until(self.terms.detach).map(|until| (until, ()))).await;
    }

    /// Waits until the time that `end` gives, which it is asked again whenever the state changes.
    async fn until<T>(&self, end: impl Fn(&State) -> Option<(Instant, T)>) -> T {
        let mut changes = self.state.subscribe();
        loop {
            let ending = end(&changes.borrow_and_update());
            let changed = changes.changed();
            match ending {
                Some((at, what)) if at <= Instant::now() => return what,
                // What a reader takes changes the time without a sign of it: it is looked at again when it has come.
                Some((at, _)) => tokio::select! {
                    _ = changed => {}
                    () = sleep_until(at) => {}
                },
                None => changed.await.expect("the channel itself keeps the sender alive"),
            }
        }
    }

    /// Whether the run, or what it told, is there for its reader, or for one who comes back.
    pub(super) fn is_kept(&self) -> bool {
        !self.state.borrow().is_abandoned(self.terms.detach)
    }

    pub(super) fn is_read(&self) -> bool {
        self.state.borrow().is_read()
    }

    /// Frees what a run that is over has told, whoever still reads it.
    pub(super) fn evict(&self) {
        self.state.send_modify(|state| {
            state.reader = Reader::Evicted;
            state.journal.clear();
        });
    }

    /// Memory that the events hold.
    pub(super) fn bytes(&self) -> usize {
        self.state.borrow().journal.bytes()
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn is_overrun(&self) -> bool {
        self.state.borrow().overrun
    }

    fn next(&self, number: u64) -> Next {
        self.with(|state| state.next(number))
    }

    /// Does what nobody waits for.
    fn with<T>(&self, does: impl FnOnce(&mut State) -> T) -> T {
        let mut done = None;
        self.state.send_if_modified(|state| {
            done = Some(does(state));
            false
        });
        done.expect("it was done at once")
    }

    fn leave(&self, leaving: u64) {
        self.state.send_if_modified(|state| {
            let here = state.seat_of(leaving).is_ok();
            if here {
                state.reader = Reader::Away { since: Instant::now() };
            }
            here
        });
    }
}

impl Outbox {
    pub(super) fn push(&self, event: RunEventKind) {
        self.channel.push(event);
    }

    pub(super) fn channel(&self) -> &Arc<Channel> {
        &self.channel
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.channel.state.send_modify(|state| state.phase = Phase::Closed);
    }
}

impl RunStream {
    pub fn id(&self) -> RunId {
        self.channel.id
    }

    /// The next event; none when the run is over and cleaned up, and when the stream is interrupted. Loses nothing when the
    /// future is dropped.
    pub async fn next(&mut self) -> Option<RunEvent> {
        loop {
            self.changes.borrow_and_update();
            match self.channel.next(self.number) {
                Next::Event(event) => return Some(self.without_repetition(event)),
                Next::End => return None,
                Next::Interrupted(interruption) => {
                    self.interruption = Some(interruption);
                    return None;
                }
                Next::Wait => self.changes.changed().await.expect("the channel itself keeps the sender alive"),
            }
        }
    }

    /// Why the stream ended before it had told everything, if it did.
    pub fn interruption(&self) -> Option<Interruption> {
        self.interruption
    }

    /// Leaves here what is to be sent of the last event, in the place of what was left before. So it goes when the stream is
    /// interrupted, even while its reader takes nothing and nobody asks for more.
    pub fn hold(&mut self, bytes: Bytes) {
        (self.held, self.unsent) = (bytes.len(), bytes.len());
        // With a sign: something may wait from here on where nothing did.
        self.channel.state.send_modify(|state| {
            if let Ok((journal, seat)) = state.seat_of(self.number) {
                seat.unsent = bytes;
                seat.has_taken(journal.last());
            }
        });
    }

    /// The next piece of what is held, of a size that a slow reader takes in little time; none when all of it was taken.
    ///
    /// # Errors
    /// When the stream is interrupted in the middle of it. Before, it is left out, and [`next`](Self::next) tells the rest.
    pub fn piece(&mut self) -> Option<Result<Bytes, Interruption>> {
        if self.unsent == 0 {
            return None;
        }
        let has_begun = self.unsent < self.held;
        match self.channel.with(|state| state.piece(self.number)) {
            Ok(piece) => {
                self.unsent -= piece.len();
                Some(Ok(piece))
            }
            Err(interruption) => {
                self.unsent = 0;
                has_begun.then_some(Err(interruption))
            }
        }
    }

    fn without_repetition(&mut self, mut event: RunEvent) -> RunEvent {
        let RunEventKind::Step(StepReport { screenshot: Some(Image { format, base64 }), .. }) = &event.kind else {
            return event;
        };
        if self.channel.terms.skip_unchanged {
            let told = self.hasher.hash_one((format, base64));
            if self.told.replace(told) == Some(told) {
                event.withhold(Withheld::Unchanged);
            }
        }
        event
    }
}

impl Drop for RunStream {
    fn drop(&mut self) {
        self.channel.leave(self.number);
    }
}

#[cfg(test)]
mod tests;
