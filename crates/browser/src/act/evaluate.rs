//! Running a script of the model's in the page.

use super::prepend_note;
use crate::error::browser_error;
use agent::text::shorten;
use std::time::Duration;

use chromiumoxide_cdp::cdp::js_protocol::runtime::{
    CallFunctionOnParams, EvaluateParams, TerminateExecutionParams, TimeDelta,
};
use serde::Deserialize;
use tokio::time::Instant;

use super::{Executor, clip};
use agent::ports::{ActionError, ActionOutcome};
use cdp::CdpError;
use cdp::messages::ExceptionDetails;

/// How long a script may run, what it awaits included.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(5);
/// Characters of a result.
const MAX_RESULT: usize = 10_000;

/// What a script ended with, as the browser hands it over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ended {
    result: Remote,
    exception_details: Option<ExceptionDetails>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Remote {
    #[serde(rename = "type")]
    kind: String,
    value: Option<serde_json::Value>,
    /// `NaN`, `-0`, a big integer.
    unserializable_value: Option<String>,
    description: Option<String>,
    object_id: Option<String>,
}

/// Any object as JSON, what has none as its text.
const SERIALIZE: &str = include_str!("../../scripts/dist/serialize.js");

impl Executor<'_> {
    /// Runs a script in the page's own world, as its console would, and reads what it ends with.
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
        let started = Instant::now();
        let ended = match session.call_as::<Ended, _>(evaluate, SCRIPT_TIMEOUT).await {
            Ok(ended) => ended,
            Err(CdpError::TimedOut { .. }) => {
                session.send(TerminateExecutionParams::default());
                return Err(ActionError::TimedOut { what: "the script".into(), limit: SCRIPT_TIMEOUT });
            }
            // The browser keeps the same limit, and one that it ended may also come back as a command that failed.
            Err(CdpError::Refused { .. }) if started.elapsed() >= SCRIPT_TIMEOUT.mul_f64(0.9) => {
                return Err(ActionError::TimedOut { what: "the script".into(), limit: SCRIPT_TIMEOUT });
            }
            // It opened a dialog, or left the page, before it came to an end.
            Err(CdpError::DialogOpen | CdpError::Detached | CdpError::Refused { .. }) => {
                return self.settle("Run a script".into(), &start).await;
            }
            Err(CdpError::TooLong { .. }) => {
                return Err(ActionError::NotPossible("the script's result is too long; let it end with less".into()));
            }
            Err(error) => return Err(browser_error(error).into()),
        };
        if let Some(exception) = ended.exception_details {
            let cause = shorten(exception.first_line(), 300);
            if cause.contains("execution was terminated") {
                return Err(ActionError::TimedOut { what: "the script".into(), limit: SCRIPT_TIMEOUT });
            }
            return Err(ActionError::NotPossible(format!("the script failed: {}", clip(&cause, 400))));
        }
        let text = match ended.result {
            Remote { object_id: Some(object), description, kind, .. } => {
                let call = CallFunctionOnParams::builder()
                    .function_declaration(SERIALIZE)
                    .object_id(object)
                    .return_by_value(true)
                    .build()
                    .expect("the declaration is set");
                match session.call_as::<Ended, _>(call, SCRIPT_TIMEOUT).await {
                    Ok(Ended { result: Remote { value: Some(serde_json::Value::String(json)), .. }, .. }) => json,
                    // A getter of the page's failed, or the page is gone.
                    Ok(_) | Err(_) => description.unwrap_or(kind),
                }
            }
            Remote { value: Some(value), .. } => value.to_string(),
            Remote { unserializable_value: Some(value), .. } => value,
            Remote { kind, .. } => kind,
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
