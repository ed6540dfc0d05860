//! A site below HTTP: it sends exactly these bytes, and then does what no server should.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What becomes of a request.
pub(crate) enum Answer {
    /// These bytes, then the end of the connection.
    Close(Vec<u8>),
    /// These bytes, then a reset.
    Reset(Vec<u8>),
    /// These bytes, then nothing, until the browser hangs up.
    Hang(Vec<u8>),
    /// These bytes, then the others again and again, so often at most, until the browser hangs up.
    Flood(Vec<u8>, &'static str, u64),
}

/// Answers by path, for as long as this lives.
pub(crate) struct Rude {
    address: SocketAddr,
    sent: Arc<AtomicU64>,
    open: watch::Sender<usize>,
    _server: JoinSet<()>,
}

impl Rude {
    pub(crate) async fn serving(answer: fn(&str) -> Answer) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sent, open) = (Arc::new(AtomicU64::new(0)), watch::Sender::new(0));
        let mut server = JoinSet::new();
        let (counter, opened) = (sent.clone(), open.clone());
        server.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((browser, _)) = listener.accept().await {
                let (counter, opened) = (counter.clone(), opened.clone());
                opened.send_modify(|open| *open += 1);
                connections.spawn(async move {
                    // A browser that hangs up makes reads and writes fail, which is the end of its connection.
                    let _ = serve(browser, answer, &counter).await;
                    opened.send_modify(|open| *open -= 1);
                });
            }
        });
        Self { address, sent, open, _server: server }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Bytes that the system took for the browser so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Waits until nobody is connected any more.
    pub(crate) async fn is_let_go(&self) {
        self.open.subscribe().wait_for(|open| *open == 0).await.unwrap();
    }
}

async fn serve(mut browser: TcpStream, answer: fn(&str) -> Answer, sent: &AtomicU64) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(browser.read_u8().await?);
    }
    let path = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
    let send = async |browser: &mut TcpStream, bytes: &[u8]| {
        sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        browser.write_all(bytes).await
    };
    match answer(&path) {
        Answer::Close(bytes) => send(&mut browser, &bytes).await,
        Answer::Reset(bytes) => {
            send(&mut browser, &bytes).await?;
            browser.set_zero_linger()
        }
        Answer::Hang(bytes) => {
            send(&mut browser, &bytes).await?;
            while browser.read(&mut [0; 1024]).await? > 0 {}
            Ok(())
        }
        Answer::Flood(bytes, piece, times) => {
            send(&mut browser, &bytes).await?;
            for _ in 0..times {
                send(&mut browser, piece.as_bytes()).await?;
            }
            Ok(())
        }
    }
}
