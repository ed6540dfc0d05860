//! Page observation: reading documents, and composing the view that the planner decides on.
//!
//! `injected.read` walks each document in an isolated world and returns a compact record of what is visible ([`Reading`]).
//! Nothing is written into the page. [`frame_reader`] combines the readings of all frames into a [`FrameReading`] tree,
//! and [`compose`] turns it into a [`PageView`](agent::observation::PageView) within a token budget, whose indices an
//! [`IndexTable`] resolves.
//!
//! Readings come from pages: they are bounded and sanitized here.

mod blocker;
mod budget;
mod challenge_frames;
mod closed_shadow_trees;
pub(crate) mod editor_models;
pub(crate) mod element_map;
mod facts;
mod flat_page;
mod flatten;
pub(crate) mod frame_reader;
mod frames;
mod index;
mod line;
mod notice;
mod reading;
mod relocate;
mod render;
mod words;

#[cfg(any(test, fuzzing))]
pub(super) mod invariants;
#[cfg(test)]
mod tests;

pub use crate::isolated_world::{NodeId, WorldId};
pub use blocker::{blocker, may_pass};
pub use facts::{DocumentResponse, Facts};
pub use frames::{ChildFrame, FrameReading};
pub(crate) use index::IndexBox;
pub use index::{IndexTable, IndexedElement};
pub(crate) use notice::EMPTY_PAGE;
pub use notice::notices;
pub use reading::Reading;
pub use relocate::relocate;
pub use render::compose;
pub use words::tokens;
