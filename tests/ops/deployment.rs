//! Deployment files agree with each other and with the code.

use std::collections::BTreeSet;
use std::path::Path;

use browser_use_service::config::{self, Settings};

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

#[test]
fn the_committed_settings_documentation_is_up_to_date() {
    for (path, generated, command) in [
        (".env.example", config::env_example(), "browser-use-service settings > .env.example"),
        ("docs/SETTINGS.md", config::markdown(), "browser-use-service settings --markdown > docs/SETTINGS.md"),
    ] {
        assert!(read(path) == generated, "{path} is out of date; run: {command}");
    }
}

#[test]
fn the_service_starts_with_every_line_of_the_example_uncommented() {
    let example = config::env_example();
    let assignments: Vec<_> = example
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once('='))
        .filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let names: BTreeSet<_> = assignments.iter().map(|(name, _)| name.clone()).collect();
    assert!(names.len() > 80, "{names:?}");
    assert_eq!(names.len(), assignments.len(), "one is declared twice");
    Settings::from_variables(assignments).unwrap();
}

/// The system calls that the profile allows with any arguments.
fn allowed_calls(profile: &serde_json::Value) -> Vec<&str> {
    let rules = profile["syscalls"].as_array().unwrap();
    let unconditional = rules.iter().filter(|rule| rule["args"].is_null());
    unconditional.flat_map(|rule| rule["names"].as_array().unwrap()).map(|name| name.as_str().unwrap()).collect()
}

#[test]
fn the_seccomp_profile_is_an_allowlist_that_permits_chromiums_sandbox() {
    let profile: serde_json::Value = serde_json::from_str(&read("seccomp.json")).unwrap();
    assert_eq!((&profile["defaultAction"], &profile["defaultErrnoRet"]), (&"SCMP_ACT_ERRNO".into(), &1.into()));
    let architectures = profile["archMap"].as_array().unwrap();
    assert_eq!(architectures.len(), 2);
    // No 32-bit calls beside the 64-bit ones.
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
