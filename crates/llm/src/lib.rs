//! Model providers behind the agent's `ChatModel` port.
//!
//! A provider is a [`Protocol`](protocol::Protocol): how requests are written, how responses are read, and what its
//! model families support. Everything else is shared: `transport` sends requests within timeouts and size limits,
//! `retry` repeats failed attempts, `corrections` remembers what a model turned out not to support, and `client`
//! combines them.

mod anthropic;
mod capabilities;
mod client;
mod corrections;
mod endpoint;
mod fallback;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod gemini;
mod ollama;
mod openai;
mod protocol;
mod providers;
mod retry;
pub mod settings;
mod sse;
mod transport;

pub use providers::{BuildError, Providers};

/// Output limit of a call in tokens, thinking included. A decision takes a few hundred; the limit stops a runaway model.
const MAX_OUTPUT_TOKENS: u32 = 16_384;
