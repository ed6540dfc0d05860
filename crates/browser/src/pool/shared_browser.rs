//! Keeps the shared browser running, and a spare context in it.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use tokio_util::sync::CancellationToken;

use super::{Pool, STOPPING, SharedBrowser};
use crate::process::browser::Browser;
use crate::process::launch::Display;
use agent::ports::BrowserError;

/// First and longest delay after failed starts; a broken installation must not become a busy loop.
const RESTART_BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));
const PANIC_BACKOFF: Duration = Duration::from_secs(1);
/// A browser that ends sooner counts as a failed start.
const SHORT_LIFE: Duration = Duration::from_secs(5);
/// Up to this backoff, callers wait for the next start: the browser may have been killed. Beyond, browsers end one
/// after the other.
const MAX_WAITED_BACKOFF: Duration = Duration::from_secs(1);

/// Repeats work that panics. Otherwise no browser would be started again while the service keeps running.
pub(super) async fn restart_on_panic<F: Future<Output = ()>>(work: impl Fn() -> F, stop: &CancellationToken) {
    while AssertUnwindSafe(work()).catch_unwind().await.is_err() {
        tracing::error!("restarting the task that keeps a browser running");
        tokio::select! {
            () = tokio::time::sleep(PANIC_BACKOFF) => {}
            () = stop.cancelled() => return,
        }
    }
}

pub(super) async fn keep_running(pool: Arc<Pool>) {
    let stop = &pool.launcher.stop;
    if !pool.launcher.settings.start_ahead {
        tokio::select! {
            () = pool.wanted.notified() => {}
            () = stop.cancelled() => {}
        }
    }
    let mut backoff = RESTART_BACKOFF.0;
    while !stop.is_cancelled() {
        match pool.start_browser(Display::Headless).await {
            Ok(browser) => {
                pool.shared.send_replace(SharedBrowser::Running(browser.clone()));
                let started = Instant::now();
                let over = tokio::select! {
                    over = maintain_spare(&pool, &browser) => over,
                    () = stop.cancelled() => "the service is stopping",
                };
                tracing::info!(over, "the shared browser takes no more runs");
                browser.retire();
                // It may have been opened after the pool was closed.
                drop(pool.take_spare());
                if started.elapsed() > SHORT_LIFE {
                    backoff = RESTART_BACKOFF.0;
                    continue;
                }
                let cause = format!("the last one ended right after its start: {over}");
                pool.shared.send_replace(match backoff > MAX_WAITED_BACKOFF {
                    true => SharedBrowser::Failed { cause },
                    false => SharedBrowser::Starting { failed: Some(cause) },
                });
            }
            Err(_) if stop.is_cancelled() => {}
            Err(error) => {
                let cause = match error {
                    BrowserError::NotStarted { cause } | BrowserError::Protocol { cause } => cause,
                    error => error.to_string(),
                };
                tracing::error!(cause, "no browser could be started");
                pool.shared.send_replace(SharedBrowser::Failed { cause });
            }
        }
        tokio::select! {
            () = tokio::time::sleep(backoff) => backoff = (backoff * 2).min(RESTART_BACKOFF.1),
            () = stop.cancelled() => {}
        }
        pool.shared.send_if_modified(|warm| match warm {
            SharedBrowser::Failed { cause } => {
                *warm = SharedBrowser::Starting { failed: Some(std::mem::take(cause)) };
                true
            }
            SharedBrowser::Starting { .. } | SharedBrowser::Running(_) => false,
        });
    }
    pool.shared.send_replace(SharedBrowser::Failed { cause: STOPPING.into() });
}

/// How long after a run has taken the spare context the next one is opened.
const SPARE_DELAY: Duration = Duration::from_millis(500);

/// Keeps a spare context in a browser until it should be replaced; returns why.
async fn maintain_spare(pool: &Pool, browser: &Arc<Browser>) -> &'static str {
    let mut retirement_reason = pin!(retirement_reason(browser));
    loop {
        if let Err(reason) = pool.fill_spare(browser).await {
            return reason;
        }
        tokio::select! {
            biased;
            () = browser.connection.closed() => return "it ended",
            reason = &mut retirement_reason => return reason,
            () = pool.spare_taken.notified() => {}
        }
        // The run that took it opens its first page now, and needs the processor for that.
        tokio::select! {
            biased;
            () = browser.connection.closed() => return "it ended",
            () = tokio::time::sleep(SPARE_DELAY) => {}
        }
    }
}

async fn retirement_reason(browser: &Arc<Browser>) -> &'static str {
    loop {
        // Not at once: a browser that is too large from the start would be replaced in a loop.
        tokio::time::sleep(browser.check_interval()).await;
        let looked_at = browser.clone();
        // It takes milliseconds in the kernel.
        let look = tokio::task::spawn_blocking(move || looked_at.retirement_reason());
        if let Ok(Some(reason)) = look.await {
            return reason;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_panics_is_restarted_until_it_ends_or_the_service_stops() {
        let (times, stop) = (AtomicUsize::new(0), CancellationToken::new());
        let twice = || async { assert!(times.fetch_add(1, Ordering::Relaxed) == 2, "as scripted") };
        restart_on_panic(twice, &stop).await;
        assert_eq!(times.load(Ordering::Relaxed), 3);

        stop.cancel();
        restart_on_panic(|| async { panic!("as scripted") }, &stop).await;
    }
}
