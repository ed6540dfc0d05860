//! Takes connections and gives each its time: one that sends nothing, or its head byte by byte, is closed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::patient::{Patience, Patient};

/// What a deployment says about connections.
#[derive(Debug, Clone, Copy)]
pub struct ServeSettings {
    /// Open at the same time; further ones wait in the system's queue.
    pub max_connections: usize,
    /// From a connection's opening, or from the end of the last response on it, to the end of the next request's head.
    pub head_timeout: Duration,
    /// How long a client may take nothing of what it is sent.
    pub patience: Duration,
}

/// Bytes of a request's head, and its headers. A proxy in front adds some, cookies of a browser are some thousand bytes.
const MAX_HEAD_BYTES: usize = 32 << 10;
const MAX_HEADERS: usize = 100;
/// Between two tries to take a connection when there is no room for another: descriptors come free with time alone.
const NO_ROOM: Duration = Duration::from_millis(250);

/// Serves until `let_go`, then closes idle connections and returns when the others have sent what they are sending.
pub async fn serve(listener: TcpListener, router: Router, settings: ServeSettings, let_go: CancellationToken) {
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
        connections.spawn(hold(stream, place, router.clone(), settings, let_go.clone()));
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
    let_go: CancellationToken,
) {
    // Events are small and wanted at once.
    if let Err(error) = stream.set_nodelay(true) {
        warn!(%error, "events of this connection may come late");
    }
    let stream = Patient::new(stream, Patience { limit: settings.patience, let_go: let_go.clone() });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.head_timeout)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
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

fn is_about_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
