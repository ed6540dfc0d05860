//! A raw TCP server: it sends exactly these bytes and then misbehaves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The answer to a request.
pub(crate) enum Answer {
    /// These bytes, then the end of the connection.
    Close(Vec<u8>),
    /// These bytes, then a reset.
    Reset(Vec<u8>),
    /// These bytes, then nothing until the browser disconnects.
    Hang(Vec<u8>),
    /// These bytes, then the others up to so many times, until the browser disconnects.
    Flood(Vec<u8>, &'static str, u64),
}

/// What it reads before it answers.
#[derive(Clone, Copy)]
enum Before {
    /// A request's head.
    Http,
    /// The first record of a TLS handshake.
    Tls,
}

/// Answers by path, for as long as this lives.
pub(crate) struct RawServer {
    scheme: &'static str,
    address: SocketAddr,
    sent: Arc<AtomicU64>,
    open: watch::Sender<usize>,
    _server: JoinSet<()>,
}

impl RawServer {
    pub(crate) async fn serving(answer: fn(&str) -> Answer) -> Self {
        Self::after(Before::Http, answer).await
    }

    /// Answers the first record of every TLS handshake with this.
    pub(crate) async fn greeting(answer: fn(&str) -> Answer) -> Self {
        Self::after(Before::Tls, answer).await
    }

    async fn after(before: Before, answer: fn(&str) -> Answer) -> Self {
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
                    // Reads and writes fail when the browser disconnects.
                    let _ = serve(browser, before, answer, &counter).await;
                    opened.send_modify(|open| *open -= 1);
                });
            }
        });
        let scheme = match before {
            Before::Http => "http",
            Before::Tls => "https",
        };
        Self { scheme, address, sent, open, _server: server }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Bytes that the kernel accepted for the browser so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Waits until all connections are closed.
    pub(crate) async fn is_let_go(&self) {
        self.open.subscribe().wait_for(|open| *open == 0).await.unwrap();
    }
}

/// Reads the request, so that a close is not a reset, and returns its path.
async fn heard(browser: &mut TcpStream, before: Before) -> std::io::Result<String> {
    match before {
        Before::Http => {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(browser.read_u8().await?);
            }
            Ok(String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned())
        }
        Before::Tls => {
            // A record starts with its type, version and length.
            let mut head = [0; 5];
            browser.read_exact(&mut head).await?;
            let mut record = vec![0; u16::from_be_bytes([head[3], head[4]]).into()];
            browser.read_exact(&mut record).await?;
            Ok(String::new())
        }
    }
}

async fn serve(
    mut browser: TcpStream,
    before: Before,
    answer: fn(&str) -> Answer,
    sent: &AtomicU64,
) -> std::io::Result<()> {
    let path = heard(&mut browser, before).await?;
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
