//! Limits a renderer's memory and CPU time. Renderers show pages of one run only, so exceeding a limit crashes that run's
//! page, with the reason, and no other. The browser's other processes serve all runs: one that takes too much CPU time makes
//! the browser be replaced.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::process::panics::lock;
use crate::process::procfs::{self, ProcessId};
use crate::settings::RendererLimits;
use cdp::Connection;

/// Interval of memory checks, some 50 µs per renderer. A page can allocate some hundred megabytes in that time.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
/// Checks per listing of processes: a new renderer needs longer to grow.
const CHECKS_PER_LISTING: u32 = 4;
/// The window of [`RendererLimits::cpu`].
const CPU_WINDOW: Duration = Duration::from_secs(60);
/// How soon Chromium reports a crash. It takes milliseconds.
const CRASH_REPORTED_WITHIN: Duration = Duration::from_secs(5);
/// Killing a smaller renderer is not worth a run.
const MIN_KILL_BYTES: u64 = 64 << 20;

/// Why a renderer was last killed, to explain the crash.
#[derive(Default)]
pub(crate) struct LastKill(Mutex<Option<(Instant, String)>>);

impl LastKill {
    /// The reason, if a renderer was killed just now. A process may show several pages, so it is not consumed.
    pub(crate) fn reason(&self) -> Option<String> {
        let last = lock(&self.0);
        last.as_ref().filter(|(at, _)| at.elapsed() < CRASH_REPORTED_WITHIN).map(|(_, reason)| reason.clone())
    }

    fn set(&self, reason: String) {
        *lock(&self.0) = Some((Instant::now(), reason));
    }
}

/// The renderers of a browser.
pub(crate) struct Renderers {
    /// The browser's main process.
    pub(crate) root: u32,
    pub(crate) limits: RendererLimits,
    pub(crate) last_kill: LastKill,
}

impl Renderers {
    fn list(&self) -> Vec<ProcessId> {
        procfs::renderers_of(self.root)
    }

    /// Kills a renderer; the reason goes to the run whose page it showed.
    fn kill(&self, process: ProcessId, reason: String) {
        let Some(pid) = i32::try_from(process.pid).ok().and_then(Pid::from_raw) else { return };
        // From here on the pid cannot be reused.
        let Ok(descriptor) = pidfd_open(pid, PidfdFlags::empty()) else { return };
        if !process.is_alive() {
            return;
        }
        tracing::warn!(pid = process.pid, reason, "killing a renderer");
        // Before the kill, so that it is set when the crash is reported.
        self.last_kill.set(reason);
        if let Err(error) = pidfd_send_signal(descriptor, Signal::KILL) {
            tracing::warn!(pid = process.pid, %error, "the renderer cannot be killed");
        }
    }
}

/// Enforces the limits while the browser runs.
pub(crate) async fn enforce_limits(renderers: Arc<Renderers>, connection: Connection) {
    let mut check = interval(CHECK_INTERVAL);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut usage = CpuUsage::default();
    let mut checks = 0;
    loop {
        check.tick().await;
        if connection.is_closed() {
            return;
        }
        let lists = checks % CHECKS_PER_LISTING == 0;
        checks += 1;
        let renderers = renderers.clone();
        let task = tokio::task::spawn_blocking(move || {
            if lists {
                usage.list(renderers.list(), Instant::now());
            }
            for (process, reason) in usage.over_limit(&renderers.limits) {
                renderers.kill(process, reason);
            }
            usage
        });
        // It panicked; start with a new listing.
        usage = task.await.unwrap_or_default();
    }
}

/// Kills the largest renderer of these browsers and returns its size in bytes; none if all are small.
pub(crate) fn kill_largest(browsers: &[Arc<Renderers>]) -> Option<u64> {
    let all =
        browsers.iter().flat_map(|renderers| renderers.list().into_iter().map(move |process| (renderers, process)));
    let sized = all.filter_map(|(renderers, process)| Some((procfs::private_memory(process.pid)?, renderers, process)));
    let (bytes, renderers, process) =
        sized.max_by_key(|(bytes, ..)| *bytes).filter(|(bytes, ..)| *bytes >= MIN_KILL_BYTES)?;
    renderers.kill(process, "the service was short of memory; this page used most of it and was ended".into());
    Some(bytes)
}

