//! Browsers whose DevTools connection is broken as a plan says.

use tempfile::TempDir;
use testkit::faulty_chromium::{self, FaultyChromium};

/// A browser with faults; its folder goes with it.
pub(crate) struct Faulty {
    browser: FaultyChromium,
    _folder: TempDir,
}

impl Faulty {
    pub(crate) fn new(plan: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // These tests themselves: whatever is built when a test runs is as new as the test.
        let program = std::env::current_exe().unwrap();
        let arguments = ["--exact", "support::faulty::as_a_browser", "--ignored", "--nocapture", "--test-threads=1"];
        let browser = FaultyChromium::install(folder.path(), &program, &arguments, plan).unwrap();
        Self { browser, _folder: folder }
    }

    pub(crate) fn executable(&self) -> std::path::PathBuf {
        self.browser.executable()
    }

    /// The faults so far: `start 1: cut at Page.navigate 3`.
    pub(crate) fn injected(&self) -> Vec<String> {
        self.browser.injected()
    }
}

/// No test: what a stub starts in place of a browser.
#[test]
#[ignore = "is started in place of a browser"]
fn as_a_browser() {
    faulty_chromium::run_if_requested();
}
