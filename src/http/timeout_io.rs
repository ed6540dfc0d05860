//! Connections that close when the client takes nothing for too long, or when the server shuts down and the client has
//! not sent a whole request.
//!
//! hyper asks a body for more only when the connection has room. Behind a client that does not read, the body would wait
//! forever, with everything it owns, and so would a graceful shutdown. `tokio-io-timeout` has no such deadline for a
//! shutdown, and its write timeout would run on where this one depends on the shutdown too.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Time left at shutdown to a client that takes nothing, or whose request is incomplete.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
pub(super) struct Timeouts {
    /// How long a client may take nothing.
    pub(super) write: Duration,
    /// The server shuts down.
    pub(super) shutdown: CancellationToken,
    /// The connection's responses in flight.
    pub(super) responses: TaskTracker,
}

/// A connection whose writes fail when they make no progress for too long, and whose reads end when the server shuts down
/// while no response is in flight.
pub(super) struct TimeoutIo<Io> {
    io: Io,
    timeouts: Timeouts,
    /// Completes when reads end; none from then on.
    read_deadline: Option<BoxFuture<'static, ()>>,
    /// Completes when a write has failed; set while a write makes no progress.
    write_deadline: Option<BoxFuture<'static, ()>>,
}

impl Timeouts {
    async fn write_deadline(self) {
        // Timeouts, raced against the write.
        tokio::select! {
            () = sleep(self.write) => {}
            () = shutdown_deadline(self.shutdown) => {}
        }
    }
}

async fn shutdown_deadline(shutdown: CancellationToken) {
    shutdown.cancelled().await;
    // A timeout, raced against the connection's last read or write.
    sleep(SHUTDOWN_GRACE).await;
}

impl<Io> TimeoutIo<Io> {
    pub(super) fn new(io: Io, timeouts: Timeouts) -> Self {
        let read_deadline = Some(shutdown_deadline(timeouts.shutdown.clone()).boxed());
        Self { io, timeouts, read_deadline, write_deadline: None }
    }

    /// Whether reads have ended. Wakes the task when they do.
    fn has_stopped_reading(&mut self, cx: &mut Context<'_>) -> bool {
        // While a response is sent, a read is how a disconnect is noticed.
        if !self.timeouts.responses.is_empty() {
            return false;
        }
        if self.read_deadline.as_mut().is_some_and(|deadline| deadline.poll_unpin(cx).is_ready()) {
            self.read_deadline = None;
        }
        self.read_deadline.is_none()
    }

    /// The result of a write, or an error if it has made no progress for too long.
    fn check_write<T>(&mut self, cx: &mut Context<'_>, write: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if write.is_ready() {
            self.write_deadline = None;
            return write;
        }
        let timeouts = &self.timeouts;
        let deadline = self.write_deadline.get_or_insert_with(|| timeouts.clone().write_deadline().boxed());
        ready!(deadline.poll_unpin(cx));
        self.write_deadline = None;
        Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the client takes nothing")))
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for TimeoutIo<Io> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.check_write(cx, write)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.io).poll_write_vectored(cx, bytes);
        self.check_write(cx, write)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for TimeoutIo<Io> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.has_stopped_reading(cx) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::Instant;

    use super::*;

    fn timeouts() -> Timeouts {
        Timeouts { write: Duration::from_secs(60), shutdown: CancellationToken::new(), responses: TaskTracker::new() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_times_out_if_the_client_reads_nothing() {
        let (mut client, server) = duplex(4);
        let mut server = TimeoutIo::new(server, timeouts());
        let started = Instant::now();
        let written = tokio::join!(server.write_all(b"0123456789"), async {
            sleep(Duration::from_secs(50)).await;
            client.read_u8().await
        });
        assert_eq!(written.0.unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(started.elapsed().as_secs(), 110, "from the last byte that was taken on");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_does_not_time_out() {
        let (mut client, server) = duplex(1);
        let mut server = TimeoutIo::new(server, timeouts());
        let started = Instant::now();
        let (written, ()) = tokio::join!(server.write_all(b"0123456789"), async {
            for _ in 0..10 {
                sleep(Duration::from_secs(59)).await;
                client.read_u8().await.unwrap();
            }
        });
        written.unwrap();
        assert_eq!(started.elapsed().as_secs(), 590);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_nothing_does_not_delay_shutdown() {
        let (_client, server) = duplex(4);
        let timeouts = timeouts();
        let mut server = TimeoutIo::new(server, timeouts.clone());
        let started = Instant::now();
        let (written, ()) = tokio::join!(server.write_all(b"0123456789"), async {
            sleep(Duration::from_secs(10)).await;
            timeouts.shutdown.cancel();
        });
        assert_eq!(written.unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(started.elapsed(), Duration::from_secs(10) + SHUTDOWN_GRACE);
    }

    #[tokio::test(start_paused = true)]
    async fn an_incomplete_request_does_not_delay_shutdown() {
        let (mut client, server) = duplex(64);
        let timeouts = timeouts();
        let mut server = TimeoutIo::new(server, timeouts.clone());
        let started = Instant::now();
        let mut read = Vec::new();
        let (end, ()) = tokio::join!(server.read_to_end(&mut read), async {
            client.write_all(b"GET /he").await.unwrap();
            sleep(Duration::from_secs(10)).await;
            timeouts.shutdown.cancel();
        });
        assert_eq!((end.unwrap(), &read[..]), (7, &b"GET /he"[..]));
        assert_eq!(started.elapsed(), Duration::from_secs(10) + SHUTDOWN_GRACE);
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0, "it stays so");
    }

    #[tokio::test(start_paused = true)]
    async fn reads_continue_at_shutdown_until_the_response_is_sent() {
        let (mut client, server) = duplex(64);
        let timeouts = timeouts();
        let response = timeouts.responses.token();
        let mut server = TimeoutIo::new(server, timeouts.clone());
        timeouts.shutdown.cancel();
        let waited = tokio::time::timeout(SHUTDOWN_GRACE * 10, server.read_u8()).await;
        assert!(waited.is_err(), "{waited:?}");
        client.write_all(b"x").await.unwrap();
        assert_eq!(server.read_u8().await.unwrap(), b'x');
        drop(response);
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
    }
}
