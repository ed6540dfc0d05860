//! A recording is a file that anybody may have written.

use super::format::{Recorded, UnreadableRecording};

pub const TARGETS: &[(&str, fn(&[u8]))] = &[("recording", recording)];

/// A file is read or refused, and where it was refused for a line, that line is one of its own.
fn recording(data: &[u8]) {
    match Recorded::parse(data) {
        Ok(recorded) => {
            let written = serde_json::to_vec(&recorded.header).expect("a header has string keys");
            Recorded::parse(&written).expect("what was written is a recording");
        }
        Err(UnreadableRecording::Line { line, .. }) => {
            assert!(line <= data.split(|byte| *byte == b'\n').count());
        }
        Err(UnreadableRecording::TooLong | UnreadableRecording::Empty) => {}
    }
}

#[cfg(test)]
#[test]
fn kept_inputs_break_no_promise() {
    testkit::corpus::replay(TARGETS);
}
