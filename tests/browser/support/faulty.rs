//! Browsers with faults in their DevTools connection.

use tempfile::TempDir;
use testkit::faulty_chromium::{self, FaultyChromium};

/// A browser with faults. Its folder is removed with it.
pub(crate) struct Faulty {
    browser: FaultyChromium,
    _folder: TempDir,
}

impl Faulty {
    pub(crate) fn new(plan: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // This test executable, as it is always up to date.
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

/// Not a test: the stub starts this instead of a browser.
#[test]
#[ignore = "is started in place of a browser"]
fn as_a_browser() {
    faulty_chromium::run_if_requested();
}
