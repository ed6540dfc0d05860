//! OpenAI's chat completions, and servers that speak the same API with more or fewer of its features.

mod answer;
mod error;
mod request;

use agent::ports::Provider;

use super::dialect::{AnswerForm, Ladder, Limit, OPTIONAL, Streaming};
use super::endpoint::KeyHeader;
use super::protocol::Protocol;

pub(super) static PROTOCOL: Protocol = Protocol {
    provider: Provider::Openai,
    key: KeyHeader::BEARER,
    headers: &[],
    ladder: Ladder {
        form: &[AnswerForm::StrictSchema, AnswerForm::ToolCall, AnswerForm::JsonMode, AnswerForm::Plain],
        temperature: OPTIONAL,
        limit: &[Limit::Full, Limit::OlderName, Limit::Omitted],
        stream: &[Streaming::Counted, Streaming::Bare, Streaming::Off],
        images: OPTIONAL,
    },
    request: request::request,
    read: answer::read,
    eyes: None,
};
