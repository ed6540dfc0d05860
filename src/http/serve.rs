//! Accepts connections and serves HTTP/1.1 on them, with limits in number, size and time.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use http_body_util::BodyExt;
use hyper::body::Frame;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustix::net::sockopt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::timeout_io::{TimeoutIo, Timeouts};

/// A deployment's limits of connections.
#[derive(Debug, Clone, Copy)]
pub struct ServeSettings {
    /// Open at the same time; further ones wait in the kernel's queue.
    pub max_connections: usize,
    /// From opening a connection, or from the end of its last response, to the end of the next request's head.
    pub head_timeout: Duration,
}

/// A request's head in bytes, and its headers in number. Proxies add some, and a browser's cookies take kilobytes.
const MAX_HEAD_BYTES: usize = 32 << 10;
const MAX_HEADERS: usize = 100;
/// Maximum interval of TCP keep-alive probes.
const MAX_KEEP_ALIVE: Duration = Duration::from_secs(600);
/// Pause after a failed accept, such as for want of descriptors.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(250);

/// Serves until `shutdown`, then closes idle connections at once, connections with an incomplete request within a second,
/// and returns when all responses are sent.
///
/// A client that takes nothing of its response for `write_timeout` is disconnected.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    settings: ServeSettings,
    write_timeout: Duration,
    shutdown: CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(settings.max_connections));
    let graceful = GracefulShutdown::new();
    // Owns the tasks; `graceful` only knows those whose connection has begun.
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            () = shutdown.cancelled() => break,
        };
        match accepted {
            Ok((stream, slot)) => {
                let timeouts =
                    Timeouts { write: write_timeout, shutdown: shutdown.clone(), responses: TaskTracker::new() };
                let serving = serve_connection(stream, router.clone(), settings, timeouts, graceful.watcher());
                tasks.spawn(async move {
                    serving.await;
                    drop(slot);
                });
            }
            // The client was gone before its connection was accepted.
            Err(error) if is_about_the_connection(&error) => {}
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                // No event reports that a descriptor is free again.
                tokio::select! {
                    () = tokio::time::sleep(ACCEPT_BACKOFF) => {}
                    () = shutdown.cancelled() => break,
                }
            }
        }
    }
    // Refuses further connections instead of leaving them unanswered.
    drop(listener);
    graceful.shutdown().await;
    tasks.close();
    tasks.wait().await;
}

/// The next connection, as soon as there is a slot for it.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let slot = slots.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, slot))
}

async fn serve_connection(
    stream: TcpStream,
    router: Router,
    settings: ServeSettings,
    timeouts: Timeouts,
    watcher: Watcher,
) {
    if let Err(error) = set_socket_options(&stream, timeouts.write) {
        debug!(%error, "a connection closed before it was served");
        return;
    }
    let responses = timeouts.responses.clone();
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request| {
        let (response, responses) = (router.call(request), responses.clone());
        async move {
            // In flight only from here on: at shutdown, a request's body is no longer waited for.
            let (response, in_flight) = (response.await?, responses.token());
            Ok::<_, Infallible>(response.map(|body| {
                body.map_frame(move |frame: Frame<Bytes>| {
                    // Until the body is sent or dropped.
                    let _ = &in_flight;
                    frame
                })
            }))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.head_timeout)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(TimeoutIo::new(stream, timeouts)), service);
    if let Err(error) = watcher.watch(connection).await {
        debug!(%error, "a connection ended early");
    }
}

fn set_socket_options(stream: &TcpStream, write_timeout: Duration) -> io::Result<()> {
    /// The kernel's integer is signed.
    const MAX_MILLIS: u32 = i32::MAX.cast_unsigned();
    // Events are small and urgent.
    stream.set_nodelay(true)?;
    // A client that vanished acknowledges nothing. By default the kernel would retransmit for a quarter of an hour, and
    // the run would continue in vain.
    let millis = u32::try_from(write_timeout.as_millis()).unwrap_or(MAX_MILLIS);
    sockopt::set_tcp_user_timeout(stream, millis.min(MAX_MILLIS))?;
    // While nothing is sent, such as while a body is awaited, only probes find out.
    sockopt::set_socket_keepalive(stream, true)?;
    let second = Duration::from_secs(1);
    sockopt::set_tcp_keepidle(stream, (write_timeout / 2).clamp(second, MAX_KEEP_ALIVE))?;
    sockopt::set_tcp_keepintvl(stream, (write_timeout / 8).clamp(second, MAX_KEEP_ALIVE))?;
    Ok(())
}

fn is_about_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_kernel_gives_up_on_a_vanished_client_when_the_service_does() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        set_socket_options(&server, Duration::from_secs(120)).unwrap();
        assert_eq!(sockopt::tcp_user_timeout(&server).unwrap(), 120_000);
        assert!(sockopt::socket_keepalive(&server).unwrap() && sockopt::tcp_nodelay(&server).unwrap());
        let (idle, between) = (sockopt::tcp_keepidle(&server).unwrap(), sockopt::tcp_keepintvl(&server).unwrap());
        assert_eq!((idle.as_secs(), between.as_secs()), (60, 15));
        // From a test's milliseconds to more than the kernel counts.
        for write_timeout in [Duration::from_millis(600), Duration::from_secs(u64::MAX)] {
            set_socket_options(&server, write_timeout).unwrap();
        }
        drop(client);
    }
}
