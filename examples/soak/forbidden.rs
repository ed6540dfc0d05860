//! A listener that runs with domain lists must not reach.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Counts connections until it is dropped.
pub(crate) struct Forbidden {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    _server: JoinSet<()>,
}

impl Forbidden {
    /// Listens on a free port of loopback.
    ///
    /// # Errors
    /// No port is free.
    pub(crate) async fn open() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let connections = Arc::new(AtomicUsize::new(0));
        let mut server = JoinSet::new();
        server.spawn({
            let connections = connections.clone();
            async move {
                while listener.accept().await.is_ok() {
                    connections.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Ok(Self { address, connections, _server: server })
    }

    /// Connections since the last call.
    pub(crate) fn connections(&self) -> usize {
        self.connections.swap(0, Ordering::Relaxed)
    }
}
