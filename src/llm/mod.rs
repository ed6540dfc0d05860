//! Model providers behind the agent's `ChatModel` port, one adapter each.

pub mod settings;
