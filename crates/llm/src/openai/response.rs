//! Responses, whole or streamed.

use serde_json::Value;

use crate::protocol::{Outcome, Received};
use crate::retry::AttemptError;
use crate::sse;
use agent::ports::{ChatReply, Usage};

use super::error::ApiError;

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
    for completion in sse::values::<Value>(&response.body) {
        let completion = completion.map_err(|_| received.malformed())?;
        let choices: &[Value] = match (completion.is_object(), &completion["choices"]) {
            (true, Value::Null) => &[],
            (true, Value::Array(choices)) => choices,
            _ => return Err(received.malformed()),
        };
        // Gateways put the error of the server behind them into the choice.
        let mut errors = std::iter::once(&completion["error"]).chain(choices.iter().map(|choice| &choice["error"]));
        if let Some(error) = errors.find(|error| !error.is_null()) {
            let error = ApiError::of_object(error);
            return error.outcome(error.status(), received);
        }
        if !completion["usage"].is_null() {
            answer.usage = completion["usage"].clone();
        }
        choices.first().into_iter().for_each(|choice| answer.add(choice));
    }
    if answer.finish_reason.is_none() && !sse::is_complete(&response.body) {
        return Err(received.interrupted());
    }
    let usage = usage(&answer.usage);
    Ok(Outcome::Reply(ChatReply { text: answer.text(received)?, usage }))
}

impl Accumulator {
    /// Adds the choice of a whole response, or of one chunk of a stream.
    fn add(&mut self, choice: &Value) {
        let reason = choice["finish_reason"].as_str().filter(|reason| !reason.is_empty());
        self.finish_reason = reason.map(str::to_owned).or(self.finish_reason.take());
        // In a stream: what is new.
        let message = if choice["delta"].is_null() { &choice["message"] } else { &choice["delta"] };
        match &message["content"] {
            Value::String(text) => self.text.push_str(text),
            Value::Array(parts) => self.text.extend(parts.iter().filter_map(|part| part["text"].as_str())),
            _ => {}
        }
        self.refusal.push_str(message["refusal"].as_str().unwrap_or_default());
        // Only the first of several calls counts; in a stream, `index` tells which call a chunk belongs to.
        let call = &message["tool_calls"][0];
        if call["index"].as_u64().unwrap_or_default() == 0 {
            self.arguments.push_str(call["function"]["arguments"].as_str().unwrap_or_default());
        }
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

/// Servers may omit counts or send something else; the answer is still valid.
fn usage(usage: &Value) -> Usage {
    let tokens = |pointer: &str| usage.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    Usage {
        calls: 1,
        prompt_tokens: tokens("/prompt_tokens"),
        cached_tokens: tokens("/prompt_tokens_details/cached_tokens"),
        completion_tokens: tokens("/completion_tokens"),
        ..Usage::default()
    }
}
