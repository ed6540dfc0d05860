//! A site that means harm, a page for each kind of it. Each begins with the heading "Home", so that a run may try to
//! read it.

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
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

pub(crate) fn router() -> Router {
    Router::new()
        .route("/redirect", get(|| async { Redirect::to("/redirect") }))
        .route("/endless", get(|| async { endless("text/html", "<p>more of it</p>") }))
        .route("/image", get(|| async { endless("image/png", "more of it") }))
        .route("/silent", get(std::future::pending::<String>))
        .route("/download", get(|| async { endless("application/octet-stream", "more of it") }))
        .route("/{page}", get(page))
}

async fn page(Path(page): Path<String>) -> Response {
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
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let body = format!("<h1>Home</h1><button>Go</button><a href=/image>Image</a><script>{script}</script>");
    Html(format!("<!doctype html><html lang=en><meta charset=utf-8><title>{page}</title><body>{body}")).into_response()
}

/// The same piece, for as long as somebody takes it; some megabytes a second at most, as both ends share a machine.
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
