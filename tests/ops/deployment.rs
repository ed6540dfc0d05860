//! Files that say the same thing twice must say it alike.

use std::collections::BTreeSet;
use std::path::Path;

use browser_use_service::config::Settings;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("there is no {before:?}"));
    rest.split_once(after).map_or(rest, |(part, _)| part)
}

#[test]
fn the_image_is_built_with_the_projects_toolchain() {
    let toolchain = read("rust-toolchain.toml");
    let channel = between(&toolchain, "channel = \"", "\"");
    assert!(read("Dockerfile").contains(&format!("FROM rust:{channel}-slim-bookworm")), "{channel}");
    assert!(channel.starts_with(between(&read("Cargo.toml"), "rust-version = \"", "\"")), "{channel}");
}

/// The variables as the program reads them, from the one struct that lists them.
fn variables_read() -> BTreeSet<String> {
    let source = read("src/config/environment.rs");
    between(&source, "struct Environment {", "\n}")
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub(super) ")?.strip_suffix(": Option<String>,"))
        .map(str::to_uppercase)
        .collect()
}

/// The variables that `.env.example` sets or shows, with their values.
fn variables_explained() -> Vec<(String, String)> {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    read(".env.example")
        .lines()
        .filter_map(|line| line.strip_prefix("# ").unwrap_or(line).split_once('='))
        .filter(|(name, _)| is_name(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn every_variable_is_explained_in_the_example_and_no_other() {
    let explained = variables_explained();
    assert!(!explained.is_empty());
    let names: BTreeSet<_> = explained.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(variables_read(), names);
    assert_eq!(names.len(), explained.len(), "one is explained twice");
}

#[test]
fn the_service_starts_with_every_line_of_the_example_uncommented() {
    Settings::from_variables(variables_explained()).unwrap();
}

/// Shown to say how they are written: the default is another, or the machine's.
const NO_DEFAULTS: [&str; 10] = [
    "ANTHROPIC_BASE_URL",
    "BROWSER_EXECUTABLE",
    "BROWSER_USE_PRIVATE_HOSTS",
    "GEMINI_BASE_URL",
    "MODEL_PRICES",
    "OPENAI_BASE_URL",
    "PROFILE_ROOT",
    "RUN_MAX_COST",
    "RUN_MAX_TOKENS",
    "RUST_LOG",
];

#[test]
fn the_values_that_the_example_shows_are_the_defaults() {
    let defaults = format!("{:?}", Settings::from_variables([]).unwrap());
    for (name, value) in variables_explained() {
        if !NO_DEFAULTS.contains(&name.as_str()) {
            let settings = Settings::from_variables([(name.clone(), value.clone())]).unwrap();
            assert_eq!(format!("{settings:?}"), defaults, "{name}={value}");
        }
    }
}

/// What a release is built from, by the names in `Cargo.toml`.
fn dependencies() -> Vec<String> {
    let manifest = read("Cargo.toml");
    let table = between(&manifest, "[dependencies]\n", "\n\n");
    table.lines().map(|line| line.split_once(" = ").unwrap().0.to_owned()).collect()
}

fn sources() -> String {
    fn all(folder: &Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                all(&path, text);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut text = String::new();
    all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    text
}

#[test]
fn every_dependency_is_used_and_the_architecture_says_what_it_saves() {
    let (architecture, sources) = (read("docs/ARCHITECTURE.md"), sources());
    let table = between(&architecture, "## Dependencies", "\n## ");
    let rows: Vec<&str> = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next()).collect();
    let listed: BTreeSet<_> = rows.iter().flat_map(|row| row.split(", ")).map(|name| name.trim_matches('`')).collect();
    let dependencies = dependencies();
    assert_eq!(listed, dependencies.iter().map(String::as_str).collect());
    for name in dependencies {
        let path = format!("{}::", name.replace('-', "_"));
        assert!(sources.contains(&path), "nothing uses {name}");
    }
}
