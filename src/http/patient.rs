//! Connections that are closed when their client takes nothing of what it is sent, or sends nothing that a server which is
//! to stop could still answer.
//!
//! A response's body is asked for more only when the connection has room. Behind a client that does not read, the body
//! would wait for ever, and with it whatever it owns; and so would a server that is to stop.

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

/// What is left to a client that takes nothing, or whose request is not all there, when the server is to stop.
const HURRY: Duration = Duration::from_secs(1);

/// How long a client may take nothing.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    pub(super) limit: Duration,
    /// The server is to stop.
    pub(super) let_go: CancellationToken,
    /// The connection's responses under way.
    pub(super) answers: TaskTracker,
}

/// A connection whose writes fail when they make no progress for too long, and whose reads come to their end when the
/// server is to stop and answers nothing.
pub(super) struct Patient<Io> {
    io: Io,
    patience: Patience,
    /// Is over when a client that gets no answer is not listened to any more; none then.
    listening: Option<BoxFuture<'static, ()>>,
    /// Is over when the time is; there while a write makes no progress.
    blocked: Option<BoxFuture<'static, ()>>,
}

impl Patience {
    async fn exhausted(self) {
        tokio::select! {
            () = sleep(self.limit) => {}
            () = hurry(self.let_go) => {}
        }
    }
}

async fn hurry(let_go: CancellationToken) {
    let_go.cancelled().await;
    sleep(HURRY).await;
}

impl<Io> Patient<Io> {
    pub(super) fn new(io: Io, patience: Patience) -> Self {
        let listening = Some(hurry(patience.let_go.clone()).boxed());
        Self { io, patience, listening, blocked: None }
    }

    /// Whether more of a request is of no use. The next moment to look is noted.
    fn is_deaf(&mut self, cx: &mut Context<'_>) -> bool {
        // Its client may leave, which has to be seen.
        if !self.patience.answers.is_empty() {
            return false;
        }
        if self.listening.as_mut().is_some_and(|listening| listening.poll_unpin(cx).is_ready()) {
            self.listening = None;
        }
        self.listening.is_none()
    }

    /// What came of a write, unless it has come to nothing for too long.
    fn watch<T>(&mut self, cx: &mut Context<'_>, write: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if write.is_ready() {
            self.blocked = None;
            return write;
        }
        let patience = &self.patience;
        ready!(self.blocked.get_or_insert_with(|| patience.clone().exhausted().boxed()).poll_unpin(cx));
        self.blocked = None;
        Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the client takes nothing")))
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Patient<Io> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.watch(cx, write)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.io).poll_write_vectored(cx, bytes);
        self.watch(cx, write)
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

impl<Io: AsyncRead + Unpin> AsyncRead for Patient<Io> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_deaf(cx) {
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

    fn patience() -> Patience {
        Patience { limit: Duration::from_secs(60), let_go: CancellationToken::new(), answers: TaskTracker::new() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_fails_when_nothing_is_taken_for_too_long() {
        let (mut client, server) = duplex(4);
        let mut server = Patient::new(server, patience());
        let started = Instant::now();
        let written = tokio::join!(server.write_all(b"0123456789"), async {
            sleep(Duration::from_secs(50)).await;
            client.read_u8().await
        });
        assert_eq!(written.0.unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(started.elapsed().as_secs(), 110, "from the last byte that was taken on");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_is_waited_for_as_long_as_it_reads() {
        let (mut client, server) = duplex(1);
        let mut server = Patient::new(server, patience());
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
    async fn who_takes_nothing_does_not_keep_a_server_that_is_to_stop() {
        let (_client, server) = duplex(4);
        let patience = patience();
        let mut server = Patient::new(server, patience.clone());
        let started = Instant::now();
        let (written, ()) = tokio::join!(server.write_all(b"0123456789"), async {
            sleep(Duration::from_secs(10)).await;
            patience.let_go.cancel();
        });
        assert_eq!(written.unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(started.elapsed(), Duration::from_secs(10) + HURRY);
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_request_does_not_keep_a_server_that_is_to_stop() {
        let (mut client, server) = duplex(64);
        let patience = patience();
        let mut server = Patient::new(server, patience.clone());
        let started = Instant::now();
        let mut read = Vec::new();
        let (end, ()) = tokio::join!(server.read_to_end(&mut read), async {
            client.write_all(b"GET /he").await.unwrap();
            sleep(Duration::from_secs(10)).await;
            patience.let_go.cancel();
        });
        assert_eq!((end.unwrap(), &read[..]), (7, &b"GET /he"[..]));
        assert_eq!(started.elapsed(), Duration::from_secs(10) + HURRY);
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0, "it stays so");
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_being_answered_is_listened_to_until_the_answer_is_over() {
        let (mut client, server) = duplex(64);
        let patience = patience();
        let answer = patience.answers.token();
        let mut server = Patient::new(server, patience.clone());
        patience.let_go.cancel();
        let waited = tokio::time::timeout(HURRY * 10, server.read_u8()).await;
        assert!(waited.is_err(), "{waited:?}");
        client.write_all(b"x").await.unwrap();
        assert_eq!(server.read_u8().await.unwrap(), b'x');
        drop(answer);
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
    }
}
