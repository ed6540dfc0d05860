//! The share of wordless pictures in the viewport.

use axum::Router;
use axum::response::Html;
use axum::routing::get;

use super::support::{Site, open, run};

const HALF: &str = "style='display: block; width: 50vw; height: 100vh'";
const IMAGE: &str =
    "data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 width=%22900%22 height=%22900%22/%3E";

#[test]
fn only_large_pictures_without_text_are_measured() {
    run(async {
        let inner =
            format!("<body style=margin:0><canvas {HALF}></canvas>").replace("50vw", "100vw").replace('\'', "&quot;");
        let pages = [
            (format!("<canvas {HALF}></canvas>"), 50),
            (format!("<canvas {HALF}></canvas><p style='margin-top: 100vh'>below"), 50),
            (format!("<canvas {HALF} aria-label='Sales by month'></canvas>"), 0),
            (format!("<canvas {HALF}>12 lamps sold in May</canvas>"), 0),
            (format!("<img {HALF} src='{IMAGE}'>"), 50),
            (format!("<img {HALF} src='{IMAGE}' alt='A lamp'>"), 0),
            (format!("<img {HALF} src='{IMAGE}' alt=''>"), 0),
            (format!("<svg {HALF}><rect width=99 height=99 /></svg>"), 50),
            (format!("<svg {HALF}><text y=50>May: 12</text></svg>"), 0),
            (format!("<iframe {HALF} frameborder=0 srcdoc='{inner}'></iframe>"), 50),
            (format!("<div style='height: 300vh'></div><canvas {HALF}></canvas>"), 0),
            ("<canvas width=80 height=80></canvas>".repeat(20), 0),
        ];
        let router = pages.iter().enumerate().fold(Router::new(), |router, (number, (body, _))| {
            let html = Html(format!("<body style='margin: 0'>{body}"));
            router.route(&format!("/{number}"), get(async || html))
        });
        let site = Site::with(router).await;
        for (number, (body, percent)) in pages.iter().enumerate() {
            let tab = open(&site, &format!("/{number}")).await;
            let seen = tab.observe().await.view.wordless;
            assert!(seen.abs_diff(*percent) <= 1, "{seen} instead of {percent} percent: {body}");
            tab.close().await;
        }
    });
}
