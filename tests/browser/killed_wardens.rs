//! A service that is killed together with its wardens: the browser ends with its connection, and the next service
//! removes the rest.

use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use rustix::process::Signal;

use crate::support::processes::{self, Process};
use crate::support::{Log, Service, Site, Start, eventually, finished, page, run, until_dropped};

const GONE_WITHIN: Duration = Duration::from_secs(5);

/// A site whose page `/open` keeps a request open.
async fn site() -> Site {
    let router = Router::new()
        .route("/", get(|| async { Html(page("<h1>Home</h1>")) }))
        .route("/open", get(|| async { Html(page("<script>fetch('/hang')</script><h1>Home</h1>")) }))
        .route("/hang", get(|| async { until_dropped(Log::new()).await }));
    Site::with(router).await
}

/// A service with a short settling limit.
async fn impatient() -> Service {
    Start::new().set("BROWSER_SETTLE_NEW_SITE_TIMEOUT", "500ms").ready().await
}

/// When a browser is frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    Before,
    /// After its warden's end and before its connection's, so that nothing wakes it.
    Between,
}

async fn stand_still(pid: u32) {
    processes::signal(pid, Signal::STOP);
    eventually("it stands still", GONE_WITHIN, || processes::stands_still(pid)).await;
}

/// What such a service leaves.
struct Left {
    service: Service,
    /// All of its browser's.
    processes: Vec<Process>,
    folders: Vec<PathBuf>,
}

impl Left {
    /// Kills a service during a run together with its wardens, so that none can react to the others' end.
    /// Freezes its browser if requested.
    async fn behind(mut service: Service, site: &Site, still: Option<Since>) -> Self {
        let times = 1 + site.requests().iter().filter(|line| *line == "GET /hang").count();
        let _events = service.run(&format!("open {}, then wait for 'what never comes'", site.url("/open"))).await;
        site.is_asked_times("GET /hang", times).await;
        let profiles = service.profiles();
        let browser = processes::browser(&profiles).unwrap();
        if still == Some(Since::Before) {
            stand_still(browser).await;
        }
        let wardens = processes::wardens(&profiles);
        assert!(!wardens.is_empty());
        let all = processes::of(&profiles);
        let processes = all.into_iter().filter(|process| !wardens.contains(&process.pid)).collect();
        stand_still(service.id()).await;
        for warden in wardens {
            processes::signal(warden, Signal::KILL);
        }
        eventually("the wardens end", GONE_WITHIN, || processes::wardens(&profiles).is_empty()).await;
        if still == Some(Since::Between) {
            stand_still(browser).await;
        }
        service.signal(Signal::KILL);
        service.ended().await;
        let folders = service.files();
        assert_ne!(folders, Vec::<PathBuf>::new(), "it was not removed");
        Self { service, processes, folders }
    }

    /// Starts another service with the same profile root and asserts that it cleans up.
    async fn is_swept(&self, site: &Site) {
        let profiles = self.service.profiles().display().to_string();
        let next = Start::new().set("PROFILE_ROOT", &profiles).ready().await;
        assert!(self.folders.iter().all(|folder| !folder.exists()), "{}", next.log());
        finished(next.run(&format!("open {}, then read 'Home'", site.url("/"))).await).await;
        next.stop().await;
        self.service.leaves_nothing();
    }

    async fn end(&self) {
        let ended = || self.processes.iter().all(Process::has_ended);
        eventually("the browser ends with all its processes", GONE_WITHIN, ended).await;
    }
}

impl Drop for Left {
    /// Kills a frozen browser if the test fails.
    fn drop(&mut self) {
        for process in self.processes.iter().filter(|process| !process.has_ended()) {
            processes::signal(process.pid, Signal::KILL);
        }
    }
}

#[test]
fn a_browser_ends_when_its_service_and_warden_are_killed_and_its_folder_is_removed() {
    run(async {
        let site = site().await;
        let left = Left::behind(impatient().await, &site, None).await;
        assert!(left.processes.len() > 1, "{:?}", left.processes);
        left.end().await;
        left.is_swept(&site).await;
    });
}

#[test]
fn a_frozen_browser_without_a_warden_is_killed_by_the_next_service() {
    run(async {
        let site = site().await;
        // The kernel sends it SIGHUP when its warden ends, which usually ends it.
        let left = Left::behind(impatient().await, &site, Some(Since::Before)).await;
        left.is_swept(&site).await;
        left.end().await;

        let left = Left::behind(impatient().await, &site, Some(Since::Between)).await;
        assert_ne!(processes::browser(&left.service.profiles()), None, "it cannot see that its connection is closed");
        left.is_swept(&site).await;
        left.end().await;
    });
}
