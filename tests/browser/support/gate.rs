//! Responses that a server holds back until the test releases them.

use tokio_util::sync::CancellationToken;

/// Closed at first; once open, it stays so. Clones are the same gate.
#[derive(Clone)]
pub(crate) struct Gate(CancellationToken);

impl Gate {
    pub(crate) fn new() -> Self {
        Self(CancellationToken::new())
    }

    pub(crate) fn open(&self) {
        self.0.cancel();
    }

    /// Waits until the gate is open.
    pub(crate) async fn passed(&self) {
        self.0.cancelled().await;
    }

    /// The same for handlers, with their response.
    pub(crate) async fn then<T>(self, answer: T) -> T {
        self.passed().await;
        answer
    }
}
