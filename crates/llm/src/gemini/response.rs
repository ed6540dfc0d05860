//! Responses, whole or streamed, and errors.

use std::time::Duration;

use serde_json::Value;

use crate::capabilities::{Feature, mentioned};
use crate::protocol::{Outcome, Received};
use crate::retry::AttemptError;
use crate::sse;
use agent::ports::{ChatReply, ModelError, ModelName, Usage};

/// The fields of a request, in both spellings of the API, whose rejection means that the model does not support a
/// feature.
const FIELDS: &[(&str, Feature)] = &[
    ("response_schema", Feature::Output),
    ("responseSchema", Feature::Output),
    ("response_json_schema", Feature::Output),
    ("responseJsonSchema", Feature::Output),
    ("response_mime_type", Feature::Output),
    ("responseMimeType", Feature::Output),
    ("schema", Feature::Output),
    ("temperature", Feature::Temperature),
    ("max_output_tokens", Feature::Limit),
    ("maxOutputTokens", Feature::Limit),
    ("inline_data", Feature::Images),
    ("inlineData", Feature::Images),
];

#[derive(Default)]
struct Accumulator {
    text: String,
    finish_reason: Option<String>,
    block_reason: Option<String>,
    usage: Value,
}

pub(super) fn read(received: &Received<'_>) -> Result<Outcome, AttemptError> {
    let response = received.response;
    if !response.is_success() {
        let body = serde_json::from_slice(&response.body).map(single).unwrap_or_default();
        return outcome(&body["error"], response.status, received);
    }
    let mut answer = Accumulator::default();
    for event in sse::values(&response.body) {
        let event = event.map(single).ok().filter(Value::is_object).ok_or_else(|| received.malformed())?;
        if let Some(error) = event.get("error") {
            // An error in a stream that names no status is the server's fault.
            let status = error["code"].as_u64().and_then(|code| u16::try_from(code).ok());
            let status = status.filter(|status| (400..600).contains(status)).unwrap_or(500);
            return outcome(error, status, received);
        }
        answer.add(&event);
    }
    let ended = answer.finish_reason.is_some() || answer.block_reason.is_some();
    if !ended && !sse::is_complete(&response.body) {
        return Err(received.interrupted());
    }
    let usage = usage(&answer.usage);
    Ok(Outcome::Reply(ChatReply { text: answer.text(received)?, usage }))
}

/// An error response to a streaming request may be a list.
fn single(body: Value) -> Value {
    match body {
        Value::Array(list) => list.into_iter().next().unwrap_or_default(),
        body => body,
    }
}

impl Accumulator {
    /// Adds a whole response, or an event of a stream.
    fn add(&mut self, response: &Value) {
        let replace = |field: &mut Option<String>, value: &Value| {
            *field = value.as_str().map(str::to_owned).or(field.take());
        };
        if response["usageMetadata"].is_object() {
            self.usage = response["usageMetadata"].clone();
        }
        replace(&mut self.block_reason, &response["promptFeedback"]["blockReason"]);
        let candidate = &response["candidates"][0];
        replace(&mut self.finish_reason, &candidate["finishReason"]);
        let parts = candidate["content"]["parts"].as_array().into_iter().flatten();
        let answer = parts.filter(|part| part["thought"] != true);
        self.text.extend(answer.filter_map(|part| part["text"].as_str()));
    }

    fn text(self, received: &Received<'_>) -> Result<String, AttemptError> {
        if let Some(reason) = &self.block_reason {
            return Err(received.filtered(reason));
        }
        match self.finish_reason.as_deref() {
            Some("MAX_TOKENS") => Err(received.cut_off()),
            Some(
                reason @ ("SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII"
                | "IMAGE_SAFETY"),
            ) => Err(received.filtered(reason)),
            _ => received.first_text([self.text]),
        }
    }
}

fn outcome(error: &Value, status: u16, received: &Received<'_>) -> Result<Outcome, AttemptError> {
    // An invalid key is a 400 here.
    let invalid_key =
        |detail: &Value| matches!(detail["reason"].as_str(), Some("API_KEY_INVALID" | "API_KEY_SERVICE_BLOCKED"));
    if details(error).any(invalid_key) {
        let ModelName { provider, model } = received.name.clone();
        return Err(AttemptError::Permanent(ModelError::Unauthorized { provider, model }));
    }
    let retry_delay = retry_delay(error).filter(|_| received.response.retry_after.is_none());
    received.server_error(status, error["message"].as_str().unwrap_or_default(), feature(error), retry_delay)
}

/// They are of several kinds, each with its own fields.
fn details(error: &Value) -> impl Iterator<Item = &Value> {
    error["details"].as_array().into_iter().flatten()
}

/// The delay that the server requests, `37s` or `1.5s`. It is not in a header.
fn retry_delay(error: &Value) -> Option<Duration> {
    let delay = details(error).find_map(|detail| detail["retryDelay"].as_str())?;
    Duration::try_from_secs_f64(delay.strip_suffix('s')?.parse().ok()?).ok()
}

/// The feature whose field the error names in its details or its message:
/// `* GenerateContentRequest.generation_config.response_schema...: should be non-empty`.
fn feature(error: &Value) -> Option<Feature> {
    let violations = details(error).filter_map(|detail| detail["fieldViolations"].as_array()).flatten();
    let texts = violations.flat_map(|violation| [&violation["field"], &violation["description"]]);
    texts.chain([&error["message"]]).find_map(|text| mentioned(text.as_str()?, FIELDS))
}

/// Thoughts are billed as output.
fn usage(usage: &Value) -> Usage {
    let tokens = |name: &str| usage[name].as_u64().unwrap_or_default();
    Usage {
        calls: 1,
        prompt_tokens: tokens("promptTokenCount"),
        cached_tokens: tokens("cachedContentTokenCount"),
        completion_tokens: tokens("candidatesTokenCount").saturating_add(tokens("thoughtsTokenCount")),
        ..Usage::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn fields_are_parsed_from_api_errors() {
        for (json, feature) in [
            (
                r#"{"message":"* GenerateContentRequest.generation_config.response_schema.properties[\"a\"]: should be non-empty"}"#,
                Some(Feature::Output),
            ),
            (
                r#"{"message":"Invalid JSON payload received. Unknown name \"responseJsonSchema\" at 'generation_config': Cannot find field."}"#,
                Some(Feature::Output),
            ),
            (
                r#"{"message":"no","details":[{"fieldViolations":[{"field":"generation_config.temperature","description":"no"}]}]}"#,
                Some(Feature::Temperature),
            ),
            (r#"{"message":"Request contains an invalid argument."}"#, None),
            (r#"{}"#, None),
        ] {
            assert_eq!(super::feature(&error(json)), feature, "{json}");
        }
    }

    #[test]
    fn a_delay_is_read_from_the_details() {
        let delay = |text: &str| {
            let error = error(&format!(r#"{{"details":[{{"reason":"x"}},{{"retryDelay":"{text}"}}]}}"#));
            retry_delay(&error)
        };
        assert_eq!(delay("37s"), Some(Duration::from_secs(37)));
        assert_eq!(delay("1.5s"), Some(Duration::from_millis(1500)));
        for text in ["", "soon", "-1s", "NaNs", "1e300s"] {
            assert_eq!(delay(text), None, "{text}");
        }
    }
}
