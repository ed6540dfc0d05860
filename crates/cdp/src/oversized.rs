//! Messages that are too long to be kept. A page can make the browser write one, so it must not cost more than that page:
//! what is kept is enough to tell whom it was for.

use std::sync::Arc;

use chromiumoxide_cdp::cdp::browser_protocol::browser::EventDownloadWillBegin;
use chromiumoxide_cdp::cdp::browser_protocol::target::{EventTargetCreated, EventTargetInfoChanged};

/// Bytes kept of the beginning, where the id or the method stands, and of the end, where the session stands.
const KEPT: usize = 512;

/// The beginning and the end of a message.
pub(super) struct OversizedMessage {
    head: Vec<u8>,
    tail: Vec<u8>,
    length: usize,
}

/// Whom a message was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Recipient {
    /// The reply to this request.
    Request(u64),
    /// An event of this session.
    Session(Arc<str>),
    /// An event of the browser itself for which its beginning will do: a whole message of that.
    Browser(String),
    /// An event of the browser itself that nobody needs.
    Nobody,
    /// Another event of the browser itself, or nothing that Chromium writes.
    Unknown,
}

impl OversizedMessage {
    pub(super) fn new(beginning: &[u8]) -> Self {
        let head = beginning[..beginning.len().min(KEPT)].to_vec();
        let mut message = Self { head, tail: Vec::new(), length: 0 };
        message.push(beginning);
        message
    }

    /// The next bytes of it.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.length += bytes.len();
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(KEPT)..]);
        let surplus = self.tail.len().saturating_sub(KEPT);
        self.tail.drain(..surplus);
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Chromium writes `{"id":7,"result":...}` and `{"method":"...","params":...,"sessionId":"..."}`. No text of a page
    /// can push for one of these, since quotes within a text are escaped.
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

/// Whom an event of the browser itself is for, by its beginning.
fn of_browser(head: &str) -> Recipient {
    let method = head.strip_prefix("{\"method\":\"").and_then(|rest| rest.split('"').next()).unwrap_or_default();
    // What is long about a download is its `data:` URL or its name. Before them stand its frame and its id, which Chromium
    // has made up.
    let known = head.split_once(",\"url\":\"").map(|(known, _)| known).filter(|known| known.contains("\"guid\":"));
    match (method, known) {
        (EventDownloadWillBegin::IDENTIFIER, Some(known)) => {
            Recipient::Browser(format!("{known},\"suggestedFilename\":\"\"}}}}"))
        }
        // Read for addresses and titles, which the sessions tell as well or which are there to be shown.
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
    fn a_long_message_s_addressee_is_known_however_it_arrives() {
        let text = "x".repeat(5_000);
        for part in [1, 7, 511, 512, 513, 4_000, 10_000] {
            let reply = format!("{{\"id\":42,\"result\":{{\"value\":\"{text}\"}},\"sessionId\":\"S1\"}}");
            // What is kept of the beginning comes in one piece.
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
    fn of_a_download_that_is_told_at_length_frame_and_id_are_kept() {
        let known = "{\"method\":\"Browser.downloadWillBegin\",\"params\":{\"frameId\":\"F\",\"guid\":\"G\"";
        let long = "x".repeat(5_000);
        for (url, name) in [(format!("data:,{long}\\\",\\\"guid"), "n.txt"), ("https://shop.example/".into(), &*long)] {
            let message = format!("{known},\"url\":\"{url}\",\"suggestedFilename\":\"{name}\"}}}}");
            let shortened = format!("{known},\"suggestedFilename\":\"\"}}}}");
            assert_eq!(recipient(&message, 512), Recipient::Browser(shortened));
        }
    }

    #[test]
    fn a_page_s_text_names_no_session() {
        let forged = "{\"method\":\"Page.x\",\"params\":{\"text\":\"y,\\\"sessionId\\\":\\\"S2\\\"}\"}}";
        assert_eq!(recipient(forged, 1_000), Recipient::Unknown);
        assert_eq!(recipient("{\"id\":\"1\"", 100), Recipient::Unknown);
        assert_eq!(recipient(&"x".repeat(2_000), 100), Recipient::Unknown);
        let nonsense = format!("{},\"sessionId\":\"S1\"}}", "x".repeat(2_000));
        assert_eq!(recipient(&nonsense, 100), Recipient::Unknown);
    }
}
