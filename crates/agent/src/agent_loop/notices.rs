//! Reports the notices of a model call, such as retries, while the call is under way.

use tokio::sync::mpsc;

use crate::ports::Notices;
use crate::report::{LogLevel, Reporter};

/// Notices waiting to be reported; more are dropped.
const CAPACITY: usize = 16;

pub(super) struct Inbox(mpsc::Receiver<String>);

pub(super) fn channel() -> (impl Notices, Inbox) {
    let (sender, receiver) = mpsc::channel(CAPACITY);
    let outbox = move |message: String| {
        let _ = sender.try_send(message);
    };
    (outbox, Inbox(receiver))
}

impl Inbox {
    /// Awaits `call` and reports its notices as they come.
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
