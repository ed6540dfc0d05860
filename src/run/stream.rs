//! Between a run, which never waits, and those who read it, one at a time.
//!
//! The whole state is one value in a watch channel, as the admission's is: whoever waits looks again when it changes.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::event::{RunEvent, RunEventKind, Withheld};
use super::failure::Failure;
use super::id::RunId;
use super::journal::Journal;
use crate::agent::image::Image;
use crate::agent::report::StepReport;

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

struct State {
    journal: Journal,
    reader: Reader,
    /// How many readers there have been.
    readers: u64,
    /// More waits for the reader than there is room for.
    overrun: bool,
    phase: Phase,
}

enum Phase {
    Open,
    /// The terminal event is told; what is left is to clean up.
    Ending,
    Closed {
        at: Instant,
    },
}

enum Reader {
    Here {
        number: u64,
        /// Number of the last event it has taken.
        position: u64,
        /// Since when something waits that it has not taken.
        kept_waiting: Option<Instant>,
    },
    Away {
        since: Instant,
    },
}

/// What is there for a reader.
#[expect(clippy::large_enum_variant, reason = "it lives for one return")]
enum Next {
    Event(RunEvent),
    Wait,
    End,
    TakenOver,
}

/// Why nobody can read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotAttached {
    /// The time without a reader is over, and so is the run.
    Abandoned,
    /// The number is one of an event that was not told yet; this is the last one that was.
    Ahead { last: u64 },
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
    taken_over: bool,
    /// Of the last screenshot that was told.
    told: Option<u64>,
    hasher: RandomState,
}

impl Channel {
    /// A channel with `first` in it and its first reader.
    pub(super) fn open(id: RunId, terms: Terms, first: RunEventKind) -> (Outbox, RunStream) {
        let state = State {
            journal: Journal::new(terms.buffer),
            reader: Reader::Here { number: 0, position: 0, kept_waiting: None },
            readers: 0,
            overrun: false,
            phase: Phase::Open,
        };
        let channel = Arc::new(Self { id, terms, state: watch::Sender::new(state) });
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
        Ok(RunStream { channel, changes, number: seat?, taken_over: false, told, hasher })
    }

    /// Nothing is added after the terminal event.
    pub(super) fn push(&self, event: RunEventKind) {
        self.state.send_if_modified(|state| state.push(event));
    }

    /// Waits until nobody is there any more to run for: the reader stalls, or has been away for too long.
    pub(super) async fn given_up(&self) -> Failure {
        let Terms { stall_timeout, detach, .. } = self.terms;
        self.until(|state| match state.reader {
            _ if state.overrun => Some((Instant::now(), Failure::ClientStalled)),
            Reader::Here { kept_waiting, .. } => {
                // Who asked for time without a reader has it in this case, too.
                kept_waiting.map(|since| (since + stall_timeout + detach, Failure::ClientStalled))
            }
            Reader::Away { since } => Some((since + detach, Failure::Cancelled)),
        })
        .await
    }

    /// Waits until the events of a closed run have been without a reader for as long as they are to be kept.
    pub(super) async fn abandoned(&self) {
        self.until(|state| match state.phase {
            Phase::Closed { .. } => state.left_until(self.terms.detach).map(|until| (until, ())),
            Phase::Open | Phase::Ending => None,
        })
        .await;
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

    /// Whether the run, or what it told, is to be kept for a reader who comes back.
    pub(super) fn is_kept(&self) -> bool {
        !self.terms.detach.is_zero()
            && self.state.borrow().left_until(self.terms.detach).is_none_or(|until| until > Instant::now())
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
        let mut next = Next::TakenOver;
        self.state.send_if_modified(|state| {
            next = state.next(number);
            false
        });
        next
    }

    fn leave(&self, leaving: u64) {
        self.state.send_if_modified(|state| {
            let here = matches!(state.reader, Reader::Here { number, .. } if number == leaving);
            if here {
                state.reader = Reader::Away { since: Instant::now() };
            }
            here
        });
    }
}

impl State {
    fn push(&mut self, event: RunEventKind) -> bool {
        if !matches!(self.phase, Phase::Open) {
            return false;
        }
        if event.is_terminal() {
            self.phase = Phase::Ending;
        }
        let read = match &mut self.reader {
            Reader::Here { position, kept_waiting, .. } => {
                kept_waiting.get_or_insert_with(Instant::now);
                Some(*position)
            }
            Reader::Away { .. } => None,
        };
        self.overrun |= self.journal.push(event, read).is_err();
        true
    }

    /// The number of a new reader who stands where the old one stood.
    fn seat(&mut self, position: u64, detach: Duration) -> Result<u64, NotAttached> {
        let last = self.journal.last();
        if position > last {
            return Err(NotAttached::Ahead { last });
        }
        if self.left_until(detach).is_some_and(|until| until <= Instant::now()) {
            return Err(NotAttached::Abandoned);
        }
        self.readers += 1;
        let kept_waiting = (position < last).then(Instant::now);
        self.reader = Reader::Here { number: self.readers, position, kept_waiting };
        Ok(self.readers)
    }

    fn next(&mut self, asking: u64) -> Next {
        let Reader::Here { number, position, kept_waiting } = &mut self.reader else { return Next::TakenOver };
        if *number != asking {
            return Next::TakenOver;
        }
        match self.journal.after(*position) {
            Some(event) => {
                *position = event.sequence;
                *kept_waiting = (*position < self.journal.last()).then(Instant::now);
                Next::Event(event)
            }
            None if matches!(self.phase, Phase::Closed { .. }) => Next::End,
            None => Next::Wait,
        }
    }

    /// Until when the run, or what it told, is kept without a reader; none while there is one.
    fn left_until(&self, detach: Duration) -> Option<Instant> {
        let Reader::Away { since } = self.reader else { return None };
        Some(match self.phase {
            Phase::Closed { at } => since.max(at) + detach,
            Phase::Open | Phase::Ending => since + detach,
        })
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
        self.channel.state.send_modify(|state| state.phase = Phase::Closed { at: Instant::now() });
    }
}

impl RunStream {
    pub fn id(&self) -> RunId {
        self.channel.id
    }

    /// The next event; none when the run is over and cleaned up, and when another reader has taken the stream over. Loses
    /// nothing when the future is dropped.
    pub async fn next(&mut self) -> Option<RunEvent> {
        loop {
            self.changes.borrow_and_update();
            match self.channel.next(self.number) {
                Next::Event(event) => return Some(self.without_repetition(event)),
                Next::End => return None,
                Next::TakenOver => {
                    self.taken_over = true;
                    return None;
                }
                Next::Wait => self.changes.changed().await.expect("the channel itself keeps the sender alive"),
            }
        }
    }

    /// Whether the stream ended for this reader because another one took it over.
    pub fn is_taken_over(&self) -> bool {
        self.taken_over
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
