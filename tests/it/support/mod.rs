//! Fakes for the service's environment, and a client that reads its streams.

pub(crate) mod browser;
pub(crate) mod client;
pub(crate) mod model;
pub(crate) mod service;

use std::time::Duration;

use tokio::sync::watch;

/// Far longer than any test here takes, so that a hanging test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A counter that tests wait for.
pub(crate) struct Counter {
    count: watch::Sender<usize>,
}

impl Counter {
    pub(crate) fn new() -> Self {
        Self { count: watch::Sender::new(0) }
    }

    pub(crate) fn add(&self) {
        self.count.send_modify(|count| *count += 1);
    }

    pub(crate) fn get(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until the count is at least `goal`.
    pub(crate) async fn reaches(&self, goal: usize) {
        let mut count = self.count.subscribe();
        let reached = soon("a count", count.wait_for(|count| *count >= goal)).await;
        reached.expect("the counter is alive");
    }
}

/// The future's output, or a failed test if it takes too long.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited too long for {what}"))
}
