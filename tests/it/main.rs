//! The service as its callers see it: real HTTP on a port of the system's choice, a scripted model, a fake browser.

mod actions;
mod architecture;
mod config;
mod contract;
mod faults_docs;
mod files;
mod lifecycle;
mod model_faults;
mod models;
mod panics;
mod queue;
mod refusals;
mod replay;
mod results;
mod shutdown;
mod support;
mod view_docs;
