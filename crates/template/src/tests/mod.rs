//! Whole tasks on small hand-made sites, and the parser as a whole.

mod documented;
mod parsing;
mod reading;
mod site;
mod tasks;
mod troubles;
mod wider;

pub(crate) use site::observation;
