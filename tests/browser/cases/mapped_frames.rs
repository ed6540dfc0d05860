//! Frames that are transformed, zoomed and nested: a press reaches the control that it is meant for.

use agent::action::Action;
use axum::Router;
use axum::response::Html;
use axum::routing::get;

use super::index_at;
use crate::support::{OwnBrowser, Site, Tab, open, page, run};

/// Twenty buttons that tell their names, in a frame's document.
const GRID: &str = "<!doctype html><body style='margin:4px'><script>\
    for (const n of '1234') { for (const c of 'ABCDE') { const b = document.createElement('button');\
    b.style.cssText = 'width:30px;height:24px;padding:0'; b.textContent = c + n;\
    b.onclick = () => navigator.sendBeacon('/tell', b.textContent); document.body.append(b) }\
    document.body.append(document.createElement('br')) }</script>";

/// Each is pressed once, and nothing else: two corners and the middle of the grid.
const PRESSED: [&str; 3] = ["A1", "C2", "E4"];

async fn every_press_hits(body: &str) {
    let site = site_of(body).await;
    let tab = open(&site, "/").await;
    presses_hit(&site, &tab, body).await;
    tab.close().await;
}

async fn site_of(body: &str) -> Site {
    let (home, body_of_outer) =
        (page(body), page("<iframe src=/grid style='width:300px;height:160px;border:5px solid'></iframe>"));
    Site::with(
        Router::new()
            .route("/", get(|| async { Html(home) }))
            .route("/grid", get(|| async { Html(GRID) }))
            .route("/outer", get(|| async { Html(body_of_outer) })),
    )
    .await
}

async fn presses_hit(site: &Site, tab: &Tab, body: &str) {
    let view = tab.until(|seen| seen.view.text.contains("E4")).await.view.text;
    for name in PRESSED {
        let outcome = tab.act(Action::click(index_at(&view, name))).await;
        assert!(outcome.is_ok(), "{body}: {name}: {outcome:?}");
        site.hears(name).await;
    }
    assert_eq!(site.told(), PRESSED, "{body}");
}

fn frame(style: &str) -> String {
    format!(
        "<h1>P</h1><iframe src=/grid style='width:300px;height:160px;border:2px solid;padding:3px;{style}'></iframe>"
    )
}

#[test]
fn a_transformed_frame_is_pressed_where_it_is_painted() {
    run(async {
        for style in [
            "transform:scale(.5);transform-origin:0 0",
            "transform:scale(2);transform-origin:0 0",
            "transform:scale(.5) rotate(3deg)",
            "transform:rotate(90deg);margin:100px",
            "transform:skewX(20deg);margin:50px",
            "transform:perspective(500px) rotateY(11deg);margin:50px",
        ] {
            every_press_hits(&frame(style)).await;
        }
    });
}

#[test]
fn a_zoomed_frame_is_pressed_where_it_is_painted() {
    run(async {
        every_press_hits(&frame("zoom:1.5")).await;
        every_press_hits(&format!("<div style='zoom:.5'>{}</div>", frame("margin:20px"))).await;
        every_press_hits(&format!("<style>html {{ zoom: 1.3 }}</style>{}", frame(""))).await;
    });
}

#[test]
fn nested_and_scrolled_frames_are_pressed_where_they_are_painted() {
    run(async {
        let outer = "<iframe src=/outer style='width:400px;height:250px;transform:scale(.8) rotate(5deg)'></iframe>";
        every_press_hits(&format!("<h1>P</h1>{outer}")).await;
        every_press_hits(&format!("<div style='height:700px'>far</div>{outer}<div style='height:2000px'></div>")).await;
    });
}

#[test]
fn a_transformed_frame_of_another_site_is_pressed_where_it_is_painted() {
    run(async {
        let browser = OwnBrowser::reaching("127.0.0.1, localhost", |_| {}).await;
        let body = "<h1>P</h1><script>document.write(`<iframe src='http://localhost:${location.port}/outer' \
                    style='width:400px;height:250px;transform:scale(.7) rotate(10deg)'></iframe>`)</script>";
        let site = site_of(body).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        presses_hit(&site, &tab, body).await;
        tab.close().await;
        browser.close().await;
    });
}
