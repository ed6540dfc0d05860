//! What distinguishes one provider's API from another's: pure functions that write requests and read responses.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use agent::ports::{ChatReply, ChatRequest, Message, ModelError, ModelName, Provider};

use super::capabilities::{Capabilities, Family, Feature, OutputMode};
use super::endpoint::{Endpoint, KeyHeader};
use super::retry::AttemptError;
use super::transport::Response;
use super::{anthropic, gemini, ollama, openai};

/// Every provider's API.
pub(crate) const PROTOCOLS: [&Protocol; 4] =
    [&openai::PROTOCOL, &anthropic::PROTOCOL, &gemini::PROTOCOL, &ollama::PROTOCOL];

/// A provider's API.
pub(crate) struct Protocol {
    pub(crate) provider: Provider,
    pub(crate) key: KeyHeader,
    /// Sent with every request.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// What the models support.
    pub(crate) families: &'static [Family],
    /// Address and body of a request to a model.
    pub(crate) request: fn(&Endpoint, &str, &ChatRequest<'_>, Capabilities) -> (Url, Value),
    /// Reads a response of any status, streamed or not. A stream without its end was cut off.
    pub(crate) read: fn(&Received<'_>) -> Result<Outcome, AttemptError>,
    /// How to ask the server whether a model supports images, where the API can tell.
    pub(crate) image_query: Option<ImageQuery>,
}

pub(crate) struct ImageQuery {
    pub(crate) request: fn(&Endpoint, &str) -> (Url, Value),
    pub(crate) read: fn(&Received<'_>) -> Result<bool, AttemptError>,
}

/// The result of a request that reached the model's server.
#[derive(Debug)]
pub(crate) enum Outcome {
    Reply(ChatReply),
    /// `feature` is what the model does not support, if the server says so; `detail` is the server's message, masked and
    /// shortened.
    Rejected {
        feature: Option<Feature>,
        detail: String,
    },
}

/// A response and what is needed to report its errors.
pub(crate) struct Received<'a> {
    pub(crate) response: &'a Response,
    pub(crate) name: &'a ModelName,
    pub(crate) endpoint: &'a Endpoint,
}

impl Received<'_> {
    /// An error that the server reports, by its status. `feature` is what the error is about; `retry_after` overrides
    /// the header.
    pub(crate) fn server_error(
        &self,
        status: u16,
        message: &str,
        feature: Option<Feature>,
        retry_after: Option<Duration>,
    ) -> Result<Outcome, AttemptError> {
        let ModelName { provider, model } = self.name.clone();
        let retry_after = retry_after.or(self.response.retry_after);
        let detail = if message.is_empty() { format!("status {status}") } else { self.endpoint.quote(message) };
        Err(match status {
            400 | 422 if says_too_long(message) => return Err(self.context_too_long()),
            400 | 422 => return Ok(Outcome::Rejected { feature, detail }),
            401 | 403 => AttemptError::Permanent(ModelError::Unauthorized { provider, model }),
            404 => AttemptError::Permanent(ModelError::UnknownModel { provider, model }),
            413 => self.context_too_long(),
            408 => AttemptError::Transient { error: ModelError::TimedOut { provider }, retry_after },
            429 => AttemptError::Transient { error: ModelError::RateLimited { provider, retry_after }, retry_after },
            500 | 502 | 503 | 504 | 529 => {
                AttemptError::Transient { error: ModelError::Unavailable { provider, status }, retry_after }
            }
            501.. => AttemptError::Permanent(ModelError::Unavailable { provider, status }),
            _ => AttemptError::Permanent(ModelError::Rejected { provider, model, detail }),
        })
    }

    fn provider(&self) -> String {
        self.name.provider.clone()
    }

    /// Not a response of the API.
    pub(crate) fn malformed(&self) -> AttemptError {
        AttemptError::Permanent(ModelError::Malformed { provider: self.provider() })
    }

    /// A stream without its end.
    pub(crate) fn interrupted(&self) -> AttemptError {
        AttemptError::transient(ModelError::Interrupted { provider: self.provider() })
    }

    /// The answer has reached the output limit.
    pub(crate) fn cut_off(&self) -> AttemptError {
        AttemptError::Permanent(ModelError::CutOff { provider: self.provider() })
    }

    pub(crate) fn context_too_long(&self) -> AttemptError {
        let ModelName { provider, model } = self.name.clone();
        AttemptError::Permanent(ModelError::ContextTooLong { provider, model })
    }

    pub(crate) fn filtered(&self, reason: &str) -> AttemptError {
        let (provider, reason) = (self.provider(), self.endpoint.quote(reason));
        AttemptError::Permanent(ModelError::Filtered { provider, reason })
    }

    pub(crate) fn refused(&self, reason: &str) -> AttemptError {
        let (provider, reason) = (self.provider(), self.endpoint.quote(reason));
        AttemptError::Permanent(ModelError::Refused { provider, reason })
    }

    /// The first of `texts` that is not blank: servers may answer with a tool call or with text, regardless of the request.
    pub(crate) fn first_text<const N: usize>(&self, texts: [String; N]) -> Result<String, AttemptError> {
        let text = texts.into_iter().find(|text| !text.trim().is_empty());
        text.ok_or_else(|| AttemptError::transient(ModelError::Empty { provider: self.provider() }))
    }
}

/// The system prompt, with instructions for the answer's format where nothing else enforces it. Some chat templates
/// have no other place for instructions.
pub(crate) fn system_prompt(request: &ChatRequest<'_>, output: OutputMode) -> String {
    let ChatRequest { system, schema, schema_name, .. } = request;
    match output {
        OutputMode::JsonSchema | OutputMode::ForcedTool => (*system).to_owned(),
        OutputMode::OfferedTool => {
            format!("{system}\n\nAnswer by calling the tool {schema_name} once, without other text.")
        }
        OutputMode::JsonMode | OutputMode::Prompt => {
            format!("{system}\n\nAnswer with one JSON object and nothing else. It must fit this JSON Schema:\n{schema}")
        }
    }
}

/// The messages with their positions, grouped by role, for APIs that want the roles to alternate.
pub(crate) fn turns(messages: &[Message]) -> impl Iterator<Item = Vec<(usize, &Message)>> {
    let numbered: Vec<_> = messages.iter().enumerate().collect();
    numbered.chunk_by(|(_, one), (_, next)| one.role == next.role).map(<[_]>::to_vec).collect::<Vec<_>>().into_iter()
}

/// Whether an error message says that the request exceeds the model's context. For APIs that have no error code for it.
pub(crate) fn says_too_long(message: &str) -> bool {
    const PHRASES: [&str; 8] = [
        // Anthropic
        "prompt is too long",
        "exceed context limit",
        // Gemini
        "input token count",
        // Ollama, llama.cpp
        "exceeds the context length",
        "exceeds the available context size",
        "exceed_context_size",
        // vLLM and other servers with OpenAI's API
        "maximum context length",
        "longer than the maximum model length",
    ];
    let message = message.to_lowercase();
    PHRASES.iter().any(|phrase| message.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent::ports::Role;

    #[test]
    fn a_request_that_is_too_long_is_distinguished_from_other_errors() {
        for message in [
            "prompt is too long: 208310 tokens > 200000 maximum",
            "input length and `max_tokens` exceed context limit: 182831 + 64000 > 200000",
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            "the input length exceeds the context length",
            "the request exceeds the available context size, try increasing it",
            "This model's maximum context length is 4097 tokens.",
        ] {
            assert!(says_too_long(message), "{message}");
        }
        for message in ["", "max_tokens: 16384 > 4096", "messages: too many images", "the name is too long"] {
            assert!(!says_too_long(message), "{message}");
        }
    }

    #[test]
    fn turns_group_messages_of_one_role() {
        let message = |role| Message { role, text: String::new(), image: None };
        let messages = [Role::User, Role::User, Role::Assistant, Role::User].map(message);
        let turns: Vec<Vec<usize>> = turns(&messages).map(|turn| turn.iter().map(|(at, _)| *at).collect()).collect();
        assert_eq!(turns, [vec![0, 1], vec![2], vec![3]]);
    }
}
