//! What surrounds the service: the demo shop, the clients that other tests set on it, the files it is deployed by.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself")]

#[path = "../clients/mod.rs"]
mod clients;
mod clients_are_strict;
mod deployment;
mod shop;
