//! The service as its callers see it: real HTTP on a port of the system's choice, a scripted model, a fake browser.

mod actions;
mod architecture;
mod config;
mod contract;
mod files;
mod lifecycle;
mod models;
mod queue;
mod refusals;
mod replay;
mod results;
mod secrets;
mod shutdown;
mod support;
mod view_docs;
