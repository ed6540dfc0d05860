//! Work on texts that pages chose, away from what waits for other runs.

use std::panic;

use tokio::sync::Semaphore;

/// Texts looked through at once, in all runs. While it is, one takes up to fifty times its own memory, nine for each layer of
/// escapes.
const AT_ONCE: usize = 4;

static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// What `work` gives, which is done off the runtime's threads: a text of a million characters takes it a good while.
pub async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let place = PLACES.acquire().await.expect("it is never closed");
    // The runtime owns the thread. The place is given back when the work is over, and not when nobody waits for it.
    let done = tokio::task::spawn_blocking(move || {
        let _place = place;
        work()
    });
    match done.await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(cause) => panic::resume_unwind(cause),
            // The runtime has ended before it began, and with it whoever waits here.
            Err(_) => std::future::pending().await,
        },
    }
}
