//! Every action on the page: its effect, and what the run is told of it.

mod click;
mod fields;
mod finding;
mod keys;
mod mouse;
mod reading;
mod scroll;
mod selectors;
mod tabs;
mod wait;
