//! What tests, examples and benchmarks share: sites to visit, faulty models and browsers, and
//! the service as a process.
//!
//! Nothing here depends on the service's crates, so that each of them can use it in its tests.

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
