//! One fuzzer for all targets: `FUZZ_TARGET` says which. libFuzzer owns `main` and the command line.
#![no_main]

use std::sync::LazyLock;

use browser_use_service::{http, run};

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let targets = [
        agent::fuzzing::TARGETS,
        browser::fuzzing::TARGETS,
        cdp::fuzzing::TARGETS,
        http::fuzzing::TARGETS,
        llm::fuzzing::TARGETS,
        replay::fuzzing::TARGETS,
        run::fuzzing::TARGETS,
        template::fuzzing::TARGETS,
        url_policy::fuzzing::TARGETS,
    ]
    .concat();
    let names: Vec<&str> = targets.iter().map(|(name, _)| *name).collect();
    let wanted = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = targets.iter().find(|(name, _)| *name == wanted);
    found.unwrap_or_else(|| panic!("FUZZ_TARGET must be one of {}", names.join(", "))).1
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET(data));
