//! An event stream, line by line.

use reqwest::Response;

/// Reads the lines of a streamed response as they arrive.
pub struct EventLines {
    response: Response,
    /// What has arrived and was not returned yet.
    buffer: Vec<u8>,
}

impl EventLines {
    pub fn new(response: Response) -> Self {
        Self { response, buffer: Vec::new() }
    }

    /// The next line without its line end; none at the end of the stream.
    ///
    /// # Errors
    ///
    /// The connection broke, or a line is not UTF-8.
    pub async fn next(&mut self) -> anyhow::Result<Option<String>> {
        // A screenshot's line arrives in many pieces: bytes before this were searched.
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
