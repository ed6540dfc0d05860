//! Google's Gemini API.

mod answer;
mod request;
mod schema;

use agent::ports::Provider;

use super::dialect::{AnswerForm, Ladder, Limit, OPTIONAL, Streaming};
use super::endpoint::KeyHeader;
use super::protocol::Protocol;

pub(super) static PROTOCOL: Protocol = Protocol {
    provider: Provider::Gemini,
    key: KeyHeader { name: "x-goog-api-key", prefix: "" },
    headers: &[],
    ladder: Ladder {
        // A schema can be too large for it; the prompt then carries it.
        form: &[AnswerForm::StrictSchema, AnswerForm::OpenApiSchema, AnswerForm::JsonMode, AnswerForm::Plain],
        temperature: OPTIONAL,
        limit: &[Limit::Full, Limit::Omitted],
        stream: &[Streaming::Bare, Streaming::Off],
        images: OPTIONAL,
    },
    request: request::request,
    read: answer::read,
    eyes: None,
};
