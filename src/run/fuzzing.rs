//! Events and readers of a run in any order, as a fuzz target.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;

use super::event::{RunEvent, RunEventKind, Withheld};
use super::id::RunId;
use super::stream::{Channel, Interruption, RunStream, StreamOptions};
use agent::image::{Image, ImageFormat};
use agent::ports::Provider;
use agent::report::{AgentResult, LogLevel, StepReport};

pub const TARGETS: &[(&str, fn(&[u8]))] = &[("run_stream", run_stream)];

const BUFFER: usize = 24 << 10;

/// Each byte is an operation: an event is sent or read, the reader leaves, or another one attaches. In any order, each reader
/// gets every event once and in order, or a gap in its place, which can include steps only after a time without a reader; and
/// memory is bounded.
pub(super) fn run_stream(data: &[u8]) {
    let mut model = Model::new();
    for byte in data {
        model.apply(*byte);
        if model.is_overrun() {
            // This ends the run.
            return;
        }
    }
    model.end();
}

struct Model {
    events: Arc<Channel>,
    /// The first has the number 1.
    sent: Vec<RunEventKind>,
    reader: Option<Reading>,
}

struct Reading {
    stream: RunStream,
    /// Number of the last event that it got.
    position: u64,
    /// From this number on, gaps may contain only log events.
    owed_from: u64,
}

impl Model {
    fn new() -> Self {
        let options = StreamOptions {
            buffer: BUFFER,
            stall_timeout: Duration::from_secs(3600),
            detach: Duration::from_secs(3600),
            skip_unchanged: false,
        };
        let id = RunId::new();
        let at = std::time::SystemTime::UNIX_EPOCH;
        let first = RunEventKind::Started { at, run_id: id, provider: Provider::Template, model: None };
        let (events, stream) = Channel::open(id, options, first.clone());
        Self { events, sent: vec![first], reader: Some(Reading { stream, position: 0, owed_from: 1 }) }
    }

    fn last(&self) -> u64 {
        self.sent.len() as u64
    }

    fn apply(&mut self, byte: u8) {
        let size = usize::from(byte >> 3) * 64;
        match byte & 0b111 {
            0 | 1 => self.send(step(self.sent.len(), size, Some(8 * size))),
            2 => self.send(step(self.sent.len(), size, None)),
            3 => {
                let at = std::time::SystemTime::UNIX_EPOCH;
                self.send(RunEventKind::Log { at, level: LogLevel::Info, message: "l".repeat(size), state: None });
            }
            4 => (0..=byte >> 3).for_each(|_| {
                self.read();
            }),
            5 => while self.read() {},
            6 => self.reader = None,
            _ => self.attach(u64::from(byte >> 3)),
        }
    }

    fn send(&mut self, event: RunEventKind) {
        self.sent.push(event.clone());
        let newest = size_of::<RunEvent>() + 64 + event.heap_bytes();
        self.events.push(event);
        assert!(self.events.bytes() <= BUFFER + newest || self.is_overrun(), "memory is bounded");
    }

    /// Attaches a reader that has all but the last `behind` events, in place of the current one, if any.
    fn attach(&mut self, behind: u64) {
        let position = self.last().saturating_sub(behind);
        let stream = self.events.attach(position).expect("the time without a reader is not over");
        let owed_from = self.last() + 1;
        if let Some(mut before) = self.reader.replace(Reading { stream, position, owed_from }) {
            assert_eq!(before.stream.next().now_or_never(), Some(None), "the previous reader is interrupted");
            assert_eq!(before.stream.interruption(), Some(Interruption::TakenOver));
        }
        assert!(self.events.attach(self.last() + 1).is_err(), "no reader is ahead of the events");
    }

    /// Reads one event; false if there is none.
    fn read(&mut self) -> bool {
        let last = self.last();
        let Some(reader) = &mut self.reader else { return false };
        let Some(read) = reader.stream.next().now_or_never() else {
            assert_eq!(reader.position, last, "no event is unread");
            return false;
        };
        let Some(event) = read else {
            assert!(
                reader.stream.interruption().is_none() && reader.position == last,
                "the end comes after everything"
            );
            return false;
        };
        let next = reader.position + 1;
        reader.position = event.sequence;
        let (owed_from, at) = (reader.owed_from, |number: u64| &self.sent[number as usize - 1]);
        if let RunEventKind::Gap { from, to, .. } = event.kind {
            assert!((from, to) == (next, event.sequence) && from <= to, "a gap replaces the missing events");
            let missing: RangeInclusive<u64> = from.max(owed_from)..=to;
            let logs = missing.into_iter().all(|number| matches!(at(number), RunEventKind::Log { .. }));
            assert!(logs && to < last, "only log events are dropped under a reader, and never the newest event");
        } else {
            assert_eq!(event.sequence, next, "in order and without repetition or omission");
            assert_eq!(event.kind, expected(at(next), &event), "as it was sent");
        }
        true
    }

    fn end(mut self) {
        self.send(RunEventKind::Finished { result: AgentResult::default(), duration: Duration::ZERO, storage: None });
        // Ignored after the terminal event.
        self.events.push(step(0, 0, None));
        if self.reader.is_none() {
            self.attach(self.last());
        }
        if self.is_overrun() {
            return;
        }
        while self.read() {}
        let Self { events, sent, reader } = self;
        events.close();
        let mut reader = reader.expect("there is a reader");
        assert_eq!(reader.position, sent.len() as u64, "the terminal event is read, and is the last");
        assert_eq!(reader.stream.next().now_or_never(), Some(None));
    }

    fn is_overrun(&self) -> bool {
        self.events.is_overrun()
    }
}

fn step(number: usize, text: usize, picture: Option<usize>) -> RunEventKind {
    let screenshot = picture.map(|size| Image { format: ImageFormat::Png, base64: "p".repeat(size).into() });
    RunEventKind::Step(StepReport {
        step: number as u32,
        description: "d".repeat(text),
        screenshot,
        ..StepReport::default()
    })
}

/// What was sent, without the screenshot if `event` lacks it.
fn expected(sent: &RunEventKind, event: &RunEvent) -> RunEventKind {
    let mut sent = RunEvent::new(event.sequence, sent.clone());
    if event.withheld == Some(Withheld::Dropped) {
        assert!(sent.withhold(Withheld::Dropped) > 0 || matches!(&sent.kind, RunEventKind::Step(_)));
    }
    sent.kind
}

#[cfg(test)]
#[test]
fn corpus_inputs_hold_the_invariants() {
    testkit::corpus::replay(TARGETS);
}
