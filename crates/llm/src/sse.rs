//! Response bodies: JSON, or server-sent events with JSON in them.
//!
//! A response is complete before it is read, so these are functions of bytes.

use serde::de::DeserializeOwned;

/// OpenAI's last event.
const DONE: &str = "[DONE]";

/// Whether a body is an event stream. `Content-Type` is not reliable: servers answer a request for a stream with plain
/// JSON, and gateways mislabel streams.
pub(super) fn is_stream(body: &[u8]) -> bool {
    let start = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start();
    ["data:", "event:", "id:", "retry:", ":"].iter().any(|field| start.starts_with(field.as_bytes()))
}

/// Whether a body is complete by its form: plain JSON, or a stream with OpenAI's last event.
pub(super) fn is_complete(body: &[u8]) -> bool {
    if is_stream(body) { events(body).any(|event| event == DONE) } else { !body.trim_ascii().is_empty() }
}

/// The JSON values of a body: one per event, or the whole body. Ends at [`DONE`] and where a stream is cut off.
pub(super) fn values<T: DeserializeOwned>(body: &[u8]) -> impl Iterator<Item = Result<T, serde_json::Error>> {
    let streamed = is_stream(body);
    let texts = match streamed {
        true => events(body).take_while(|event| event != DONE).collect(),
        false if body.trim_ascii().is_empty() => Vec::new(),
        false => vec![String::from_utf8_lossy(body).into_owned()],
    };
    let values = texts.into_iter().map(|text| serde_json::from_str(&text));
    values.take_while(move |value| !(streamed && value.as_ref().is_err_and(serde_json::Error::is_eof)))
}

/// The data of each event, in order, including a last one that lacks its blank line. Other fields are ignored:
/// providers repeat the type of an event in its data.
fn events(body: &[u8]) -> impl Iterator<Item = String> {
    let text = String::from_utf8_lossy(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body));
    let mut events = Vec::new();
    let mut data: Option<String> = None;
    for line in text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)) {
        if line.is_empty() {
            events.extend(data.take());
        } else if let Some(value) = line.strip_prefix("data:") {
            let value = value.strip_prefix(' ').unwrap_or(value);
            data = Some(data.map_or_else(|| value.to_owned(), |data| data + "\n" + value));
        }
    }
    events.extend(data);
    events.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(body: &str) -> Vec<String> {
        events(body.as_bytes()).collect()
    }

    #[test]
    fn events_yield_their_data() {
        let body = ": OPENROUTER PROCESSING\n\nevent: ping\ndata: {\"a\": 1}\n\nid: 7\r\ndata:two\r\ndata: lines\r\n\r\n\n\ndata: [DONE]\n\n";
        assert_eq!(data(body), ["{\"a\": 1}", "two\nlines", "[DONE]"]);
        assert_eq!(data("data: cut o"), ["cut o"]);
        assert_eq!(data("\u{feff}data: x\n\n"), ["x"]);
        assert_eq!(data("data:\n\n"), [""]);
        assert!(data("").is_empty() && data("event: ping\n\n").is_empty());
    }

    #[test]
    fn a_stream_is_distinguished_from_plain_json() {
        for body in ["data: {}", "\n\nevent: x", ": comment", "\u{feff}data:"] {
            assert!(is_stream(body.as_bytes()), "{body:?}");
        }
        for body in ["", "{\"data\": 1}", "[{}]", "<html>", "dat"] {
            assert!(!is_stream(body.as_bytes()), "{body:?}");
        }
        assert!(!is_stream(b"\xff\xfe"));
    }
}
