//! The corpus of the fuzz targets, `fuzz/corpus/TARGET/*`.

use std::fs;
use std::path::{Path, PathBuf};

/// A fuzz target: its name, and a function that takes any bytes and panics if an invariant is violated.
pub type Target = (&'static str, fn(&[u8]));

/// Runs each target on its corpus.
///
/// # Panics
///
/// An invariant is violated, or a target has no input.
pub fn replay(targets: &[Target]) {
    for (name, run) in targets {
        let inputs = inputs(name);
        assert!(!inputs.is_empty(), "{name} has no input");
        for input in inputs {
            run(&input);
        }
    }
}

/// The corpus of a target.
///
/// # Panics
///
/// It has no folder.
pub fn inputs(target: &str) -> Vec<Vec<u8>> {
    let folder = folder().join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| fs::read(entry.expect("an entry").path()).expect("an input")).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}
