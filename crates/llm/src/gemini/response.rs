//! Responses, whole or streamed, and errors.

use std::time::Duration;

use serde::Deserialize;
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

/// An error response to a streaming request may be a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    List(Vec<GenerateContentResponse>),
    Single(GenerateContentResponse),
}

impl Body {
    fn into_single(self) -> GenerateContentResponse {
        match self {
            Self::List(list) => list.into_iter().next().unwrap_or_default(),
            Self::Single(single) => single,
        }
    }
}

/// A whole response, an event of a stream, or an error.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct GenerateContentResponse {
    candidates: Vec<Candidate>,
    prompt_feedback: Option<PromptFeedback>,
    usage_metadata: Value,
    error: Option<ApiError>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Candidate {
    content: Content,
    finish_reason: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Content {
    parts: Vec<Part>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Part {
    text: String,
    /// Thinking, not the answer.
    thought: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PromptFeedback {
    block_reason: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ApiError {
    /// An HTTP status.
    code: u16,
    message: String,
    details: Vec<Detail>,
}

/// One of several kinds, each with its own fields.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Detail {
    /// `API_KEY_INVALID` and the like.
    reason: String,
    /// `37s`, `1.5s`.
    retry_delay: String,
    field_violations: Vec<Violation>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Violation {
    field: String,
    description: String,
}

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
        let body = serde_json::from_slice(&response.body).ok().map(Body::into_single);
        return body.and_then(|body| body.error).unwrap_or_default().outcome(response.status, received);
    }
    let mut answer = Accumulator::default();
    for body in sse::values::<Body>(&response.body) {
        let body = body.map_err(|_| received.malformed())?.into_single();
        if let Some(error) = body.error {
            // An error in a stream that names no status is the server's fault.
            let status = if (400..600).contains(&error.code) { error.code } else { 500 };
            return error.outcome(status, received);
        }
        answer.add(body);
    }
    let ended = answer.finish_reason.is_some() || answer.block_reason.is_some();
    if !ended && !sse::is_complete(&response.body) {
        return Err(received.interrupted());
    }
    let usage = usage(&answer.usage);
    Ok(Outcome::Reply(ChatReply { text: answer.text(received)?, usage }))
}

impl Accumulator {
    fn add(&mut self, response: GenerateContentResponse) {
        if !response.usage_metadata.is_null() {
            self.usage = response.usage_metadata;
        }
        let block_reason = response.prompt_feedback.and_then(|feedback| feedback.block_reason);
        self.block_reason = block_reason.or(self.block_reason.take());
        let Some(candidate) = response.candidates.into_iter().next() else { return };
        self.finish_reason = candidate.finish_reason.or(self.finish_reason.take());
        let parts = candidate.content.parts.into_iter().filter(|part| !part.thought);
        self.text.extend(parts.map(|part| part.text));
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

impl ApiError {
    /// The delay that the server requests, which is not in a header.
    fn retry_delay(&self) -> Option<Duration> {
        let delay = self.details.iter().find(|detail| !detail.retry_delay.is_empty())?;
        Duration::try_from_secs_f64(delay.retry_delay.strip_suffix('s')?.parse().ok()?).ok()
    }

    /// The feature whose field the error names in its details or its message:
    /// `* GenerateContentRequest.generation_config.response_schema...: should be non-empty`.
    fn feature(&self) -> Option<Feature> {
        let violations = self.details.iter().flat_map(|detail| &detail.field_violations);
        let texts = violations.flat_map(|violation| [&violation.field, &violation.description]).chain([&self.message]);
        texts.filter_map(|text| mentioned(text, FIELDS)).next()
    }

    fn outcome(&self, status: u16, received: &Received<'_>) -> Result<Outcome, AttemptError> {
        // An invalid key is a 400 here.
        let invalid_key = |detail: &Detail| ["API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED"].contains(&&*detail.reason);
        if self.details.iter().any(invalid_key) {
            let ModelName { provider, model } = received.name.clone();
            return Err(AttemptError::Permanent(ModelError::Unauthorized { provider, model }));
        }
        let retry_delay = self.retry_delay().filter(|_| received.response.retry_after.is_none());
        received.server_error(status, &self.message, self.feature(), retry_delay)
    }
}

/// Thoughts are billed as output.
fn usage(usage: &Value) -> Usage {
    let tokens = |name: &str| usage[name].as_u64().unwrap_or_default();
    Usage {
        calls: 1,
        prompt_tokens: tokens("promptTokenCount"),
        cached_tokens: tokens("cachedContentTokenCount"),
        cache_written_tokens: 0,
        completion_tokens: tokens("candidatesTokenCount").saturating_add(tokens("thoughtsTokenCount")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> ApiError {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn fields_are_found_where_the_api_names_them() {
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
            assert_eq!(error(json).feature(), feature, "{json}");
        }
    }

    #[test]
    fn a_delay_is_read_from_the_details() {
        let delay =
            |text: &str| error(&format!(r#"{{"details":[{{"reason":"x"}},{{"retryDelay":"{text}"}}]}}"#)).retry_delay();
        assert_eq!(delay("37s"), Some(Duration::from_secs(37)));
        assert_eq!(delay("1.5s"), Some(Duration::from_millis(1500)));
        for text in ["", "soon", "-1s", "NaNs", "1e300s"] {
            assert_eq!(delay(text), None, "{text}");
        }
    }
}
