//! What a run's browser tells of consoles, errors and requests, as JSON lines and as an HTTP archive.

mod console;
mod har;

use std::sync::Mutex;

use chromiumoxide_cdp::cdp::browser_protocol::{log, network};
use chromiumoxide_cdp::cdp::js_protocol::runtime;
use serde_json::{Value, json};

use crate::process::panics::lock;
use crate::trace::har::Archive;
use agent::ports::{Trace, TraceFiles};
use cdp::Session;

/// Limits of the lines.
const MAX_LINES: usize = 5_000;
const MAX_LINE_BYTES: usize = 2 << 20;

/// Has a page, frame or worker tell what is traced.
pub(crate) fn set_up(session: &Session) {
    session.send(network::EnableParams::default());
    session.send(runtime::EnableParams::default());
    session.send(log::EnableParams::default());
}

#[derive(Default)]
pub(crate) struct RunTrace(Mutex<State>);

#[derive(Default)]
struct State {
    lines: Vec<Value>,
    bytes: usize,
    left_out: usize,
    archive: Archive,
}

impl State {
    fn add(&mut self, line: Value) {
        let bytes = line.to_string().len();
        if self.lines.len() == MAX_LINES || self.bytes + bytes > MAX_LINE_BYTES {
            self.left_out += 1;
            return;
        }
        self.bytes += bytes;
        self.lines.push(line);
    }
}

impl Trace for RunTrace {
    fn record(&self, method: &str, params: &[u8]) {
        if !method.starts_with("Network.") && !console::METHODS.contains(&method) {
            return;
        }
        let Ok(params) = serde_json::from_slice::<Value>(params) else { return };
        let mut state = lock(&self.0);
        let failure = state.archive.record(method, &params);
        if let Some(line) = failure.or_else(|| console::line(method, &params)) {
            state.add(line);
        }
    }

    fn files(&self) -> TraceFiles {
        let state = lock(&self.0);
        let mut lines = state.lines.clone();
        if state.left_out > 0 {
            lines.push(json!({ "type": "leftOut", "lines": state.left_out }));
        }
        TraceFiles { lines, har: state.archive.to_har() }
    }
}

/// An RFC 3339 time in UTC with milliseconds, of seconds since 1970.
fn timestamp(seconds: f64) -> String {
    let nanoseconds = (seconds.clamp(0.0, 1e11) * 1e3).round() as i128 * 1_000_000;
    let time = time::OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    time.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

/// A field that is a text, else an empty one.
fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(trace: &RunTrace, method: &str, params: &Value) {
        trace.record(method, params.to_string().as_bytes());
    }

    #[test]
    fn lines_are_bounded_and_what_is_left_out_is_counted() {
        let trace = RunTrace::default();
        let said = json!({
            "type": "log", "timestamp": 1_000.0,
            "args": [{ "type": "string", "value": "x".repeat(2_000) }, { "type": "number", "value": 1 }],
        });
        for _ in 0..1_500 {
            record(&trace, "Runtime.consoleAPICalled", &said);
        }
        let lines = trace.files().lines;
        assert!(lines.len() < 1_500, "{}", lines.len());
        let bytes: usize = lines.iter().map(|line| line.to_string().len()).sum();
        assert!(bytes < MAX_LINE_BYTES + 1_000, "{bytes}");
        assert_eq!(lines.last().unwrap(), &json!({ "type": "leftOut", "lines": 1_500 - (lines.len() - 1) }));
        assert_eq!(lines[0]["timestamp"], "1970-01-01T00:00:01Z");
    }

    #[test]
    fn what_a_page_says_is_read_as_a_developer_reads_it() {
        let trace = RunTrace::default();
        let frame = json!({ "url": "https://a.example/a.js", "lineNumber": 4, "columnNumber": 2 });
        record(
            &trace,
            "Runtime.consoleAPICalled",
            &json!({
                "type": "warning", "timestamp": 1_500.0, "stackTrace": { "callFrames": [frame] },
                "args": [
                    { "type": "string", "value": "total" }, { "type": "number", "value": 2 },
                    { "type": "number", "unserializableValue": "NaN" }, { "type": "undefined" },
                    { "type": "object", "subtype": "null", "value": null },
                    { "type": "object", "description": "Object", "preview": {
                        "overflow": true, "properties": [{ "name": "a", "type": "number", "value": "1" }],
                    } },
                ],
            }),
        );
        record(
            &trace,
            "Runtime.exceptionThrown",
            &json!({ "timestamp": 2_000.0, "exceptionDetails": {
                "text": "Uncaught", "url": "https://a.example/", "lineNumber": 0, "columnNumber": 0,
                "exception": { "description": "Error: no\n    at b" },
            } }),
        );
        let lines = trace.files().lines;
        assert_eq!(
            lines,
            [
                json!({
                    "type": "console", "level": "warning", "timestamp": "1970-01-01T00:00:01.5Z",
                    "text": "total 2 NaN undefined null {a: 1, …}",
                    "url": "https://a.example/a.js", "line": 5, "column": 3,
                }),
                json!({
                    "type": "pageError", "timestamp": "1970-01-01T00:00:02Z", "text": "Uncaught Error: no\n    at b",
                    "url": "https://a.example/", "line": 1, "column": 1,
                }),
            ]
        );
    }
}
