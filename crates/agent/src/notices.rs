//! Carries what a model says about its retries to the reporter while its call is still waiting.

use tokio::sync::mpsc;

use super::ports::Notices;
use super::report::{LogLevel, Reporter};

/// Notices that may wait to be reported; more are dropped, since a call that retries that often has said enough.
const WAITING: usize = 16;

/// Where a call puts its notices.
pub(super) struct Outbox(mpsc::Sender<String>);

/// Where they come out.
pub(super) struct Inbox(mpsc::Receiver<String>);

pub(super) fn channel() -> (Outbox, Inbox) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Outbox(sender), Inbox(receiver))
}

impl Notices for Outbox {
    fn notice(&self, message: String) {
        let _ = self.0.try_send(message);
    }
}

impl Inbox {
    /// Runs `call` and reports its notices as they come.
    pub(super) async fn report_during<T>(mut self, reporter: &dyn Reporter, call: impl Future<Output = T>) -> T {
        let mut call = std::pin::pin!(call);
        let result = loop {
            tokio::select! {
                biased;
                Some(message) = self.0.recv() => reporter.log(LogLevel::Warning, message).await,
                result = &mut call => break result,
            }
        };
        while let Ok(message) = self.0.try_recv() {
            reporter.log(LogLevel::Warning, message).await;
        }
        result
    }
}
