//! Reads event streams like callers do, but more strictly.

use serde_json::Value;

use super::soon;

/// One block of a stream, up to a blank line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Frame {
    Comment(String),
    Event {
        id: u64,
        data: Value,
    },
    /// An event that does not belong to the run.
    Unnumbered(Value),
    Done,
}

/// An event and its id.
pub(crate) type Numbered = (u64, Value);

/// A run's stream while it is being read. Dropping it closes the connection.
pub(crate) struct Events {
    pub(crate) response: reqwest::Response,
    unread: Vec<u8>,
}

impl Events {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        Self { response, unread: Vec::new() }
    }

    /// The next block; none at the end of the stream.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.unread.drain(..end + 2).collect();
                return Some(parse(std::str::from_utf8(&block[..end]).expect("text")));
            }
            let chunk = soon("a frame", self.response.chunk()).await.expect("the connection does not break");
            let Some(chunk) = chunk else {
                assert!(self.unread.is_empty(), "the stream ends between two blocks");
                return None;
            };
            self.unread.extend_from_slice(&chunk);
        }
    }

    pub(crate) fn run_id(&self) -> String {
        self.response.headers()["x-run-id"].to_str().expect("a text").to_owned()
    }

    /// The next event and its id; none at the end, which is checked.
    pub(crate) async fn numbered(&mut self) -> Option<Numbered> {
        loop {
            match self.frame().await.expect("a stream ends with [DONE]") {
                Frame::Event { id, data } => return Some((id, data)),
                Frame::Comment(_) => {}
                Frame::Done => {
                    assert_eq!(self.frame().await, None, "nothing follows [DONE]");
                    return None;
                }
                other => panic!("an event with a number was expected, not {other:?}"),
            }
        }
    }

    /// All remaining events with their ids.
    pub(crate) async fn rest(mut self) -> Vec<Numbered> {
        let mut events = Vec::new();
        while let Some(event) = self.numbered().await {
            events.push(event);
        }
        events
    }

    /// The error that a taken-over stream ends with.
    pub(crate) async fn taken_over(mut self) {
        loop {
            match self.frame().await {
                Some(Frame::Event { .. } | Frame::Comment(_)) => {}
                Some(Frame::Unnumbered(data)) => {
                    assert_eq!((&data["type"], &data["isComplete"]), (&"error".into(), &true.into()));
                    assert_eq!(data["code"], "stream_taken_over");
                    break;
                }
                other => panic!("it was taken over, and not {other:?}"),
            }
        }
        assert_eq!(self.frame().await, Some(Frame::Done));
        assert_eq!(self.frame().await, None);
    }

    /// The next event's object.
    pub(crate) async fn event(&mut self) -> Value {
        loop {
            match self.frame().await {
                Some(Frame::Event { data, .. }) => return data,
                Some(Frame::Comment(_)) => {}
                other => panic!("an event was expected, not {other:?}"),
            }
        }
    }

    /// All remaining events, after some were read.
    pub(crate) async fn collect_rest(self) -> Vec<Value> {
        self.rest().await.into_iter().map(|(_, event)| event).collect()
    }

    /// All remaining events, after checking what holds for every stream: ids without gaps, exactly one terminal event
    /// as the last, then `[DONE]`, then nothing.
    pub(crate) async fn collect(mut self) -> Vec<Value> {
        let mut events = Vec::new();
        let mut last_id = None;
        loop {
            match self.frame().await.expect("a stream ends with [DONE]") {
                Frame::Comment(_) => {}
                Frame::Event { id, data } => {
                    assert!(last_id.is_none_or(|last| id == last + 1), "event {id} after {last_id:?}");
                    last_id = Some(id);
                    events.push(data);
                }
                Frame::Unnumbered(data) => panic!("an event without a number: {data}"),
                Frame::Done => break,
            }
        }
        assert_eq!(self.frame().await, None, "nothing follows [DONE]");
        let terminal = events.iter().filter(|event| event["isComplete"] == true).count();
        assert_eq!(terminal, 1, "one terminal event in {events:#?}");
        assert_eq!(events.last().expect("an event")["isComplete"], true, "the terminal event is the last");
        events
    }
}

fn parse(block: &str) -> Frame {
    let lines: Vec<&str> = block.split('\n').collect();
    match lines[..] {
        ["data: [DONE]"] => Frame::Done,
        [data] if data.starts_with("data: {") => Frame::Unnumbered(serde_json::from_str(&data[6..]).expect("JSON")),
        [comment] if comment.starts_with(": ") => Frame::Comment(comment[2..].to_owned()),
        [id, data] => Frame::Event {
            id: id.strip_prefix("id: ").expect("an id line").parse().expect("a number"),
            data: serde_json::from_str(data.strip_prefix("data: ").expect("a data line")).expect("JSON"),
        },
        _ => panic!("not a block of the contract: {block:?}"),
    }
}

/// The code of the error a stream ended with.
pub(crate) fn error_code(events: &[Value]) -> &str {
    let last = events.last().expect("an event");
    assert_eq!(last["type"], "error", "{last}");
    last["code"].as_str().expect("a code")
}
