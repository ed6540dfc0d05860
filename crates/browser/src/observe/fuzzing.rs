//! Fuzz target for readings, with the same invariants as the property tests.

use super::blocker::blocker;
use super::facts::Facts;
use super::frames::FrameReading;
use super::invariants;
use super::reading::Reading;
use crate::isolated_world::WorldId;

/// A compromised renderer could write any reply of the reading script.
pub fn page_view(data: &[u8]) {
    let Ok(json) = std::str::from_utf8(data) else { return };
    let Ok(reading) = Reading::parse(json) else { return };
    let tree = FrameReading::leaf(WorldId(0), reading);
    invariants::hold(&tree, 1_000);
    blocker(&Facts::new(&tree, None, None));
}
