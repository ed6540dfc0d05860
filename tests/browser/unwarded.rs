//! A service that is killed together with its wardens: nobody is left to clean up but the browser itself, which ends when
//! its connection does, and the next service.

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

/// A service that does not wait long for a page that keeps a request open.
async fn impatient() -> Service {
    Start::new().set("BROWSER_SETTLE_NEW_SITE_TIMEOUT", "500ms").ready().await
}

/// Since when a browser stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    Before,
    /// After its warden's end and before its connection's, so that nobody wakes it.
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
    /// Kills a service in the midst of a run and its wardens, in such a way that none can do anything about the others' end.
    /// Its browser stands still from then on, if it is to.
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
        assert_ne!(folders, Vec::<PathBuf>::new(), "nobody was there to remove it");
        Self { service, processes, folders }
    }

    /// Starts another service in the same place and holds it to sweeping it.
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
    /// A test that fails leaves no browser that stands still for ever.
    fn drop(&mut self) {
        for process in self.processes.iter().filter(|process| !process.has_ended()) {
            processes::signal(process.pid, Signal::KILL);
        }
    }
}

#[test]
fn a_browser_whose_service_and_warden_are_killed_together_ends_and_its_folder_is_swept() {
    run(async {
        let site = site().await;
        let left = Left::behind(impatient().await, &site, None).await;
        assert!(left.processes.len() > 1, "{:?}", left.processes);
        left.end().await;
        left.is_swept(&site).await;
    });
}

#[test]
fn a_browser_that_stands_still_while_both_are_killed_is_ended_by_the_next_service() {
    run(async {
        let site = site().await;
        // The kernel wakes it when its warden ends, with a SIGHUP, from which it mostly comes to its end.
        let left = Left::behind(impatient().await, &site, Some(Since::Before)).await;
        left.is_swept(&site).await;
        left.end().await;

        let left = Left::behind(impatient().await, &site, Some(Since::Between)).await;
        assert_ne!(processes::browser(&left.service.profiles()), None, "it cannot see that its connection is closed");
        left.is_swept(&site).await;
        left.end().await;
    });
}
