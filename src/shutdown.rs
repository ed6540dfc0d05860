//! How the service stops: the signals that ask for it, and the phases it then goes through.

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

/// How long runs that were cancelled in a hurry may take to tell their end.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long threads that still work may take to come to an end, once all is over that anybody waits for.
const LAST_WORK: Duration = Duration::from_millis(200);

/// Built by `config` from the environment.
#[derive(Debug, Clone, Copy)]
pub struct ShutdownSettings {
    /// How long runs may go on after the service was asked to stop; shorter than `timeout`.
    pub grace: Duration,
    /// From being asked to stop to the process's end.
    pub timeout: Duration,
}

impl ShutdownSettings {
    /// The end of `timeout` that is kept for closing the browsers.
    fn reserve(&self) -> Duration {
        (self.timeout - self.grace.min(self.timeout)) / 2
    }
}

/// Carries out what the program was started for, on a runtime of its own.
///
/// # Errors
/// Those of `work`, or the system has no threads to give.
pub fn run_to_its_end<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = Runtime::new().context("cannot start threads")?;
    let ended = runtime.block_on(work);
    // Dropping it would wait for every thread that the system holds: in the look-up of a name whose server is silent, in
    // writing to a disk that does not answer.
    runtime.shutdown_timeout(LAST_WORK);
    ended
}

/// SIGTERM and SIGINT, one item each. From this call on they no longer end the process by themselves.
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

/// The next time the service is asked to stop; never, once nobody is left to ask.
pub(crate) async fn asked(stop: &mut (impl Stream<Item = ()> + Unpin)) {
    if stop.next().await.is_none() {
        pending().await
    }
}

/// Stops in order, within the limit: refuse new runs, let the ones at work finish, cancel what is left so that it tells
/// its end, let the server go (`serving` ends the connections), close the browsers. Being asked `again` skips the waiting for runs
/// to finish; those that are cancelled by it still tell their end.
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
            info!(running = runs.counts().running, "stopping: the grace is over, cancelling runs");
        }
        runs.cancel();
        runs.finished().await;
        // Only now: the event streams of runs keep their connections open.
        serving.await;
    };
    let (mut in_order, again) = (pin!(in_order), pin!(again));
    let ended = tokio::select! {
        () = &mut in_order => true,
        () = again => {
            warn!("stopping: asked again, not waiting any longer");
            false
        }
        () = sleep_until(limit - settings.reserve()) => {
            warn!("stopping: runs or connections did not end in time");
            false
        }
    };
    runs.cancel();
    let last_words = async {
        if !ended {
            let _ = timeout_at(limit.min(Instant::now() + LAST_WORDS), in_order).await;
        }
    };
    let (closed, ()) = tokio::join!(timeout_at(limit, close_browsers), last_words);
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
        let (release, held) = channel::<()>();
        let (tell, ended) = channel();
        thread::spawn(move || {
            let work = async {
                let (begin, begun) = oneshot::channel();
                drop(spawn_blocking(move || (begin.send(()), held.recv())));
                Ok(begun.await?)
            };
            tell.send(run_to_its_end(work).is_ok())
        });
        assert_eq!(ended.recv_timeout(Duration::from_secs(20)), Ok(true));
        drop(release);
    }
}
