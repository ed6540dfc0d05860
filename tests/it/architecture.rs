//! Which module may import which. The table is the one of `docs/ARCHITECTURE.md`.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// A part of the service and what it may reach: own modules by path prefix, foreign crates by exclusion.
struct Rule {
    module: &'static str,
    may_import: &'static [&'static str],
    never_crates: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule { module: "policy", may_import: &[], never_crates: &["*"] },
    Rule { module: "machine", may_import: &[], never_crates: &["*"] },
    Rule {
        module: "agent",
        may_import: &["policy"],
        never_crates: &["axum", "reqwest", "chromiumoxide_cdp", "chromiumoxide_types", "tower", "tower_http", "envy"],
    },
    Rule {
        module: "llm",
        may_import: &["agent::ports", "agent::image"],
        never_crates: &["axum", "chromiumoxide_cdp", "chromiumoxide_types", "tower", "tower_http", "envy"],
    },
    Rule {
        module: "browser",
        may_import: &[
            "agent::ports",
            "agent::action",
            "agent::files",
            "agent::observation",
            "agent::image",
            "agent::secrets",
            "policy",
        ],
        never_crates: &["axum", "reqwest", "tower", "tower_http", "envy"],
    },
    Rule {
        module: "run",
        may_import: &["agent", "policy"],
        never_crates: &["axum", "reqwest", "chromiumoxide_cdp", "chromiumoxide_types", "serde", "serde_json", "envy"],
    },
    Rule {
        module: "http",
        may_import: &[
            "run",
            "agent::ports",
            "agent::image",
            "agent::report",
            "agent::action",
            "agent::explicit",
            "agent::files",
            "agent::output",
            "agent::secrets",
            "policy",
        ],
        never_crates: &["reqwest", "chromiumoxide_cdp", "chromiumoxide_types", "envy"],
    },
    Rule {
        module: "replay",
        may_import: &["agent", "policy", "run"],
        never_crates: &["axum", "reqwest", "tower", "tower_http", "chromiumoxide_cdp", "chromiumoxide_types", "envy"],
    },
    Rule {
        module: "telemetry",
        may_import: &["run::STEP_LOG_TARGET", "agent::secrets"],
        never_crates: &["axum", "reqwest"],
    },
    Rule { module: "shutdown", may_import: &["run"], never_crates: &["axum", "reqwest"] },
    Rule {
        module: "config",
        may_import: &[
            "agent::agent",
            "agent::image",
            "agent::ports::Provider",
            "agent::usage",
            "browser::settings",
            "http::settings",
            "llm::settings",
            "machine",
            "run::settings",
            "policy",
            "shutdown::ShutdownSettings",
            "telemetry",
        ],
        never_crates: &["axum", "reqwest"],
    },
    Rule {
        module: "cli",
        may_import: &[
            "app",
            "config",
            "replay",
            "run",
            "agent::ports",
            "agent::image",
            "agent::output",
            "agent::report",
            "agent::secrets",
            "shutdown",
            "telemetry",
        ],
        never_crates: &["axum", "reqwest", "tower", "tower_http", "chromiumoxide_cdp", "chromiumoxide_types", "envy"],
    },
];

const OUTERMOST: &[&str] = &["config", "app", "cli", "main"];

/// The settings; and what a browser inherits and is found by: the display, the search path.
const READ_ENVIRONMENT: &[&str] = &["config", "browser"];

fn sources() -> Vec<(String, String)> {
    fn visit(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                visit(&entry, files);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                files.push(entry);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    visit(&root, &mut files);
    let module = |path: &Path| {
        let relative = path.strip_prefix(&root).expect("it was found there").with_extension("");
        relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect::<Vec<_>>().join("::")
    };
    files.iter().map(|path| (module(path), fs::read_to_string(path).expect("a source file"))).collect()
}

fn top(module: &str) -> &str {
    module.split("::").next().expect("a first part")
}

/// Every path imported by a `use` outside of test modules, with groups taken apart: `a::{b, c::d}` is `a::b`, `a::c::d`.
fn imports(source: &str) -> Vec<String> {
    // Unit tests stand at the end of a file and may use what they like.
    let code = source.split("#[cfg(test)]").next().expect("a first part");
    let statement = Regex::new(r"(?m)^\s*(?:pub(?:\([^)]*\))?\s+)?use\s+([^;]+);").expect("a valid pattern");
    let mut paths = Vec::new();
    for found in statement.captures_iter(code) {
        let tree: String = found[1].split_whitespace().collect::<Vec<_>>().join(" ");
        expand(&tree, "", &mut paths);
    }
    paths
}

fn expand(tree: &str, prefix: &str, paths: &mut Vec<String>) {
    match tree.split_once('{') {
        None => paths.push(format!("{prefix}{tree}").split(" as ").next().expect("a first part").trim().to_owned()),
        Some((head, group)) => {
            let group = group.trim_end().strip_suffix('}').expect("a closed group");
            let (mut depth, mut start) = (0, 0);
            for (at, character) in group.char_indices().chain([(group.len(), ',')]) {
                match character {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        let item = group[start..at].trim();
                        if !item.is_empty() {
                            expand(item, &format!("{prefix}{head}"), paths);
                        }
                        start = at + 1;
                    }
                    _ => {}
                }
            }
        }
    }
}

