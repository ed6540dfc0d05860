//! Requests that stay open without further effect, and pages that are empty until a script renders them.

use std::time::{Duration, Instant};

use axum::Router;
use axum::http::header;
use axum::response::Html;
use axum::routing::{get, post};
use browser::settings::SettleSettings;

use super::notices;
use crate::support::{Gate, OwnBrowser, Site, Tab, page, run};

/// A limit that no test reaches.
const NEVER: Duration = Duration::from_secs(60);
/// An action that takes less than this has not waited for `NEVER`.
const SOON: Duration = Duration::from_secs(20);

/// A tab of a browser without limits for settling.
async fn patient() -> (OwnBrowser, Tab) {
    let browser = OwnBrowser::start(|settings| {
        settings.settle = SettleSettings { idle: Duration::from_millis(50), same_site: NEVER, new_site: NEVER };
    })
    .await;
    let tab = browser.open().await;
    (browser, tab)
}

/// A site whose first page has this body; `/save` answers at once, `/hang` never, to any method. Cacheable responses are
/// read by the browser; the end of others is reported once the page has read them.
async fn site(body: &str) -> Site {
    let html = page(body);
    let saved = || async { ([(header::CACHE_CONTROL, "no-store")], "ok") };
    let hang = || async { std::future::pending::<&str>().await };
    Site::with(
        Router::new()
            .route("/", get(|| async { Html(html) }))
            .route("/save", get(saved).post(saved))
            .route("/hang", get(hang).post(hang)),
    )
    .await
}

/// Neither opening the page nor a click on its button `Go` waits.
async fn nothing_is_waited_for(body: &str) {
    let site = site(body).await;
    let (browser, tab) = patient().await;
    let started = Instant::now();
    tab.go(&site.url("/")).await.unwrap();
    let opened = notices(&tab.observe().await);
    assert!(started.elapsed() < SOON, "opening it took {:?}", started.elapsed());
    assert!(!opened.contains("pending"), "{opened}");
    let started = Instant::now();
    let effect = tab.click("Go").await.unwrap().effect;
    assert!(started.elapsed() < SOON, "the click took {:?}", started.elapsed());
    let seen = tab.observe().await;
    assert!(seen.view.text.contains("Gone"), "{}", seen.view.text);
    let told = format!("{effect}\n{}", notices(&seen));
    assert!(!told.contains("pending"), "{told}");
    tab.close().await;
    browser.close().await;
}

fn pressing(script: &str) -> String {
    format!("<p id=out></p><button onclick=\"out.textContent = 'Gone'; {script}\">Go</button>")
}

#[test]
fn a_response_with_an_unread_body_is_complete() {
    run(async {
        for options in ["", ", { method: 'POST', body: 'x' }", ", { method: 'POST', body: 'x', keepalive: true }"] {
            nothing_is_waited_for(&pressing(&format!("fetch('/save'{options})"))).await;
        }
    });
}

#[test]
fn a_response_with_an_unread_body_does_not_delay_the_first_observation() {
    run(async {
        let body = format!("{}<script>fetch('/save').then((answer) => tell(answer.ok))</script>", pressing(""));
        nothing_is_waited_for(&body).await;
    });
}

#[test]
fn an_unanswered_beacon_is_not_awaited() {
    run(nothing_is_waited_for(&format!(
        "{}<script>navigator.sendBeacon('/hang', 'seen')</script>",
        pressing("navigator.sendBeacon('/hang', 'pressed')")
    )));
}

#[test]
fn an_unanswered_tracking_pixel_is_not_awaited() {
    run(nothing_is_waited_for(&format!(
        "{}<script>new Image().src = '/hang?seen'</script>",
        pressing("new Image().src = '/hang?pressed'")
    )));
}

#[test]
fn a_keepalive_report_is_not_awaited() {
    let report = "fetch('/hang', { method: 'POST', body: 'x', keepalive: true, mode: 'no-cors' })";
    run(nothing_is_waited_for(&format!("{}<script>{report}</script>", pressing(report))));
}

