//! A listener that nobody may reach who is told so.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Counts whoever comes, for as long as this lives.
pub(crate) struct Forbidden {
    pub(crate) address: SocketAddr,
    came: Arc<AtomicUsize>,
    _server: JoinSet<()>,
}

impl Forbidden {
    /// Listens on a free port of loopback.
    ///
    /// # Errors
    /// There is no such port.
    pub(crate) async fn open() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let came = Arc::new(AtomicUsize::new(0));
        let mut server = JoinSet::new();
        server.spawn({
            let came = came.clone();
            async move {
                while listener.accept().await.is_ok() {
                    came.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Ok(Self { address, came, _server: server })
    }

    /// Connections since the last time this was asked.
    pub(crate) fn came(&self) -> usize {
        self.came.swap(0, Ordering::Relaxed)
    }
}
