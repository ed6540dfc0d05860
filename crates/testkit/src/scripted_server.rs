//! An HTTP server that plays a script, one reply for each request, and records the requests. It works below HTTP, so that
//! replies can be broken.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How a request is answered.
#[derive(Clone)]
pub enum Reply {
    /// A complete response. The connection stays open.
    Whole { status: u16, headers: Vec<(&'static str, String)>, body: String },
    /// No response, until the client hangs up.
    Silence,
    /// The beginning of a response, then nothing until the client hangs up.
    Stall { begin: String },
    /// The beginning of a response, then the end of the connection.
    Break { begin: String },
    /// A complete response with chunked encoding.
    Chunked { body: Vec<Vec<u8>> },
    /// An error with this status that repeats the request's API key.
    Echo { status: u16 },
}

impl Reply {
    pub fn json(status: u16, body: Value) -> Self {
        Self::text(status, body.to_string())
    }

    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::Whole { status, headers: Vec::new(), body: body.into() }
    }

    pub fn status(status: u16) -> Self {
        Self::text(status, "")
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Whole { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

/// A request as it arrived.
#[derive(Clone)]
pub struct Request {
    pub path: String,
    pub authorization: Option<String>,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The API key, in any of the headers that providers use.
    fn key(&self) -> &str {
        let headers = ["authorization", "x-api-key", "x-goog-api-key"];
        headers.into_iter().find_map(|name| self.header(name)).unwrap_or_default()
    }
}

/// A running server. It stops when it is dropped.
pub struct ScriptedServer {
    pub address: SocketAddr,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

struct State {
    script: Mutex<VecDeque<Reply>>,
    /// Whether the last reply repeats.
    repeats: bool,
    requests: watch::Sender<Vec<Request>>,
    connections: watch::Sender<usize>,
    hang_ups: watch::Sender<usize>,
}

impl ScriptedServer {
    /// Starts a server on a free port of loopback. It answers with status 418 when the script is over.
    ///
    /// # Panics
    ///
    /// No port is free.
    pub async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::new(script, false).await
    }

    /// Like [`start`](Self::start), but the last reply repeats.
    ///
    /// # Panics
    ///
    /// No port is free.
    pub async fn repeating(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::new(script, true).await
    }

    async fn new(script: impl IntoIterator<Item = Reply>, repeats: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let state = Arc::new(State {
            script: Mutex::new(script.into_iter().collect()),
            repeats,
            requests: watch::Sender::default(),
            connections: watch::Sender::default(),
            hang_ups: watch::Sender::default(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, state.clone()));
        Self { address, state, _tasks: tasks }
    }

    /// The server's URL for a path that starts with a slash.
    ///
    /// # Panics
    ///
    /// The path is not one.
    pub fn url(&self, path: &str) -> url::Url {
        format!("http://{}{path}", self.address).parse().expect("a valid address")
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state.requests.borrow().clone()
    }

    /// How many requests arrived so far.
    pub fn count(&self) -> usize {
        self.state.requests.borrow().len()
    }

    /// How many connections were opened so far.
    pub fn connections(&self) -> usize {
        *self.state.connections.borrow()
    }

    /// Waits for a request.
    ///
    /// # Panics
    ///
    /// Never: the server runs as long as this lives.
    pub async fn request_arrived(&self) {
        let mut requests = self.state.requests.subscribe();
        requests.wait_for(|requests| !requests.is_empty()).await.expect("the server runs");
    }

    /// Waits until a client has closed its connection.
    ///
    /// # Panics
    ///
    /// Never: the server runs as long as this lives.
    pub async fn client_hung_up(&self) {
        self.state.hang_ups.subscribe().wait_for(|count| *count > 0).await.expect("the server runs");
    }
}

impl State {
    fn next_reply(&self) -> Reply {
        let mut script = self.script.lock().expect("nothing panics while it holds the script");
        let repeated = script.front().filter(|_| self.repeats && script.len() == 1).cloned();
        repeated.or_else(|| script.pop_front()).unwrap_or_else(|| Reply::text(418, "the script is over"))
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        state.connections.send_modify(|count| *count += 1);
        let state = state.clone();
        connections.spawn(async move {
            // A client that hangs up fails its own connection only.
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
        let closes = request.header("connection") == Some("close");
        state.requests.send_modify(|requests| requests.push(request));
        match state.next_reply() {
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
        if closes {
            return stream.shutdown().await;
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