/// The path from the crate's root, or none for a path of another crate. `module` is the importing file's.
fn own_path(path: &str, module: &str) -> Option<String> {
    if let Some(rest) = path.strip_prefix("crate::") {
        return Some(rest.to_owned());
    }
    // `mod.rs` stands for its folder, every other file for a module in its folder.
    let mut place: Vec<&str> = module.split("::").filter(|part| *part != "mod").collect();
    let mut rest = path;
    if let Some(after) = rest.strip_prefix("self::") {
        rest = after;
    } else if !rest.starts_with("super::") {
        return None;
    }
    while let Some(after) = rest.strip_prefix("super::") {
        place.pop();
        rest = after;
    }
    place.push(rest);
    Some(place.join("::"))
}

fn under(path: &str, prefix: &str) -> bool {
    path == prefix || path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with("::"))
}

fn offences(module: &str, source: &str) -> Vec<String> {
    let Some(rule) = RULES.iter().find(|rule| rule.module == top(module)) else { return Vec::new() };
    let mut offences = Vec::new();
    for path in imports(source) {
        match own_path(&path, module) {
            Some(own) => {
                // Only compiled for tests and fuzzers.
                let fuzzing = module.ends_with("::fuzzing") && own == "fuzzing::Target";
                let allowed = fuzzing || rule.may_import.iter().any(|allowed| under(&own, allowed));
                if !under(&own, rule.module) && !allowed {
                    offences.push(format!("{module} imports {own}"));
                }
            }
            None => {
                let krate = top(&path);
                let standard = ["std", "core", "alloc"].contains(&krate);
                // `use environment::X` and the like: a module declared in the same file.
                let local = source.contains(&format!("mod {krate};"));
                let named = rule.never_crates.contains(&krate);
                let all = rule.never_crates.contains(&"*") && krate != "url";
                if named || (all && !standard && !local) {
                    offences.push(format!("{module} imports the crate {krate}"));
                }
            }
        }
    }
    offences
}

#[test]
fn imports_point_inward() {
    let offences: Vec<String> = sources().iter().flat_map(|(module, source)| offences(module, source)).collect();
    assert!(offences.is_empty(), "{offences:#?}");
}

#[test]
fn only_the_outermost_modules_know_the_configuration() {
    for (module, source) in sources() {
        for path in imports(&source) {
            let own = own_path(&path, &module).unwrap_or_default();
            let outermost = OUTERMOST.contains(&top(&module)) || module == "lib";
            assert!(outermost || !(under(&own, "config") || under(&own, "app")), "{module} imports {own}");
        }
    }
}

#[test]
fn the_environment_is_read_in_one_place() {
    for (module, source) in sources() {
        let code = source.split("#[cfg(test)]").next().expect("a first part");
        let reads = ["env::var(", "env::var_os(", "env::vars(", "env::vars_os("].iter().any(|read| code.contains(read));
        assert!(!reads || READ_ENVIRONMENT.contains(&top(&module)), "{module} reads the environment");
    }
}

#[test]
fn every_module_has_a_rule() {
    let free = ["lib", "main", "app", "fuzzing"];
    for (module, _) in sources() {
        let known = RULES.iter().any(|rule| rule.module == top(&module)) || free.contains(&top(&module));
        assert!(known, "{module} has no rule");
    }
}

#[test]
fn the_events_of_a_run_are_no_wire_types() {
    for (module, source) in sources() {
        assert!(!under(&module, "run") || !source.contains("Serialize"), "{module} knows a wire format");
    }
}

#[test]
fn a_forbidden_arrow_is_found_however_it_is_written() {
    for (module, source) in [
        ("run::service", "use crate::http::router;"),
        ("run::service", "use super::super::http::router;"),
        ("run::mod", "use super::llm::Providers;"),
        ("agent::agent", "pub use crate::{\n    policy::UrlPolicy,\n    run::{RunId, event::{self, RunEvent}},\n};"),
        ("browser::pool", "use crate::agent::agent::Agent;"),
        ("http::router", "    use crate::browser::Pool as P;"),
        ("policy", "use crate::agent::image::Image;"),
        ("policy", "use regex::Regex;"),
        ("llm::openai", "use axum::Router;"),
    ] {
        assert!(!offences(module, source).is_empty(), "{module}: {source}");
    }
    for (module, source) in [
        (
            "run::service",
            "use crate::agent::{agent::Agent, ports::{Browsers, Page}};\nuse tokio::time::{self, Instant};",
        ),
        ("browser::pool", "// use crate::run::RunId;\nuse super::settings::BrowserSettings;"),
        ("policy", "use std::net::{IpAddr};\nuse url::{Host, Url};\n#[cfg(test)]\nmod tests { use crate::run::X; }"),
    ] {
        assert_eq!(offences(module, source), Vec::<String>::new(), "{module}");
    }
}
