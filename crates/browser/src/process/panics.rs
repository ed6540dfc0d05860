//! Handles panics of tasks that nobody awaits.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

/// Runs `work`, and `instead` if it panics; the panic hook has logged it.
pub(crate) async fn or_on_panic(work: impl Future<Output = ()>, instead: impl FnOnce()) {
    if AssertUnwindSafe(work).catch_unwind().await.is_err() {
        instead();
    }
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
