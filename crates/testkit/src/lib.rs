//! What the tests, examples and benchmarks of this workspace share: sites to visit, models and browsers that misbehave, and
//! the service as a process.
//!
//! Nothing here depends on the service's own crates, so that every one of them can use it in its tests.

pub mod canary;
pub mod corpus;
pub mod evaluation;
pub mod fault_proxy;
pub mod faulty_chromium;
pub mod leftovers;
pub mod login;
pub mod processes;
pub mod run;
pub mod scripted_server;
pub mod server;
pub mod service;
pub mod shop;
pub mod sites;
pub mod stats;
pub mod stream;
pub mod tls;
