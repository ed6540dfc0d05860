//! The DevTools connection: one socket to one browser, flat sessions on it, a deadline on every command, and one path
//! that fails everything that waits when what it waits for is gone.
//!
//! The protocol's types and the `Command` trait are chromiumoxide's; its connection layer is not used, because it
//! has no sessions for cross-origin frames and does not fail fast.

mod connection;
mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod messages;
mod oversized;
mod session;
mod state;

pub use connection::Connection;
pub use error::CdpError;
pub use session::Session;
pub use state::{Event, EventReceiver, SESSION_FAILED};

#[cfg(test)]
mod tests;
