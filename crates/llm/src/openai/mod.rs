//! OpenAI's chat completions, and other servers with the same API.

mod error;
mod request;
mod response;

use agent::ports::Provider;

use crate::capabilities::OutputLimit::{MaxCompletionTokens, MaxTokens, Minimal};
use crate::capabilities::OutputMode::{ForcedTool, JsonMode, JsonSchema};
use crate::capabilities::Streaming::{Events, EventsWithUsage};
use crate::capabilities::{Capabilities, Family};
use crate::endpoint::KeyHeader;
use crate::protocol::Protocol;

pub(crate) static PROTOCOL: Protocol = Protocol {
    provider: Provider::Openai,
    key: KeyHeader::BEARER,
    headers: &[],
    families: FAMILIES,
    request: request::request,
    read: response::read,
    image_query: None,
};

/// OpenAI's general-purpose models.
const GPT: Capabilities = Capabilities {
    output: JsonSchema,
    temperature: true,
    images: true,
    limit: MaxCompletionTokens,
    streaming: EventsWithUsage,
};
const REASONING: Capabilities = Capabilities { temperature: false, ..GPT };
/// Models from before structured outputs, with answers of at most 4,096 tokens.
const LEGACY: Capabilities = Capabilities { output: ForcedTool, images: false, limit: Minimal, ..GPT };
/// Models of other vendors.
const COMPATIBLE: Capabilities = Capabilities { limit: MaxTokens, ..GPT };
/// Mistral's own servers send usage by default and reject the option.
const MISTRAL: Capabilities = Capabilities { streaming: Events, ..COMPATIBLE };

const FAMILIES: &[Family] = &[
    Family { prefixes: &["gpt-", "gpt-4.", "gpt-4o", "gpt-5-chat"], supports: GPT },
    Family { prefixes: &["gpt-5", "o1", "o3", "o4"], supports: REASONING },
    Family { prefixes: &["o3-mini"], supports: Capabilities { images: false, ..REASONING } },
    Family { prefixes: &["gpt-4-turbo"], supports: Capabilities { images: true, ..LEGACY } },
    Family { prefixes: &["gpt-4", "gpt-3.5"], supports: LEGACY },
    Family { prefixes: &["gpt-oss"], supports: Capabilities { images: false, ..COMPATIBLE } },
    // Anthropic's compatible endpoint ignores schemas.
    Family { prefixes: &["claude"], supports: Capabilities { output: ForcedTool, ..COMPATIBLE } },
    Family { prefixes: &["deepseek"], supports: Capabilities { output: JsonMode, images: false, ..COMPATIBLE } },
    Family { prefixes: &["codestral", "devstral", "magistral", "ministral", "mistral-", "pixtral"], supports: MISTRAL },
    // `mistralai/`: Mistral's models on other servers, such as vLLM.
    Family { prefixes: &["", "mistralai/"], supports: COMPATIBLE },
];
