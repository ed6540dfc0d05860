//! A log of events that tests can inspect and wait for.

use std::time::Duration;

use tokio::sync::watch;

/// Events arrive in milliseconds, or later on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// A list that only grows. Clones are the same list.
#[derive(Clone)]
pub(crate) struct Log<T>(watch::Sender<Vec<T>>);

impl<T: Clone + std::fmt::Debug> Log<T> {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }

    pub(crate) fn push(&self, item: T) {
        self.0.send_modify(|list| list.push(item));
    }

    pub(crate) fn list(&self) -> Vec<T> {
        self.0.borrow().clone()
    }

    /// Waits until the list satisfies a condition and returns it.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&[T]) -> bool) -> Vec<T> {
        let mut list = self.0.subscribe();
        let reached = tokio::time::timeout(PATIENCE, list.wait_for(|list| wanted(list))).await;
        match reached {
            Ok(list) => list.expect("the sender is borrowed").clone(),
            Err(_) => panic!("{what} did not happen; what did: {:?}", self.list()),
        }
    }
}
