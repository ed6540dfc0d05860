//! Reads the stream of a run, over several connections if needed.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use reqwest::Response;
use serde_json::Value;
use testkit::login::PASSWORD;
use testkit::stream::EventLines;
use tokio::time::sleep;

/// What was received of a run so far. Each event is checked against the API.
pub(crate) struct Reading {
    posted: Instant,
    /// From the request to the first event.
    pub(crate) first_event: Duration,
    /// Of the last event; 0 before the first.
    pub(crate) last_id: u64,
    /// The terminal event.
    pub(crate) end: Value,
    /// `[DONE]` came.
    pub(crate) done: bool,
}

impl Reading {
    /// For a run that is requested now.
    pub(crate) fn begin() -> Self {
        Self { posted: Instant::now(), first_event: Duration::ZERO, last_id: 0, end: Value::Null, done: false }
    }

    /// Reads to the end of the stream, with a pause after each event. Dropping it breaks the connection and keeps what was
    /// received.
    ///
    /// # Errors
    /// The stream breaks off or violates the API.
    pub(crate) async fn read(&mut self, response: Response, pause: Duration) -> anyhow::Result<()> {
        let mut lines = EventLines::new(response);
        let mut id = None;
        while let Some(line) = lines.next().await? {
            ensure!(!line.contains(PASSWORD), "a secret was reported: {line}");
            if line.is_empty() {
                sleep(pause).await;
            } else if let Some(number) = line.strip_prefix("id: ") {
                id = Some(number.parse()?);
            } else if let Some(data) = line.strip_prefix("data: ") {
                self.take(id.take(), data)?;
            } else {
                ensure!(line.starts_with(':'), "neither an event nor a comment: {line}");
            }
        }
        ensure!(self.done, "the stream broke off");
        Ok(())
    }

    /// How the run ended, in one or two words.
    pub(crate) fn outcome(&self) -> String {
        match self.code() {
            Some(code) => format!("error {code}"),
            None => format!("result {}", self.end["stopReason"].as_str().unwrap_or("without a reason")),
        }
    }

    /// The code of its error.
    pub(crate) fn code(&self) -> Option<&str> {
        self.end["code"].as_str()
    }

    pub(crate) fn succeeded(&self) -> bool {
        self.end["success"] == true
    }

    /// Whether another reader took the stream over.
    pub(crate) fn taken_over(&self) -> bool {
        self.code() == Some("stream_taken_over")
    }

    fn take(&mut self, id: Option<u64>, data: &str) -> anyhow::Result<()> {
        ensure!(!self.done, "something follows [DONE]: {data}");
        if data == "[DONE]" {
            ensure!(!self.end.is_null(), "[DONE] comes before the end");
            self.done = true;
            return Ok(());
        }
        ensure!(self.end.is_null(), "an event follows the terminal one: {data}");
        let event: Value = serde_json::from_str(data)?;
        if self.first_event.is_zero() {
            self.first_event = self.posted.elapsed();
        }
        let complete = event["isComplete"] == true;
        match id {
            Some(id) => self.count(id, &event["gap"])?,
            None => ensure!(event["code"] == "stream_taken_over", "an event without an id: {data}"),
        }
        if complete {
            self.end = event;
        }
        Ok(())
    }

    /// Checks that no event is lost or duplicated, except in a gap.
    fn count(&mut self, id: u64, gap: &Value) -> anyhow::Result<()> {
        let from = if gap.is_null() { id } else { gap["from"].as_u64().context("a gap without a beginning")? };
        ensure!(gap.is_null() || gap["to"] == id, "event {id} has the gap {gap}");
        ensure!(from == self.last_id + 1, "event {id} follows {}, with the gap {gap}", self.last_id);
        self.last_id = id;
        Ok(())
    }
}
