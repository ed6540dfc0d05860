//! The agent: observes a page, decides, acts and reports, step by step.
//!
//! It knows no browser, no model provider and no wire format. It reaches them through the traits in [`ports`].

pub mod action;
pub mod asking;
pub mod budget;
pub mod confirm;
pub mod control;
pub mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod image;
pub mod ledger;
pub mod locator;
pub mod observation;
pub mod output;
pub mod planner;
pub mod ports;
pub mod prompt;
pub mod report;
pub mod secrets;
pub mod storage_state;
pub mod text;
pub mod usage;

mod agent;
mod agent_loop;
mod extract;
mod model_planner;
mod script;
mod settings;
mod task;
mod vocabulary;

#[cfg(test)]
mod tests;

pub use self::agent::{Agent, Decider};
pub use self::report::AgentError;
pub use self::settings::{AgentSettings, Scripts, Vision};
pub use self::task::{AgentTask, Human, RequestedAction};
