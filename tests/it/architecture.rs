//! What Cargo cannot check of `docs/ARCHITECTURE.md`: imports between modules of the root package, reads of the
//! environment, and that the table of dependencies is complete.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A module of the root package, and the crates and modules that it must not import.
struct Rule {
    module: &'static str,
    never: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        module: "http",
        never: &["browser", "llm", "replay", "template", "crate::app", "crate::cli", "crate::config"],
    },
    Rule {
        module: "run",
        never: &[
            "axum",
            "browser",
            "hyper",
            "llm",
            "replay",
            "serde",
            "serde_json",
            "tower_http",
            "crate::app",
            "crate::cli",
            "crate::config",
            "crate::http",
        ],
    },
    Rule { module: "config", never: &["axum", "hyper", "crate::app", "crate::cli"] },
    Rule { module: "machine", never: &["agent", "browser", "crate", "llm", "super", "url_policy"] },
    Rule {
        module: "shutdown",
        never: &["axum", "browser", "hyper", "llm", "crate::app", "crate::config", "crate::http"],
    },
    Rule {
        module: "telemetry",
        never: &["axum", "browser", "hyper", "llm", "crate::app", "crate::config", "crate::http"],
    },
    Rule {
        module: "recording",
        never: &["axum", "browser", "hyper", "llm", "crate::app", "crate::config", "crate::http"],
    },
    Rule { module: "cli", never: &["axum", "browser", "hyper", "llm", "crate::http"] },
];

/// They assemble the service.
const FREE: [&str; 3] = ["app", "lib", "main"];

/// The settings, and what a browser inherits: the display, the search path.
const READ_ENVIRONMENT: [&str; 2] = ["src/config", "crates/browser"];

struct Source {
    /// From the root of the project: `src/http/sse.rs`.
    file: String,
    paths: BTreeSet<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Rust files below `folder`, without those of tests.
fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let is_test = path.ends_with("tests") || path.ends_with("tests.rs");
            if path.is_dir() && !is_test {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test {
                found.push(path);
            }
        }
    }
    let source = |path: PathBuf| {
        let file = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let paths = paths(&fs::read_to_string(&path).unwrap());
        Source { file, paths }
    };
    found.into_iter().map(source).collect()
}

/// Every path in the code, imported or inline, with groups expanded: `a::{b, c::d}` is `a::b` and `a::c::d`. Modules of
/// unit tests are left out.
fn paths(code: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    collect(code.parse().unwrap(), "", &mut paths);
    paths
}

fn collect(tokens: TokenStream, prefix: &str, paths: &mut BTreeSet<String>) {
    let mut path = String::new();
    let mut colons = 0;
    let mut attribute = false;
    let mut in_test = false;
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                colons += 1;
                continue;
            }
            TokenTree::Ident(ident) => {
                if colons == 2 && !path.is_empty() {
                    path.push_str("::");
                } else {
                    paths.insert(std::mem::replace(&mut path, prefix.to_owned()));
                }
                path.push_str(&ident.to_string());
            }
            TokenTree::Group(group) if attribute => {
                in_test |= group.stream().to_string().replace(' ', "") == "cfg(test)";
                collect(group.stream(), "", paths);
            }
            TokenTree::Group(group) => {
                let is_path_group = colons == 2 && group.delimiter() == Delimiter::Brace;
                let inner = if is_path_group { format!("{path}::") } else { String::new() };
                if !std::mem::take(&mut in_test) {
                    collect(group.stream(), &inner, paths);
                }
                paths.insert(std::mem::take(&mut path));
            }
            TokenTree::Punct(punct) => {
                paths.insert(std::mem::take(&mut path));
                attribute = punct.as_char() == '#';
                in_test &= punct.as_char() != ';';
                colons = 0;
                continue;
            }
            TokenTree::Literal(_) => {
                paths.insert(std::mem::take(&mut path));
            }
        }
        (colons, attribute) = (0, false);
    }
    paths.insert(path);
}

/// `super::x` in `src/run/service.rs` is `crate::run::x`.
fn absolute(path: &str, file: &str) -> String {
    let module = file.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    let mut place: Vec<&str> = module.split('/').collect();
    let mut rest = path.strip_prefix("self::").unwrap_or(path);
    if !rest.starts_with("super::") && rest.len() == path.len() {
        return path.to_owned();
    }
    while let Some(after) = rest.strip_prefix("super::") {
        place.pop();
        rest = after;
    }
    format!("crate::{}", place.into_iter().chain([rest]).collect::<Vec<_>>().join("::"))
}

fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn module(file: &str) -> &str {
    file.trim_start_matches("src/").split(['/', '.']).next().unwrap()
}

fn offences(source: &Source) -> Vec<String> {
    let Some(rule) = RULES.iter().find(|rule| rule.module == module(&source.file)) else { return Vec::new() };
    let absolute = |path: &String| absolute(path, &source.file);
    let is_forbidden = |path: &String| rule.never.iter().any(|never| path.contains("::") && is_below(path, never));
    source.paths.iter().map(absolute).filter(is_forbidden).map(|path| format!("{}: {path}", source.file)).collect()
}

#[test]
fn modules_import_only_what_they_may() {
    let offences: Vec<String> = sources("src").iter().flat_map(offences).collect();
    assert!(offences.is_empty(), "{offences:#?}");
}

#[test]
fn every_module_has_an_import_rule() {
    for Source { file, .. } in sources("src") {
        let module = module(&file);
        assert!(FREE.contains(&module) || RULES.iter().any(|rule| rule.module == module), "{file} has no rule");
    }
}

#[test]
fn the_environment_is_read_in_one_place() {
    for Source { file, paths } in sources("src").into_iter().chain(sources("crates")) {
        let reads = paths.iter().find(|path| path.contains("env::var") && !file.starts_with("crates/testkit"));
        let may_read = READ_ENVIRONMENT.iter().any(|place| file.starts_with(place));
        assert!(may_read || reads.is_none(), "{file}: {reads:?}");
    }
}

#[test]
fn a_forbidden_path_is_detected_in_every_notation() {
    for (file, code) in [
        ("src/run/service.rs", "use crate::http::router;"),
        ("src/run/service.rs", "use super::super::http::router;"),
        ("src/run/mod.rs", "use super::http::{self, sse};"),
        ("src/run/mod.rs", "pub use crate::{\n    shutdown,\n    http::{sse, error::{self, Refusal}},\n};"),
        ("src/run/service.rs", "fn f() -> axum::Router { todo!() }"),
        ("src/run/service.rs", "fn f() { tokio::select! { x = crate::http::f() => {} } }"),
        ("src/http/router.rs", "    use browser::Pool as P;"),
        ("src/http/router.rs", "fn f(pool: &::llm::Providers) {}"),
        ("src/machine.rs", "use crate::run::RunId;"),
        ("src/config.rs", "mod tests { fn f() -> axum::Router { todo!() } }"),
    ] {
        assert!(!offences(&Source { file: file.into(), paths: paths(code) }).is_empty(), "{file}: {code}");
    }
    for (file, code) in [
        ("src/run/service.rs", "use agent::{agent::Agent, ports::Page};\nuse tokio::time::{self, Instant};"),
        ("src/run/service.rs", "// use crate::http::sse;\nfn f() { panic!(\"axum::Router\") }"),
        ("src/run/service.rs", "use crate::run::http;\nfn f(browser: u8) {}"),
        ("src/machine.rs", "use std::fs;\n#[cfg(test)]\nmod tests { use crate::run::X; }"),
    ] {
        assert_eq!(offences(&Source { file: file.into(), paths: paths(code) }), Vec::<String>::new(), "{file}: {code}");
    }
}

/// The foreign crates that a package depends on.
fn dependencies(package: &Path) -> Vec<String> {
    let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
    let (_, rest) = manifest.split_once("[dependencies]\n").unwrap_or_default();
    let table = rest.split("\n[").next().unwrap();
    let names = table.lines().filter_map(|line| line.split(['.', ' ']).next()).filter(|name| !name.is_empty());
    names.filter(|name| !root().join("crates").join(name).exists()).map(str::to_owned).collect()
}

#[test]
fn every_dependency_is_used_and_documented() {
    let architecture = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let (_, table) = architecture.split_once("## Dependencies").unwrap();
    let table = table.split("\n## ").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let documented: BTreeSet<_> = rows.flat_map(|row| row.split(", ")).map(|name| name.trim_matches('`')).collect();

    let crates = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let packages = crates.filter(|path| !path.ends_with("testkit")).chain([root().to_owned()]);
    let mut all = BTreeSet::new();
    for package in packages {
        let folder = package.strip_prefix(root()).unwrap().join("src").to_string_lossy().into_owned();
        let sources = sources(&folder);
        for name in dependencies(&package) {
            let krate = name.replace('-', "_");
            let is_used = sources.iter().any(|source| source.paths.iter().any(|path| is_below(path, &krate)));
            assert!(is_used, "{folder} does not use {name}");
            all.insert(name);
        }
    }
    assert_eq!(documented, all.iter().map(String::as_str).collect());
}
