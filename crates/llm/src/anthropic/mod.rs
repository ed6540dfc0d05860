//! Anthropic's Messages API.

mod request;
mod response;

use agent::ports::Provider;

use crate::capabilities::{Capabilities, Family, OutputLimit, OutputMode, Streaming};
use crate::endpoint::KeyHeader;
use crate::protocol::Protocol;

pub(crate) static PROTOCOL: Protocol = Protocol {
    provider: Provider::Anthropic,
    key: KeyHeader { name: "x-api-key", prefix: "" },
    headers: &[("anthropic-version", "2023-06-01")],
    families: FAMILIES,
    request: request::request,
    read: response::read,
    image_query: None,
};

/// Models that think by default reject forced tool calls. Structured outputs are not an alternative: they allow
/// sixteen nullable properties, and a decision has more.
const THINKING: Capabilities = Capabilities {
    output: OutputMode::OfferedTool,
    temperature: false,
    images: true,
    limit: OutputLimit::MaxTokens,
    streaming: Streaming::Events,
};
const CLAUDE_4: Capabilities = Capabilities { output: OutputMode::ForcedTool, temperature: true, ..THINKING };
const CLAUDE_4_7: Capabilities = Capabilities { temperature: false, ..CLAUDE_4 };

const FAMILIES: &[Family] = &[
    Family { prefixes: &["claude-3"], supports: Capabilities { limit: OutputLimit::Minimal, ..CLAUDE_4 } },
    Family { prefixes: &["claude-3-7", "claude-haiku-4", "claude-opus-4", "claude-sonnet-4"], supports: CLAUDE_4 },
    Family { prefixes: &["claude-opus-4-7", "claude-opus-4-8"], supports: CLAUDE_4_7 },
    Family { prefixes: &[""], supports: THINKING },
];
