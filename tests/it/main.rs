//! The service as its callers see it: real HTTP on a port of the system's choice, a scripted model, a fake browser.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself")]

mod actions;
mod architecture;
mod config;
mod contract;
mod faults_docs;
mod files;
mod lifecycle;
mod limits;
mod model_faults;
mod models;
mod panics;
mod queue;
mod raw_http;
mod refusals;
mod replay;
mod restarts;
mod results;
mod same_request;
mod secrets;
mod shutdown;
mod slow_readers;
mod streams;
mod support;
mod unread;
mod view_docs;
