//! Running a script of the model's in the page.

use std::time::Duration;

use chromiumoxide_cdp::cdp::js_protocol::runtime::{
    CallFunctionOnParams, EvaluateParams, TerminateExecutionParams, TimeDelta,
};
use serde_json::Value;
use tokio::time::Instant;

use super::executor::{Executor, reject};
use super::outcome::prepend_note;
use super::text::clip;
use crate::error::browser_error;
use agent::ports::{ActionError, ActionOutcome};
use agent::text::shorten;
use cdp::CdpError;
use cdp::messages::{Evaluated, RemoteObject};

/// Limit for a script, including what it awaits.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum length of a result in characters.
const MAX_RESULT: usize = 10_000;

/// Serializes any object as JSON, or as text where JSON is impossible.
const SERIALIZE: &str = include_str!("../../scripts/dist/serialize.js");

impl Executor<'_> {
    /// Evaluates a script in the page's main world, as its console would.
    pub(super) async fn evaluate(&self, js: &str) -> Result<ActionOutcome, ActionError> {
        let start = self.start_action().await?;
        let session = self.active()?.session;
        let timeout = TimeDelta::new(SCRIPT_TIMEOUT.as_secs_f64() * 1_000.0);
        let evaluate = EvaluateParams::builder()
            .expression(js)
            .repl_mode(true)
            .await_promise(true)
            .user_gesture(true)
            .timeout(timeout)
            .build()
            .expect("the expression is set");
        let timed_out = || ActionError::TimedOut { what: "the script".into(), limit: SCRIPT_TIMEOUT };
        let started = Instant::now();
        let ended = match session.call_as::<Evaluated<Value>, _>(evaluate, SCRIPT_TIMEOUT).await {
            Ok(ended) => ended,
            Err(CdpError::TimedOut { .. }) => {
                session.send(TerminateExecutionParams::default());
                return Err(timed_out());
            }
            // Chromium enforces the same limit and may report it as a failed command.
            Err(CdpError::Refused { .. }) if started.elapsed() >= SCRIPT_TIMEOUT.mul_f64(0.9) => {
                return Err(timed_out());
            }
            // The script opened a dialog or left the page.
            Err(CdpError::DialogOpen | CdpError::Detached | CdpError::Refused { .. }) => {
                return self.settle("Run a script".into(), &start).await;
            }
            Err(CdpError::TooLong { .. }) => {
                reject!("the script's result is too long; let it end with less");
            }
            Err(error) => return Err(browser_error(error).into()),
        };
        if let Some(exception) = ended.exception_details {
            let cause = shorten(exception.first_line(), 300);
            if cause.contains("execution was terminated") {
                return Err(timed_out());
            }
            reject!("the script failed: {}", clip(&cause, 400));
        }
        let text = match ended.result {
            RemoteObject { object_id: Some(object), description, kind, .. } => {
                let call = CallFunctionOnParams::builder()
                    .function_declaration(SERIALIZE)
                    .object_id(object)
                    .return_by_value(true)
                    .build()
                    .expect("the declaration is set");
                match session.call_as(call, SCRIPT_TIMEOUT).await {
                    Ok(Evaluated { result: RemoteObject { value: Some(Value::String(json)), .. }, .. }) => json,
                    // A getter of the page failed, or the page is gone.
                    Ok(_) | Err(_) => description.unwrap_or(kind),
                }
            }
            RemoteObject { value: Some(value), .. } => value.to_string(),
            RemoteObject { unserializable_value: Some(value), .. } => value,
            RemoteObject { kind, .. } => kind,
        };
        let mut outcome = self.settle("Run a script".into(), &start).await?;
        let total = text.chars().count();
        if total > MAX_RESULT {
            prepend_note(&mut outcome, format!("the first {MAX_RESULT} of {total} characters"));
        }
        outcome.extracted = Some(text.chars().take(MAX_RESULT).collect());
        Ok(outcome)
    }
}
