//! Responses, whole or streamed.

use serde::Deserialize;
use serde_json::Value;

use crate::protocol::{Outcome, Received};
use crate::retry::AttemptError;
use crate::sse;
use agent::ports::{ChatReply, Usage};

use super::error::ApiError;

/// A whole response, or one chunk of a stream.
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
    message: Option<ChoiceMessage>,
    /// In a stream: what is new.
    delta: Option<ChoiceMessage>,
    finish_reason: Option<String>,
    /// Gateways put the error of the server behind them here.
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct ChoiceMessage {
    content: Option<Content>,
    refusal: Option<String>,
    tool_calls: Option<Vec<ToolCall>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<ContentPart>),
}

#[derive(Deserialize)]
struct ContentPart {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct ToolCall {
    /// In a stream: the call that a chunk belongs to.
    #[serde(default)]
    index: u32,
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    arguments: Option<String>,
}

#[derive(Default)]
struct Accumulator {
    text: String,
    arguments: String,
    refusal: String,
    finish_reason: Option<String>,
    usage: Value,
}

pub(super) fn read(received: &Received<'_>) -> Result<Outcome, AttemptError> {
    let response = received.response;
    if !response.is_success() {
        return ApiError::of_body(&response.body).outcome(response.status, received);
    }
    let mut answer = Accumulator::default();
    for completion in sse::values(&response.body) {
        if let Some(error) = answer.add(completion.map_err(|_| received.malformed())?) {
            return error.outcome(error.status(), received);
        }
    }
    if answer.finish_reason.is_none() && !sse::is_complete(&response.body) {
        return Err(received.interrupted());
    }
    let usage = usage(&answer.usage);
    Ok(Outcome::Reply(ChatReply { text: answer.text(received)?, usage }))
}

impl Accumulator {
    /// Adds a chunk, or returns the error that it holds instead.
    fn add(&mut self, completion: Completion) -> Option<ApiError> {
        let mut errors =
            std::iter::once(&completion.error).chain(completion.choices.iter().map(|choice| &choice.error));
        if let Some(error) = errors.find(|error| !error.is_null()) {
            return Some(ApiError::of_object(error));
        }
        if !completion.usage.is_null() {
            self.usage = completion.usage;
        }
        let choice = completion.choices.into_iter().next()?;
        self.finish_reason = choice.finish_reason.filter(|reason| !reason.is_empty()).or(self.finish_reason.take());
        let ChoiceMessage { content, refusal, tool_calls } = choice.delta.or(choice.message)?;
        match content {
            Some(Content::Text(text)) => self.text.push_str(&text),
            Some(Content::Parts(parts)) => self.text.extend(parts.into_iter().map(|part| part.text)),
            None => {}
        }
        self.refusal.push_str(&refusal.unwrap_or_default());
        // Only the first of several calls counts.
        let calls = tool_calls.into_iter().flatten().enumerate().filter(|(at, call)| *at == 0 && call.index == 0);
        self.arguments.extend(calls.filter_map(|(_, call)| call.function?.arguments));
        None
    }

    fn text(self, received: &Received<'_>) -> Result<String, AttemptError> {
        if !self.refusal.is_empty() {
            return Err(received.refused(&self.refusal));
        }
        match self.finish_reason.as_deref() {
            Some(reason @ "content_filter") => Err(received.filtered(reason)),
            Some("length") => Err(received.cut_off()),
            _ => received.first_text([self.arguments, self.text]),
        }
    }
}

/// Servers may omit counts or send something else; the answer is valid all the same.
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
