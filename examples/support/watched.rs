//! A run as its client sees it.

use std::time::{Duration, Instant};

use anyhow::ensure;
use reqwest::Response;
use serde_json::Value;

use super::stream::EventLines;

/// What came of a run, and when.
pub(crate) struct Watched {
    pub(crate) success: bool,
    /// The result's text, or the error's.
    pub(crate) answer: String,
    /// From the request to the first event.
    pub(crate) first_event: Duration,
    /// When each step's event came, from the request on.
    pub(crate) steps: Vec<Duration>,
    /// From the request to the end of the stream.
    pub(crate) total: Duration,
}

impl Watched {
    /// Reads the stream of a request sent at `posted` to its end. `see` gets every line that is not blank, and the
    /// event in it if there is one.
    ///
    /// # Errors
    /// The stream breaks or its events are not in the order that the API promises, or `see` fails.
    pub(crate) async fn read(
        response: Response,
        posted: Instant,
        see: impl FnMut(&str, Option<&Value>) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        Self::read_with_pauses(response, posted, Duration::ZERO, see).await
    }

    /// The same with a pause behind each line.
    ///
    /// # Errors
    /// As of [`read`](Self::read).
    pub(crate) async fn read_with_pauses(
        response: Response,
        posted: Instant,
        pause: Duration,
        mut see: impl FnMut(&str, Option<&Value>) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let mut lines = EventLines::new(response);
        let mut run = Self {
            success: false,
            answer: String::new(),
            first_event: Duration::ZERO,
            steps: Vec::new(),
            total: Duration::ZERO,
        };
        let mut complete = false;
        let mut done = false;
        while let Some(line) = lines.next().await? {
            if line.is_empty() {
                tokio::time::sleep(pause).await;
                continue;
            }
            let data = line.strip_prefix("data: ");
            ensure!(data.is_none() || !done, "something follows [DONE]: {line}");
            let Some(data) = data.filter(|data| *data != "[DONE]") else {
                done |= data.is_some();
                see(&line, None)?;
                continue;
            };
            ensure!(!complete, "an event follows the terminal one: {line}");
            let event: Value = serde_json::from_str(data)?;
            if run.first_event.is_zero() {
                run.first_event = posted.elapsed();
            }
            run.take(&event, posted.elapsed());
            complete = event["isComplete"] == true;
            see(&line, Some(&event))?;
        }
        ensure!(complete && done, "the stream broke off");
        run.total = posted.elapsed();
        Ok(run)
    }

    /// The time each step took, from the step before it; the first from the first event.
    pub(crate) fn step_times(&self) -> Vec<Duration> {
        let starts = std::iter::once(self.first_event).chain(self.steps.iter().copied());
        self.steps.iter().zip(starts).map(|(end, start)| end.saturating_sub(start)).collect()
    }

    fn take(&mut self, event: &Value, at: Duration) {
        let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
        match event["type"].as_str() {
            Some("step") => self.steps.push(at),
            Some("result") => {
                self.success = event["success"] == true;
                self.answer = text("finalText");
            }
            Some("error") => self.answer = text("error"),
            _ => {}
        }
    }
}
