//! A DevTools connection: one socket per browser, flat sessions, a timeout on every command, and prompt failure of
//! commands whose target is gone.
//!
//! Protocol types and the `Command` trait come from chromiumoxide. Its connection layer lacks sessions for
//! out-of-process frames and does not fail fast.

mod connection;
mod error;
pub mod events;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod messages;
mod oversized;
mod session;
mod state;

pub use connection::Connection;
pub use error::CdpError;
pub use events::{Event, EventReceiver, KnownEvent};
pub use session::Session;

#[cfg(test)]
mod tests;
