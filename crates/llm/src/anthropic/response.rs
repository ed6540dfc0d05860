//! Responses, whole or streamed, and errors.

use serde_json::Value;

use crate::capabilities::{Feature, mentioned};
use crate::protocol::{Outcome, Received};
use crate::retry::AttemptError;
use crate::sse;
use agent::ports::{ChatReply, Usage};

/// The fields of a request whose rejection means that the model does not support a feature.
const FIELDS: &[(&str, Feature)] = &[
    ("tools", Feature::Output),
    ("tool_choice", Feature::Output),
    ("temperature", Feature::Temperature),
    ("max_tokens", Feature::Limit),
    ("stream", Feature::Streaming),
    ("image", Feature::Images),
];

#[derive(Default)]
struct Accumulator {
    text: String,
    /// A tool's arguments in fragments of JSON.
    partial_input: String,
    /// A tool's arguments as a whole.
    input: Value,
    stop_reason: Option<String>,
    stopped: bool,
    usage: Usage,
    uncached_tokens: u64,
}

pub(super) fn read(received: &Received<'_>) -> Result<Outcome, AttemptError> {
    let response = received.response;
    if !response.is_success() {
        let body = serde_json::from_slice::<Value>(&response.body).unwrap_or_default();
        return outcome(&body["error"], response.status, received);
    }
    let mut answer = Accumulator::default();
    for event in sse::values::<Value>(&response.body) {
        let event = event.map_err(|_| received.malformed())?;
        match event["type"].as_str().ok_or_else(|| received.malformed())? {
            "error" => return outcome(&event["error"], status(&event["error"]), received),
            kind => answer.add(kind, &event),
        }
    }
    if !answer.stopped && answer.stop_reason.is_none() && !sse::is_complete(&response.body) {
        return Err(received.interrupted());
    }
    let usage = answer.usage();
    Ok(Outcome::Reply(ChatReply { text: answer.text(received)?, usage }))
}

impl Accumulator {
    /// Adds a whole message, or an event of a stream. Unknown types are ignored.
    fn add(&mut self, kind: &str, event: &Value) {
        match kind {
            "message" => self.add_message(event),
            "message_start" => self.add_message(&event["message"]),
            "content_block_start" => self.add_block(&event["content_block"]),
            "content_block_delta" => {
                let delta = &event["delta"];
                // Other deltas, such as thinking, have neither field.
                self.text.push_str(delta["text"].as_str().unwrap_or_default());
                self.partial_input.push_str(delta["partial_json"].as_str().unwrap_or_default());
            }
            "message_delta" => {
                self.set_stop_reason(&event["delta"]);
                self.count(&event["usage"]);
            }
            "message_stop" => self.stopped = true,
            _ => {}
        }
    }

    fn add_message(&mut self, message: &Value) {
        self.count(&message["usage"]);
        self.set_stop_reason(message);
        message["content"].as_array().into_iter().flatten().for_each(|block| self.add_block(block));
    }

    fn add_block(&mut self, block: &Value) {
        match block["type"].as_str() {
            Some("text") => self.text.push_str(block["text"].as_str().unwrap_or_default()),
            Some("tool_use") => self.input = block["input"].clone(),
            _ => {}
        }
    }

    fn set_stop_reason(&mut self, message: &Value) {
        self.stop_reason = message["stop_reason"].as_str().map(str::to_owned).or(self.stop_reason.take());
    }

    /// Later counts are totals and replace earlier ones; an event has only those that it knows.
    fn count(&mut self, counts: &Value) {
        for (field, total) in [
            ("input_tokens", &mut self.uncached_tokens),
            ("cache_read_input_tokens", &mut self.usage.cached_tokens),
            ("cache_creation_input_tokens", &mut self.usage.cache_written_tokens),
            ("output_tokens", &mut self.usage.completion_tokens),
        ] {
            *total = counts[field].as_u64().unwrap_or(*total);
        }
    }

    /// The API splits the prompt's tokens into three counts.
    fn usage(&self) -> Usage {
        let cached = self.usage.cached_tokens.saturating_add(self.usage.cache_written_tokens);
        Usage { calls: 1, prompt_tokens: self.uncached_tokens.saturating_add(cached), ..self.usage }
    }

    fn text(self, received: &Received<'_>) -> Result<String, AttemptError> {
        match self.stop_reason.as_deref() {
            Some("refusal") => return Err(received.refused("it gives no reason")),
            Some("max_tokens") => return Err(received.cut_off()),
            Some("model_context_window_exceeded") => return Err(received.context_too_long()),
            _ => {}
        }
        // A stream starts the block with an empty object and sends the arguments afterwards.
        let whole = self.input.as_object().filter(|input| !input.is_empty()).map(|_| self.input.to_string());
        received.first_text([self.partial_input, whole.unwrap_or_default(), self.text])
    }
}

/// The status of an error inside a stream.
fn status(error: &Value) -> u16 {
    match error["type"].as_str().unwrap_or_default() {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => 500,
    }
}

/// The API does not say which field is wrong, but its messages mention it: `max_tokens: ...`,
/// `messages.0.content.1.image: ...`, "`temperature` is deprecated for this model."
fn outcome(error: &Value, status: u16, received: &Received<'_>) -> Result<Outcome, AttemptError> {
    let message = error["message"].as_str().unwrap_or_default();
    received.server_error(status, message, mentioned(message, FIELDS), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_mentions_the_rejected_field() {
        for (message, feature) in [
            ("`temperature` is deprecated for this model.", Some(Feature::Temperature)),
            ("max_tokens: 16384 > 4096, which is the maximum", Some(Feature::Limit)),
            ("Thinking may not be enabled when tool_choice forces tool use.", Some(Feature::Output)),
            ("tools.0.custom.input_schema: too deep", Some(Feature::Output)),
            ("messages.0.content.1.image.source.base64: no", Some(Feature::Images)),
            ("messages.0.content: no", None),
            ("Your credit balance is too low", None),
            ("", None),
        ] {
            assert_eq!(mentioned(message, FIELDS), feature, "{message}");
        }
    }
}
