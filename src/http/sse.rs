//! A run's events as frames of a `text/event-stream`, written by hand: the contract fixes every byte of them.

use std::time::Duration;

use async_stream::try_stream;
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use serde::Serialize;
use tokio::time::timeout;

use super::wire::EventDto;
use crate::run::{Interruption, RunEvent, RunStream};

const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// What ends a stream for a reader who lost it to another one. It has no id, as it is no event of the run.
const TAKEN_OVER: &[u8] =
    b"data: {\"type\":\"error\",\"error\":\"another reader took this stream over; the run goes on\",\
    \"code\":\"stream_taken_over\",\"isComplete\":true}\n\n";

/// The same for a reader who is so slow that what was kept of a finished run for it had to make room.
const EVICTED: &[u8] =
    b"data: {\"type\":\"error\",\"error\":\"the run is over, and what was left to read of it was not kept for longer\",\
    \"code\":\"client_stalled\",\"isComplete\":true}\n\n";

/// The stream as a response. Its body owns the reading end: when hyper drops it, because the client went away, the run
/// has lost its reader.
pub(super) fn response(events: RunStream, keep_alive: Duration) -> Response {
    let headers = [
        (CONTENT_TYPE.as_str(), "text/event-stream".to_owned()),
        (CACHE_CONTROL.as_str(), "no-cache".to_owned()),
        ("x-accel-buffering", "no".to_owned()),
        ("x-run-id", events.id().to_string()),
    ];
    (headers, Body::from_stream(frames(events, keep_alive))).into_response()
}

/// The frames of one run, in pieces, closed by `[DONE]`. A comment is sent whenever nothing else was for `keep_alive`. It
/// fails when the stream is interrupted in the middle of a frame, and so the connection ends: nothing else can be said there.
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
                    events.hold(frame(&event));
                }
                Ok(None) => break,
                Err(_elapsed) => yield Bytes::from_static(KEEP_ALIVE),
            }
            while let Some(piece) = events.piece() {
                yield piece?;
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

pub(super) fn frame(event: &RunEvent) -> Bytes {
    let mut frame = format!("id: {}\ndata: ", event.sequence).into_bytes();
    let mut serializer = serde_json::Serializer::with_formatter(&mut frame, OneLine);
    EventDto::from(event).serialize(&mut serializer).expect("event objects have string keys and go to memory");
    frame.extend_from_slice(b"\n\n");
    frame.into()
}

/// JSON without any character that some client's library takes for the end of a line. JSON itself escapes the ASCII
/// ones; Python's `splitlines`, which httpx uses, also splits at three others.
struct OneLine;

impl serde_json::ser::Formatter for OneLine {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> std::io::Result<()>
    where
        W: ?Sized + std::io::Write,
    {
        // Screenshots are megabytes of ASCII: one quick look instead of a search.
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
        let frame = frame(&RunEvent::new(7, RunEventKind::Finished { result, duration: Duration::ZERO }));
        let frame = std::str::from_utf8(&frame).unwrap();
        let data = frame.strip_prefix("id: 7\ndata: ").and_then(|rest| rest.strip_suffix("\n\n")).unwrap();
        assert!(data.chars().all(|character| !character.is_control() && !"\u{2028}\u{2029}".contains(character)));
        let parsed: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(parsed["finalText"], text);
    }
}
