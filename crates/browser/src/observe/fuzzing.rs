//! Any reading, as a fuzz target; what must hold is shared with the property tests.

use super::frames::{FrameReading, WorldId};
use super::invariants;
use super::reading::Reading;
use super::{Facts, blocker};

/// The reply of the script that walks a page. The page cannot write it, only what stands in it; but a renderer that was
/// taken over could.
pub fn page_view(data: &[u8]) {
    let Ok(json) = std::str::from_utf8(data) else { return };
    let Ok(reading) = Reading::parse(json) else { return };
    let tree = FrameReading::leaf(WorldId(0), reading);
    invariants::hold(&tree, 1_000);
    blocker(&Facts::new(&tree, None, None));
}
