//! Every action on the page: its effect, and what the run is told of it.

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
