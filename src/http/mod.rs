//! Routes, authentication, request bodies, errors, and the frames of a run's event stream.

mod auth;
mod body;
pub mod details;
mod drain_body;
mod error;
mod event_dto;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod headers;
mod identity;
mod rate;
mod request;
mod router;
mod routes;
pub mod serve;
pub mod settings;
mod sse;
mod timeout_io;

pub use request::run_request_schema;
pub use router::router;
