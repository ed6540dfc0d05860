//! A hundred runs in a row cost what twenty do.

use crate::support::{Site, Start, finished, memory, processes, run};

const RUNS: usize = 100;
/// By then everything that is loaded once has been.
const WARM: usize = 20;
/// How much more than when it was warm the service and its browser may use: what an allocator and a browser's caches
/// vary by.
const GROWTH: f64 = 1.25;
const MORE_BYTES: u64 = 80 << 20;

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
                warm = memory::of_tree(service.id()).unwrap();
                renderers = processes::renderers(&service.profiles()).len();
            }
        }
        let found = site.requests().iter().filter(|line| *line == "GET /found?q=tea").count();
        assert_eq!(found, RUNS);
        let now = memory::of_tree(service.id()).unwrap();
        println!("{} MiB after {WARM} runs, {} MiB after {RUNS}", warm >> 20, now >> 20);
        assert!(
            now < warm + MORE_BYTES && now as f64 <= warm as f64 * GROWTH,
            "{} MiB, then {} MiB",
            warm >> 20,
            now >> 20
        );
        // One in the making or one on its way out is not a leak.
        assert!(processes::renderers(&service.profiles()).len() <= renderers + 1);
        assert_eq!(std::fs::read_dir(service.profiles()).unwrap().count(), 1, "one browser, one profile");
        service.stop().await;
    });
}
