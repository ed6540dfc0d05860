//! Runs work on texts from pages outside the runtime's threads, which other runs wait for.

use std::panic;

use tokio::sync::Semaphore;

/// Texts that are masked at once, over all runs: masking one takes up to fifty times its own memory.
const MAX_CONCURRENT: usize = 4;

static PERMITS: Semaphore = Semaphore::const_new(MAX_CONCURRENT);

/// Runs `work`, which may take seconds, on a thread of its own. Panics if it does.
pub async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let permit = PERMITS.acquire().await.expect("it is never closed");
    // Held until the work is done, even if the caller is cancelled.
    let done = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work()
    });
    match done.await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(cause) => panic::resume_unwind(cause),
            // The runtime is shutting down, and so is the caller.
            Err(_) => std::future::pending().await,
        },
    }
}
