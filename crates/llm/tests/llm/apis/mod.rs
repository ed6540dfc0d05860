//! The providers' documented APIs for a scripted server: one description per provider, so that the same cases run
//! against all.

mod anthropic;
mod gemini;
mod ollama;
mod openai;

use agent::ports::{Provider, Usage};
use serde_json::Value;

use super::fixture::KEY;
use testkit::scripted_server::Reply;

/// The counts of most answers.
const USAGE: Usage =
    Usage { calls: 1, prompt_tokens: 120, cached_tokens: 100, cache_written_tokens: 0, completion_tokens: 30 };

pub(crate) struct Api {
    pub(crate) provider: Provider,
    pub(crate) model: &'static str,
    /// The path of a streaming request, query included.
    pub(crate) path: &'static str,
    /// The header that carries the key.
    pub(crate) key: Option<(&'static str, String)>,
    /// Where a request's body has its parts.
    pub(crate) places: Places,
    /// The counts that every answer carries.
    pub(crate) usage: Usage,
    /// A streamed answer's events or lines, the text cut into several.
    pub(crate) streamed: fn(&str) -> Vec<String>,
    /// The same in one piece.
    pub(crate) whole: fn(&str) -> Value,
    pub(crate) plays: fn(Case) -> Option<Reply>,
}

/// JSON pointers.
pub(crate) struct Places {
    pub(crate) schema: &'static str,
    pub(crate) system: &'static str,
    /// Of the first message.
    pub(crate) text: &'static str,
    /// The data of the first message's picture.
    pub(crate) picture: &'static str,
}

impl Api {
    pub(crate) fn all() -> [Self; 4] {
        [openai::api(), anthropic::api(), gemini::api(), ollama::api()]
    }

    pub(crate) fn of(provider: Provider) -> Self {
        Self::all().into_iter().find(|api| api.provider == provider).expect("a provider with a model")
    }

    /// An answer as it usually comes.
    pub(crate) fn said(&self, text: &str) -> Reply {
        Reply::text(200, (self.streamed)(text).concat())
    }

    pub(crate) fn name(&self) -> String {
        self.provider.name().to_owned()
    }
}

/// Failures, as each API documents them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    RateLimited,
    /// With a requested delay of 60 s, in the API's notation.
    RateLimitedForLong,
    ServerError,
    Overloaded,
    /// In the middle of a stream.
    ErrorInStream,
    Empty,
    Refusal,
    ContentFilter,
    PromptBlocked,
    LengthLimit,
    ContextTooLong,
    WrongKey,
    UnknownModel,
    /// A rejection that no correction resolves.
    NothingLeft,
    /// The rejection of an image by a model without image support.
    Blind,
}

/// Server-sent events, with their names if they have any.
fn events(events: &[(&str, Value)]) -> Vec<String> {
    let event = |(name, data): &(&str, Value)| match *name {
        "" => format!("data: {data}\n\n"),
        name => format!("event: {name}\ndata: {data}\n\n"),
    };
    events.iter().map(event).collect()
}

/// A text in two parts.
fn halves(text: &str) -> (&str, &str) {
    let middle = (text.len() / 2..).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    text.split_at(middle)
}

fn key(header: &'static str, prefix: &str) -> Option<(&'static str, String)> {
    Some((header, format!("{prefix}{KEY}")))
}
