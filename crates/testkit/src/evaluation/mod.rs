//! The evaluation set, and what sends it to the service.

mod goals;
mod trial;

pub use goals::{End, GOALS, Goal};
pub use trial::{Outcome, Planner, select, table, try_all};
