//! The event stream, line by line.

use reqwest::Response;

/// Reads the lines of a streamed response as they arrive.
pub(crate) struct EventLines {
    response: Response,
    /// What has arrived of the lines not handed out yet.
    buffer: Vec<u8>,
}

impl EventLines {
    pub(crate) fn new(response: Response) -> Self {
        Self { response, buffer: Vec::new() }
    }

    /// The next line without its end; none when the stream has ended.
    ///
    /// # Errors
    /// The connection broke, or a line is not UTF-8.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<String>> {
        // Bytes before this hold no line end: a screenshot's line arrives in many pieces.
        let mut searched = 0;
        loop {
            if let Some(end) = self.buffer[searched..].iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=searched + end).collect();
                line.pop();
                return Ok(Some(String::from_utf8(line)?));
            }
            searched = self.buffer.len();
            match self.response.chunk().await? {
                Some(bytes) => self.buffer.extend_from_slice(&bytes),
                None => return Ok(None),
            }
        }
    }
}
