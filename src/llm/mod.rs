//! Model providers behind the agent's `ChatModel` port, one adapter each.
//!
//! What every provider needs stands in `transport` (sending, deadlines, bounds) and `retry` (what may pass and how long
//! to wait for it); an adapter writes its provider's request and reads its provider's answer.

mod endpoint;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod ollama;
mod openai;
mod providers;
mod record;
mod retry;
pub mod settings;
mod transport;

pub use providers::{BuildError, Providers};

/// Tokens one answer may have, thinking included. A decision takes a few hundred; the limit stops a model that runs on.
const MAX_ANSWER_TOKENS: u32 = 16_384;
