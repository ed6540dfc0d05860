//! A service that is killed together with its wardens: nobody is left to clean up but the browser itself, which ends when
//! its connection does, and the next service.

use std::path::{Path, PathBuf};
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

/// What such a service leaves.
struct Left {
    service: Service,
    /// All of its browser's.
    processes: Vec<Process>,
    folders: Vec<PathBuf>,
}

impl Left {
    /// Kills a service in the midst of a run and its wardens, in such a way that none can do anything about the others' end.
    async fn behind(mut service: Service, site: &Site, before: impl FnOnce(&Path)) -> Self {
        let _events = service.run(&format!("open {}, then wait for 'what never comes'", site.url("/open"))).await;
        site.is_asked("GET /hang").await;
        let profiles = service.profiles();
        before(&profiles);
        let wardens = processes::wardens(&profiles);
        assert!(!wardens.is_empty());
        let all = processes::of(&profiles);
        let processes = all.into_iter().filter(|process| !wardens.contains(&process.pid)).collect();
        service.signal(Signal::STOP);
        eventually("the service stands still", GONE_WITHIN, || processes::stands_still(service.id())).await;
        for warden in wardens {
            processes::signal(warden, Signal::KILL);
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

    async fn ends(&self) {
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
        let service = Start::new().set("BROWSER_SETTLE_NEW_SITE_TIMEOUT", "500ms").ready().await;
        let left = Left::behind(service, &site, |_| {}).await;
        assert!(left.processes.len() > 1, "{:?}", left.processes);
        left.ends().await;
        left.is_swept(&site).await;
    });
}

#[test]
fn one_that_stands_still_then_is_ended_by_the_next_service() {
    run(async {
        let site = site().await;
        let service = Start::new().set("BROWSER_SETTLE_NEW_SITE_TIMEOUT", "500ms").ready().await;
        let stop = |profiles: &Path| processes::signal(processes::browser(profiles).unwrap(), Signal::STOP);
        let left = Left::behind(service, &site, stop).await;
        assert_ne!(processes::browser(&left.service.profiles()), None, "it cannot see that its connection is closed");
        left.is_swept(&site).await;
        left.ends().await;
    });
}
