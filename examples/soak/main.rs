//! Loads a running service for some minutes with callers and sites of all kinds while things break around it, and holds
//! it to its promises: `make soak`. `SOAK_MINUTES` says for how long, `SOAK_SEED` repeats the order of what is asked and
//! broken; what comes of it depends on the machine's timing as well.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use fastrand::Rng;
use testkit::faulty_chromium;
use testkit::service::{self, Service};
use tokio::task::JoinSet;

mod callers;
mod forbidden;
mod harm;
mod hostile;
mod model;
mod reading;
mod report;
mod state;
mod world;

use callers::Caller;
use report::Report;
use state::Peak;
use world::World;

/// Runs at work and waiting; twice as many callers come.
const CONCURRENT: usize = 3;
const QUEUED: usize = 3;
const CALLERS: u64 = 2 * (CONCURRENT + QUEUED) as u64;
/// Runs before the state is noted that the service has to come back to: caches are full and threads are there.
const WARMING_UP: usize = 6;
/// The service's log, in the folder of all this.
const LOG: &str = "service.log";
/// Of the log, shown when a promise was broken.
const LAST_LINES: usize = 300;

fn main() -> anyhow::Result<()> {
    // The service starts this program again, as its browser.
    faulty_chromium::run_if_requested();
    tokio::runtime::Runtime::new()?.block_on(soak_as_asked())
}

async fn soak_as_asked() -> anyhow::Result<()> {
    let executable = service::executable_from_args()?;
    let minutes: f64 = from_environment("SOAK_MINUTES")?.unwrap_or(5.0);
    let seed = from_environment("SOAK_SEED")?.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let folder = tempfile::tempdir()?;
    println!("soaking for {minutes} minutes with seed {seed}");

    let report = soak(&executable, folder.path(), Duration::from_secs_f64(minutes * 60.0), seed).await;
    let lines = std::fs::read_to_string(folder.path().join(LOG))?;
    let report = match report {
        Ok(mut report) => {
            report.read_log(&lines);
            report
        }
        Err(error) => {
            println!("{lines}");
            return Err(error);
        }
    };
    println!("{report}");
    if report.violations.is_empty() {
        return Ok(());
    }
    let last: Vec<_> = lines.lines().rev().take(LAST_LINES).collect();
    println!("the end of the service's log:");
    last.iter().rev().for_each(|line| println!("{line}"));
    bail!("{} promises broken; again: SOAK_SEED={seed} SOAK_MINUTES={minutes} make soak", report.violations.len())
}

async fn soak(executable: &Path, folder: &Path, lasts: Duration, seed: u64) -> anyhow::Result<Report> {
    let mut rng = Rng::with_seed(seed);
    let world = Arc::new(World::open(rng.fork(), folder).await?);
    let settings = world.settings();
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let service = Arc::new(Service::start_with(executable, &folder.join(LOG), &settings).await?);
    let mut report = Report::default();

    let mut first = Caller::new(service.clone(), world.clone(), rng.fork());
    for _ in 0..WARMING_UP {
        first.order().await?;
    }
    first.go_where_none_may().await?;
    drop(first);
    let before = state::settled(&service, None).await?;

    ensure!(
        world.forbidden.came() > 0,
        "who may go there does not get there: that nobody else does would mean nothing"
    );
    world.browser.resume()?;
    let until = Instant::now() + lasts;
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let mut caller = Caller::new(service.clone(), world.clone(), rng.fork());
        callers.spawn(async move { caller.call_until(until).await });
    }
    let harm = harm::until(until, &service, rng.fork());
    let (told, harmed, peak) = tokio::join!(callers.join_all(), harm, Peak::watch(&service).until(until));
    for told in told {
        report.add(told);
    }
    report.harmed = harmed?;
    world.browser.pause()?;
    report.messages = world.injected_into_browser();
    report.injected = world.injected();
    let came = world.forbidden.came();
    if came > 0 {
        report.violations.push(format!("{came} connections came where none may go"));
    }
    report.peak = peak;

    // Whatever was done to it, it goes on.
    state::settled(&service, None).await?;
    if let Err(error) = Caller::new(service.clone(), world.clone(), rng.fork()).order().await {
        report.violations.push(format!("afterwards: {error:#}"));
    }
    // What the world holds of the service's connections, it lets go.
    drop(Arc::into_inner(world).context("a caller holds the world")?);
    let after = state::settled(&service, Some(&before)).await?;
    report.compare(&before, &after);
    (report.before, report.after) = (before, after);
    let service = Arc::into_inner(service).context("a caller holds the service")?;
    match service.stop().await {
        Ok(took) => report.stopped_after = took,
        Err(error) => report.violations.push(format!("stopping: {error:#}")),
    }
    Ok(report)
}

fn from_environment<T: std::str::FromStr>(name: &str) -> anyhow::Result<Option<T>> {
    let set = std::env::var(name).ok().filter(|value| !value.is_empty());
    set.map(|value| value.parse().ok().with_context(|| format!("{name} must be a number, not {value}"))).transpose()
}
