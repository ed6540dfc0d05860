//! Watches the memory that runs share, and stops admission before the kernel's OOM killer acts.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{info, warn};

use super::service::RunService;
use super::settings::MemorySettings;

/// Interval of checks, which read two small kernel files. A page can allocate a few hundred megabytes in that time.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
/// Hysteresis: admission resumes when use is below the high-water mark by this fraction of it, so that one page does not
/// toggle it.
const HYSTERESIS: f64 = 0.06;
/// Minimum interval between two killed pages: a killed process takes a while to free its memory.
const RELIEF_INTERVAL: Duration = Duration::from_secs(2);

/// The watched memory.
#[async_trait]
pub trait Memory: Send + Sync {
    /// The fraction in use, 0.0 to 1.0; none if unknown.
    async fn used(&self) -> Option<f64>;

    /// Kills the largest page, whose run learns why, and returns its size in bytes; none if there is no page.
    async fn relieve(&self) -> Option<u64>;
}

/// Watches until dropped.
pub async fn watch(runs: RunService, settings: MemorySettings, memory: Arc<dyn Memory>) {
    let mut ticks = interval(CHECK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_high = false;
    let mut relieved: Option<Instant> = None;
    loop {
        ticks.tick().await;
        // Unknown changes nothing: one failed read is no reason to resume admission.
        let Some(used) = memory.used().await else { continue };
        let was_high = is_high;
        is_high = used >= if was_high { settings.high_water * (1.0 - HYSTERESIS) } else { settings.high_water };
        if is_high != was_high {
            let percent = (used * 100.0).round();
            match is_high {
                true => warn!(percent, "memory is short: no run is admitted"),
                false => info!(percent, "memory is free again: runs are admitted"),
            }
            runs.set_memory_high(is_high);
        }
        if used >= settings.critical && relieved.is_none_or(|last| last.elapsed() >= RELIEF_INTERVAL) {
            if let Some(bytes) = memory.relieve().await {
                warn!(bytes, "memory is all but used up: ended the page that used most");
            }
            relieved = Some(Instant::now());
        }
    }
}
