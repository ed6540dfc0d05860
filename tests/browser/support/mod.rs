//! Support for the browser tests.

mod browser;
mod faulty;
mod gate;
mod log;
pub(crate) mod processes;
pub(crate) mod raw_server;
mod service;
mod site;
mod tab;

pub(crate) use browser::{Browser, OwnBrowser, WARDEN, headless, with_screenshots};
pub(crate) use faulty::Faulty;
pub(crate) use gate::Gate;
pub(crate) use log::Log;
pub(crate) use service::{Events, Service, Start, finished};
pub(crate) use site::{DeadPort, Site, page, until_dropped};
pub(crate) use tab::{Tab, open, open_as};

use std::sync::LazyLock;
use std::time::Duration;

use tokio::runtime::Runtime;
use tracing_subscriber::EnvFilter;

/// The timeout of a test.
const TEST_TIMEOUT: Duration = Duration::from_secs(90);

/// One runtime for the whole process, as the shared browser lives on it: a runtime per test
/// would end it with the first test.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    // Logs for failing tests: `RUST_LOG=browser=debug`.
    tracing_subscriber::fmt().with_env_filter(EnvFilter::from_default_env()).with_test_writer().init();
    Runtime::new().expect("the runtime can be built")
});

/// Runs a test's body.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let test = async { tokio::time::timeout(TEST_TIMEOUT, test).await };
    RUNTIME.block_on(test).expect("the test hangs");
}

/// Polls for a condition without an event, such as a process's end.
pub(crate) async fn eventually(what: &str, limit: Duration, mut happened: impl FnMut() -> bool) {
    let mut look = tokio::time::interval(Duration::from_millis(10));
    let until = tokio::time::Instant::now() + limit;
    while !happened() {
        assert!(tokio::time::Instant::now() < until, "not within {limit:?}: {what}");
        look.tick().await;
    }
}

/// How many files of a name are somewhere below a folder.
pub(crate) fn files_named(folder: &std::path::Path, name: &str) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let below = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files_named(&entry.path(), name),
        _ => usize::from(entry.file_name() == name),
    });
    below.sum()
}
