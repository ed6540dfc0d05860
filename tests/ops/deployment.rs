//! Files that say the same thing twice must say it alike.

use std::collections::BTreeSet;
use std::path::Path;

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

/// The variables that `.env.example` sets or shows.
fn variables_explained() -> BTreeSet<String> {
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    read(".env.example")
        .lines()
        .filter_map(|line| line.strip_prefix("# ").unwrap_or(line).split_once('='))
        .map(|(name, _)| name.to_owned())
        .filter(|name| !name.is_empty() && is_name(name))
        .collect()
}

#[test]
fn every_variable_is_explained_in_the_example_and_no_other() {
    let (read, explained) = (variables_read(), variables_explained());
    assert!(!read.is_empty());
    assert_eq!(read, explained);
}
