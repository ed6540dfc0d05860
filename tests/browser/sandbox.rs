//! Chromium's own sandbox: on for a service that does not run as root, and off for root.

use std::time::Duration;

use browser::Sandbox;
use serde_json::Value;

use crate::support::{Site, Start, eventually, finished, processes, run};

/// `nobody`.
const USER: u32 = 65_534;

/// A line of `/proc/PID/status`.
fn status(pid: u32, field: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.unwrap_or_default().trim_start_matches(':').trim().to_owned()
}

mod privileged {
    use super::*;

    #[test]
    fn an_unprivileged_service_uses_chromiums_sandbox() {
        run(async {
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
                // Effects of the sandbox: seccomp filters and own namespaces.
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
    fn as_root_the_service_reports_that_there_is_no_sandbox() {
        run(async {
            assert!(rustix::process::geteuid().is_root());
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
}
