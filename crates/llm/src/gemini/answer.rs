//! Answers, whole or streamed, and errors.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::dialect::{Cause, Feature};
use crate::endpoint::Endpoint;
use crate::protocol::{Outcome, Rejection, says_too_long};
use crate::retry::Fault;
use crate::sse;
use crate::transport::Answer;
use agent::ports::{ChatReply, ModelError, ModelName, Usage};

/// A whole answer, one piece of a stream, or an error.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Response {
    candidates: Vec<Candidate>,
    prompt_feedback: Option<Feedback>,
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
    /// A thought, not the answer.
    thought: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
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

/// Of several kinds, each with fields of its own.
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

/// An answer as far as it has been heard.
#[derive(Default)]
struct Heard {
    said: String,
    /// Why it ended, or why it was not begun.
    finish: Option<String>,
    blocked: Option<String>,
    usage: Value,
}

pub(super) fn read(answer: &Answer, name: &ModelName, endpoint: &Endpoint) -> Result<Outcome, Fault> {
    if !answer.is_success() {
        let error = whole(&answer.body).ok().and_then(|response| response.error).unwrap_or_default();
        return failure(&error, answer.status, answer, name, endpoint);
    }
    let provider = || name.provider.clone();
    let malformed = |_| Fault::Final(ModelError::Malformed { provider: provider() });
    let mut heard = Heard::default();
    if sse::is_stream(&answer.body) {
        for event in sse::events(&answer.body) {
            match serde_json::from_str::<Response>(&event) {
                Ok(Response { error: Some(error), .. }) => {
                    return failure(&error, error.code, answer, name, endpoint);
                }
                Ok(piece) => heard.take_in(piece),
                // The stream breaks off within an event.
                Err(error) if error.is_eof() => break,
                Err(error) => return Err(malformed(error)),
            }
        }
    } else if !answer.body.trim_ascii().is_empty() {
        match whole(&answer.body).map_err(malformed)? {
            Response { error: Some(error), .. } => return failure(&error, error.code, answer, name, endpoint),
            response => {
                heard.take_in(response);
                // An answer in one piece has its end, whether it says so or not.
                heard.finish.get_or_insert_default();
            }
        }
    }
    if heard.finish.is_none() && heard.blocked.is_none() {
        return Err(Fault::passing(ModelError::Interrupted { provider: provider() }));
    }
    let usage = usage(&heard.usage);
    let text = heard.text(endpoint, provider())?;
    Ok(Outcome::Reply(ChatReply { text, usage }))
}

/// A body in one piece. An error of a call for a stream may come as a list of one.
fn whole(body: &[u8]) -> Result<Response, serde_json::Error> {
    match serde_json::from_slice::<Vec<Response>>(body) {
        Ok(responses) => Ok(responses.into_iter().next().unwrap_or_default()),
        Err(_) => serde_json::from_slice(body),
    }
}

impl Heard {
    fn take_in(&mut self, piece: Response) {
        if !piece.usage_metadata.is_null() {
            self.usage = piece.usage_metadata;
        }
        self.blocked = piece.prompt_feedback.and_then(|feedback| feedback.block_reason).or(self.blocked.take());
        let Some(candidate) = piece.candidates.into_iter().next() else { return };
        self.finish = candidate.finish_reason.or(self.finish.take());
        let said = candidate.content.parts.into_iter().filter(|part| !part.thought);
        self.said.extend(said.map(|part| part.text));
    }

    fn text(self, endpoint: &Endpoint, provider: String) -> Result<String, Fault> {
        if let Some(reason) = &self.blocked {
            let reason = endpoint.quote(reason);
            return Err(Fault::Final(ModelError::Filtered { provider, reason }));
        }
        let finish = self.finish.unwrap_or_default();
        match finish.as_str() {
            "MAX_TOKENS" => return Err(Fault::Final(ModelError::CutOff { provider })),
            "SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "IMAGE_SAFETY" => {
                return Err(Fault::Final(ModelError::Filtered { provider, reason: finish }));
            }
            _ => {}
        }
        if self.said.trim().is_empty() {
            return Err(Fault::passing(ModelError::Empty { provider }));
        }
        Ok(self.said)
    }
}

impl ApiError {
    fn has_reason(&self, reasons: &[&str]) -> bool {
        self.details.iter().any(|detail| reasons.contains(&detail.reason.as_str()))
    }

    /// What the server asks to wait; it says so here and not in a header.
    fn retry_delay(&self) -> Option<Duration> {
        let delay = self.details.iter().find(|detail| !detail.retry_delay.is_empty())?;
        Duration::try_from_secs_f64(delay.retry_delay.strip_suffix('s')?.parse().ok()?).ok()
    }

    /// What the error's fields say it is about. Where they name none, the message begins with the request's field:
    /// `* GenerateContentRequest.generation_config.response_schema...: should be non-empty`.
    fn cause(&self) -> Cause {
        let violations = self.details.iter().flat_map(|detail| &detail.field_violations);
        let texts = violations.flat_map(|violation| [&violation.field, &violation.description]).chain([&self.message]);
        texts.filter_map(|text| feature(text)).next().map_or(Cause::Unnamed, Cause::Feature)
    }
}

/// The feature whose field a text names, in either of the API's spellings.
fn feature(text: &str) -> Option<Feature> {
    let mut words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.find_map(|word| match word {
        "response_schema"
        | "responseSchema"
        | "response_json_schema"
        | "responseJsonSchema"
        | "response_mime_type"
        | "responseMimeType" => Some(Feature::Form),
        "temperature" => Some(Feature::Temperature),
        "max_output_tokens" | "maxOutputTokens" => Some(Feature::Limit),
        "inline_data" | "inlineData" => Some(Feature::Images),
        _ => None,
    })
}

fn failure(
    error: &ApiError,
    status: u16,
    answer: &Answer,
    name: &ModelName,
    endpoint: &Endpoint,
) -> Result<Outcome, Fault> {
    let ModelName { provider, model } = name.clone();
    // A wrong key is a 400 here.
    if error.has_reason(&["API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED"]) {
        return Err(Fault::Final(ModelError::Unauthorized { provider, model }));
    }
    let message = endpoint.reason(&error.message, status);
    if status == 400 {
        if says_too_long(&error.message) {
            return Err(Fault::Final(ModelError::ContextTooLong { provider, model }));
        }
        return Ok(Outcome::Rejected(Rejection { cause: error.cause(), message }));
    }
    let retry_after = answer.retry_after.or_else(|| error.retry_delay());
    // An error within a stream that does not say its status is the server's.
    let status = if (400..600).contains(&status) || !answer.is_success() { status } else { 500 };
    Err(Fault::of_status(status, retry_after, name, || message))
}

/// Thoughts are billed as a part of the answer.
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
        for (json, cause) in [
            (
                r#"{"message":"* GenerateContentRequest.generation_config.response_schema.properties[\"a\"]: should be non-empty"}"#,
                Cause::Feature(Feature::Form),
            ),
            (
                r#"{"message":"Invalid JSON payload received. Unknown name \"responseJsonSchema\" at 'generation_config': Cannot find field."}"#,
                Cause::Feature(Feature::Form),
            ),
            (
                r#"{"message":"no","details":[{"fieldViolations":[{"field":"generation_config.temperature","description":"no"}]}]}"#,
                Cause::Feature(Feature::Temperature),
            ),
            (r#"{"message":"Request contains an invalid argument."}"#, Cause::Unnamed),
            (r#"{}"#, Cause::Unnamed),
        ] {
            assert_eq!(error(json).cause(), cause, "{json}");
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
