//! Fuzz targets for input from pages, the browser and models.

use crate::act::chord;
use crate::observe;

pub const TARGETS: &[(&str, fn(&[u8]))] = &[("page_view", observe::fuzzing::page_view), ("keys", chord::fuzz)];

#[cfg(test)]
#[test]
fn corpus_inputs_hold_the_invariants() {
    testkit::corpus::replay(TARGETS);
}