/// CPU samples of a browser's processes.
#[derive(Default)]
pub(crate) struct CpuUsage {
    /// CPU time at the listings of the last window, oldest first.
    processes: HashMap<ProcessId, VecDeque<(Instant, Duration)>>,
}

impl CpuUsage {
    /// Adds a sample of each listed process and forgets the others.
    pub(crate) fn list(&mut self, listed: Vec<ProcessId>, now: Instant) {
        self.processes.retain(|process, _| listed.contains(process));
        for process in listed {
            let used = procfs::cpu_time(process.pid).unwrap_or_default();
            self.processes.entry(process).or_default().push_back((now, used));
        }
        for samples in self.processes.values_mut() {
            // Keep the last sample before the window: the window begins there.
            while samples.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= CPU_WINDOW) {
                samples.pop_front();
            }
        }
    }

    /// CPU time of the busiest process within the last minute.
    pub(crate) fn most(&self) -> Duration {
        self.processes.values().map(used).max().unwrap_or_default()
    }

    /// Renderers above a limit, with the reason.
    fn over_limit(&self, limits: &RendererLimits) -> Vec<(ProcessId, String)> {
        let reason = |(process, samples): (&ProcessId, &VecDeque<(Instant, Duration)>)| {
            let reason = if procfs::private_memory(process.pid)? > limits.memory {
                format!("the page used more than {} of memory and was ended", format_size(limits.memory))
            } else if used(samples) > limits.cpu {
                let (cpu, window) = (limits.cpu.as_secs_f32(), CPU_WINDOW.as_secs());
                format!("the page used more than {cpu} s of processor time within {window} s and was ended")
            } else {
                return None;
            };
            Some((*process, reason))
        };
        self.processes.iter().filter_map(reason).collect()
    }
}

fn used(samples: &VecDeque<(Instant, Duration)>) -> Duration {
    match (samples.front(), samples.back()) {
        (Some((_, first)), Some((_, last))) => last.saturating_sub(*first),
        _ => Duration::ZERO,
    }
}

fn format_size(bytes: u64) -> String {
    match (bytes >> 20, bytes % (1 << 30)) {
        (_, 0) => format!("{} GiB", bytes >> 30),
        (mebibytes, _) => format!("{mebibytes} MiB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_counts_only_within_the_window() {
        let process = ProcessId::of(std::process::id()).unwrap();
        let mut watched = CpuUsage::default();
        let start = Instant::now();
        for second in 0..200 {
            watched.list(vec![process], start + Duration::from_secs(second));
        }
        let samples = &watched.processes[&process];
        assert!(samples.len() <= 61, "{}", samples.len());
        assert_eq!(samples.back().unwrap().0 - samples.front().unwrap().0, CPU_WINDOW);
        assert!(watched.most() < CPU_WINDOW);
        let at = |seconds: u64, used: u64| (start + Duration::from_secs(seconds), Duration::from_secs(used));
        assert_eq!(used(&[at(0, 5), at(30, 10), at(60, 50)].into()), Duration::from_secs(45));
        assert_eq!(used(&[at(0, 5)].into()), Duration::ZERO);
        watched.list(Vec::new(), start);
        assert!(watched.processes.is_empty());
    }

    #[test]
    fn a_process_above_a_limit_is_reported_with_the_reason() {
        let _held = std::hint::black_box(vec![1_u8; 2 << 20]);
        let process = ProcessId::of(std::process::id()).unwrap();
        let mut watched = CpuUsage::default();
        watched.list(vec![process], Instant::now());
        let over_limit = |memory, cpu| {
            let found = watched.over_limit(&RendererLimits { memory, cpu });
            found.into_iter().map(|(_, reason)| reason).collect::<Vec<_>>()
        };
        let hour = Duration::from_secs(3600);
        assert_eq!(over_limit(1 << 40, hour), Vec::<String>::new());
        assert_eq!(over_limit(1 << 20, hour), ["the page used more than 1 MiB of memory and was ended"]);
        assert_eq!((format_size(1 << 30), format_size(1536 << 20)), ("1 GiB".into(), "1536 MiB".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn kill_reasons_expire() {
        let last_kill = LastKill::default();
        assert_eq!(last_kill.reason(), None);
        last_kill.set("too large".into());
        assert_eq!((last_kill.reason(), last_kill.reason()), (Some("too large".into()), Some("too large".into())));
        tokio::time::advance(CRASH_REPORTED_WITHIN).await;
        assert_eq!(last_kill.reason(), None);
    }
}
