//! Tests that take too long for every change.

use std::time::Duration;

use crate::support::{Service, Site, Start, eventually, finished, processes, run};

const RUNS: usize = 100;
/// Runs until everything is loaded.
const WARM: usize = 20;
/// Allowed growth of the memory of the service and its browser: what allocators and caches
/// vary by.
const GROWTH: f64 = 1.25;
const MORE_BYTES: u64 = 30 << 20;

/// Of the service and its browser.
fn memory(service: &Service) -> u64 {
    let browser = processes::of(&service.profiles()).into_iter().map(|process| process.pid);
    browser.chain([service.id()]).map(processes::anonymous).sum()
}

#[test]
fn a_hundred_consecutive_runs_keep_memory_flat_and_leave_nothing_behind() {
    run(async {
        let site = Site::of(&[
            ("/", "<form action=/found><label>Name <input name=q></label><button>Find</button></form>"),
            ("/found", "<h1>Found</h1>"),
        ])
        .await;
        let service = Start::new().ready().await;
        let task = format!("open {}, type 'tea' into 'Name', click 'Find'", site.url("/"));
        let (mut warm, mut renderers) = (0, 0);
        for done in 1..=RUNS {
            finished(service.run(&task).await).await;
            if done == WARM {
                warm = memory(&service);
                renderers = processes::renderers(&service.profiles()).len();
            }
        }
        let found = site.requests().iter().filter(|line| *line == "GET /found?q=tea").count();
        assert_eq!(found, RUNS);
        // The last run's context may be closing and the next one opening.
        let most = (warm + MORE_BYTES).min((warm as f64 * GROWTH) as u64);
        let mut now = 0;
        let is_flat = || {
            now = memory(&service);
            now <= most
        };
        eventually(&format!("no more than {} MiB again", most >> 20), Duration::from_secs(10), is_flat).await;
        println!("{} MiB after {WARM} runs, {} MiB after {RUNS}", warm >> 20, now >> 20);
        // One that is starting or exiting is not a leak.
        assert!(processes::renderers(&service.profiles()).len() <= renderers + 1);
        assert_eq!(std::fs::read_dir(service.profiles()).unwrap().count(), 1, "one browser, one profile");
        service.stop().await;
    });
}
