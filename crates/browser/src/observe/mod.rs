//! Eyes: how a page is read and how the reading becomes the text that a planner decides on.
//!
//! One way to read: [`SCRIPT`] walks each document in an isolated world of its own, one world per frame, and answers
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

/// Evaluates, once per isolated world, to the object that reads the world's document; afterwards it is the global
/// `__eyes` of that world. Its methods: `read(options)` answers a JSON string for [`Reading::parse`]; `node(id)` and
/// `idOf(node)` translate between nodes and [`NodeId`]s; `registerClosedRoot(host, root)` and
/// `markListening(node)` add what only the host can know; `signature(id)` (as in [`IndexedElement`]),
/// `identity(id)`, `text(id, limit)`, `closedRoot(host)`, `elementAt(x, y)` and `contains(outer, inner)` serve acting.
pub const SCRIPT: &str = concat!(
    "(() => {\n'use strict';\nif (globalThis.__eyes) return globalThis.__eyes;\n",
    include_str!("script/dom.js"),
    include_str!("script/registry.js"),
    include_str!("script/words.js"),
    include_str!("script/controls.js"),
    include_str!("script/sight.js"),
    include_str!("script/places.js"),
    include_str!("script/walk.js"),
    include_str!("script/cells.js"),
    include_str!("script/offer.js"),
    include_str!("script/marks.js"),
    include_str!("script/read.js"),
    "\n})();\n"
);
