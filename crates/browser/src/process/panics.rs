//! What survives a panic in a task.

use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;

/// Runs `work`, and `instead` if it panics; the panic hook has logged it.
pub(crate) async fn or_on_panic(work: impl Future<Output = ()>, instead: impl FnOnce()) {
    if AssertUnwindSafe(work).catch_unwind().await.is_err() {
        instead();
    }
}

/// Locks a mutex, also after a panic: nothing that is locked here is left half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn the_handler_runs_only_on_a_panic() {
        let times = Cell::new(0);
        or_on_panic(async {}, || times.set(1)).await;
        assert_eq!(times.get(), 0);
        or_on_panic(async { panic!("as scripted") }, || times.set(times.get() + 1)).await;
        assert_eq!(times.get(), 1);
    }
}
