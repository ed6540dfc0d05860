//! What pages, the browser and models write, as fuzz targets.

use crate::act::keys;
use crate::observe;

pub const TARGETS: &[(&str, fn(&[u8]))] = &[("page_view", observe::fuzzing::page_view), ("keys", keys::fuzz)];

#[cfg(test)]
#[test]
fn kept_inputs_break_no_promise() {
    testkit::corpus::replay(TARGETS);
}
