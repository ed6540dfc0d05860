//! Servers that record connections, and a setup with one allowed and several forbidden servers.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::support::{Log, OwnBrowser, Site, Tab, page};

/// Accepts every connection, records the beginning of what it receives, and answers with permissive headers.
pub(super) struct RecordingServer {
    pub(super) origin: String,
    pub(super) port: u16,
    came: Log<String>,
    _server: JoinSet<()>,
}

impl RecordingServer {
    pub(super) async fn at(host: &str) -> Self {
        let listener = TcpListener::bind(format!("{host}:0")).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let came = Log::new();
        let heard = came.clone();
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut served = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                heard.push(String::from("a connection"));
                served.spawn(answer(client, heard.clone()));
            }
        });
        Self { origin: format!("http://{host}:{port}"), port, came, _server: server }
    }

    /// Waits for a request whose line contains this text.
    pub(super) async fn hears(&self, text: &str) {
        self.came.until(text, |came| came.iter().any(|line| line.contains(text))).await;
    }

    /// All connections.
    pub(super) fn connections(&self) -> Vec<String> {
        self.came.list()
    }
}

async fn answer(mut client: TcpStream, heard: Log<String>) {
    let mut bytes = vec![0; 4096];
    while let Ok(read @ 1..) = client.read(&mut bytes).await {
        let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
        let line = text.lines().next().unwrap_or_default().to_owned();
        let kind = if line.contains(".js") { "text/javascript" } else { "text/html" };
        heard.push(line);
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: 0\r\nAccess-Control-Allow-Origin: *\r\n\
             Access-Control-Allow-Headers: *\r\nAccess-Control-Allow-Methods: *\r\nSupports-Loading-Mode: credentialed-prerender\r\n\r\n"
        );
        if client.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// A browser, a site with hostile pages, an allowed server, and forbidden servers.
pub(super) struct EgressTest {
    pub(super) site: Site,
    pub(super) open: RecordingServer,
    pub(super) closed: Vec<RecordingServer>,
    pub(super) browser: OwnBrowser,
}

/// A page's parameters: its body and its content security policy.
#[derive(Deserialize)]
struct PageQuery {
    body: Option<String>,
    script: Option<String>,
    csp: Option<String>,
}

/// Target and status of a redirect.
#[derive(Deserialize)]
struct Redirect {
    status: u16,
    to: String,
}

impl Redirect {
    fn answer(self) -> Response {
        (StatusCode::from_u16(self.status).unwrap(), [(LOCATION, self.to)]).into_response()
    }
}

impl EgressTest {
    pub(super) async fn new() -> Self {
        let site = Site::with(
            Router::new()
                .route("/page", get(|Query(query): Query<PageQuery>| async move { document(query) }))
                .route("/redirect", any(|Query(redirect): Query<Redirect>| async move { redirect.answer() }))
                .route("/script.js", get(|Query(query): Query<PageQuery>| async move { script(query) })),
        )
        .await;
        let open = RecordingServer::at("127.0.0.1").await;
        let closed = vec![
            RecordingServer::at("127.0.0.1").await,
            RecordingServer::at("[::1]").await,
            RecordingServer::at("127.0.0.2").await,
        ];
        let port = site.url("").rsplit(':').next().unwrap().to_owned();
        let reach = format!("127.0.0.1:{port},127.0.0.1:{}", open.port);
        let browser = OwnBrowser::reaching(&reach, |_| {}).await;
        Self { site, open, closed, browser }
    }

    /// The URL of a page with this body.
    pub(super) fn page(&self, body: &str) -> String {
        self.site.url(&format!("/page?body={}", encoded(body)))
    }

    /// The path of a script.
    pub(super) fn script(script: &str) -> String {
        format!("/script.js?script={}", encoded(script))
    }

    /// The forbidden servers' origins, then the allowed one's: once the last is reached, all were tried.
    pub(super) fn targets(&self) -> Vec<&str> {
        self.closed.iter().chain([&self.open]).map(|server| server.origin.as_str()).collect()
    }

    /// Makes an attempt on one page towards all targets: `T` is the origin, `W` that of WebSockets.
    pub(super) async fn tries(&self, tab: &Tab, name: &str, way: &str) {
        let mut body = String::new();
        for target in self.targets() {
            let _ = writeln!(body, "{}", aimed(way, target, name));
        }
        tab.go(&self.page(&body)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        self.open.hears(&format!("/{name}")).await;
    }

    /// Makes an attempt that leaves the page, towards one target after another.
    pub(super) async fn leaves(&self, tab: &Tab, name: &str, way: &str) {
        for target in self.targets() {
            // It may fail.
            let _ = tab.go(&self.page(&aimed(way, target, name))).await;
            let _ = tab.observe().await;
        }
        self.open.hears(&format!("/{name}")).await;
    }

    /// Ends the run and asserts that no forbidden server got a connection.
    pub(super) async fn assert_no_forbidden_connection(self, tab: Tab) {
        tab.close().await;
        for server in &self.closed {
            assert_eq!(server.connections(), [""; 0], "{}", server.origin);
        }
        self.browser.close().await;
    }
}

fn aimed(way: &str, target: &str, name: &str) -> String {
    let sockets = target.replace("http", "ws");
    way.replace("{T}", &format!("{target}/{name}")).replace("{W}", &format!("{sockets}/{name}"))
}

fn document(query: PageQuery) -> Response {
    let html = Html(page(&query.body.unwrap_or_default()));
    match query.csp {
        Some(csp) => ([(CONTENT_SECURITY_POLICY, csp)], html).into_response(),
        None => html.into_response(),
    }
}

fn script(query: PageQuery) -> Response {
    ([(CONTENT_TYPE, "text/javascript")], query.script.unwrap_or_default()).into_response()
}

pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
