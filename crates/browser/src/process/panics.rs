//! What is done about a task that panics: nobody waits for most of them, and what they see to would be seen to no more.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

/// Does something, and something else should that panic, which was told where it happened.
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
    async fn a_task_that_panics_is_answered_for_and_one_that_ends_is_not() {
        let times = Cell::new(0);
        or_on_panic(async {}, || times.set(1)).await;
        assert_eq!(times.get(), 0);
        or_on_panic(async { panic!("as scripted") }, || times.set(times.get() + 1)).await;
        assert_eq!(times.get(), 1);
    }
}
