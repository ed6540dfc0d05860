//! Parsing recordings, as a fuzz target: a file may come from an untrusted source.

use super::format::{Recording, RecordingError};

pub const TARGETS: &[(&str, fn(&[u8]))] = &[("recording", recording)];

/// A file is parsed or rejected, and a rejected line is one of the file.
fn recording(data: &[u8]) {
    match Recording::parse(data) {
        Ok(recording) => {
            let written = serde_json::to_vec(&recording.header).expect("a header has string keys");
            Recording::parse(&written).expect("a written header is a recording");
        }
        Err(RecordingError::Line { line, .. }) => {
            assert!(line <= data.split(|byte| *byte == b'\n').count());
        }
        Err(RecordingError::TooLong | RecordingError::Empty) => {}
    }
}

#[cfg(test)]
#[test]
fn corpus_inputs_hold_the_invariants() {
    testkit::corpus::replay(TARGETS);
}
