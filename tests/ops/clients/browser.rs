//! The client in a browser, behind a gateway that serves its page, holds the key and passes the stream on.

use std::path::PathBuf;
use std::process::Stdio;

use axum::Router;
use axum::body::Body;
use axum::extract::{Json, State};
use axum::http::{HeaderMap, header};
use axum::response::{Html, Response};
use axum::routing::{get, post};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use url::Url;

use super::{DEADLINE, events, folder};

/// Lets a page in a real browser run a task at the service. `fields` are the request's other fields.
///
/// # Errors
/// The problems that the page found.
pub(crate) async fn read_in_browser(
    base_url: &str,
    key: &str,
    task: &str,
    fields: &Value,
) -> Result<Vec<Value>, String> {
    let (reports, mut reported) = mpsc::channel(1);
    let gateway =
        Gateway { service: base_url.to_owned(), key: key.to_owned(), client: reqwest::Client::new(), reports };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| error.to_string())?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    // Dropped at the end, and the gateway with it.
    let mut servers = JoinSet::new();
    servers.spawn(async move { axum::serve(listener, gateway.router()).await });

    let page = Url::parse_with_params(
        &format!("http://127.0.0.1:{port}/"),
        [("task", task), ("fields", fields.to_string().as_str())],
    )
    .expect("the address is valid");
    let browser = Browser::open(&page);
    let report = tokio::time::timeout(DEADLINE, reported.recv()).await;
    browser.close().await;
    let report = report.map_err(|_| format!("the page did not report within {} s", DEADLINE.as_secs()))?;
    let report = report.ok_or("the gateway ended before the page reported")?;
    match report["violation"].as_str() {
        Some(violation) => Err(violation.to_owned()),
        None => Ok(events(&report)),
    }
}

#[derive(Clone)]
struct Gateway {
    service: String,
    key: String,
    client: reqwest::Client,
    reports: mpsc::Sender<Value>,
}

impl Gateway {
    fn router(self) -> Router {
        Router::new()
            .route("/", get(page))
            .route("/api/v1/browser-use/run/stream", post(proxy))
            .route("/report", post(report))
            .with_state(self)
    }
}

async fn page() -> Html<String> {
    Html(std::fs::read_to_string(folder().join("browser_client.html")).expect("the page ships with the tests"))
}

async fn proxy(State(gateway): State<Gateway>, headers: HeaderMap, body: String) -> Response {
    let answer = gateway
        .client
        .post(format!("{}/api/v1/browser-use/run/stream", gateway.service))
        .header("X-Gateway-Key", gateway.key)
        .header(header::CONTENT_TYPE, headers[header::CONTENT_TYPE].clone())
        .body(body)
        .send()
        .await
        .expect("the service answers");
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    response.headers_mut().insert(header::CONTENT_TYPE, answer.headers()[header::CONTENT_TYPE].clone());
    *response.body_mut() = Body::from_stream(answer.bytes_stream());
    response
}

async fn report(State(gateway): State<Gateway>, Json(report): Json<Value>) {
    gateway.reports.send(report).await.expect("somebody waits for the report");
}

/// A browser with one page, in a process group and with a profile of its own.
struct Browser {
    child: Child,
    profile: tempfile::TempDir,
}

impl Browser {
    fn open(page: &Url) -> Self {
        let profile = tempfile::Builder::new().prefix("browser-use-service-client-").tempdir().expect("a temp dir");
        let child = Command::new(executable())
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-quic"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(page.as_str())
            .env("TMPDIR", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .expect("the browser starts");
        Self { child, profile }
    }

    async fn close(mut self) {
        let group = self.child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        if let Some(group) = group {
            // It may have exited already.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait().await;
        self.profile.close().expect("the profile can be removed");
    }
}

/// `BROWSER_EXECUTABLE` or the first known name on the PATH, as `make setup` looks for it.
fn executable() -> PathBuf {
    if let Some(path) = std::env::var_os("BROWSER_EXECUTABLE") {
        return path.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    ["chromium", "chromium-headless-shell", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"]
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|candidate| candidate.is_file())
        .expect("there is a Chromium: run `make setup` once")
}
