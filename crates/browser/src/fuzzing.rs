//! Fuzz targets for input from pages, the browser and models.

use crate::act::chord;
use crate::observe::invariants;

pub const TARGETS: &[(&str, fn(&[u8]))] = &[("page_view", invariants::fuzz), ("keys", chord::fuzz)];

#[cfg(test)]
#[test]
fn corpus_inputs_hold_the_invariants() {
    testkit::corpus::replay(TARGETS);
}
