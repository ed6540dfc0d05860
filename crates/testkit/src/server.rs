//! HTTP servers in this process.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::serve::Listener;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A server on a free port of loopback. It stops when it is dropped.
pub struct Server {
    pub address: SocketAddr,
    _task: JoinSet<io::Result<()>>,
}

impl Server {
    /// Starts a server.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn start(router: Router) -> io::Result<Self> {
        Self::on(TcpListener::bind(("127.0.0.1", 0)).await?, router)
    }

    /// Starts a server on a listener, which may speak TLS.
    ///
    /// # Errors
    ///
    /// The listener has no address.
    pub fn on<L: Listener<Addr = SocketAddr>>(listener: L, router: Router) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let mut task = JoinSet::new();
        task.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, _task: task })
    }

    /// The server's URL for a path that starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}
