//! The state of a run's channel: what its reader has read, and how long the run waits for it. Pure except for the clock.

use std::any::Any;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use crate::run::event::{RunEvent, RunEventKind};
use crate::run::journal::Journal;

/// A run's events and their reader.
pub(super) struct State {
    pub(super) journal: Journal,
    pub(super) reader: Reader,
    /// Number of readers so far.
    pub(super) readers: u64,
    /// More events wait for the reader than the buffer holds.
    pub(super) overrun: bool,
    pub(super) phase: Phase,
    /// How long the run continues, and its events are kept, without a reader.
    detach: Duration,
}

pub(super) enum Phase {
    Open,
    /// The terminal event was sent; cleanup remains.
    Ending,
    Closed,
}

pub(super) enum Reader {
    Here(Cursor),
    /// No reader, since then; the terminal event restarts the time if it comes before its end.
    Away {
        since: Instant,
    },
    /// The events were dropped to make room.
    Evicted,
}

pub(super) struct Cursor {
    pub(super) number: u64,
    /// Number of the last event taken.
    pub(super) position: u64,
    /// What is still to be sent of that event.
    pub(super) unsent: Option<Arc<dyn Any + Send + Sync>>,
    /// Since when events wait and the reader takes nothing.
    pub(super) waiting_since: Option<Instant>,
}

/// Why a stream ends early for its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Interruption {
    #[error("another reader took the stream over")]
    TakenOver,
    /// The run is over, and its reader was too slow compared to those of other finished runs.
    #[error("the unread events were dropped to make room for those of other runs")]
    Evicted,
}

/// Why a stream cannot be resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResumeError {
    /// There was none, or its time without a reader is over and it is being cancelled or forgotten.
    #[error("no such run is held")]
    Unknown,
    #[error("the run has no event of this number yet, the last one is {last}")]
    Ahead { last: u64 },
    #[error("the key was used for another request")]
    KeyReused,
}

impl State {
    /// No events, and a placeholder for the first reader.
    pub(super) fn new(buffer: usize, detach: Duration) -> Self {
        Self {
            journal: Journal::new(buffer),
            reader: Reader::Here(Cursor { number: 0, position: 0, unsent: None, waiting_since: None }),
            readers: 0,
            overrun: false,
            phase: Phase::Open,
            detach,
        }
    }

    pub(super) fn push(&mut self, event: RunEventKind) -> bool {
        if !matches!(self.phase, Phase::Open) {
            return false;
        }
        if event.is_terminal() {
            self.phase = Phase::Ending;
            let given_up = self.is_abandoned();
            if let Reader::Away { since } = &mut self.reader
                && !given_up
            {
                *since = Instant::now();
            }
        }
        let read = match &mut self.reader {
            Reader::Here(Cursor { position, waiting_since, .. }) => {
                waiting_since.get_or_insert_with(Instant::now);
                Some(*position)
            }
            Reader::Away { .. } | Reader::Evicted => None,
        };
        self.overrun |= self.journal.push(event, read).is_err();
        true
    }

    /// Adds a reader that has read up to `position`, in place of the previous one, and returns its number.
    pub(super) fn seat(&mut self, position: u64) -> Result<u64, ResumeError> {
        let last = self.journal.last();
        if position > last {
            return Err(ResumeError::Ahead { last });
        }
        if self.is_abandoned() {
            return Err(ResumeError::Unknown);
        }
        self.readers += 1;
        let waiting_since = (position < last).then(Instant::now);
        self.reader = Reader::Here(Cursor { number: self.readers, position, unsent: None, waiting_since });
        Ok(self.readers)
    }

    /// The cursor of this reader, with the events that it reads.
    pub(super) fn cursor_of(&mut self, asking: u64) -> Result<(&Journal, &mut Cursor), Interruption> {
        match &mut self.reader {
            Reader::Here(seat) if seat.number == asking => Ok((&self.journal, seat)),
            Reader::Evicted if self.readers == asking => Err(Interruption::Evicted),
            Reader::Here(_) | Reader::Away { .. } | Reader::Evicted => Err(Interruption::TakenOver),
        }
    }

    /// The next event of this reader; none at the end of the stream.
    pub(super) fn next(&mut self, asking: u64) -> Result<Poll<Option<RunEvent>>, Interruption> {
        let is_closed = matches!(self.phase, Phase::Closed);
        let (journal, seat) = self.cursor_of(asking)?;
        Ok(match journal.after(seat.position) {
            Some(event) => {
                seat.position = event.sequence;
                seat.has_taken(journal.last());
                Poll::Ready(Some(event))
            }
            None if is_closed => Poll::Ready(None),
            None => Poll::Pending,
        })
    }

    pub(super) fn is_read(&self) -> bool {
        matches!(self.reader, Reader::Here(_))
    }

    /// Until when the run, or its events, are kept without a reader; none while there is one.
    pub(super) fn left_until(&self) -> Option<Instant> {
        match self.reader {
            Reader::Here(_) => None,
            Reader::Away { since } => Some(since + self.detach),
            Reader::Evicted => Some(Instant::now()),
        }
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.left_until().is_some_and(|until| until <= Instant::now())
    }
}

impl Cursor {
    /// Restarts the stall timer.
    pub(super) fn has_taken(&mut self, last: u64) {
        self.waiting_since = (self.position < last || self.unsent.is_some()).then(Instant::now);
    }
}
