//! A run's events, kept for its readers within a limit.
//!
//! A run never waits for its reader, so unread events wait here. Read ones stay while there is room, since a reader whose
//! connection broke has not seen all that was sent. When space runs out, the least important go first. A reader gets one
//! `Gap` event in place of those that are missing.

use std::collections::VecDeque;
use std::time::SystemTime;

use super::event::{RunEvent, RunEventKind, Withheld};

/// Maximum number of events: far more than a run has steps, to bound a flood of log events.
const MAX_EVENTS: usize = 2_000;

/// The events of one run in order, without those that were dropped. The newest is always there.
pub(super) struct Journal {
    entries: VecDeque<Entry>,
    /// Number of the newest event, 0 before the first.
    last: u64,
    /// Size of all entries.
    bytes: usize,
    /// Maximum of `bytes`, unless the newest event alone is larger.
    limit: usize,
}

struct Entry {
    event: RunEvent,
    bytes: usize,
}

/// The unread events exceed the limit, and none of them may be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overrun;

impl Journal {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), last: 0, bytes: 0, limit }
    }

    /// Number of the newest event, 0 before the first.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Memory of the events in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds an event and makes room for it. `read` is the number of the last event taken; none without a reader. Drops, oldest
    /// first, until it suffices: screenshots except the newest; log events; read events; the newest screenshot; and, without
    /// a reader, any events.
    ///
    /// # Errors
    /// That did not suffice. The event is kept anyway.
    pub(super) fn push(&mut self, kind: RunEventKind, read: Option<u64>) -> Result<(), Overrun> {
        self.last += 1;
        let bytes = size_of::<Entry>() + kind.heap_bytes();
        self.entries.push_back(Entry { event: RunEvent::new(self.last, kind), bytes });
        self.bytes += bytes;
        self.make_room(read)
    }

    /// Drops all events, but not their count.
    pub(super) fn clear(&mut self) {
        (self.entries, self.bytes) = (VecDeque::new(), 0);
    }

    /// The next event for a reader that has read up to `position`.
    pub(super) fn after(&self, position: u64) -> Option<RunEvent> {
        let at = self.entries.partition_point(|entry| entry.event.sequence <= position);
        let next = &self.entries.get(at)?.event;
        let (from, to) = (position + 1, next.sequence - 1);
        if from > to {
            return Some(next.clone());
        }
        Some(RunEvent::new(to, RunEventKind::Gap { at: SystemTime::now(), from, to }))
    }

    fn make_room(&mut self, read: Option<u64>) -> Result<(), Overrun> {
        let newest_picture = self.entries.iter().rposition(has_picture).unwrap_or_default();
        while self.bytes > self.limit && self.drop_picture(newest_picture) {}
        while self.is_over() && self.drop_event(|event| matches!(event.kind, RunEventKind::Log { .. })) {}
        while self.is_over() && self.drop_event(|event| read.is_some_and(|read| event.sequence <= read)) {}
        if self.bytes > self.limit && self.entries.len() > 1 {
            self.drop_picture(self.entries.len());
        }
        while self.is_over() && read.is_none() && self.drop_event(|_| true) {}
        if self.is_over() && self.entries.len() > 1 { Err(Overrun) } else { Ok(()) }
    }

    fn is_over(&self) -> bool {
        self.bytes > self.limit || self.entries.len() > MAX_EVENTS
    }

    /// Drops the oldest screenshot before the entry `end`; false if there is none.
    fn drop_picture(&mut self, end: usize) -> bool {
        let Some(entry) = self.entries.range_mut(..end).find(|entry| has_picture(entry)) else { return false };
        let freed = entry.event.withhold(Withheld::Dropped);
        entry.bytes -= freed;
        self.bytes -= freed;
        true
    }

    /// Drops the oldest such event, but never the newest of all; false if there is none.
    fn drop_event(&mut self, such: impl Fn(&RunEvent) -> bool) -> bool {
        let older = self.entries.len().saturating_sub(1);
        let Some(at) = self.entries.range(..older).position(|entry| such(&entry.event)) else { return false };
        let dropped = self.entries.remove(at).expect("it was found there");
        self.bytes -= dropped.bytes;
        true
    }
}

fn has_picture(entry: &Entry) -> bool {
    matches!(&entry.event.kind, RunEventKind::Step(step) if step.screenshot.is_some())
}

#[cfg(test)]
mod tests;
