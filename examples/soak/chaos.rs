//! Kills renderers and browsers, and freezes browsers for a while.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use rustix::process::{Pid, Signal, kill_process};
use testkit::processes;
use testkit::service::Service;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Milliseconds between two faults.
const EVERY: std::ops::Range<u64> = 1_500..6_000;
/// How long a browser is frozen in milliseconds: shorter and longer than the command timeout.
const FREEZE: std::ops::Range<u64> = 500..8_000;

/// Injects faults until then; returns how often each occurred.
///
/// # Errors
/// The service has ended, or the process table cannot be read.
pub(crate) async fn until(
    until: Instant,
    service: &Service,
    mut rng: Rng,
) -> anyhow::Result<BTreeMap<&'static str, usize>> {
    let mut done = BTreeMap::new();
    loop {
        sleep(Duration::from_millis(rng.u64(EVERY))).await;
        if Instant::now() >= until {
            return Ok(done);
        }
        let service = service.id()?;
        // Slow for a frozen process.
        let processes = spawn_blocking(move || Browsers::of(service)).await??;
        let what = match rng.u8(..10) {
            0..6 => {
                let Some(renderer) = rng.choice(&processes.renderers) else { continue };
                signal(*renderer, Signal::KILL);
                "renderer killed"
            }
            6..9 => {
                let Some(browser) = rng.choice(&processes.mains) else { continue };
                signal(*browser, Signal::STOP);
                sleep(Duration::from_millis(rng.u64(FREEZE))).await;
                // It may have been killed meanwhile.
                signal(*browser, Signal::CONT);
                "browser frozen"
            }
            _ => {
                let Some(browser) = rng.choice(&processes.mains) else { continue };
                signal(*browser, Signal::KILL);
                "browser killed"
            }
        };
        *done.entry(what).or_default() += 1;
    }
}

#[derive(Default)]
struct Browsers {
    mains: Vec<u32>,
    renderers: Vec<u32>,
}

impl Browsers {
    fn of(service: u32) -> anyhow::Result<Self> {
        let mut browsers = Self::default();
        let mut tree: Vec<u32> = processes::tree(service)?.into_iter().collect();
        tree.sort_unstable();
        for pid in tree {
            let Some(command) = processes::command(pid) else { continue };
            if processes::is_renderer(&command) {
                browsers.renderers.push(pid);
            } else if processes::is_browser(&command) {
                browsers.mains.push(pid);
            }
        }
        Ok(browsers)
    }
}

/// The process may have exited already.
fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}
