//! The wire: routes, authentication, refusals, and the frames of a run's event stream.

mod actions;
mod answer;
mod auth;
mod body;
pub mod details;
mod domains;
mod error;
mod fields;
mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod headers;
mod identity;
mod linger;
mod output;
mod patient;
mod rate;
mod router;
mod routes;
mod secrets;
pub mod serve;
pub mod settings;
mod sse;
mod validation;
mod wire;

pub use router::router;
