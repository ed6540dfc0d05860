//! What tells one provider's API from another's: how a request is written and how an answer is read. All of it pure, so
//! that any bytes can be tried on it; sending, retrying and remembering are the same for all and stand elsewhere.

use serde_json::Value;
use url::Url;

use agent::ports::{ChatReply, ChatRequest, Message, ModelName, Provider};

use super::dialect::{Cause, Dialect, Ladder};
use super::endpoint::{Endpoint, KeyHeader};
use super::retry::Fault;
use super::transport::Answer;

/// A provider's API.
pub(super) struct Protocol {
    pub(super) provider: Provider,
    pub(super) key: KeyHeader,
    /// Sent with every request.
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) ladder: Ladder,
    /// Where a request goes and what it says.
    pub(super) request: fn(&Endpoint, &str, &ChatRequest<'_>, Dialect) -> (Url, Value),
    /// Makes sense of an answer of any status, streamed or not. A stream that does not tell its end was cut off.
    pub(super) read: fn(&Answer, &ModelName, &Endpoint) -> Result<Outcome, Fault>,
    /// How to ask whether a model takes pictures, where the API has a way.
    pub(super) eyes: Option<Inquiry>,
}

/// A question to the server that is not for the model.
pub(super) struct Inquiry {
    pub(super) request: fn(&Endpoint, &str) -> (Url, Value),
    pub(super) read: fn(&Answer, &ModelName) -> Result<bool, Fault>,
}

/// What came of a request that reached the model's server and was dealt with there.
#[derive(Debug)]
pub(super) enum Outcome {
    Reply(ChatReply),
    /// The server does not take the request as it is; another form of it may do.
    Rejected(Rejection),
}

#[derive(Debug)]
pub(super) struct Rejection {
    pub(super) cause: Cause,
    /// The server's words, fit to be passed on.
    pub(super) message: String,
}

/// The system prompt with the schema at its end, for models that nothing else holds to it. Some chat templates know no
/// other place for instructions.
pub(super) fn system_with_schema(request: &ChatRequest<'_>) -> String {
    format!(
        "{}\n\nAnswer with one JSON object and nothing else. It must fit this JSON Schema:\n{}",
        request.system, request.schema
    )
}

/// The messages with their positions, in runs of one role: some APIs want the roles to alternate.
pub(super) fn turns(messages: &[Message]) -> impl Iterator<Item = Vec<(usize, &Message)>> {
    let numbered: Vec<_> = messages.iter().enumerate().collect();
    numbered.chunk_by(|(_, one), (_, next)| one.role == next.role).map(<[_]>::to_vec).collect::<Vec<_>>().into_iter()
}

/// Whether an error's words say that the request is longer than the model's context. Asked only where an API has no code
/// for it; a server that says it in other words gets the outcome of any other rejected request.
pub(super) fn says_too_long(message: &str) -> bool {
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
        // vLLM and relatives of OpenAI
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
    fn a_request_that_is_too_long_is_told_from_other_errors() {
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
    fn turns_are_runs_of_one_role() {
        let message = |role| Message { role, text: String::new(), image: None };
        let messages = [Role::User, Role::User, Role::Assistant, Role::User].map(message);
        let turns: Vec<Vec<usize>> = turns(&messages).map(|turn| turn.iter().map(|(at, _)| *at).collect()).collect();
        assert_eq!(turns, [vec![0, 1], vec![2], vec![3]]);
    }
}
