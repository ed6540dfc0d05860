//! A fuzz target for tasks.

use super::parse::parse;

pub const TARGETS: &[(&str, fn(&[u8]))] = &[("task", task)];

fn task(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = parse(text);
    }
}

#[cfg(test)]
#[test]
fn corpus_inputs_hold_the_invariants() {
    testkit::corpus::replay(TARGETS);
}
