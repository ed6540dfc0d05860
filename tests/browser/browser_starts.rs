//! Browsers that fail to start.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use agent::ports::{BrowserError, Browsers};

use crate::support::{Faulty, OwnBrowser, Site, eventually, headless, run};

const PATIENCE: Duration = Duration::from_secs(20);

fn script(path: &Path, lines: &str) {
    // Renamed into place, as a program that is being written cannot be started.
    let new = path.with_extension("new");
    std::fs::write(&new, format!("#!/bin/sh\n{lines}\n")).unwrap();
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(new, path).unwrap();
}

fn cause(browser: &OwnBrowser) -> String {
    match browser.pool.ready() {
        Err(BrowserError::NotStarted { cause }) => cause,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_after_a_failed_start_fails_at_once_and_a_later_start_serves_the_next() {
    run(async {
        let bin = tempfile::tempdir().unwrap();
        let program = bin.path().join("browser");
        script(&program, "echo 'libnothing.so: cannot open' >&2; exit 7");
        let limit = Duration::from_secs(60);
        let browser = OwnBrowser::start_unready(|settings| {
            settings.executable = Some(program.clone());
            settings.launch_timeout = limit;
        });
        // The first waits for the current attempt, the second does not wait.
        for _ in 0..2 {
            let failed = tokio::time::timeout(limit / 3, browser.pool.open(headless())).await.expect("it is reported");
            let Some(BrowserError::NotStarted { cause }) = failed.err() else { panic!("there is no browser") };
            assert!(cause.contains("libnothing.so"), "{cause}");
        }
        script(&program, "exec chromium \"$@\"");
        browser.is_ready().await;
        browser.open().await.close().await;
        browser.close().await;
    });
}

#[test]
fn browsers_that_exit_at_start_are_reported_at_once() {
    run(async {
        let plan = Faulty::new("once Target.createBrowserContext: cut");
        let limit = Duration::from_secs(80);
        let browser = OwnBrowser::start_unready(|settings| {
            settings.executable = Some(plan.executable());
            settings.launch_timeout = limit;
        });
        let told = async {
            loop {
                match browser.pool.open(headless()).await.err().expect("there is no browser") {
                    BrowserError::NotStarted { cause } => return cause,
                    error => assert_eq!(error, BrowserError::Lost),
                }
            }
        };
        let told = tokio::time::timeout(limit / 4, told).await.expect("it is reported");
        for told in [told, cause(&browser)] {
            assert!(told.contains("ended right after its start"), "{told}");
        }
        browser.close().await;
    });
}

#[test]
fn a_file_that_is_not_executable_is_reported() {
    run(async {
        let bin = tempfile::tempdir().unwrap();
        let program = bin.path().join("browser");
        script(&program, "exec chromium \"$@\"");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o644)).unwrap();
        let browser = OwnBrowser::start_unready(|settings| settings.executable = Some(program));
        eventually("the failure is known", PATIENCE, || !cause(&browser).contains("still being started")).await;
        assert!(cause(&browser).contains("Permission denied"), "{}", cause(&browser));
        browser.close().await;
    });
}

#[test]
fn a_browser_without_memory_to_start_is_reported() {
    run(async {
        let bin = tempfile::tempdir().unwrap();
        let program = bin.path().join("browser");
        // In KiB. Chromium reserves far more address space than that.
        script(&program, "ulimit -v 500000; exec chromium \"$@\"");
        let browser = OwnBrowser::start_unready(|settings| {
            settings.executable = Some(program);
            settings.launch_timeout = Duration::from_secs(10);
        });
        let failed = browser.pool.open(headless()).await.err().expect("no page without a browser");
        assert!(matches!(failed, BrowserError::NotStarted { .. }), "{failed:?}");
        browser.close().await;
    });
}

/// A small file system, mounted on a folder.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, size: &str) -> Self {
        let options = format!("size={size}");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at).status().unwrap();
        assert!(mount.success(), "this process may not mount a file system");
        Self(at.to_owned())
    }

    /// Uses all its space.
    fn fill(&self) {
        let _full = std::fs::write(self.0.join("ballast"), vec![0; 64 << 20]).unwrap_err();
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

mod privileged {
    use super::*;

    #[test]
    fn a_full_disk_fails_starts_and_files_until_there_is_space() {
        run(async {
            let root = tempfile::tempdir().unwrap();
            let disk = SmallDisk::mount(root.path(), "48m");
            disk.fill();
            let browser = OwnBrowser::start_unready(|settings| {
                settings.profile_root = root.path().to_owned();
                settings.launch_timeout = Duration::from_secs(10);
            });
            let site = Site::of(&[("/", "<h1>Home</h1>")]).await;
            // Chromium may or may not survive it; the caller gets an error in any case.
            if let Err(error) = browser.pool.open(headless()).await {
                assert!(matches!(error, BrowserError::NotStarted { .. } | BrowserError::Protocol { .. }), "{error:?}");
            }
            disk.free();
            eventually("the browser is ready", PATIENCE, || browser.pool.ready().is_ok()).await;
            let tab = browser.open().await;
            tab.go(&site.url("/")).await.unwrap();
            assert!(tab.text().await.contains("Home"));

            // In the middle of a run.
            disk.fill();
            tab.go(&site.url("/")).await.unwrap();
            assert!(tab.text().await.contains("Home"));
            tab.close().await;
            let mut spec = headless();
            spec.files = vec![agent::files::SentFile {
                name: agent::files::FileName::parse("cv.pdf").unwrap(),
                content: vec![7; 1 << 20].into(),
            }];
            let failed = browser.pool.open(spec).await.err().expect("there is no room for the file");
            assert!(matches!(failed, BrowserError::Protocol { .. }), "{failed:?}");
            disk.free();
            browser.close().await;
            assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
        });
    }
}
