//! `make soak`: overloads a service for `SOAK_MINUTES` with clients and sites of all kinds while faults are injected, and checks
//! its guarantees. `SOAK_SEED` repeats the order of requests and faults; the outcome also depends on timing.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use fastrand::Rng;
use testkit::faulty_chromium;
use testkit::service::{self, Service};
use tokio::task::JoinSet;

mod callers;
mod chaos;
mod environment;
mod forbidden;
mod hostile;
mod model;
mod reading;
mod report;
mod resources;

use callers::Caller;
use environment::Environment;
use report::Report;
use resources::Peak;

/// Running and queued runs; there are twice as many callers.
const CONCURRENT: usize = 3;
const QUEUED: usize = 3;
const CALLERS: u64 = 2 * (CONCURRENT + QUEUED) as u64;
/// Runs before the baseline is measured, to fill caches and start threads.
const WARMING_UP: usize = 6;
/// The service's log, in the temporary folder.
const LOG: &str = "service.log";
/// Lines of the log that are shown after a violation.
const LAST_LINES: usize = 300;

fn main() -> anyhow::Result<()> {
    // The service starts this program again, as its browser.
    faulty_chromium::run_if_requested();
    tokio::runtime::Runtime::new()?.block_on(run())
}

async fn run() -> anyhow::Result<()> {
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
    bail!("{} violations; repeat with SOAK_SEED={seed} SOAK_MINUTES={minutes} make soak", report.violations.len())
}

async fn soak(executable: &Path, folder: &Path, lasts: Duration, seed: u64) -> anyhow::Result<Report> {
    let mut rng = Rng::with_seed(seed);
    let environment = Arc::new(Environment::open(rng.fork(), folder).await?);
    let settings = environment.settings();
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let service = Arc::new(Service::start_with(executable, &folder.join(LOG), &settings).await?);
    let mut report = Report::default();

    let mut first = Caller::new(service.clone(), environment.clone(), rng.fork());
    for _ in 0..WARMING_UP {
        first.order().await?;
    }
    first.reach_forbidden_host().await?;
    drop(first);
    let before = resources::settled(&service, None).await?;

    ensure!(
        environment.forbidden.connections() > 0,
        "the forbidden host is not reachable at all, so the test would prove nothing"
    );
    environment.browser.resume()?;
    let until = Instant::now() + lasts;
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let mut caller = Caller::new(service.clone(), environment.clone(), rng.fork());
        callers.spawn(async move { caller.call_until(until).await });
    }
    let chaos = chaos::until(until, &service, rng.fork());
    let (reports, killed, peak) = tokio::join!(callers.join_all(), chaos, Peak::watch(&service).until(until));
    for caller in reports {
        report.add(caller);
    }
    report.killed = killed?;
    environment.browser.pause()?;
    report.messages = environment.injected_into_browser();
    report.injected = environment.injected();
    let connections = environment.forbidden.connections();
    if connections > 0 {
        report.violations.push(format!("{connections} connections to the forbidden host"));
    }
    report.peak = peak;

    // The service still works.
    resources::settled(&service, None).await?;
    if let Err(error) = Caller::new(service.clone(), environment.clone(), rng.fork()).order().await {
        report.violations.push(format!("afterwards: {error:#}"));
    }
    // Closes connections to the service.
    drop(Arc::into_inner(environment).context("a caller still holds the environment")?);
    let after = resources::settled(&service, Some(&before)).await?;
    report.compare(&before, &after);
    (report.before, report.after) = (before, after);
    let service = Arc::into_inner(service).context("a caller still holds the service")?;
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
