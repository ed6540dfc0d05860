//! Files that say the same thing twice must say it alike.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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
const NO_DEFAULTS: [&str; 14] = [
    "ANTHROPIC_BASE_URL",
    "BROWSER_EXECUTABLE",
    "BROWSER_USE_ALLOWED_DOMAINS",
    "BROWSER_USE_BLOCKED_DOMAINS",
    "BROWSER_USE_PRIVATE_HOSTS",
    "GEMINI_BASE_URL",
    "MAX_REQUESTS_PER_MINUTE",
    "MAX_RUNS_PER_CALLER",
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

/// What the profile lets a container call, whatever the arguments.
fn allowed_calls(profile: &serde_json::Value) -> Vec<&str> {
    let rules = profile["syscalls"].as_array().unwrap();
    let unconditional = rules.iter().filter(|rule| rule["args"].is_null());
    unconditional.flat_map(|rule| rule["names"].as_array().unwrap()).map(|name| name.as_str().unwrap()).collect()
}

#[test]
fn the_seccomp_profile_refuses_all_but_a_list_and_lets_chromium_make_its_sandbox() {
    let profile: serde_json::Value = serde_json::from_str(&read("seccomp.json")).unwrap();
    assert_eq!((&profile["defaultAction"], &profile["defaultErrnoRet"]), (&"SCMP_ACT_ERRNO".into(), &1.into()));
    let architectures = profile["archMap"].as_array().unwrap();
    assert_eq!(architectures.len(), 2);
    // No 32-bit calls beside the 64-bit ones: they have other numbers, and nothing here makes them.
    assert!(architectures.iter().all(|map| map["subArchitectures"].as_array().unwrap().is_empty()));
    for rule in profile["syscalls"].as_array().unwrap() {
        assert_eq!(rule["action"], "SCMP_ACT_ALLOW", "{rule}");
        assert!(!rule["comment"].as_str().unwrap().is_empty(), "{rule}");
        let keys: BTreeSet<&str> = rule.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(keys.is_subset(&["action", "args", "comment", "names"].into()), "{keys:?}");
    }
    let allowed = allowed_calls(&profile);
    let names: BTreeSet<&str> = allowed.iter().copied().collect();
    assert_eq!(names.len(), allowed.len(), "one is listed twice");
    for needed in ["chroot", "clone", "clone3", "unshare", "seccomp", "prctl", "pidfd_open", "pidfd_send_signal"] {
        assert!(names.contains(needed), "{needed}");
    }
    for refused in [
        "bpf",
        "delete_module",
        "init_module",
        "finit_module",
        "io_uring_setup",
        "kexec_load",
        "keyctl",
        "mount",
        "move_mount",
        "open_by_handle_at",
        "perf_event_open",
        "pivot_root",
        "process_vm_readv",
        "ptrace",
        "reboot",
        "setns",
        "swapon",
        "umount2",
        "userfaultfd",
    ] {
        assert!(!names.contains(refused), "{refused}");
    }
}

#[test]
fn the_container_is_started_with_the_seccomp_profile() {
    let compose = read("docker-compose.yml");
    assert!(compose.contains("\n      - seccomp=./seccomp.json\n"), "{compose}");
    assert!(compose.contains("\n      - no-new-privileges:true\n") && compose.contains("cap_drop:\n      - ALL\n"));
    assert!(read("Dockerfile").contains("\nUSER 10001:10001\n"), "Chromium has no sandbox as root");
}

/// The packages of the service itself, by folder. The testkit is not part of it.
fn packages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let members = std::fs::read_dir(root.join("crates")).unwrap().map(|entry| entry.unwrap().path());
    members.filter(|member| !member.ends_with("testkit")).chain([root.to_owned()]).collect()
}

/// The names of the foreign crates that a package is built from.
fn dependencies(package: &Path) -> BTreeSet<String> {
    let manifest = std::fs::read_to_string(package.join("Cargo.toml")).unwrap();
    let own: Vec<_> = packages().iter().filter_map(|package| Some(package.file_name()?.to_owned())).collect();
    let table = between(&manifest, "[dependencies]\n", "\n\n").lines();
    let names = table.map(|line| line.split(['.', ' ']).next().unwrap().to_owned());
    names.filter(|name| !own.iter().any(|own| own == name.as_str())).collect()
}

fn sources(package: &Path) -> String {
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
    all(&package.join("src"), &mut text);
    text
}

#[test]
fn every_dependency_is_used_and_the_architecture_says_what_it_saves() {
    let mut used = BTreeSet::new();
    for package in packages() {
        let sources = sources(&package);
        for name in dependencies(&package) {
            let path = format!("{}::", name.replace('-', "_"));
            assert!(sources.contains(&path), "{} does not use {name}", package.display());
            used.insert(name);
        }
    }
    let architecture = read("docs/ARCHITECTURE.md");
    let table = between(&architecture, "## Dependencies", "\n## ");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let listed: BTreeSet<_> =
        rows.flat_map(|row| row.split(", ")).map(|name| name.trim_matches('`').to_owned()).collect();
    assert_eq!(listed, used);
}
