//! The demo shop, served in this process.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

#[path = "../demo_shop/site.rs"]
pub(crate) mod site;

/// A shop that is open for as long as this lives.
pub(crate) struct Shop {
    pub(crate) url: String,
    pub(crate) orders: Arc<site::Orders>,
    _server: JoinSet<std::io::Result<()>>,
}

impl Shop {
    /// Opens one on a free port of loopback.
    ///
    /// # Errors
    /// There is no such port.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let (router, orders) = site::router();
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, orders, _server: server })
    }
}
