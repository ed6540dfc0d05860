//! What takes too long for every change.

use std::time::Duration;

use crate::support::{Service, Site, Start, eventually, finished, processes, run};

const RUNS: usize = 100;
/// By then everything that is loaded once has been.
const WARM: usize = 20;
/// How much more than when it was warm the service and its browser may use: what an allocator and a browser's caches
/// vary by.
const GROWTH: f64 = 1.25;
const MORE_BYTES: u64 = 30 << 20;

/// Of the service and its browser.
fn memory(service: &Service) -> u64 {
    let browser = processes::of(&service.profiles()).into_iter().map(|process| process.pid);
    browser.chain([service.id()]).map(processes::anonymous).sum()
}

#[test]
fn a_hundred_runs_in_a_row_leave_memory_flat_and_nothing_behind() {
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
        // The last run's page may be on its way out and the next one's in the making.
        let most = (warm + MORE_BYTES).min((warm as f64 * GROWTH) as u64);
        let mut now = 0;
        let is_flat = || {
            now = memory(&service);
            now <= most
        };
        eventually(&format!("no more than {} MiB again", most >> 20), Duration::from_secs(10), is_flat).await;
        println!("{} MiB after {WARM} runs, {} MiB after {RUNS}", warm >> 20, now >> 20);
        // One in the making or one on its way out is not a leak.
        assert!(processes::renderers(&service.profiles()).len() <= renderers + 1);
        assert_eq!(std::fs::read_dir(service.profiles()).unwrap().count(), 1, "one browser, one profile");
        service.stop().await;
    });
}
