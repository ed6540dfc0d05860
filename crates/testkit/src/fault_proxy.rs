//! A reverse proxy that breaks the exchanges passing through it: by a script, or at random from a seed.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What happens to one exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: the server's response passes unchanged.
    None,
    /// The connection is reset before the response.
    Reset,
    /// It is reset in the middle of the response's head.
    ResetInHead,
    /// It is reset in the middle of the body.
    ResetInBody,
    /// It is closed in the middle of the body.
    CloseInBody,
    /// The first byte is delayed.
    SlowFirstByte(Duration),
    /// The second half of the body never comes.
    StallInBody,
    /// The response comes byte by byte.
    Drip,
    /// The body never ends, and consists of comments.
    Endless,
    /// So many bytes of comments come before the body.
    Oversize(usize),
    /// A head of 1 MB.
    HugeHead,
    /// Bytes that are not HTTP.
    Garbage,
    /// The body claims to be compressed, which the client did not accept.
    Compressed,
    /// A response with this status and one more header.
    Status(u16, &'static str, String),
}

/// The order of faults.
pub enum Plan {
    /// One after the other; the last one repeats.
    Script(VecDeque<Fault>),
    /// One of these, in this percentage of exchanges.
    Chance { rng: Rng, percent: u8, faults: Vec<Fault> },
}

/// A running proxy. It stops when it is dropped.
pub struct FaultProxy {
    pub address: SocketAddr,
    injected: Arc<Mutex<BTreeMap<&'static str, usize>>>,
    _server: JoinSet<()>,
}

impl Fault {
    /// The name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Reset => "reset",
            Self::ResetInHead => "reset in the head",
            Self::ResetInBody => "reset in the body",
            Self::CloseInBody => "closed in the body",
            Self::SlowFirstByte(_) => "slow first byte",
            Self::StallInBody => "silent in the body",
            Self::Drip => "byte by byte",
            Self::Endless => "endless",
            Self::Oversize(_) => "oversize",
            Self::HugeHead => "huge head",
            Self::Garbage => "garbage",
            Self::Compressed => "compressed",
            Self::Status(..) => "error status",
        }
    }
}

impl Plan {
    pub fn script(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self::Script(faults.into_iter().collect())
    }

    fn next(&mut self) -> Fault {
        match self {
            Self::Script(faults) if faults.len() > 1 => faults.pop_front().unwrap_or(Fault::None),
            Self::Script(faults) => faults.front().cloned().unwrap_or(Fault::None),
            Self::Chance { rng, percent, faults } => {
                let met = if rng.u8(..100) < *percent { rng.choice(&*faults).cloned() } else { None };
                met.unwrap_or(Fault::None)
            }
        }
    }
}

impl FaultProxy {
    /// Opens a proxy on a free port of loopback, for the server at `upstream`.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn open(upstream: SocketAddr, plan: Plan) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let injected = Arc::new(Mutex::new(BTreeMap::new()));
        let mut server = JoinSet::new();
        server.spawn(accept(listener, upstream, plan, injected.clone()));
        Ok(Self { address, injected, _server: server })
    }

    /// How often each fault was injected so far, by name.
    pub fn injected(&self) -> BTreeMap<&'static str, usize> {
        self.injected.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn accept(
    listener: TcpListener,
    upstream: SocketAddr,
    mut plan: Plan,
    injected: Arc<Mutex<BTreeMap<&'static str, usize>>>,
) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let fault = plan.next();
        *injected.lock().unwrap_or_else(PoisonError::into_inner).entry(fault.name()).or_default() += 1;
        // A client that hangs up fails its own exchange only.
        connections.spawn(async move { drop(exchange(client, upstream, fault).await) });
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one request. No connection is reused.
async fn exchange(mut client: TcpStream, upstream: SocketAddr, fault: Fault) -> io::Result<()> {
    client.set_nodelay(true)?;
    let request = read_request(&mut client).await?;
    let response = match fault {
        Fault::Reset => return reset(client),
        Fault::Garbage => return client.write_all(&[0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46, b'\n'].repeat(64)).await,
        Fault::Status(status, name, value) => {
            let head = format!("HTTP/1.1 {status} Broken\r\n{name}: {value}\r\nconnection: close\r\n");
            return client.write_all(format!("{head}content-length: 0\r\n\r\n").as_bytes()).await;
        }
        _ => forward(upstream, &request).await?,
    };
    let head = response.windows(4).position(|end| end == b"\r\n\r\n").map_or(response.len(), |at| at + 4);
    let middle = head + (response.len() - head) / 2;
    match fault {
        Fault::None | Fault::Reset | Fault::Garbage | Fault::Status(..) => client.write_all(&response).await,
        Fault::ResetInHead => {
            client.write_all(&response[..head / 2]).await?;
            reset(client)
        }
        Fault::ResetInBody => {
            client.write_all(&response[..middle]).await?;
            reset(client)
        }
        Fault::CloseInBody => client.write_all(&response[..middle]).await,
        Fault::SlowFirstByte(wait) => {
            tokio::time::sleep(wait).await;
            client.write_all(&response).await
        }
        Fault::StallInBody => {
            client.write_all(&response[..middle]).await?;
            until_hung_up(&mut client).await
        }
        Fault::Drip => {
            for byte in response {
                client.write_all(&[byte]).await?;
            }
            Ok(())
        }
        Fault::Endless => {
            client.write_all(STREAM).await?;
            loop {
                client.write_all(&COMMENT.repeat(64)).await?;
            }
        }
        Fault::Oversize(bytes) => {
            client.write_all(STREAM).await?;
            client.write_all(&COMMENT.repeat(bytes / COMMENT.len())).await?;
            client.write_all(&response[head..]).await
        }
        Fault::HugeHead => {
            let lines: String = (0..10_000).map(|line| format!("x-{line}: {}\r\n", "x".repeat(100))).collect();
            client.write_all(format!("HTTP/1.1 200 OK\r\n{lines}").as_bytes()).await?;
            client.write_all(&response[head..]).await
        }
        Fault::Compressed => {
            client.write_all(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n").await?;
            client.write_all(&[0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0x03]).await?;
            client.write_all(&[0xff; 1000]).await
        }
    }
}

const STREAM: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
/// A comment of an event stream.
const COMMENT: &[u8] = b": still there\n\n";

/// Sends the request to the server and returns its whole response.
async fn forward(upstream: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(upstream).await?;
    server.write_all(request).await?;
    let mut response = Vec::new();
    server.read_to_end(&mut response).await?;
    Ok(response)
}

/// Reads a request and adds `connection: close`.
async fn read_request(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let end = loop {
        if let Some(at) = request.windows(4).position(|end| end == b"\r\n\r\n") {
            break at + 4;
        }
        if client.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&request[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let whole = end + length.unwrap_or(0);
    while request.len() < whole {
        if client.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let close = format!("{}connection: close\r\n\r\n", &head[..end - 2]);
    Ok([close.as_bytes(), &request[end..]].concat())
}

/// Ends a connection with a reset, as a crash does.
fn reset(client: TcpStream) -> io::Result<()> {
    client.set_zero_linger()
}

async fn until_hung_up(client: &mut TcpStream) -> io::Result<()> {
    while client.read(&mut [0; 1024]).await? > 0 {}
    Ok(())
}
