//! What one page may take of the machine. A renderer is a process that shows pages of one run alone; one that takes more
//! than its share is killed, which its run sees as a crash with a reason and its neighbours not at all.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::process::browser::Browser;
use crate::process::procfs::{self, ProcessId};
use crate::settings::RendererLimits;

/// Between two checks at the memory of each renderer, which cost some 50 µs each. A page that allocates as fast as it can
/// takes some hundred megabytes in that time.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
/// Looks from one listing of the processes to the next: a new renderer needs longer to become large.
const CHECKS_PER_LISTING: u32 = 4;
/// The window within which [`RendererLimits::cpu`] holds.
const CPU_WINDOW: Duration = Duration::from_secs(60);
/// How soon the browser tells that a renderer is gone. It takes milliseconds.
const CRASH_REPORTED_WITHIN: Duration = Duration::from_secs(5);
/// Ending less than this frees nothing worth a run.
const MIN_KILL_BYTES: u64 = 64 << 20;

/// Why a renderer was killed last, for whoever sees a page of it crash.
#[derive(Default)]
pub(crate) struct LastKill(Mutex<Option<(Instant, String)>>);

impl LastKill {
    /// The reason, if one was killed a moment ago. A process may show several pages, so it stands for all of them.
    pub(crate) fn reason(&self) -> Option<String> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(at, _)| at.elapsed() < CRASH_REPORTED_WITHIN).map(|(_, reason)| reason.clone())
    }

    fn set(&self, reason: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), reason));
    }
}

/// Holds the renderers of a browser to their limits for as long as it lives.
pub(crate) async fn enforce_limits(browser: Weak<Browser>) {
    let mut look = interval(CHECK_INTERVAL);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut watched = RendererUsage::default();
    let mut checks = 0;
    loop {
        look.tick().await;
        let Some(browser) = browser.upgrade().filter(|browser| !browser.connection.is_closed()) else { return };
        let lists = checks % CHECKS_PER_LISTING == 0;
        checks += 1;
        let task = tokio::task::spawn_blocking(move || {
            if lists {
                watched.list(browser.renderers(), Instant::now());
            }
            for (process, reason) in watched.over_limit(&browser.settings.renderers) {
                browser.kill_renderer(process, reason);
            }
            watched
        });
        // It panicked, and the log has it; what it knew is found out again.
        watched = task.await.unwrap_or_default();
    }
}

/// The renderers of a browser with what they have used so far.
#[derive(Default)]
struct RendererUsage {
    /// Processor time at the listings of the last window, oldest first.
    renderers: HashMap<ProcessId, VecDeque<(Instant, Duration)>>,
}

impl RendererUsage {
    fn list(&mut self, listed: Vec<ProcessId>, now: Instant) {
        self.renderers.retain(|process, _| listed.contains(process));
        for process in listed {
            let used = procfs::cpu_time(process).unwrap_or_default();
            self.renderers.entry(process).or_default().push_back((now, used));
        }
        for samples in self.renderers.values_mut() {
            // The last one before the window stays, as the window begins at it.
            while samples.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= CPU_WINDOW) {
                samples.pop_front();
            }
        }
    }

    /// Those beyond a limit, with the reason in words.
    fn over_limit(&self, limits: &RendererLimits) -> Vec<(ProcessId, String)> {
        let reason = |(process, samples): (&ProcessId, &VecDeque<(Instant, Duration)>)| {
            let reason = if procfs::private_memory(*process)? > limits.memory {
                format!("the page used more than {} of memory and was ended", format_size(limits.memory))
            } else if used(samples) > limits.cpu {
                let (cpu, window) = (limits.cpu.as_secs_f32(), CPU_WINDOW.as_secs());
                format!("the page used more than {cpu} s of processor time within {window} s and was ended")
            } else {
                return None;
            };
            Some((*process, reason))
        };
        self.renderers.iter().filter_map(reason).collect()
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

impl Browser {
    /// Its renderers of this moment.
    fn renderers(&self) -> Vec<ProcessId> {
        procfs::renderers_of(self.pid)
    }

    /// Ends one of its renderers. The reason goes to the run whose page it showed.
    fn kill_renderer(&self, process: ProcessId, reason: String) {
        let Some(pid) = i32::try_from(process.pid).ok().and_then(Pid::from_raw) else { return };
        // The descriptor stands for one process; from here on its number cannot have become another's.
        let Ok(descriptor) = pidfd_open(pid, PidfdFlags::empty()) else { return };
        if !process.is_alive() {
            return;
        }
        tracing::warn!(pid = process.pid, reason, "ending a renderer");
        // First, so that it is there when the crash is told.
        self.last_kill.set(reason);
        if let Err(error) = pidfd_send_signal(descriptor, Signal::KILL) {
            tracing::warn!(pid = process.pid, %error, "the renderer cannot be killed");
        }
    }
}

/// Ends the renderer that uses most memory, of all these browsers. How many bytes it used; none when none is worth it.
pub(crate) fn kill_largest(browsers: &[Arc<Browser>]) -> Option<u64> {
    let all =
        browsers.iter().flat_map(|browser| browser.renderers().into_iter().map(move |process| (browser, process)));
    let sized = all.filter_map(|(browser, process)| Some((procfs::private_memory(process)?, browser, process)));
    let (bytes, browser, process) =
        sized.max_by_key(|(bytes, ..)| *bytes).filter(|(bytes, ..)| *bytes >= MIN_KILL_BYTES)?;
    browser.kill_renderer(process, "the service was short of memory; this page used most of it and was ended".into());
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_counts_within_the_window_alone() {
        let process = ProcessId::of(std::process::id()).unwrap();
        let mut watched = RendererUsage::default();
        let start = Instant::now();
        for second in 0..200 {
            watched.list(vec![process], start + Duration::from_secs(second));
        }
        let samples = &watched.renderers[&process];
        assert!(samples.len() <= 61, "{}", samples.len());
        assert_eq!(samples.back().unwrap().0 - samples.front().unwrap().0, CPU_WINDOW);
        let at = |seconds: u64, used: u64| (start + Duration::from_secs(seconds), Duration::from_secs(used));
        assert_eq!(used(&[at(0, 5), at(30, 10), at(60, 50)].into()), Duration::from_secs(45));
        assert_eq!(used(&[at(0, 5)].into()), Duration::ZERO);
        watched.list(Vec::new(), start);
        assert!(watched.renderers.is_empty());
    }

    #[test]
    fn a_process_beyond_a_limit_is_told_in_words() {
        let process = ProcessId::of(std::process::id()).unwrap();
        let mut watched = RendererUsage::default();
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
    async fn a_reason_stands_for_a_moment() {
        let last_kill = LastKill::default();
        assert_eq!(last_kill.reason(), None);
        last_kill.set("too large".into());
        assert_eq!((last_kill.reason(), last_kill.reason()), (Some("too large".into()), Some("too large".into())));
        tokio::time::advance(CRASH_REPORTED_WITHIN).await;
        assert_eq!(last_kill.reason(), None);
    }
}
