//! The agent: observes a page, decides, acts, and reports, one step after the other.
//!
//! Knows no browser, no model provider and no wire format; it reaches them through the traits in [`ports`].

pub mod action;
#[expect(clippy::module_inception, reason = "the agent itself, beside what it works with")]
pub mod agent;
pub mod budget;
pub mod decision;
pub mod explicit;
pub mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod image;
pub mod ledger;
pub mod observation;
pub mod output;
pub mod planner;
pub mod ports;
pub mod prompt;
pub mod report;
pub mod secrets;
pub mod usage;

mod answer;
mod attempt;
mod extracts;
mod fence;
mod history;
mod loop_guard;
mod model_planner;
mod notices;
mod reading;
mod schema;
mod script;
mod sequence;
mod steps;
pub mod text;
mod url_in_task;
mod vocabulary;

#[cfg(test)]
mod tests;
