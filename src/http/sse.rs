//! A run's events as frames of a `text/event-stream`, written by hand: the contract fixes every byte of them.

use std::convert::Infallible;
use std::time::Duration;

use async_stream::stream;
use axum::body::Bytes;
use futures::Stream;
use serde::Serialize;
use tokio::time::timeout;

use super::wire::EventDto;
use crate::run::{RunEvent, RunStream};

/// The frames of one run, closed by `[DONE]`. A comment is sent whenever nothing else was for `keep_alive`. Dropping
/// the stream cancels the run.
pub(super) fn frames(
    mut events: RunStream,
    keep_alive: Duration,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
    stream! {
        loop {
            match timeout(keep_alive, events.next()).await {
                Ok(Some(event)) => yield Ok(frame(&event)),
                Ok(None) => break,
                Err(_elapsed) => yield Ok(Bytes::from_static(b": keep-alive\n\n")),
            }
        }
        yield Ok(Bytes::from_static(b"data: [DONE]\n\n"));
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
    use crate::agent::report::AgentResult;
    use crate::run::RunEventKind;

    #[test]
    fn a_frame_is_one_line_whatever_the_text() {
        let text = "a\nb\r\nc\u{85}d\u{2028}e\u{2029}f\u{b}g\u{c}h\u{1c}i\u{1e}j ü 🦀";
        let result = AgentResult { success: true, final_text: text.into(), ..AgentResult::default() };
        let frame = frame(&RunEvent { sequence: 7, kind: RunEventKind::Finished { result, duration: Duration::ZERO } });
        let frame = std::str::from_utf8(&frame).unwrap();
        let data = frame.strip_prefix("id: 7\ndata: ").and_then(|rest| rest.strip_suffix("\n\n")).unwrap();
        assert!(data.chars().all(|character| !character.is_control() && !"\u{2028}\u{2029}".contains(character)));
        let parsed: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(parsed["finalText"], text);
    }
}
