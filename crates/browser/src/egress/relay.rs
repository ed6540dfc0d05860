//! Bytes from one side to the other, counted.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use super::Egress;

/// Bytes on their way in one direction.
const BUFFER: usize = 32 << 10;
/// How long a tunnel may be silent. Longer than browsers keep connections that are not in use, and than pages leave
/// their sockets without a sign of life.
const SILENCE: Duration = Duration::from_secs(600);

/// Passes bytes on until both sides are done, one of them fails, nothing comes any more, or the run has transferred what it
/// may.
pub(super) async fn relay(mut browser: TcpStream, mut server: TcpStream, egress: &Egress) {
    let moved = IdleTimer::now();
    let (from_browser, to_browser) = browser.split();
    let (from_server, to_server) = server.split();
    let both = async {
        tokio::try_join!(pass(from_browser, to_server, egress, &moved), pass(from_server, to_browser, egress, &moved))
    };
    let ended = tokio::select! {
        ended = both => ended.map(|_| ()),
        () = moved.silent() => Err(io::ErrorKind::TimedOut.into()),
        () = egress.exhausted.cancelled() => Err(io::ErrorKind::QuotaExceeded.into()),
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a tunnel ended early");
        if error.kind() == io::ErrorKind::ConnectionReset {
            // The other side is to see it as the reset that it is. One that is gone already needs no telling.
            let _ = browser.set_zero_linger();
            let _ = server.set_zero_linger();
        }
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    egress: &Egress,
    moved: &IdleTimer,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        moved.again();
        if !egress.count_bytes(read) {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        to.write_all(&buffer[..read]).await?;
    }
}

/// When something moved last.
struct IdleTimer(Mutex<Instant>);

impl IdleTimer {
    fn now() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    fn again(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Resolves when nothing has moved for a while.
    async fn silent(&self) {
        loop {
            let end = *self.0.lock().unwrap_or_else(PoisonError::into_inner) + SILENCE;
            if end <= Instant::now() {
                return;
            }
            sleep_until(end).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_tunnel_is_silent_when_nothing_has_moved_for_exactly_its_time() {
        let moved = IdleTimer::now();
        let mut silent = Box::pin(moved.silent());
        assert_eq!((&mut silent).now_or_never(), None);
        tokio::time::advance(Duration::from_secs(1)).await;
        moved.again();
        let last = Instant::now();
        silent.await;
        assert_eq!(last.elapsed(), SILENCE);
    }
}
