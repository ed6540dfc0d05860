//! Anthropic's Messages API.

mod answer;
mod request;

use agent::ports::Provider;

use super::dialect::{AnswerForm, Ladder, Limit, OPTIONAL, Streaming};
use super::endpoint::KeyHeader;
use super::protocol::Protocol;

pub(super) static PROTOCOL: Protocol = Protocol {
    provider: Provider::Anthropic,
    key: KeyHeader { name: "x-api-key", prefix: "" },
    headers: &[("anthropic-version", "2023-06-01")],
    ladder: Ladder {
        // Models that always think take no forced call. Not among these: its structured outputs, whose limit of sixteen
        // nullable arguments a decision exceeds.
        form: &[AnswerForm::ToolCall, AnswerForm::ToolOffer, AnswerForm::Plain],
        temperature: OPTIONAL,
        limit: &[Limit::Full, Limit::Small],
        stream: &[Streaming::Bare, Streaming::Off],
        images: OPTIONAL,
    },
    request: request::request,
    read: answer::read,
    eyes: None,
};
