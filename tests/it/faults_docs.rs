//! docs/FAULTS.md names the tests that hold it.

use std::fs;
use std::path::Path;

use regex::Regex;

/// The text of every Rust file below a folder.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("a folder of the project");
    let read = |entry: fs::DirEntry| {
        let path = entry.path();
        match path.extension() {
            _ if path.is_dir() => sources(&path),
            Some(kind) if kind == "rs" => fs::read_to_string(path).expect("a text"),
            _ => String::new(),
        }
    };
    entries.map(|entry| read(entry.expect("an entry"))).collect()
}

#[test]
fn each_test_that_is_named_for_a_fault_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let faults = fs::read_to_string(root.join("docs/FAULTS.md")).expect("the list of faults");
    let code = sources(&root.join("tests")) + &sources(&root.join("src"));
    // A test's name is a sentence, longer than any code of an error; `…` stands for the rest of it.
    let names = Regex::new("`(?:([a-z0-9]+(?:_[a-z0-9]+){4,})|([a-z0-9_]+_)…)`").expect("a pattern");
    let mut named = 0;
    for found in names.captures_iter(&faults) {
        let wanted = match (found.get(1), found.get(2)) {
            (Some(name), _) => format!("fn {}(", name.as_str()),
            (_, beginning) => format!("fn {}", beginning.map_or("", |beginning| beginning.as_str())),
        };
        assert!(code.contains(&wanted), "there is no test {}", &found[0]);
        named += 1;
    }
    assert!(named > 15, "{named} tests are named");
}
