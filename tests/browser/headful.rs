//! Headful runs, with their own browser and display.

use std::collections::BTreeSet;
use std::path::Path;

use agent::image::ImageFormat;
use agent::ports::{Browsers, PageSpec};
use serde_json::json;

use crate::support::{OwnBrowser, Site, Start, Tab, processes, run};

/// Locks and sockets of X servers.
fn displays() -> BTreeSet<String> {
    let names = |folder: &str| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path().display().to_string()).collect::<Vec<_>>()
    };
    let locks = names("/tmp").into_iter().filter(|name| name.starts_with("/tmp/.X") && name.ends_with("-lock"));
    locks.chain(names("/tmp/.X11-unix")).collect()
}

#[test]
fn a_headful_run_has_its_own_browser_and_display_and_leaves_neither() {
    run(async {
        let before = displays();
        let browser = OwnBrowser::start(|_| {}).await;
        assert_eq!(browser.pool.supports(false), Ok(()), "Xvfb is installed where the tests run");
        let site = Site::of(&[("/", "<button onclick=\"tell('shown ' + outerHeight)\">Show</button>")]).await;
        let spec = PageSpec { headless: false, ..PageSpec::plain(Some(ImageFormat::Png)) };
        let tab = Tab::new(browser.pool.open(spec).await.unwrap());
        assert_eq!(processes::browsers(browser.root()).len(), 2, "its own beside the shared one");
        let own_display = || processes::of(browser.root()).iter().any(|process| process.command.starts_with("Xvfb "));
        assert!(own_display() || std::env::var_os("DISPLAY").is_some());
        tab.go(&site.url("/")).await.unwrap();
        tab.click("Show").await.unwrap();
        assert!(tab.observe().await.screenshot.is_some());
        assert!(site.told().iter().all(|told| told.starts_with("shown ")));
        tab.close().await;
        assert_eq!(processes::browsers(browser.root()).len(), 1);
        assert!(!own_display());
        assert_eq!(displays(), before);
        browser.close().await;
    });
}

#[test]
fn without_a_display_a_headful_run_is_rejected_before_its_stream() {
    run(async {
        // A PATH without an X server, but with what Chromium's start script needs.
        let bin = tempfile::tempdir().unwrap();
        for folder in ["/usr/bin", "/bin"] {
            for entry in std::fs::read_dir(Path::new(folder)).unwrap().flatten() {
                if entry.file_name() != "Xvfb" {
                    let _ = std::os::unix::fs::symlink(entry.path(), bin.path().join(entry.file_name()));
                }
            }
        }
        let service = Start::new().set("PATH", &bin.path().display().to_string()).set("DISPLAY", "").ready().await;
        let refused =
            service.post(&json!({ "task": "open example.com", "provider": "template", "headless": false })).await;
        assert_eq!(refused.status(), 422);
        let detail = refused.text().await.unwrap();
        assert!(detail.contains("Xvfb is not installed"), "{detail}");
        service.stop().await;
    });
}
