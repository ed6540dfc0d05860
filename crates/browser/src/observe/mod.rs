//! Eyes: how a page is read and how the reading becomes the text that a planner decides on.
//!
//! One way to read: `injected.read` walks each document in an isolated world of its own, one world per frame, and answers
//! with a compact record of what is visible ([`Reading`]). Nothing is written into the page and its scripts see nothing
//! of it. The host gathers the readings of all frames, whatever their session, into a [`FrameReading`] tree, and
//! [`compose`] turns that into one budgeted [`PageView`](agent::observation::PageView) whose indices an
//! [`IndexTable`] resolves back to a frame and a node.
//!
//! Everything here is pure and knows no DevTools; readings come from pages and are bounded and cleaned again.

mod blocker;
mod budget;
mod closed_shadow_trees;
pub(crate) mod element_map;
mod facts;
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
pub(super) mod fuzzing;
#[cfg(any(test, fuzzing))]
mod invariants;
#[cfg(test)]
mod tests;

pub use blocker::{blocker, may_pass};
pub use facts::{DocumentResponse, Facts};
pub use frames::{ChildContent, ChildFrame, FrameReading, WorldId};
pub use index::{IndexTable, IndexedElement};
pub use notice::notices;
pub use reading::{NodeId, Reading};
pub use relocate::relocate;
pub use render::compose;
pub use words::tokens;
