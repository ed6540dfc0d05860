//! Model providers against a scripted server that can misbehave in every way a real one does.

mod anthropic;
mod apis;
mod conformance;
mod corrections;
mod failures;
mod fallback;
mod fixture;
mod gemini;
mod ollama;
mod openai;
mod retries;
mod secrets;
