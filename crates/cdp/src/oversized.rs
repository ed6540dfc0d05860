//! Messages above the size limit. A page can provoke one, and it must cost no more than that page: the kept parts
//! identify the recipient.

use std::sync::Arc;

use chromiumoxide_cdp::cdp::browser_protocol::browser::EventDownloadWillBegin;
use chromiumoxide_cdp::cdp::browser_protocol::target::{EventTargetCreated, EventTargetInfoChanged};

/// Bytes kept of the start, with id or method, and of the end, with the session.
const KEPT: usize = 512;

pub(super) struct OversizedMessage {
    head: Vec<u8>,
    tail: Vec<u8>,
    length: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Recipient {
    /// The reply to this request.
    Request(u64),
    /// An event of this session.
    Session(Arc<str>),
    /// A root session event of which the start suffices; a complete message made of it.
    Browser(String),
    /// A root session event that nobody needs.
    Nobody,
    /// Another root session event, or malformed.
    Unknown,
}

impl OversizedMessage {
    pub(super) fn new(beginning: &[u8]) -> Self {
        let head = beginning[..beginning.len().min(KEPT)].to_vec();
        let mut message = Self { head, tail: Vec::new(), length: 0 };
        message.push(beginning);
        message
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.length += bytes.len();
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(KEPT)..]);
        let surplus = self.tail.len().saturating_sub(KEPT);
        self.tail.drain(..surplus);
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Chromium writes `{"id":7,"result":...}` and `{"method":"...","params":...,"sessionId":"..."}`. Page text cannot
    /// imitate these, since its quotes are escaped.
    pub(super) fn recipient(&self) -> Recipient {
        let head = String::from_utf8_lossy(&self.head);
        if let Some(rest) = head.strip_prefix("{\"id\":") {
            let digits = &rest[..rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len())];
            return digits.parse().map_or(Recipient::Unknown, Recipient::Request);
        }
        if !head.starts_with("{\"method\":") {
            return Recipient::Unknown;
        }
        let tail = String::from_utf8_lossy(&self.tail);
        let session = tail.strip_suffix("\"}").and_then(|tail| tail.rsplit_once(",\"sessionId\":\""));
        match session {
            Some((_, session)) if !session.contains('"') => Recipient::Session(session.into()),
            _ => of_browser(&head),
        }
    }
}

/// The recipient of a root session event, by its start.
fn of_browser(head: &str) -> Recipient {
    let method = head.strip_prefix("{\"method\":\"").and_then(|rest| rest.split('"').next()).unwrap_or_default();
    // The URL or name of a download may be long; frame and GUID precede them.
    let known = head.split_once(",\"url\":\"").map(|(known, _)| known).filter(|known| known.contains("\"guid\":"));
    match (method, known) {
        (EventDownloadWillBegin::IDENTIFIER, Some(known)) => {
            Recipient::Browser(format!("{known},\"suggestedFilename\":\"\"}}}}"))
        }
        // Their URLs and titles are also reported by sessions.
        (EventTargetCreated::IDENTIFIER | EventTargetInfoChanged::IDENTIFIER, _) => Recipient::Nobody,
        _ => Recipient::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipient(message: &str, part: usize) -> Recipient {
        let mut parts = message.as_bytes().chunks(part);
        let mut oversized = OversizedMessage::new(parts.next().unwrap());
        parts.for_each(|part| oversized.push(part));
        assert_eq!(oversized.length(), message.len());
        assert!(oversized.head.len() <= KEPT && oversized.tail.len() <= KEPT);
        oversized.recipient()
    }

    #[test]
    fn the_recipient_of_an_oversized_message_is_known_whatever_its_chunks() {
        let text = "x".repeat(5_000);
        for part in [1, 7, 511, 512, 513, 4_000, 10_000] {
            let reply = format!("{{\"id\":42,\"result\":{{\"value\":\"{text}\"}},\"sessionId\":\"S1\"}}");
            // The kept start arrives in one piece.
            let part = part.max(64);
            assert_eq!(recipient(&reply, part), Recipient::Request(42));
            let event =
                format!("{{\"method\":\"Fetch.requestPaused\",\"params\":{{\"t\":\"{text}\"}},\"sessionId\":\"S1\"}}");
            assert_eq!(recipient(&event, part), Recipient::Session("S1".into()));
            let of_browser = format!("{{\"method\":\"Target.attachedToTarget\",\"params\":{{\"t\":\"{text}\"}}}}");
            assert_eq!(recipient(&of_browser, part), Recipient::Unknown);
            let unneeded = format!("{{\"method\":\"Target.targetCreated\",\"params\":{{\"t\":\"{text}\"}}}}");
            assert_eq!(recipient(&unneeded, part), Recipient::Nobody);
        }
    }

    #[test]
    fn frame_and_guid_of_an_oversized_download_event_are_kept() {
        let known = "{\"method\":\"Browser.downloadWillBegin\",\"params\":{\"frameId\":\"F\",\"guid\":\"G\"";
        let long = "x".repeat(5_000);
        for (url, name) in [(format!("data:,{long}\\\",\\\"guid"), "n.txt"), ("https://shop.example/".into(), &*long)] {
            let message = format!("{known},\"url\":\"{url}\",\"suggestedFilename\":\"{name}\"}}}}");
            let shortened = format!("{known},\"suggestedFilename\":\"\"}}}}");
            assert_eq!(recipient(&message, 512), Recipient::Browser(shortened));
        }
    }

    #[test]
    fn page_text_cannot_name_a_session() {
        let forged = "{\"method\":\"Page.x\",\"params\":{\"text\":\"y,\\\"sessionId\\\":\\\"S2\\\"}\"}}";
        assert_eq!(recipient(forged, 1_000), Recipient::Unknown);
        assert_eq!(recipient("{\"id\":\"1\"", 100), Recipient::Unknown);
        assert_eq!(recipient(&"x".repeat(2_000), 100), Recipient::Unknown);
        let nonsense = format!("{},\"sessionId\":\"S1\"}}", "x".repeat(2_000));
        assert_eq!(recipient(&nonsense, 100), Recipient::Unknown);
    }
}
