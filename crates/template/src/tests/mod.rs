//! Whole tasks on small hand-made sites, and the parser as a whole.

mod conditions_and_dialogs;
mod documented;
mod failures;
mod parsing;
mod reading;
mod site;
mod tasks;

pub(crate) use site::observation;