#[test]
fn a_frame_without_a_size_is_not_awaited() {
    run(nothing_is_waited_for(&format!(
        "{}<iframe src=/hang width=0 height=0 style='border: 0'></iframe>",
        pressing(
            "document.body.insertAdjacentHTML('beforeend', '<iframe src=/hang width=0 height=0 style=border:0></iframe>')"
        )
    )));
}

#[test]
fn server_sent_events_are_not_awaited() {
    run(async {
        // Unlike a poll, it stays open; the server sends nothing.
        nothing_is_waited_for(&format!("{}<script>new EventSource('/hang')</script>", pressing(""))).await;
    });
}

#[test]
fn a_long_poll_is_not_awaited() {
    run(async {
        let gate = Gate::new();
        let (held, opened) = (gate.clone(), gate.clone());
        // The first poll is answered after a message, the next ones never.
        let body = "<p id=out></p><button onclick=\"fetch('/say', { method: 'POST' }).then((r) => r.text())\">Say</button>\
            <script>let since = 0; const poll = () => fetch('/news?since=' + since).then((r) => r.text())\
            .then((text) => { out.textContent = text; since++; poll() }); onload = () => setTimeout(poll)</script>";
        let router = Router::new()
            .route("/", get(move || async move { Html(page(body)) }))
            .route("/say", post(move || async move { opened.open() }))
            .route(
                "/news",
                get(move |uri: axum::http::Uri| async move {
                    match uri.query() {
                        Some("since=0") => held.then("Somebody spoke").await,
                        _ => std::future::pending().await,
                    }
                }),
            );
        let site = Site::with(router).await;
        let (browser, tab) = patient().await;
        let started = Instant::now();
        tab.go(&site.url("/")).await.unwrap();
        site.is_asked("GET /news?since=0").await;
        assert!(started.elapsed() < SOON, "opening it took {:?}", started.elapsed());
        tab.click("Say").await.unwrap();
        tab.until(|seen| seen.view.text.contains("Somebody spoke")).await;
        assert!(started.elapsed() < SOON, "the click took until {:?}", started.elapsed());
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn the_first_observation_of_a_heavy_application_comes_after_it_has_drawn_itself() {
    run(async {
        // Its frame stands at once, its work in three steps, the last two under a splash screen that goes.
        let body = "<header><button>Deploy</button><button>Menu</button></header><main id=root></main>\
             <div id=splash style='position: fixed; inset: 0; background: white'>Loading</div>\
             <script>const later = (work) => setTimeout(work, 300); later(() => {\
               root.innerHTML = '<h1>Order</h1><input aria-label=Name><input aria-label=Cups><button>Order</button>';\
               later(() => { root.firstChild.append(' now'); later(() => splash.remove()) }) })</script>\
             <script src=/app.js></script>";
        let html = page(body);
        let script = format!("/* {} */", "x".repeat(500_000));
        let site = Site::with(
            Router::new()
                .route("/", get(|| async { Html(html) }))
                .route("/app.js", get(|| async { ([(header::CONTENT_TYPE, "text/javascript")], script) })),
        )
        .await;
        let tab = crate::support::open(&site, "/").await;
        let seen = tab.observe().await;
        assert!(seen.view.text.contains("Order now") && seen.view.text.contains("Cups"), "{}", seen.view.text);
        tab.close().await;
    });
}

#[test]
fn the_first_observation_of_a_client_rendered_page_has_its_content() {
    run(async {
        // The root stays empty until a timer, animation frames or an idle callback.
        for (path, later) in [
            ("/timer", "setTimeout(mount, 400)"),
            ("/frames", "let n = 0; const frame = () => ++n < 25 ? requestAnimationFrame(frame) : mount(); frame()"),
            ("/shell", "setTimeout(() => { root.innerHTML = '<div class=shell></div>'; setTimeout(mount, 300) }, 100)"),
        ] {
            let body = format!(
                "<div id=root></div><script>const mount = () => \
                 root.innerHTML = '<h1>Inbox</h1><button>Compose</button>'; {later}</script>"
            );
            let site = Site::of(&[(path, &body)]).await;
            let tab = crate::support::open(&site, path).await;
            let seen = tab.observe().await;
            assert!(seen.view.text.contains("Compose"), "{path}: {:?}\n{}", seen.notices, seen.view.text);
            tab.close().await;
        }
    });
}
