//! Takes connections and gives each its time: one that sends nothing, or its head byte by byte, is closed.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::net::sockopt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::answer::Answer;
use super::patient::{Patience, Patient};

/// What a deployment says about connections.
#[derive(Debug, Clone, Copy)]
pub struct ServeSettings {
    /// Open at the same time; further ones wait in the system's queue.
    pub max_connections: usize,
    /// From a connection's opening, or from the end of the last response on it, to the end of the next request's head.
    pub head_timeout: Duration,
}

/// Bytes of a request's head, and its headers. A proxy in front adds some, cookies of a browser are some thousand bytes.
const MAX_HEAD_BYTES: usize = 32 << 10;
const MAX_HEADERS: usize = 100;
/// Longest time between two questions whether a silent client is still there.
const MAX_KEEP_ALIVE: Duration = Duration::from_secs(600);
/// Between two tries to take a connection when there is no room for another: descriptors come free with time alone.
const NO_ROOM: Duration = Duration::from_millis(250);

/// Serves until `let_go`, then closes idle connections, and within a second those whose request is not all there, and returns
/// when the others have sent what they are sending.
///
/// A client that takes nothing of what it is sent for `write_timeout` is disconnected.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    settings: ServeSettings,
    write_timeout: Duration,
    let_go: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(settings.max_connections));
    let connections = TaskTracker::new();
    loop {
        let taken = tokio::select! {
            taken = take(&listener, &room) => taken,
            () = let_go.cancelled() => break,
        };
        let (stream, place) = match taken {
            Ok(taken) => taken,
            Err(error) => {
                // A connection may be gone before it is taken; all else, such as too many open files, takes its time.
                if !is_about_the_connection(&error) {
                    warn!(%error, "no connection can be taken");
                    tokio::select! {
                        () = tokio::time::sleep(NO_ROOM) => {}
                        () = let_go.cancelled() => break,
                    }
                }
                continue;
            }
        };
        connections.spawn(hold(stream, place, router.clone(), settings, write_timeout, let_go.clone()));
    }
    // Nobody is to wait for an answer that will not come.
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// The next connection, once there is room for it.
async fn take(listener: &TcpListener, room: &Arc<Semaphore>) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = room.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

async fn hold(
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
    router: Router,
    settings: ServeSettings,
    write_timeout: Duration,
    let_go: CancellationToken,
) {
    if let Err(error) = prepare(&stream, write_timeout) {
        debug!(%error, "a connection was gone before it was served");
        return;
    }
    let answers = TaskTracker::new();
    let patience = Patience { limit: write_timeout, let_go: let_go.clone(), answers: answers.clone() };
    let stream = Patient::new(stream, patience);
    let router = TowerToHyperService::new(router);
    let answering = service_fn(|request| {
        let (response, answers) = (router.call(request), answers.clone());
        async move { Ok::<_, Infallible>(response.await?.map(|body| Answer::new(body, answers.token()))) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.head_timeout)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), answering);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = let_go.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended early");
    }
}

/// What the kernel is to do about a connection.
fn prepare(stream: &TcpStream, patience: Duration) -> io::Result<()> {
    /// The kernel takes the number for one with a sign.
    const MOST: u32 = i32::MAX.cast_unsigned();
    // Events are small and wanted at once.
    stream.set_nodelay(true)?;
    // Who vanishes without a word acknowledges nothing any more. The kernel would go on sending for a quarter of an hour,
    // and the run would go on for nobody.
    sockopt::set_tcp_user_timeout(stream, MOST.min(u32::try_from(patience.as_millis()).unwrap_or(MOST)))?;
    // While nothing is sent, as when a body is awaited, it is found out by asking.
    sockopt::set_socket_keepalive(stream, true)?;
    let second = Duration::from_secs(1);
    sockopt::set_tcp_keepidle(stream, (patience / 2).clamp(second, MAX_KEEP_ALIVE))?;
    sockopt::set_tcp_keepintvl(stream, (patience / 8).clamp(second, MAX_KEEP_ALIVE))?;
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
    async fn the_kernel_waits_no_longer_than_the_service_for_who_has_vanished() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        prepare(&server, Duration::from_secs(120)).unwrap();
        assert_eq!(sockopt::tcp_user_timeout(&server).unwrap(), 120_000);
        assert!(sockopt::socket_keepalive(&server).unwrap() && sockopt::tcp_nodelay(&server).unwrap());
        let (idle, between) = (sockopt::tcp_keepidle(&server).unwrap(), sockopt::tcp_keepintvl(&server).unwrap());
        assert_eq!((idle.as_secs(), between.as_secs()), (60, 15));
        // From a test's milliseconds to more than the kernel counts.
        for patience in [Duration::from_millis(600), Duration::from_secs(u64::MAX)] {
            prepare(&server, patience).unwrap();
        }
        drop(client);
    }
}
