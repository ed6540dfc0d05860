//! Graceful shutdown: the signals that request it, and its phases.

use std::future::{Future, pending};
use std::io;
use std::pin::pin;
use std::time::Duration;

use anyhow::Context;
use async_stream::stream;
use futures::{Stream, StreamExt};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tracing::{info, warn};

use crate::run::RunService;

/// Time for runs to report their end if they are cancelled before the grace period is over.
const REPORT_LIMIT: Duration = Duration::from_secs(1);
/// Time for blocking threads to end after all other work is done.
const THREADS_LIMIT: Duration = Duration::from_millis(200);

/// Built by `config` from the environment.
#[derive(Debug, Clone, Copy)]
pub struct ShutdownSettings {
    /// How long runs may continue after a shutdown was requested; shorter than `timeout`.
    pub grace: Duration,
    /// From the request to the end of the process.
    pub timeout: Duration,
}

impl ShutdownSettings {
    /// The last part of `timeout`, reserved for closing the browsers.
    fn reserve(&self) -> Duration {
        (self.timeout - self.grace.min(self.timeout)) / 2
    }
}

/// Runs a command to completion on a new runtime.
///
/// # Errors
/// `work` fails, or no thread can be started.
pub fn run_to_end<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = Runtime::new().context("cannot start threads")?;
    let result = runtime.block_on(work);
    // Dropping it would wait for every blocked thread, such as one that resolves a name while DNS does not answer.
    runtime.shutdown_timeout(THREADS_LIMIT);
    result
}

/// SIGTERM and SIGINT, one item each. From this call on, they no longer end the process.
pub fn signals() -> io::Result<impl Stream<Item = ()> + Send> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(stream! {
        loop {
            tokio::select! {
                _ = terminate.recv() => yield (),
                _ = interrupt.recv() => yield (),
            }
        }
    })
}

/// Waits for the next request to stop; forever if the stream has ended.
pub(crate) async fn requested(stop: &mut (impl Stream<Item = ()> + Unpin)) {
    if stop.next().await.is_none() {
        pending().await
    }
}

/// Shuts down within the time limit: rejects new runs, lets running ones finish, cancels the rest so that they report their
/// end, ends the connections (`serving`), and closes the browsers. A second request (`again`) skips waiting for runs to finish;
/// those that it cancels still report their end.
pub(crate) async fn shut_down(
    settings: ShutdownSettings,
    runs: &RunService,
    serving: impl Future<Output = ()>,
    again: impl Future<Output = ()>,
    close_browsers: impl Future<Output = ()>,
) {
    let limit = Instant::now() + settings.timeout;
    runs.drain(settings.grace);
    let counts = runs.counts();
    info!(running = counts.running, grace_ms = settings.grace.as_millis(), "stopping: no new runs");

    let in_order = async {
        if timeout(settings.grace, runs.finished()).await.is_err() {
            info!(running = runs.counts().running, "stopping: the grace period is over, cancelling runs");
        }
        runs.cancel();
        runs.finished().await;
        // Only now: the event streams of runs keep their connections open.
        serving.await;
    };
    let (mut in_order, again) = (pin!(in_order), pin!(again));
    let completed = tokio::select! {
        () = &mut in_order => true,
        () = again => {
            warn!("stopping: requested again, not waiting any longer");
            false
        }
        () = sleep_until(limit - settings.reserve()) => {
            warn!("stopping: runs or connections did not end in time");
            false
        }
    };
    runs.cancel();
    let reports = async {
        if !completed {
            let _ = timeout_at(limit.min(Instant::now() + REPORT_LIMIT), in_order).await;
        }
    };
    let (closed, ()) = tokio::join!(timeout_at(limit, close_browsers), reports);
    if closed.is_err() {
        warn!("stopping: the browsers did not close in time");
    }
    info!("stopped");
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use tokio::sync::oneshot;
    use tokio::task::spawn_blocking;

    use super::*;

    #[test]
    fn a_blocked_thread_does_not_delay_the_exit() {
        let (release, blocked) = channel::<()>();
        let (report, ended) = channel();
        thread::spawn(move || {
            let work = async {
                let (begin, begun) = oneshot::channel();
                drop(spawn_blocking(move || (begin.send(()), blocked.recv())));
                Ok(begun.await?)
            };
            report.send(run_to_end(work).is_ok())
        });
        assert_eq!(ended.recv_timeout(Duration::from_secs(20)), Ok(true));
        drop(release);
    }
}
