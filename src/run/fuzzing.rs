//! Readers that come, go and take over in any order, as a fuzz target.

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

/// Each byte is something that happens: an event is told, an event is read, the reader leaves, another one comes. Whatever
/// the order, each reader reads every event once and in order, or is told that it is missing, which for a step can only be
/// after a time without a reader; and memory is bounded.
pub(super) fn run_stream(data: &[u8]) {
    let mut play = Play::new();
    for byte in data {
        play.happen(*byte);
        if play.is_overrun() {
            // The run ends by that; what its reader is still owed is another matter.
            return;
        }
    }
    play.end();
}

struct Play {
    events: Arc<Channel>,
    /// All that was told; the first has the number 1.
    told: Vec<RunEventKind>,
    reader: Option<Reading>,
}

struct Reading {
    stream: RunStream,
    /// Number of the last event it was given.
    position: u64,
    /// What was told from this number on may be told as missing only when it is a log event.
    owed_from: u64,
}

impl Play {
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
        Self { events, told: vec![first], reader: Some(Reading { stream, position: 0, owed_from: 1 }) }
    }

    fn last(&self) -> u64 {
        self.told.len() as u64
    }

    fn happen(&mut self, byte: u8) {
        let size = usize::from(byte >> 3) * 64;
        match byte & 0b111 {
            0 | 1 => self.tell(step(self.told.len(), size, Some(8 * size))),
            2 => self.tell(step(self.told.len(), size, None)),
            3 => {
                let at = std::time::SystemTime::UNIX_EPOCH;
                self.tell(RunEventKind::Log { at, level: LogLevel::Info, message: "l".repeat(size) });
            }
            4 => (0..=byte >> 3).for_each(|_| {
                self.read();
            }),
            5 => while self.read() {},
            6 => self.reader = None,
            _ => self.attach(u64::from(byte >> 3)),
        }
    }

    fn tell(&mut self, event: RunEventKind) {
        self.told.push(event.clone());
        let newest = size_of::<RunEvent>() + 64 + event.heap_bytes();
        self.events.push(event);
        assert!(self.events.bytes() <= BUFFER + newest || self.is_overrun(), "memory is bounded");
    }

    /// Somebody comes who has all but the last `behind` events, beside or after the reader there is.
    fn attach(&mut self, behind: u64) {
        let position = self.last().saturating_sub(behind);
        let stream = self.events.attach(position).expect("there is time to come back");
        let owed_from = self.last() + 1;
        if let Some(mut before) = self.reader.replace(Reading { stream, position, owed_from }) {
            assert_eq!(before.stream.next().now_or_never(), Some(None), "whoever was there reads no more");
            assert_eq!(before.stream.interruption(), Some(Interruption::TakenOver));
        }
        assert!(self.events.attach(self.last() + 1).is_err(), "nobody has what was not told");
    }

    /// Reads one event; false when there is none.
    fn read(&mut self) -> bool {
        let last = self.last();
        let Some(reader) = &mut self.reader else { return false };
        let Some(read) = reader.stream.next().now_or_never() else {
            assert_eq!(reader.position, last, "nothing waits unread");
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
        let (owed_from, at) = (reader.owed_from, |number: u64| &self.told[number as usize - 1]);
        if let RunEventKind::Gap { from, to, .. } = event.kind {
            assert!((from, to) == (next, event.sequence) && from <= to, "a gap takes the place of what is missing");
            let missing: RangeInclusive<u64> = from.max(owed_from)..=to;
            let logs = missing.into_iter().all(|number| matches!(at(number), RunEventKind::Log { .. }));
            assert!(logs && to < last, "only log events are dropped under a reader, and never the newest event");
        } else {
            assert_eq!(event.sequence, next, "in order, none twice, none left out");
            assert_eq!(event.kind, expected(at(next), &event), "as it was told");
        }
        true
    }

    fn end(mut self) {
        self.tell(RunEventKind::Finished { result: AgentResult::default(), duration: Duration::ZERO });
        // Too late to be told.
        self.events.push(step(0, 0, None));
        if self.reader.is_none() {
            self.attach(self.last());
        }
        if self.is_overrun() {
            return;
        }
        while self.read() {}
        let Self { events, told, reader } = self;
        events.close();
        let mut reader = reader.expect("somebody reads");
        assert_eq!(reader.position, told.len() as u64, "the terminal event is read, and is the last");
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

/// What was told, without the screenshot that `event` says is dropped.
fn expected(told: &RunEventKind, event: &RunEvent) -> RunEventKind {
    let mut told = RunEvent::new(event.sequence, told.clone());
    if event.withheld == Some(Withheld::Dropped) {
        assert!(told.withhold(Withheld::Dropped) > 0 || matches!(&told.kind, RunEventKind::Step(_)));
    }
    told.kind
}

#[cfg(test)]
#[test]
fn corpus_inputs_hold_the_invariants() {
    testkit::corpus::replay(TARGETS);
}
