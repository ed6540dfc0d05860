//! Files that say the same thing twice must say it alike.

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
