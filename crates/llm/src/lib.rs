//! Model providers behind the agent's `ChatModel` port.
//!
//! A provider is a `protocol`: how its requests are written and its answers read, pure functions of bytes. All else is
//! the same for every provider: `transport` (sending, deadlines, bounds), `retry` (what may pass and how long to wait for
//! it), `dialect` (what a model turned out not to support), and `adapter`, which puts these together.

mod adapter;
mod anthropic;
mod dialect;
mod endpoint;
mod fallback;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod gemini;
mod ollama;
mod openai;
mod protocol;
mod providers;
mod record;
mod retry;
pub mod settings;
mod sse;
mod transport;

pub use providers::{BuildError, Providers};

/// Tokens one answer may have, thinking included. A decision takes a few hundred; the limit stops a model that runs on.
const MAX_ANSWER_TOKENS: u32 = 16_384;
