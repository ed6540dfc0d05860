//! What the way out costs: pages that load a hundred pictures and then 50 MB, in a browser of the service, whose requests
//! are checked and go through its proxy, and in a plain one, in turn. `make egress` runs it.

#[path = "support/eyes.rs"]
mod eyes;
#[path = "support/library.rs"]
#[expect(dead_code, reason = "pages are loaded here, not read")]
mod library;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use axum::{Json, Router};
use browser::warden;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use url::Url;

use eyes::Eyes;
use library::LibraryPage;

const ROUNDS: usize = 9;
const PICTURES: usize = 100;
const PICTURE_BYTES: usize = 5 << 10;
const DOWNLOAD_BYTES: usize = 50 << 20;
const TOLD_WITHIN: Duration = Duration::from_secs(60);

/// What a page measured itself, milliseconds.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Told {
    /// From the start of the navigation to its load event.
    load: f64,
    download: f64,
}

fn main() -> anyhow::Result<ExitCode> {
    if let Some(code) = warden::run_if_requested() {
        return Ok(code);
    }
    tokio::runtime::Runtime::new()?.block_on(measure())?;
    Ok(ExitCode::SUCCESS)
}

async fn measure() -> anyhow::Result<()> {
    let (told, mut tellings) = mpsc::channel(1);
    let fresh = || [(CACHE_CONTROL, "no-store")];
    let router = Router::new()
        .route("/", get(move || async move { (fresh(), Html(page())) }))
        .route("/picture/{name}", get(move || async move { (fresh(), vec![b'x'; PICTURE_BYTES]).into_response() }))
        .route("/download", get(move || async move { (fresh(), vec![b'x'; DOWNLOAD_BYTES]).into_response() }))
        .route(
            "/told",
            post(|told: State<mpsc::Sender<Told>>, Json(measured): Json<Told>| async move {
                // Nobody waits for it when the measurement is over.
                let _ = told.send(measured).await;
            }),
        )
        .with_state(told);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url: Url = format!("http://{}/", listener.local_addr()?).parse()?;
    let tasks = TaskTracker::new();
    tasks.spawn(async move { axum::serve(listener, router).await });
    let mut told = async || {
        let told = tokio::time::timeout(TOLD_WITHIN, tellings.recv()).await.context("the page told nothing")?;
        told.context("the server ended")
    };

    let eyes = Eyes::open().await?;
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let page = eyes.page(&url, None).await?;
        ours.push(told().await?);
        page.close().await;
        let address = url.to_string();
        let page = tokio::task::spawn_blocking(move || LibraryPage::open(&address)).await??;
        plain.push(told().await?);
        drop(page);
    }
    eyes.close().await;

    println!("| medians of {ROUNDS}, ms | checked, through the proxy | plain | ratio |\n| --- | --- | --- | --- |");
    let row = |what: &str, of: fn(&Told) -> f64| {
        let (ours, plain) = (median(ours.iter().map(of)), median(plain.iter().map(of)));
        println!("| {what} | {ours:.0} | {plain:.0} | {:.2} |", ours / plain);
    };
    row("a page with 100 pictures", |told| told.load);
    row("50 MB", |told| told.download);
    Ok(())
}

fn page() -> String {
    let pictures: String = (0..PICTURES).map(|n| format!("<img src=/picture/{n}>")).collect();
    format!(
        "<!doctype html><title>Pictures</title>{pictures}<script>onload = async () => {{
            const load = performance.now(), from = performance.now();
            await (await fetch('/download')).arrayBuffer();
            const body = JSON.stringify({{ load, download: performance.now() - from }});
            fetch('/told', {{ method: 'POST', body, headers: {{ 'Content-Type': 'application/json' }} }});
        }}</script>"
    )
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
