//! Actions: their effects on pages and their reports.

mod changes;
mod choices;
mod click;
mod documents;
mod evaluate;
mod fields;
mod finding;
mod keys;
mod mouse;
mod reading;
mod scroll;
mod selectors;
mod tabs;
mod typing;
mod wait;
