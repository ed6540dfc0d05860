//! What surrounds the service: the demo shop, the clients that other tests set on it, the files it is deployed by.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself")]

#[path = "../clients/mod.rs"]
mod clients;
mod clients_are_strict;
mod clients_read_real_runs;
mod deployment;
mod evaluation;
mod shop;
#[expect(dead_code, unused_imports, reason = "the demo and the figures need more of it")]
#[path = "../../examples/support/mod.rs"]
mod support;
