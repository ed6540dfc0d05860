//! Copies bytes between two sockets and counts them.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use super::Egress;
use crate::process::panics::lock;

/// Buffer size per direction.
const BUFFER: usize = 32 << 10;
/// Idle limit of a tunnel, longer than browsers keep idle connections and than pages leave WebSockets silent.
const SILENCE: Duration = Duration::from_secs(600);

/// Copies in both directions until both sides are done, one fails, the tunnel is idle too long, or the run reaches its
/// byte limit.
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
        tracing::debug!(%error, "a tunnel failed");
        if error.kind() == io::ErrorKind::ConnectionReset {
            // Propagate the reset.
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

/// The time of the last transfer.
struct IdleTimer(Mutex<Instant>);

impl IdleTimer {
    fn now() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    fn again(&self) {
        *lock(&self.0) = Instant::now();
    }

    /// Resolves when nothing was transferred for [`SILENCE`].
    async fn silent(&self) {
        loop {
            let end = *lock(&self.0) + SILENCE;
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
    async fn a_tunnel_times_out_after_exactly_its_idle_limit() {
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
