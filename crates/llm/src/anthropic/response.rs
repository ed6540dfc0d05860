//! Responses, whole or streamed, and errors.

use serde::Deserialize;
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

/// An event of a stream, or a whole message. Unknown types are ignored.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    Message(Message),
    MessageStart {
        message: Message,
    },
    ContentBlockStart {
        content_block: Block,
    },
    ContentBlockDelta {
        delta: Delta,
    },
    MessageDelta {
        delta: Message,
        usage: Option<TokenCounts>,
    },
    MessageStop,
    Error {
        error: ApiError,
    },
    #[serde(other)]
    Other,
}

/// A message, its start, or a change to it.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Vec<Block>,
    stop_reason: Option<String>,
    usage: Option<TokenCounts>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        #[serde(default)]
        text: String,
    },
    ToolUse {
        #[serde(default)]
        input: Value,
    },
    /// Thinking, and types added later.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "input_json_delta")]
    Input { partial_json: String },
    #[serde(other)]
    Other,
}

/// The prompt's tokens are split into three counts. An event has only those that it knows.
#[derive(Deserialize, Default)]
struct TokenCounts {
    input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
struct ErrorBody {
    #[serde(default)]
    error: ApiError,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ApiError {
    #[serde(rename = "type")]
    kind: String,
    message: String,
}

#[derive(Default)]
struct Accumulator {
    text: String,
    /// A tool's arguments in fragments of JSON.
    partial_input: String,
    /// A tool's arguments as a whole.
    input: Value,
    stop_reason: Option<String>,
    stopped: bool,
    counts: TokenCounts,
}

pub(super) fn read(received: &Received<'_>) -> Result<Outcome, AttemptError> {
    let response = received.response;
    if !response.is_success() {
        let ErrorBody { error } = serde_json::from_slice(&response.body).unwrap_or_default();
        return error.outcome(response.status, received);
    }
    let mut answer = Accumulator::default();
    for event in sse::values(&response.body) {
        match event.map_err(|_| received.malformed())? {
            Event::Error { error } => return error.outcome(error.status(), received),
            event => answer.add(event),
        }
    }
    if !answer.stopped && answer.stop_reason.is_none() && !sse::is_complete(&response.body) {
        return Err(received.interrupted());
    }
    let usage = answer.counts.usage();
    Ok(Outcome::Reply(ChatReply { text: answer.text(received)?, usage }))
}

impl Accumulator {
    fn add(&mut self, event: Event) {
        match event {
            Event::Message(message) | Event::MessageStart { message } => {
                self.counts.update(message.usage);
                self.stop_reason = message.stop_reason;
                message.content.into_iter().for_each(|block| self.add_block(block));
            }
            Event::ContentBlockStart { content_block } => self.add_block(content_block),
            Event::ContentBlockDelta { delta } => match delta {
                Delta::Text { text } => self.text.push_str(&text),
                Delta::Input { partial_json } => self.partial_input.push_str(&partial_json),
                Delta::Other => {}
            },
            Event::MessageDelta { delta, usage } => {
                self.counts.update(usage);
                self.stop_reason = delta.stop_reason.or(self.stop_reason.take());
            }
            Event::MessageStop => self.stopped = true,
            Event::Error { .. } | Event::Other => {}
        }
    }

    fn add_block(&mut self, block: Block) {
        match block {
            Block::Text { text } => self.text.push_str(&text),
            Block::ToolUse { input } => self.input = input,
            Block::Other => {}
        }
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

impl TokenCounts {
    /// Later counts are totals and replace earlier ones.
    fn update(&mut self, later: Option<Self>) {
        let Some(later) = later else { return };
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.cache_read_input_tokens = later.cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.cache_creation_input_tokens = later.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
    }

    fn usage(&self) -> Usage {
        let cached_tokens = self.cache_read_input_tokens.unwrap_or_default();
        let cache_written_tokens = self.cache_creation_input_tokens.unwrap_or_default();
        let uncached = self.input_tokens.unwrap_or_default();
        Usage {
            calls: 1,
            prompt_tokens: uncached.saturating_add(cached_tokens).saturating_add(cache_written_tokens),
            cached_tokens,
            cache_written_tokens,
            completion_tokens: self.output_tokens.unwrap_or_default(),
        }
    }
}

impl ApiError {
    /// The status of an error inside a stream.
    fn status(&self) -> u16 {
        match self.kind.as_str() {
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
    fn feature(&self) -> Option<Feature> {
        mentioned(&self.message, FIELDS)
    }

    fn outcome(&self, status: u16, received: &Received<'_>) -> Result<Outcome, AttemptError> {
        received.server_error(status, &self.message, self.feature(), None)
    }
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
            let error = ApiError { message: message.to_owned(), ..ApiError::default() };
            assert_eq!(error.feature(), feature, "{message}");
        }
    }
}
