//! An HTTP server that plays a script, one reply a request, and counts what reaches it.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) enum Reply {
    /// A whole answer; the connection stays open.
    Whole { status: u16, headers: Vec<(&'static str, String)>, body: String },
    /// Nothing, until the client hangs up.
    Silence,
    /// The beginning of an answer, then nothing, until the client hangs up.
    Stall { begin: String },
    /// The beginning of an answer that announces more, then the end of the connection.
    Break { begin: String },
    /// A whole answer in chunks, of unknown length until its end.
    Chunked { body: Vec<Vec<u8>> },
    /// The request's own key, in an error with this status.
    Echo { status: u16 },
}

impl Reply {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self::text(status, body.to_string())
    }

    pub(crate) fn text(status: u16, body: impl Into<String>) -> Self {
        Self::Whole { status, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::text(status, "")
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Whole { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    /// In lower case, with their values.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// What proves who calls, in whichever header.
    fn key(&self) -> &str {
        let headers = ["authorization", "x-api-key", "x-goog-api-key"];
        headers.into_iter().find_map(|name| self.header(name)).unwrap_or_default()
    }
}

pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

struct State {
    script: Mutex<VecDeque<Reply>>,
    requests: watch::Sender<Vec<Request>>,
    connections: watch::Sender<usize>,
    hang_ups: watch::Sender<usize>,
}

impl Server {
    pub(crate) async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let state = Arc::new(State {
            script: Mutex::new(script.into_iter().collect()),
            requests: watch::Sender::default(),
            connections: watch::Sender::default(),
            hang_ups: watch::Sender::default(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, state.clone()));
        Self { address, state, _tasks: tasks }
    }

    pub(crate) fn url(&self, path: &str) -> url::Url {
        format!("http://{}{path}", self.address).parse().expect("a valid address")
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.requests.borrow().clone()
    }

    /// How many requests have reached the server.
    pub(crate) fn count(&self) -> usize {
        self.state.requests.borrow().len()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.state.connections.borrow()
    }

    pub(crate) async fn request_arrived(&self) {
        let mut requests = self.state.requests.subscribe();
        requests.wait_for(|requests| !requests.is_empty()).await.expect("the server runs");
    }

    /// Waits until a client has closed its connection.
    pub(crate) async fn client_hung_up(&self) {
        self.state.hang_ups.subscribe().wait_for(|count| *count > 0).await.expect("the server runs");
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        state.connections.send_modify(|count| *count += 1);
        let state = state.clone();
        connections.spawn(async move {
            // A client that hangs up makes reads and writes fail, which is the end of its connection and no more.
            let _ = serve(stream, &state).await;
            state.hang_ups.send_modify(|count| *count += 1);
        });
    }
}

async fn serve(stream: TcpStream, state: &State) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let request = read_request(&mut stream).await?;
        let key = request.key().to_owned();
        state.requests.send_modify(|requests| requests.push(request));
        let reply = state.script.lock().expect("no test panics here").pop_front();
        match reply.unwrap_or_else(|| Reply::text(418, "the script is over")) {
            Reply::Whole { status, headers, body } => {
                let mut head = format!("HTTP/1.1 {status} Scripted\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    write!(head, "{name}: {value}\r\n").expect("memory");
                }
                stream.write_all(format!("{head}\r\n{body}").as_bytes()).await?;
            }
            Reply::Echo { status } => {
                let body = serde_json::json!({"error": {"message": format!("you sent {key}")}}).to_string();
                let head = format!("HTTP/1.1 {status} Scripted\r\ncontent-length: {}\r\n\r\n", body.len());
                stream.write_all(format!("{head}{body}").as_bytes()).await?;
            }
            Reply::Chunked { body } => {
                let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
                stream.write_all(head.as_bytes()).await?;
                for chunk in body {
                    stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).await?;
                    stream.write_all(&chunk).await?;
                    stream.write_all(b"\r\n").await?;
                    stream.flush().await?;
                }
                stream.write_all(b"0\r\n\r\n").await?;
            }
            Reply::Silence => return until_hung_up(&mut stream).await,
            Reply::Stall { begin } => {
                let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
                stream.write_all(format!("{head}{begin}").as_bytes()).await?;
                return until_hung_up(&mut stream).await;
            }
            Reply::Break { begin } => {
                let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
                stream.write_all(format!("{head}{begin}").as_bytes()).await?;
                return stream.shutdown().await;
            }
        }
    }
}

async fn until_hung_up(stream: &mut BufReader<TcpStream>) -> std::io::Result<()> {
    while stream.read(&mut [0; 1024]).await? > 0 {}
    Ok(())
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> std::io::Result<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).expect("a head in ASCII");
    let headers: Vec<(String, String)> = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let header = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let length = header("content-length").map_or(0, |length| length.parse().expect("a number"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Request {
        path: head.split(' ').nth(1).expect("a request line").to_owned(),
        authorization: header("authorization"),
        headers: headers.clone(),
        body: serde_json::from_slice(&body).expect("a JSON body"),
    })
}
