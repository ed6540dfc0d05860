//! Watches the memory that everything here shares, and stops admitting before the kernel kills.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{info, warn};

use super::service::RunService;
use super::settings::MemorySettings;

/// Between two looks, which cost two small files of the kernel's. A page that allocates as fast as it can takes some
/// hundred megabytes in that time.
const LOOK: Duration = Duration::from_millis(250);
/// By this part of the high-water mark use has to be lower before runs are admitted again: one run's page more or less
/// must not open and close the service.
const SLACK: f64 = 0.06;
/// From ending one page to ending the next: a process that is killed takes a while to give its memory back.
const RELIEF: Duration = Duration::from_secs(2);

/// The memory that is watched.
#[async_trait]
pub trait Memory: Send + Sync {
    /// The part of it that is in use, 1.0 for all; none when that cannot be told now.
    async fn used(&self) -> Option<f64>;

    /// Ends the page that uses most; its run hears why. How much it used, in bytes; none when there is none to end.
    async fn relieve(&self) -> Option<u64>;
}

/// Watches until it is dropped.
pub async fn watch(runs: RunService, settings: MemorySettings, memory: Arc<dyn Memory>) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_high = false;
    let mut relieved: Option<Instant> = None;
    loop {
        look.tick().await;
        // What cannot be told is as it was: one file that could not be read is no reason to open the gate.
        let Some(used) = memory.used().await else { continue };
        let was_high = is_high;
        is_high = used >= if was_high { settings.high_water * (1.0 - SLACK) } else { settings.high_water };
        if is_high != was_high {
            let percent = (used * 100.0).round();
            match is_high {
                true => warn!(percent, "memory is short: no run is admitted"),
                false => info!(percent, "memory is free again: runs are admitted"),
            }
            runs.set_memory_high(is_high);
        }
        if used >= settings.critical && relieved.is_none_or(|last| last.elapsed() >= RELIEF) {
            if let Some(bytes) = memory.relieve().await {
                warn!(bytes, "memory is all but used up: ended the page that used most");
            }
            relieved = Some(Instant::now());
        }
    }
}
