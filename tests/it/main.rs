//! The service as its callers see it: real HTTP on a port of the system's choice, a scripted model, a fake browser.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself")]

mod actions;
mod architecture;
mod asking;
mod config;
mod contract;
mod faults_docs;
mod files;
mod idempotency;
mod kept_files;
mod lifecycle;
mod limits;
mod model_faults;
mod models;
mod panics;
mod queue;
mod raw_http;
mod rejections;
mod replay;
mod restarts;
mod results;
mod secrets;
mod shutdown;
mod slow_readers;
mod steering;
mod storage;
mod streams;
mod support;
mod unread_events;
mod view_docs;
