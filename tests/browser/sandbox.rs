//! Chromium in its own sandbox, as a service has it that does not run as root.

use std::process::{Command, Stdio};
use std::time::Duration;

use browser::Sandbox;
use serde_json::Value;

use crate::support::{Browser, Site, Start, eventually, finished, not_tested, processes, run};

/// `nobody`.
const USER: u32 = 65_534;

/// Why a service of another user's cannot have a sandbox here, if it cannot.
fn impossible() -> Option<&'static str> {
    if !rustix::process::geteuid().is_root() {
        return Some("only root can start the service as another user");
    }
    let user = USER.to_string();
    let made = Command::new("setpriv")
        .args(["--reuid", &user, "--regid", &user, "--clear-groups", "unshare", "--user", "--net", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match made {
        Ok(status) if status.success() => None,
        _ => Some("users who are not root may not make user namespaces here"),
    }
}

/// A line of `/proc/PID/status`.
fn status(pid: u32, field: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.unwrap_or_default().trim_start_matches(':').trim().to_owned()
}

#[test]
fn a_service_that_is_not_root_s_runs_pages_in_chromium_s_sandbox() {
    run(async {
        if let Some(reason) = impossible() {
            // Told, and held to be what the service finds out as well.
            not_tested(reason);
            let found = Browser::shared().sandbox();
            assert!(!found.is_on() || !rustix::process::geteuid().is_root(), "{found:?}");
            return;
        }
        for (mode, reason) in [("on", "BROWSER_SANDBOX is on"), ("auto", "this user may make user namespaces")] {
            let service = Start::new().by_user(USER).set("BROWSER_SANDBOX", mode).ready().await;
            let site = Site::of(&[("/", "<h1>Safe</h1>")]).await;
            let events = service.run(&format!("open {} and read the heading", site.url("/"))).await;
            let result = finished(events).await;
            assert!(result["finalText"].as_str().unwrap().contains("Safe"), "{result}");

            let details: Value = service.get("/health/details").await.json().await.unwrap();
            assert_eq!(details["browser"]["sandbox"]["enabled"], true, "{details}");
            assert_eq!(details["browser"]["sandbox"]["reason"], reason);
            assert!(details["browser"]["version"].as_str().unwrap().contains('/'), "{details}");
            assert!(service.log().contains("in its own sandbox"), "{}", service.log());

            let main = processes::browser(&service.profiles()).unwrap();
            let flags = std::fs::read_to_string(format!("/proc/{main}/cmdline")).unwrap();
            assert!(!flags.contains("--no-sandbox"));
            // What the sandbox does, seen from outside: system calls are filtered, in namespaces of its own.
            let renderers = processes::renderers(&service.profiles());
            assert!(!renderers.is_empty());
            for renderer in renderers {
                assert_eq!(status(renderer, "Seccomp"), "2");
                let namespace = |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/net")).unwrap();
                assert_ne!(namespace(renderer), namespace(main));
            }
            service.stop().await;
        }
    });
}

#[test]
fn as_root_there_is_no_sandbox_and_the_service_says_so() {
    run(async {
        if !rustix::process::geteuid().is_root() {
            not_tested("only root runs as root");
            return;
        }
        let service = Start::new().listening().await;
        let details: Value = service.get("/health/details").await.json().await.unwrap();
        let sandbox = &details["browser"]["sandbox"];
        assert_eq!(sandbox["enabled"], false);
        assert_eq!(sandbox["reason"], Sandbox::Root.to_string());
        let says_so = || service.log().contains("without its own sandbox");
        eventually("the log says so", Duration::from_secs(10), says_so).await;
        service.stop().await;
    });
}
