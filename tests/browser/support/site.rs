//! Sites for the browser, with a record of requests.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::{Next, from_fn};
use axum::response::Html;
use axum::routing::{get, post};
use axum::serve::Listener;
use testkit::server::Server;
use testkit::tls::SelfSigned;
use tokio::net::{TcpListener, TcpSocket};

use super::Log;

/// A site on a free port of loopback, served for as long as this lives.
pub(crate) struct Site {
    scheme: &'static str,
    server: Server,
    told: Log<String>,
    requests: Log<Seen>,
}

/// A request that reached a site.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Method, path and query: `GET /search?q=tea`.
    pub(crate) line: String,
    pub(crate) cookie: String,
}

impl Site {
    /// A site of pages, each a path and its body.
    pub(crate) async fn of(pages: &[(&'static str, &str)]) -> Self {
        let route = |router: Router, (path, body): &(&'static str, &str)| {
            let html = page(body);
            router.route(path, get(|| async { Html(html) }))
        };
        Self::with(pages.iter().fold(Router::new(), route)).await
    }

    /// A site of handlers, with the path `/tell` where pages report what happens to them (see [`page`]).
    pub(crate) async fn with(router: Router) -> Self {
        Self::served("http", listener().await, router)
    }

    /// A site of one page over TLS with a self-signed certificate.
    pub(crate) async fn self_signed() -> Self {
        Self::served("https", SelfSigned::new(listener().await), trust_me())
    }

    /// The same with a certificate for a host, valid from one year to another.
    pub(crate) async fn self_signed_for(host: &str, years: (i32, i32)) -> Self {
        Self::served("https", SelfSigned::valid(listener().await, host, years), trust_me())
    }

    fn served<L: Listener<Addr = SocketAddr>>(scheme: &'static str, listener: L, router: Router) -> Self {
        let (told, requests) = (Log::new(), Log::new());
        let (heard, seen) = (told.clone(), requests.clone());
        let router = router
            .layer(from_fn(move |request: Request, next: Next| {
                let cookie = request.headers().get(header::COOKIE).and_then(|cookie| cookie.to_str().ok());
                seen.push(Seen {
                    line: format!("{} {}", request.method(), request.uri()),
                    cookie: cookie.unwrap_or_default().to_owned(),
                });
                next.run(request)
            }))
            .route("/tell", post(|text: String| async move { heard.push(text) }));
        Self { scheme, server: Server::on(listener, router).unwrap(), told, requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.server.address)
    }

    /// The same under another host name, such as a forbidden one.
    pub(crate) fn url_at(&self, host: &str, path: &str) -> String {
        format!("{}://{host}:{}{path}", self.scheme, self.server.address.port())
    }

    /// Waits until a page has reported exactly this.
    pub(crate) async fn hears(&self, text: &str) {
        self.told.until(&format!("{text:?}"), |told| told.iter().any(|line| line == text)).await;
    }

    /// Waits for the first report of a page and returns it.
    pub(crate) async fn hears_any(&self) -> String {
        self.told.until("anything", |told| !told.is_empty()).await.remove(0)
    }

    /// The reports of the pages so far.
    pub(crate) fn told(&self) -> Vec<String> {
        self.told.list()
    }

    /// Waits for a request by its line.
    pub(crate) async fn is_asked(&self, line: &str) -> Seen {
        let seen = self.requests.until(line, |seen| seen.iter().any(|request| request.line == line)).await;
        seen.into_iter().find(|request| request.line == line).unwrap()
    }

    /// Waits until a request was made this often.
    pub(crate) async fn is_asked_times(&self, line: &str, times: usize) {
        let asked = |seen: &[Seen]| seen.iter().filter(|request| request.line == line).count() >= times;
        self.requests.until(line, asked).await;
    }

    /// The lines of all requests so far, without reports of pages and requests for icons.
    pub(crate) fn requests(&self) -> Vec<String> {
        let lines = self.requests.list().into_iter().map(|request| request.line);
        lines.filter(|line| line != "GET /favicon.ico").collect()
    }
}

fn trust_me() -> Router {
    Router::new().route("/", get(|| async { Html(page("Trust me")) }))
}

async fn listener() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap()
}

/// A bound port without a listener.
pub(crate) struct DeadPort(TcpSocket);

impl DeadPort {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        Self(socket)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.0.local_addr().unwrap())
    }
}

/// A document with this body, whose scripts can report to the site by `tell(text)`. It sends a beacon, which no
/// action awaits.
pub(crate) fn page(body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Fixture</title>\
         <script>function tell(text) {{ navigator.sendBeacon('/tell', String(text)) }}</script><body>{body}"
    )
}

/// Never answers; logs when the request is dropped.
pub(crate) async fn until_dropped(log: Log<&'static str>) -> &'static str {
    struct Ended(Log<&'static str>);
    impl Drop for Ended {
        fn drop(&mut self) {
            self.0.push("let go");
        }
    }
    let _ended = Ended(log);
    std::future::pending().await
}
