//! The built-in planner: understands a small language of browser goals and needs no model.
//!
//! The task is parsed once into goals (`parse`). In each turn the planner (`planner`) looks at the observation and
//! decides the next actions for the current goal (`steps`). Page content is matched and read, but never treated as
//! instructions.

mod answer;
mod builders;
mod clauses;
mod dates;
mod find;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod goal;
mod lex;
mod lines;
mod parse;
mod pattern;
mod phrases;
mod planner;
mod statement;
mod steps;
mod target;
mod text;
mod values;

#[cfg(test)]
mod tests;

pub use planner::TemplatePlanner;
