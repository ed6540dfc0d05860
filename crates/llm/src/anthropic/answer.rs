//! Answers, whole or streamed, and errors.

use serde::Deserialize;
use serde_json::Value;

use crate::dialect::{Cause, Feature};
use crate::endpoint::Endpoint;
use crate::protocol::{Outcome, Rejection, says_too_long};
use crate::retry::Fault;
use crate::sse;
use crate::transport::Answer;
use agent::ports::{ChatReply, ModelError, ModelName, Usage};

/// One event of a stream, or a whole message; told apart by `type`, of which new ones may come.
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
        usage: Option<Counts>,
    },
    MessageStop,
    Error {
        error: ApiError,
    },
    #[serde(other)]
    Other,
}

/// A message, its beginning, or a change to it.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Vec<Block>,
    stop_reason: Option<String>,
    usage: Option<Counts>,
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
    /// Thoughts, and what is not there yet.
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

/// The prompt's tokens are in three figures here; each is missing where it is not known.
#[derive(Deserialize, Default)]
struct Counts {
    input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
struct Failure {
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

/// An answer as far as it has been heard.
#[derive(Default)]
struct Heard {
    said: String,
    /// The tool's arguments, in pieces of JSON or whole.
    called: String,
    input: Value,
    stop_reason: Option<String>,
    counts: Counts,
}

pub(super) fn read(answer: &Answer, name: &ModelName, endpoint: &Endpoint) -> Result<Outcome, Fault> {
    if !answer.is_success() {
        let Failure { error } = serde_json::from_slice(&answer.body).unwrap_or_default();
        return failure(&error, answer.status, answer, name, endpoint);
    }
    let provider = || name.provider.clone();
    let malformed = |_| Fault::Final(ModelError::Malformed { provider: provider() });
    let mut heard = Heard::default();
    let mut ended = false;
    if sse::is_stream(&answer.body) {
        for event in sse::events(&answer.body) {
            match serde_json::from_str(&event) {
                Ok(Event::MessageStop) => {
                    ended = true;
                    break;
                }
                Ok(Event::Error { error }) => return failure(&error, error.status(), answer, name, endpoint),
                Ok(event) => heard.take_in(event),
                // The stream breaks off within an event.
                Err(error) if error.is_eof() => break,
                Err(error) => return Err(malformed(error)),
            }
        }
        ended |= heard.stop_reason.is_some();
    } else if !answer.body.trim_ascii().is_empty() {
        match serde_json::from_slice(&answer.body).map_err(malformed)? {
            Event::Message(message) => heard.take_in(Event::Message(message)),
            Event::Error { error } => return failure(&error, error.status(), answer, name, endpoint),
            _ => return Err(Fault::Final(ModelError::Malformed { provider: provider() })),
        }
        ended = true;
    }
    if !ended {
        return Err(Fault::passing(ModelError::Interrupted { provider: provider() }));
    }
    let usage = heard.counts.usage();
    let text = heard.text(name)?;
    Ok(Outcome::Reply(ChatReply { text, usage }))
}

impl Heard {
    fn take_in(&mut self, event: Event) {
        match event {
            Event::Message(message) | Event::MessageStart { message } => {
                self.counts.update(message.usage);
                self.stop_reason = message.stop_reason;
                for block in message.content {
                    self.begin(block);
                }
            }
            Event::ContentBlockStart { content_block } => self.begin(content_block),
            Event::ContentBlockDelta { delta } => match delta {
                Delta::Text { text } => self.said.push_str(&text),
                Delta::Input { partial_json } => self.called.push_str(&partial_json),
                Delta::Other => {}
            },
            Event::MessageDelta { delta, usage } => {
                self.counts.update(usage);
                self.stop_reason = delta.stop_reason.or(self.stop_reason.take());
            }
            Event::MessageStop | Event::Error { .. } | Event::Other => {}
        }
    }

    fn begin(&mut self, block: Block) {
        match block {
            Block::Text { text } => self.said.push_str(&text),
            Block::ToolUse { input } => self.input = input,
            Block::Other => {}
        }
    }

    fn text(self, name: &ModelName) -> Result<String, Fault> {
        let ModelName { provider, model } = name.clone();
        match self.stop_reason.as_deref() {
            Some("refusal") => {
                let reason = "it gives no reason".to_owned();
                return Err(Fault::Final(ModelError::Refused { provider, reason }));
            }
            Some("max_tokens") => return Err(Fault::Final(ModelError::CutOff { provider })),
            Some("model_context_window_exceeded") => {
                return Err(Fault::Final(ModelError::ContextTooLong { provider, model }));
            }
            _ => {}
        }
        // A stream begins the block with an empty object and sends the arguments after it.
        let whole = self.input.as_object().filter(|input| !input.is_empty()).map(|_| self.input.to_string());
        let text = [self.called, whole.unwrap_or_default(), self.said].into_iter().find(|text| !text.trim().is_empty());
        text.ok_or_else(|| Fault::passing(ModelError::Empty { provider }))
    }
}

impl Counts {
    /// Later figures are totals and replace earlier ones.
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
    /// The status that belongs to an error which came with status 200, within a stream.
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

    /// The API has no field for it, but the message names the request's field, first or in backticks: `max_tokens: ...`,
    /// `messages.0.content.1.image: ...`, "`temperature` is deprecated for this model."
    fn cause(&self) -> Cause {
        let words = self.message.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.')));
        let mut features = words.filter_map(|word| {
            let mut path = word.split('.');
            match path.next()? {
                "tools" | "tool_choice" => Some(Feature::Form),
                "temperature" => Some(Feature::Temperature),
                "max_tokens" => Some(Feature::Limit),
                "stream" => Some(Feature::Stream),
                "messages" if path.any(|part| part == "image") => Some(Feature::Images),
                _ => None,
            }
        });
        features.next().map_or(Cause::Unnamed, Cause::Feature)
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
    if matches!(status, 400 | 422) {
        if says_too_long(&error.message) {
            return Err(Fault::Final(ModelError::ContextTooLong { provider, model }));
        }
        return Ok(Outcome::Rejected(Rejection { cause: error.cause(), message }));
    }
    Err(Fault::of_status(status, answer.retry_after, name, || message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_field_it_is_about() {
        for (message, cause) in [
            ("`temperature` is deprecated for this model.", Cause::Feature(Feature::Temperature)),
            ("max_tokens: 16384 > 4096, which is the maximum", Cause::Feature(Feature::Limit)),
            ("Thinking may not be enabled when tool_choice forces tool use.", Cause::Feature(Feature::Form)),
            ("tools.0.custom.input_schema: too deep", Cause::Feature(Feature::Form)),
            ("messages.0.content.1.image.source.base64: no", Cause::Feature(Feature::Images)),
            ("messages.0.content: no", Cause::Unnamed),
            ("Your credit balance is too low", Cause::Unnamed),
            ("", Cause::Unnamed),
        ] {
            let error = ApiError { message: message.to_owned(), ..ApiError::default() };
            assert_eq!(error.cause(), cause, "{message}");
        }
    }
}
