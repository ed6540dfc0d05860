//! `make egress`: measures the cost of request checks and the proxy. A page loads 100 images and then 50 MB, alternately in a
//! browser of the service and in a plain one.

use std::time::Duration;

use agent::ports::Page;
use anyhow::Context;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use testkit::server::Server;
use tokio::sync::mpsc;
use url::Url;

use crate::library::LibraryPage;
use crate::local_browser::LocalBrowser;

const ROUNDS: usize = 9;
const IMAGES: usize = 100;
const IMAGE_BYTES: usize = 5 << 10;
const DOWNLOAD_BYTES: usize = 50 << 20;
const REPORT_TIMEOUT: Duration = Duration::from_secs(60);

/// What a page measured, in milliseconds.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Times {
    /// From the start of the navigation to its load event.
    load: f64,
    download: f64,
}

#[tokio::main]
pub(crate) async fn run() -> anyhow::Result<()> {
    let (reports, mut reported) = mpsc::channel(1);
    let fresh = || [(CACHE_CONTROL, "no-store")];
    let router = Router::new()
        .route("/", get(move || async move { (fresh(), Html(page())) }))
        .route("/image/{name}", get(move || async move { (fresh(), vec![b'x'; IMAGE_BYTES]).into_response() }))
        .route("/download", get(move || async move { (fresh(), vec![b'x'; DOWNLOAD_BYTES]).into_response() }))
        .route(
            "/report",
            post(|reports: State<mpsc::Sender<Times>>, Json(times): Json<Times>| async move {
                // Fails when the measurement is over.
                let _ = reports.send(times).await;
            }),
        )
        .with_state(reports);
    let server = Server::start(router).await?;
    let url: Url = server.url("/").parse()?;
    let mut report = async || {
        let times = tokio::time::timeout(REPORT_TIMEOUT, reported.recv()).await.context("the page did not report")?;
        times.context("the server ended")
    };

    let browser = LocalBrowser::open().await?;
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let page = browser.page(&url, None).await?;
        ours.push(report().await?);
        page.close().await;
        let address = url.to_string();
        let page = tokio::task::spawn_blocking(move || LibraryPage::open(&address)).await??;
        plain.push(report().await?);
        drop(page);
    }
    browser.close().await;

    println!("| medians of {ROUNDS}, ms | checked, through the proxy | plain | ratio |\n| --- | --- | --- | --- |");
    let row = |what: &str, of: fn(&Times) -> f64| {
        let (ours, plain) = (median(ours.iter().map(of)), median(plain.iter().map(of)));
        println!("| {what} | {ours:.0} | {plain:.0} | {:.2} |", ours / plain);
    };
    row("a page with 100 images", |times| times.load);
    row("50 MB", |times| times.download);
    Ok(())
}

fn page() -> String {
    let images: String = (0..IMAGES).map(|n| format!("<img src=/image/{n}>")).collect();
    format!(
        "<!doctype html><title>Images</title>{images}<script>onload = async () => {{
            const load = performance.now(), from = performance.now();
            await (await fetch('/download')).arrayBuffer();
            const body = JSON.stringify({{ load, download: performance.now() - from }});
            fetch('/report', {{ method: 'POST', body, headers: {{ 'Content-Type': 'application/json' }} }});
        }}</script>"
    )
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
