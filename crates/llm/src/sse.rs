//! Server-sent events, as far as model providers use them.
//!
//! An answer is complete before it is read, so this is a function of bytes: no state between pieces, and nothing to be
//! gained from a crate that reads streams.

/// Whether a body is a stream of events, whatever its `Content-Type` says: providers answer with JSON in one piece to a
/// request for a stream, and gateways mislabel streams.
pub(super) fn is_stream(body: &[u8]) -> bool {
    let begin = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start();
    ["data:", "event:", "id:", "retry:", ":"].iter().any(|field| begin.starts_with(field.as_bytes()))
}

/// The data of each event, in order. Providers say an event's kind in its data as well, so the other fields are left
/// out. A last event without the blank line behind it is given too: whoever reads it sees whether it is whole.
pub(super) fn events(body: &[u8]) -> impl Iterator<Item = String> {
    let text = String::from_utf8_lossy(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body));
    let mut events = Vec::new();
    let mut data: Option<String> = None;
    for line in text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)) {
        if line.is_empty() {
            events.extend(data.take());
        } else if let Some(value) = line.strip_prefix("data:") {
            let value = value.strip_prefix(' ').unwrap_or(value);
            match &mut data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => data = Some(value.to_owned()),
            }
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
    fn events_give_their_data_whatever_stands_around_it() {
        let body = ": OPENROUTER PROCESSING\n\nevent: ping\ndata: {\"a\": 1}\n\nid: 7\r\ndata:two\r\ndata: lines\r\n\r\n\n\ndata: [DONE]\n\n";
        assert_eq!(data(body), ["{\"a\": 1}", "two\nlines", "[DONE]"]);
        assert_eq!(data("data: cut o"), ["cut o"]);
        assert_eq!(data("\u{feff}data: x\n\n"), ["x"]);
        assert_eq!(data("data:\n\n"), [""]);
        assert!(data("").is_empty() && data("event: ping\n\n").is_empty());
    }

    #[test]
    fn a_stream_is_told_from_a_body_in_one_piece() {
        for body in ["data: {}", "\n\nevent: x", ": comment", "\u{feff}data:"] {
            assert!(is_stream(body.as_bytes()), "{body:?}");
        }
        for body in ["", "{\"data\": 1}", "[{}]", "<html>", "dat"] {
            assert!(!is_stream(body.as_bytes()), "{body:?}");
        }
        assert!(!is_stream(b"\xff\xfe"));
    }
}
