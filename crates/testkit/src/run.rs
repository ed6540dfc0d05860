//! A run as its client sees it.

use std::time::{Duration, Instant};

use anyhow::ensure;
use reqwest::Response;
use serde_json::Value;

use crate::stream::EventLines;

/// A finished run: its outcome and its times, all counted from the request.
#[derive(Default)]
pub struct RunSummary {
    pub success: bool,
    /// The result's text, or the error's.
    pub answer: String,
    pub first_event: Duration,
    /// When each step's event came.
    pub steps: Vec<Duration>,
    /// When the stream ended.
    pub total: Duration,
}

impl RunSummary {
    /// Reads the stream of a request that was sent at `started` to its end. `on_line` gets every line that is not blank,
    /// with the event in it if there is one.
    ///
    /// # Errors
    ///
    /// The stream breaks off, its events are not in the order that the API promises, or `on_line` fails.
    pub async fn read(
        response: Response,
        started: Instant,
        mut on_line: impl FnMut(&str, Option<&Value>) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let mut lines = EventLines::new(response);
        let mut run = Self::default();
        let (mut complete, mut done) = (false, false);
        while let Some(line) = lines.next().await? {
            if line.is_empty() {
                continue;
            }
            let data = line.strip_prefix("data: ");
            ensure!(data.is_none() || !done, "something follows [DONE]: {line}");
            let Some(data) = data.filter(|data| *data != "[DONE]") else {
                done |= data.is_some();
                on_line(&line, None)?;
                continue;
            };
            ensure!(!complete, "an event follows the terminal one: {line}");
            let event: Value = serde_json::from_str(data)?;
            if run.first_event.is_zero() {
                run.first_event = started.elapsed();
            }
            run.record(&event, started.elapsed());
            complete = event["isComplete"] == true;
            on_line(&line, Some(&event))?;
        }
        ensure!(complete && done, "the stream broke off");
        run.total = started.elapsed();
        Ok(run)
    }

    /// How long each step took: from the step before it, the first from the first event.
    pub fn step_times(&self) -> Vec<Duration> {
        let starts = std::iter::once(self.first_event).chain(self.steps.iter().copied());
        self.steps.iter().zip(starts).map(|(end, start)| end.saturating_sub(start)).collect()
    }

    fn record(&mut self, event: &Value, at: Duration) {
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
