//! A run's events as frames of a `text/event-stream`, written by hand: the contract fixes every byte of them.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_stream::try_stream;
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use serde::Serialize;
use tokio::time::timeout;

use super::event_dto::EventDto;
use crate::run::{Interruption, RunEvent, RunId, RunStream};

/// Bytes sent at once: few enough that even a slow client is seen to take something.
const PIECE: usize = 16 << 10;

const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// The end of a stream for a reader that was replaced by another one. No id: it is no event of the run.
const TAKEN_OVER: &[u8] =
    b"data: {\"type\":\"error\",\"error\":\"another reader took this stream over; the run goes on\",\
    \"code\":\"stream_taken_over\",\"isComplete\":true}\n\n";

/// The same for a reader so slow that the events of its finished run were dropped to make room.
const EVICTED: &[u8] =
    b"data: {\"type\":\"error\",\"error\":\"the run is over, and what was left to read of it was not kept for longer\",\
    \"code\":\"client_stalled\",\"isComplete\":true}\n\n";

/// The stream as a response. Its body owns the reader: when hyper drops it, because the client disconnected, the run loses
/// its reader.
pub(super) fn response(events: RunStream, keep_alive: Duration) -> Response {
    let headers = [
        (CONTENT_TYPE.as_str(), "text/event-stream".to_owned()),
        (CACHE_CONTROL.as_str(), "no-cache".to_owned()),
        ("x-accel-buffering", "no".to_owned()),
        ("x-run-id", events.id().to_string()),
    ];
    (headers, Body::from_stream(frames(events, keep_alive))).into_response()
}

/// The frames of one run, closed by `[DONE]`, with a comment whenever nothing else was sent for `keep_alive`. Fails, and so
/// ends the connection, if the stream is interrupted within a frame: nothing else can be said there.
fn frames(
    mut events: RunStream,
    keep_alive: Duration,
) -> impl Stream<Item = Result<Bytes, Interruption>> + Send + 'static {
    try_stream! {
        let mut is_complete = false;
        loop {
            match timeout(keep_alive, events.next()).await {
                Ok(Some(event)) => {
                    is_complete = event.kind.is_terminal();
                    let mut sending = SendingFrame::start(frame(events.id(), &event), &mut events);
                    while let Some(piece) = sending.next_piece(&mut events)? {
                        yield piece;
                    }
                }
                Ok(None) => break,
                Err(_elapsed) => yield Bytes::from_static(KEEP_ALIVE),
            }
        }
        match events.interruption() {
            Some(Interruption::TakenOver) if !is_complete => yield Bytes::from_static(TAKEN_OVER),
            Some(Interruption::Evicted) if !is_complete => yield Bytes::from_static(EVICTED),
            _ => {}
        }
        yield Bytes::from_static(b"data: [DONE]\n\n");
    }
}

/// A frame that is sent in pieces. The run's stream owns it and drops it when the stream is interrupted: a stalled client
/// must not keep megabytes alive.
struct SendingFrame {
    unsent: Weak<Mutex<Bytes>>,
    has_begun: bool,
    is_sent: bool,
}

impl SendingFrame {
    fn start(frame: Bytes, events: &mut RunStream) -> Self {
        let frame = Arc::new(Mutex::new(frame));
        let unsent = Arc::downgrade(&frame);
        events.hold(frame);
        Self { unsent, has_begun: false, is_sent: false }
    }

    /// None when the frame is sent, or was interrupted before it began: the stream then says so instead.
    ///
    /// # Errors
    /// The stream was interrupted within the frame.
    fn next_piece(&mut self, events: &mut RunStream) -> Result<Option<Bytes>, Interruption> {
        if self.is_sent {
            return Ok(None);
        }
        let piece = self.unsent.upgrade().map(|unsent| {
            let mut unsent = unsent.lock().unwrap_or_else(PoisonError::into_inner);
            let length = PIECE.min(unsent.len());
            let piece = unsent.split_to(length);
            self.is_sent = unsent.is_empty();
            // Copied: a slice would keep the whole frame alive in buffers that only the client empties.
            Bytes::copy_from_slice(&piece)
        });
        match events.progress(self.is_sent) {
            Ok(()) => {
                self.has_begun = true;
                Ok(piece)
            }
            Err(interruption) if self.has_begun => Err(interruption),
            Err(_) => Ok(None),
        }
    }
}

pub(super) fn frame(run: RunId, event: &RunEvent) -> Bytes {
    let mut frame = format!("id: {}\ndata: ", event.sequence).into_bytes();
    let mut serializer = serde_json::Serializer::with_formatter(&mut frame, OneLine);
    EventDto::new(run, event).serialize(&mut serializer).expect("event objects have string keys and go to memory");
    frame.extend_from_slice(b"\n\n");
    frame.into()
}

/// JSON without characters that some client takes for a line end. JSON escapes the ASCII ones; Python's `splitlines`, which
/// httpx uses, also splits at three others.
struct OneLine;

impl serde_json::ser::Formatter for OneLine {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> std::io::Result<()>
    where
        W: ?Sized + std::io::Write,
    {
        // The fast path, for megabytes of screenshots.
        if fragment.is_ascii() {
            return writer.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some(at) = rest.find(['\u{85}', '\u{2028}', '\u{2029}']) {
            let (before, from) = rest.split_at(at);
            let mut characters = from.chars();
            let separator = characters.next().map(u32::from).unwrap_or_default();
            writer.write_all(before.as_bytes())?;
            write!(writer, "\\u{separator:04x}")?;
            rest = characters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::RunEventKind;
    use agent::report::AgentResult;

    #[test]
    fn a_frame_is_one_line_whatever_the_text() {
        let text = "a\nb\r\nc\u{85}d\u{2028}e\u{2029}f\u{b}g\u{c}h\u{1c}i\u{1e}j ü 🦀";
        let result = AgentResult { success: true, final_text: text.into(), ..AgentResult::default() };
        let frame = frame(
            RunId::new(),
            &RunEvent::new(7, RunEventKind::Finished { result, duration: Duration::ZERO, storage: None }),
        );
        let frame = std::str::from_utf8(&frame).unwrap();
        let data = frame.strip_prefix("id: 7\ndata: ").and_then(|rest| rest.strip_suffix("\n\n")).unwrap();
        assert!(data.chars().all(|character| !character.is_control() && !"\u{2028}\u{2029}".contains(character)));
        let parsed: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(parsed["finalText"], text);
    }
}
