//! Parsing of request bodies and writing of event frames, as fuzz targets.

use std::collections::HashSet;
use std::time::Duration;

use super::error::ApiError;
use super::request::parse_run_request;
use super::sse::frame;
use crate::run::{RunEvent, RunEventKind, RunId};
use agent::report::AgentResult;

pub const TARGETS: &[(&str, fn(&[u8]))] = &[("run_request", run_request), ("event_frame", event_frame)];

fn run_request(data: &[u8]) {
    match parse_run_request(data, None) {
        Ok(request) => {
            assert!(!request.task.as_str().trim().is_empty());
            let names: HashSet<&str> = request.files.iter().map(|file| file.name.as_str()).collect();
            assert_eq!(names.len(), request.files.len());
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            drop(axum::response::IntoResponse::into_response(ApiError::Invalid(problems)));
        }
    }
}

/// Whatever the text, a frame is one line, for every notion of a line that clients have, and the text arrives.
fn event_frame(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let result = AgentResult {
        success: true,
        final_text: text.into(),
        output: Some(text.into()),
        errors: vec![text.into()],
        ..AgentResult::default()
    };
    let frame = frame(
        RunId::new(),
        &RunEvent::new(7, RunEventKind::Finished { result, duration: Duration::ZERO, storage: None }),
    );
    let frame = std::str::from_utf8(&frame).expect("JSON is UTF-8");
    let line = frame.strip_prefix("id: 7\ndata: ").and_then(|rest| rest.strip_suffix("\n\n")).expect("one data line");
    // What Python's `splitlines` splits at, which is more than any other client does.
    assert!(
        !line.contains(['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'])
    );
    let object: serde_json::Value = serde_json::from_str(line).expect("a line is an object");
    assert_eq!(object["finalText"], text);
}

#[cfg(test)]
#[test]
fn corpus_inputs_hold_the_invariants() {
    testkit::corpus::replay(TARGETS);
}
