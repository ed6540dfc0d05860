//! Google's Gemini API.

mod request;
mod response;
mod schema;

use agent::ports::Provider;

use crate::capabilities::{Capabilities, Family, OutputLimit, OutputMode, Streaming};
use crate::endpoint::KeyHeader;
use crate::protocol::Protocol;

pub(crate) static PROTOCOL: Protocol = Protocol {
    provider: Provider::Gemini,
    key: KeyHeader { name: "x-goog-api-key", prefix: "" },
    headers: &[],
    families: &[Family {
        prefixes: &[""],
        supports: Capabilities {
            output: OutputMode::JsonSchema,
            temperature: true,
            images: true,
            limit: OutputLimit::MaxTokens,
            streaming: Streaming::Events,
        },
    }],
    request: request::request,
    read: response::read,
    image_query: None,
};
