//! The agent: observes a page, decides, acts, and reports, one step after the other.
//!
//! Knows no browser, no model provider and no wire format; it reaches them through the traits in [`ports`].

pub mod action;
pub mod decision;
pub mod image;
pub mod observation;
pub mod planner;
pub mod ports;
pub mod report;
pub mod template;
