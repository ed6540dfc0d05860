//! Tests, files, codes and settings that docs/FAULTS.md names exist.

use std::fs;
use std::path::Path;

use regex::Regex;

/// A Rust file of the project: its path without the ending, and its text.
struct Source {
    path: String,
    text: String,
}

/// Every Rust file below a folder.
fn sources(folder: &Path) -> Vec<Source> {
    let entries = fs::read_dir(folder).expect("a folder of the project");
    let read = |entry: fs::DirEntry| {
        let path = entry.path();
        match path.extension() {
            _ if path.is_dir() => sources(&path),
            Some(kind) if kind == "rs" => {
                let text = fs::read_to_string(&path).expect("a text");
                vec![Source { path: path.with_extension("").display().to_string(), text }]
            }
            _ => Vec::new(),
        }
    };
    entries.flat_map(|entry| read(entry.expect("an entry"))).collect()
}

/// The matches of this pattern between backticks.
fn named<'a>(faults: &'a str, pattern: &str) -> Vec<regex::Captures<'a>> {
    Regex::new(&format!("`{pattern}`")).expect("a pattern").captures_iter(faults).collect()
}

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

fn project(folder: &str) -> Vec<Source> {
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
}

#[test]
fn every_test_that_is_named_exists() {
    let faults = text("docs/FAULTS.md");
    let code: Vec<_> = ["tests", "src", "crates"].into_iter().flat_map(project).collect();
    // A test's name is a sentence, longer than any code of an error; dots stand for the rest of it. Before it may stand the
    // module that it is in.
    let names = named(&faults, r"((?:[a-z_]+::)*)(?:([a-z0-9]+(?:_[a-z0-9]+){4,})|([a-z0-9_]+_)(?:…|\.\.\.))");
    for found in &names {
        let file = format!("/{}", found[1].trim_end_matches("::").replace("::", "/"));
        let wanted = match (found.get(2), found.get(3)) {
            (Some(name), _) => format!("fn {}(", name.as_str()),
            (_, beginning) => format!("fn {}", beginning.map_or("", |beginning| beginning.as_str())),
        };
        let is_there = |source: &Source| (file == "/" || source.path.ends_with(&file)) && source.text.contains(&wanted);
        assert!(code.iter().any(is_there), "there is no test {}", &found[0]);
    }
    assert!(names.len() >= 80, "{} tests are named", names.len());
}

#[test]
fn every_file_code_and_setting_that_is_named_exists() {
    let faults = text("docs/FAULTS.md");
    let code: Vec<_> = ["tests", "src", "crates", "examples"].into_iter().flat_map(project).collect();
    let files = named(&faults, r"([a-z_/]+)\.rs");
    for found in &files {
        let file = format!("/{}", &found[1]);
        assert!(code.iter().any(|source| source.path.ends_with(&file)), "there is no file {}", &found[0]);
    }
    let settings = text(".env.example");
    let constants = named(&faults, "([A-Z]+(?:_[A-Z]+)+)");
    for found in &constants {
        assert!(settings.contains(&format!("{}=", &found[1])), "there is no setting {}", &found[0]);
    }
    let codes = named(&faults, "([a-z]+(?:_[a-z]+){1,3})");
    let src: Vec<_> = ["src", "crates"].into_iter().flat_map(project).collect();
    for found in &codes {
        // Escaped where it stands in a text of JSON.
        let quoted = [format!("\"{}\"", &found[1]), format!("\"{}\\\"", &found[1])];
        let is_there = |source: &Source| quoted.iter().any(|quoted| source.text.contains(quoted));
        assert!(src.iter().any(is_there), "there is no code {}", &found[0]);
    }
    let counts = (files.len(), constants.len(), codes.len());
    assert!(counts.0 >= 20 && counts.1 >= 20 && counts.2 >= 20, "{counts:?}");
}
