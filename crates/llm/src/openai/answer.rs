//! Answers, whole or streamed, read whatever the server made of them.

use serde::Deserialize;
use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::protocol::{Outcome, Rejection};
use crate::retry::Fault;
use crate::sse;
use crate::transport::Answer;
use agent::ports::{ChatReply, ModelError, ModelName, Usage};

use super::error::ApiError;

/// A whole answer, or one piece of a stream.
#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Value,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Choice {
    message: Option<Said>,
    /// In a stream: what is new.
    delta: Option<Said>,
    finish_reason: Option<String>,
    /// Gateways put the error of the server behind them here.
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Said {
    content: Option<Content>,
    refusal: Option<String>,
    tool_calls: Option<Vec<ToolCall>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct ToolCall {
    /// In a stream: which call a piece belongs to.
    #[serde(default)]
    index: u32,
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    arguments: Option<String>,
}

/// An answer as far as it has been heard.
#[derive(Default)]
struct Heard {
    said: String,
    called: String,
    refusal: String,
    finish: Option<String>,
    usage: Value,
}

pub(super) fn read(answer: &Answer, name: &ModelName, endpoint: &Endpoint) -> Result<Outcome, Fault> {
    if !answer.is_success() {
        let error = ApiError::of_body(&answer.body);
        return failure(&error, answer.status, answer, name, endpoint);
    }
    let provider = || name.provider.clone();
    let malformed = |_| Fault::Final(ModelError::Malformed { provider: provider() });
    let mut heard = Heard::default();
    let mut ended = false;
    if sse::is_stream(&answer.body) {
        for event in sse::events(&answer.body) {
            if event == "[DONE]" {
                ended = true;
                break;
            }
            let piece = match serde_json::from_str(&event) {
                Ok(piece) => piece,
                // The stream breaks off within an event.
                Err(error) if error.is_eof() => break,
                Err(error) => return Err(malformed(error)),
            };
            if let Some(error) = heard.take_in(piece) {
                return failure(&error, error.status(), answer, name, endpoint);
            }
        }
        ended |= heard.finish.is_some();
    } else if !answer.body.trim_ascii().is_empty() {
        if let Some(error) = heard.take_in(serde_json::from_slice(&answer.body).map_err(malformed)?) {
            return failure(&error, error.status(), answer, name, endpoint);
        }
        ended = true;
    }
    if !ended {
        return Err(Fault::passing(ModelError::Interrupted { provider: provider() }));
    }
    let usage = usage(&heard.usage);
    let text = heard.text(endpoint, provider())?;
    Ok(Outcome::Reply(ChatReply { text, usage }))
}

impl Heard {
    /// Adds what comes next, or gives the error that came instead.
    fn take_in(&mut self, piece: Completion) -> Option<ApiError> {
        let mut errors = std::iter::once(&piece.error).chain(piece.choices.iter().map(|choice| &choice.error));
        if let Some(error) = errors.find(|error| !error.is_null()) {
            return Some(ApiError::of_object(error));
        }
        if !piece.usage.is_null() {
            self.usage = piece.usage;
        }
        let choice = piece.choices.into_iter().next()?;
        self.finish = choice.finish_reason.filter(|finish| !finish.is_empty()).or(self.finish.take());
        let Said { content, refusal, tool_calls } = choice.delta.or(choice.message)?;
        match content {
            Some(Content::Text(text)) => self.said.push_str(&text),
            Some(Content::Parts(parts)) => self.said.extend(parts.into_iter().map(|part| part.text)),
            None => {}
        }
        self.refusal.push_str(&refusal.unwrap_or_default());
        // Of several calls the first counts.
        let calls = tool_calls.into_iter().flatten().enumerate().filter(|(at, call)| *at == 0 && call.index == 0);
        self.called.extend(calls.filter_map(|(_, call)| call.function?.arguments));
        None
    }

    fn text(self, endpoint: &Endpoint, provider: String) -> Result<String, Fault> {
        if !self.refusal.is_empty() {
            let reason = endpoint.quote(&self.refusal);
            return Err(Fault::Final(ModelError::Refused { provider, reason }));
        }
        match self.finish.as_deref() {
            Some(reason @ "content_filter") => {
                return Err(Fault::Final(ModelError::Filtered { provider, reason: reason.to_owned() }));
            }
            Some("length") => return Err(Fault::Final(ModelError::CutOff { provider })),
            _ => {}
        }
        // Whichever form was asked for, some servers answer in the other.
        let text = [self.called, self.said].into_iter().find(|text| !text.trim().is_empty());
        text.ok_or_else(|| Fault::passing(ModelError::Empty { provider }))
    }
}

fn failure(
    error: &ApiError,
    status: u16,
    answer: &Answer,
    name: &ModelName,
    endpoint: &Endpoint,
) -> Result<Outcome, Fault> {
    let ModelName { provider, model } = name.clone();
    let message = endpoint.reason(&error.message, status);
    if error.is_unknown_model() {
        return Err(Fault::Final(ModelError::UnknownModel { provider, model }));
    }
    if error.is_moderation() {
        let reason = endpoint.quote(&error.code);
        return Err(Fault::Final(ModelError::Filtered { provider, reason }));
    }
    if error.is_quota_exhausted() {
        return Err(Fault::Final(ModelError::Rejected { provider, model, detail: message }));
    }
    if matches!(status, 400 | 422) {
        if error.is_too_long() {
            return Err(Fault::Final(ModelError::ContextTooLong { provider, model }));
        }
        return Ok(Outcome::Rejected(Rejection { cause: error.cause(), message }));
    }
    Err(Fault::of_status(status, answer.retry_after, name, || message))
}

/// Figures are a courtesy: a server that leaves them out, or sends something else, still gave an answer.
fn usage(usage: &Value) -> Usage {
    let tokens = |pointer: &str| usage.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    Usage {
        calls: 1,
        prompt_tokens: tokens("/prompt_tokens"),
        cached_tokens: tokens("/prompt_tokens_details/cached_tokens"),
        cache_written_tokens: 0,
        completion_tokens: tokens("/completion_tokens"),
    }
}
