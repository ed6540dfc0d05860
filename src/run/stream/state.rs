//! Where a run's reader stands, and until when it is waited for. Pure but for the clock.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::run::event::{RunEvent, RunEventKind};
use crate::run::journal::Journal;

/// Bytes that a reader takes at once of what is sent to it. Little enough for a slow one to be seen taking something.
const PIECE: usize = 16 << 10;

/// A run's events and who reads them.
pub(super) struct State {
    pub(super) journal: Journal,
    pub(super) reader: Reader,
    /// How many readers there have been.
    pub(super) readers: u64,
    /// More waits for the reader than there is room for.
    pub(super) overrun: bool,
    pub(super) phase: Phase,
}

pub(super) enum Phase {
    Open,
    /// The terminal event is told; what is left is to clean up.
    Ending,
    Closed,
}

pub(super) enum Reader {
    Here(Seat),
    /// Nobody reads; at the earliest since the terminal event was told, if that was in time.
    Away {
        since: Instant,
    },
    /// What the run told has made room, and whoever read it reads no more.
    Evicted,
}

pub(super) struct Seat {
    pub(super) number: u64,
    /// Number of the last event it has taken.
    pub(super) position: u64,
    /// What is still to be sent of that one.
    pub(super) unsent: Bytes,
    /// Since when something waits of which it has taken nothing.
    pub(super) kept_waiting: Option<Instant>,
}

/// What is there for a reader.
#[expect(clippy::large_enum_variant, reason = "it lives for one return")]
pub(super) enum Next {
    Event(RunEvent),
    Wait,
    End,
    Interrupted(Interruption),
}

/// Why a stream ends for its reader before it has told everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Interruption {
    #[error("another reader took the stream over")]
    TakenOver,
    /// The run is over, and too many others are as well whose readers are slow.
    #[error("what was left to read has made room for what other runs told")]
    Evicted,
}

/// Why nobody can read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum NotAttached {
    /// The time without a reader is over, and so is the run.
    Abandoned,
    /// The number is one of an event that was not told yet; this is the last one that was.
    Ahead { last: u64 },
}

impl State {
    /// A run that has told nothing, with its first reader on the way.
    pub(super) fn new(buffer: usize) -> Self {
        Self {
            journal: Journal::new(buffer),
            reader: Reader::Here(Seat { number: 0, position: 0, unsent: Bytes::new(), kept_waiting: None }),
            readers: 0,
            overrun: false,
            phase: Phase::Open,
        }
    }

    pub(super) fn push(&mut self, event: RunEventKind, detach: Duration) -> bool {
        if !matches!(self.phase, Phase::Open) {
            return false;
        }
        if event.is_terminal() {
            self.phase = Phase::Ending;
            let given_up = self.is_abandoned(detach);
            if let Reader::Away { since } = &mut self.reader
                && !given_up
            {
                *since = Instant::now();
            }
        }
        let read = match &mut self.reader {
            Reader::Here(Seat { position, kept_waiting, .. }) => {
                kept_waiting.get_or_insert_with(Instant::now);
                Some(*position)
            }
            Reader::Away { .. } | Reader::Evicted => None,
        };
        self.overrun |= self.journal.push(event, read).is_err();
        true
    }

    /// The number of a new reader who stands where the old one stood.
    pub(super) fn seat(&mut self, position: u64, detach: Duration) -> Result<u64, NotAttached> {
        let last = self.journal.last();
        if position > last {
            return Err(NotAttached::Ahead { last });
        }
        if self.is_abandoned(detach) {
            return Err(NotAttached::Abandoned);
        }
        self.readers += 1;
        let kept_waiting = (position < last).then(Instant::now);
        self.reader = Reader::Here(Seat { number: self.readers, position, unsent: Bytes::new(), kept_waiting });
        Ok(self.readers)
    }

    /// Where this reader stands, and in what.
    pub(super) fn seat_of(&mut self, asking: u64) -> Result<(&Journal, &mut Seat), Interruption> {
        match &mut self.reader {
            Reader::Here(seat) if seat.number == asking => Ok((&self.journal, seat)),
            Reader::Evicted if self.readers == asking => Err(Interruption::Evicted),
            Reader::Here(_) | Reader::Away { .. } | Reader::Evicted => Err(Interruption::TakenOver),
        }
    }

    pub(super) fn next(&mut self, asking: u64) -> Next {
        let is_closed = matches!(self.phase, Phase::Closed);
        let (journal, seat) = match self.seat_of(asking) {
            Ok(taken) => taken,
            Err(interruption) => return Next::Interrupted(interruption),
        };
        match journal.after(seat.position) {
            Some(event) => {
                seat.position = event.sequence;
                seat.has_taken(journal.last());
                Next::Event(event)
            }
            None if is_closed => Next::End,
            None => Next::Wait,
        }
    }

    /// The next piece of what is still to be sent.
    pub(super) fn piece(&mut self, asking: u64) -> Result<Bytes, Interruption> {
        let (journal, seat) = self.seat_of(asking)?;
        let piece = seat.unsent.split_to(PIECE.min(seat.unsent.len()));
        seat.has_taken(journal.last());
        // A part of the whole would keep all of it, in buffers that nobody can empty but the reader.
        Ok(Bytes::copy_from_slice(&piece))
    }

    pub(super) fn is_read(&self) -> bool {
        matches!(self.reader, Reader::Here(_))
    }

    /// Until when the run, or what it told, is kept without a reader; none while there is one.
    pub(super) fn left_until(&self, detach: Duration) -> Option<Instant> {
        match self.reader {
            Reader::Here(_) => None,
            Reader::Away { since } => Some(since + detach),
            Reader::Evicted => Some(Instant::now()),
        }
    }

    pub(super) fn is_abandoned(&self, detach: Duration) -> bool {
        self.left_until(detach).is_some_and(|until| until <= Instant::now())
    }
}

impl Seat {
    /// It has taken something just now.
    pub(super) fn has_taken(&mut self, last: u64) {
        self.kept_waiting = (self.position < last || !self.unsent.is_empty()).then(Instant::now);
    }
}
