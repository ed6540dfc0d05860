//! Renderers that crash, run out of memory or hang, in pages, frames, popups and workers.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use agent::action::Action;
use agent::observation::Observation;
use agent::ports::{ActionError, BrowserError};
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use rustix::process::Signal;

use crate::support::{Gate, OwnBrowser, Site, Tab, page, processes, run, with_screenshots};

/// The timeouts of the browser.
const LIMIT: Duration = Duration::from_secs(5);
/// Slack for a busy machine.
const MARGIN: Duration = Duration::from_secs(3);
/// Its memory identifies its renderer.
const LARGE: &str = "<script>const ballast = new Uint8Array(200 << 20).fill(7)</script><p>Large</p>";

async fn browser() -> OwnBrowser {
    OwnBrowser::reaching("127.0.0.1, localhost", |settings| {
        settings.observe_timeout = LIMIT;
        settings.command_timeout = LIMIT;
    })
    .await
}

fn kill_large(browser: &OwnBrowser) {
    let large = processes::renderers(browser.root()).into_iter().find(|pid| processes::resident(*pid) > 250 << 20);
    processes::signal(large.expect("one renderer holds the ballast"), Signal::KILL);
}

/// Opens a page of another site, in another process.
fn leading(path: &str) -> String {
    format!(
        "<h1>Home</h1><a id=other target=_blank rel=noopener>Other</a><script>\
         other.href = `http://localhost:${{location.port}}{path}`</script>"
    )
}

async fn in_popup(browser: &OwnBrowser, site: &Site, says: &str) -> Tab {
    let tab = browser.open().await;
    tab.go(&site.url("/")).await.unwrap();
    tab.click("Other").await.unwrap();
    tab.until(|seen| seen.view.text.contains(says)).await;
    tab
}

/// Closes the popup and checks that its opener works.
async fn goes_on_in_the_opener(tab: &Tab) {
    tab.act(Action::CloseTab { tab: None }).await.unwrap();
    let seen = tab.observe().await;
    assert!(seen.view.text.contains("Home"), "{seen:#?}");
    assert_eq!(seen.tabs.len(), 1);
}

#[test]
fn a_crashed_frame_does_not_affect_the_page() {
    run(async {
        let browser = browser().await;
        let home = "<button onclick=\"tell('pressed')\">Press</button><iframe></iframe><script>\
                    document.querySelector('iframe').src = `http://localhost:${location.port}/large`</script>";
        let site = Site::of(&[("/", home), ("/large", LARGE)]).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        tab.until(|seen| seen.view.text.contains("Large")).await;
        kill_large(&browser);
        tab.until(|seen| !seen.view.text.contains("Large")).await;
        tab.click("Press").await.unwrap();
        site.hears("pressed").await;
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_crashed_popup_is_reported_and_can_be_closed() {
    run(async {
        let browser = browser().await;
        let site = Site::of(&[("/", &leading("/large")), ("/large", LARGE)]).await;
        let tab = in_popup(&browser, &site, "Large").await;
        kill_large(&browser);
        tab.until(|seen| seen.notices.iter().any(|notice| notice.contains("crashed"))).await;
        goes_on_in_the_opener(&tab).await;
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_popup_in_an_endless_loop_is_reported_and_can_be_closed() {
    run(async {
        let browser = browser().await;
        let stuck = "<p>Busy</p><button onclick=\"for (;;);\">Spin</button>";
        let site = Site::of(&[("/", &leading("/stuck")), ("/stuck", stuck)]).await;
        let (tab, neighbour) = (in_popup(&browser, &site, "Busy").await, in_popup(&browser, &site, "Busy").await);
        let started = Instant::now();
        let _ = tab.click("Spin").await;
        assert!(started.elapsed() < LIMIT + MARGIN, "{:?}", started.elapsed());
        let started = Instant::now();
        // Another run reads the same page meanwhile.
        let (seen, read) = tokio::join!(tab.observe(), neighbour.text());
        assert!(started.elapsed() < LIMIT + MARGIN, "{:?}", started.elapsed());
        assert!(seen.notices.iter().any(|notice| notice.contains("could not be read")), "{seen:#?}");
        assert!(read.contains("Busy"), "{read}");
        goes_on_in_the_opener(&tab).await;
        tab.close().await;
        neighbour.close().await;
        browser.close().await;
    });
}

#[test]
fn a_worker_in_an_endless_loop_delays_nothing() {
    run(async {
        let browser = browser().await;
        let home = "<button onclick=\"tell('pressed')\">Press</button><script>\
                    const busy = 'postMessage(0); for (;;);';\
                    new Worker(URL.createObjectURL(new Blob([busy]))).onmessage = () => tell('spins')</script>";
        let site = Site::of(&[("/", home)]).await;
        let tab = browser.open_as(with_screenshots()).await;
        tab.go(&site.url("/")).await.unwrap();
        site.hears("spins").await;
        let seen = tab.observe().await;
        assert!(seen.screenshot.is_some() && seen.view.text.contains("Press"), "{seen:#?}");
        tab.click("Press").await.unwrap();
        site.hears("pressed").await;
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_screenshot_of_a_page_in_an_endless_loop_fails_in_time() {
    run(async {
        let browser = browser().await;
        let site = Site::of(&[("/", "<button onclick=\"for (;;);\">Spin</button>"), ("/next", "Next")]).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        let _ = tab.click("Spin").await;
        assert_eq!(tab.page().picture().await.unwrap_err(), BrowserError::Unresponsive { limit: LIMIT });
        tab.go(&site.url("/next")).await.unwrap();
        assert!(tab.text().await.contains("Next"));
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_page_that_cannot_be_left_is_reported_in_time_and_its_run_ends() {
    run(async {
        let browser = OwnBrowser::start(|settings| {
            settings.navigation_timeout = LIMIT;
            settings.observe_timeout = LIMIT;
            settings.command_timeout = LIMIT;
        })
        .await;
        let stuck = "<button>Edit</button><script>onbeforeunload = () => { for (;;); }</script>";
        let site = Site::of(&[("/", stuck), ("/next", "Next")]).await;
        let (tab, neighbour) = (browser.open().await, browser.open().await);
        tab.go(&site.url("/")).await.unwrap();
        tab.click("Edit").await.unwrap();
        match tab.go(&site.url("/next")).await {
            Ok(_) => assert!(tab.text().await.contains("Next")),
            Err(late) => {
                assert!(matches!(&late, ActionError::TimedOut { limit, .. } if *limit == LIMIT), "{late:?}");
                // The run can continue in another tab.
                tab.act(Action::Navigate { url: site.url("/next"), new_tab: Some(true) }).await.unwrap();
                assert!(tab.text().await.contains("Next"));
            }
        }
        tab.close().await;
        neighbour.go(&site.url("/next")).await.unwrap();
        neighbour.close().await;
        browser.close().await;
    });
}

#[test]
fn a_crash_during_navigation_still_opens_the_next_page() {
    run(async {
        let browser = browser().await;
        let (gate, held) = (Gate::new(), Gate::new());
        let (opened, passing) = (gate.clone(), held.clone());
        let router = Router::new().route("/", get(|| async { Html(page(LARGE)) })).route(
            "/next",
            get(move || async move {
                passing.open();
                opened.then(Html(page("<h1>Next</h1>"))).await
            }),
        );
        let site = Site::with(router).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        let next = site.url("/next");
        let crashing = async {
            held.passed().await;
            kill_large(&browser);
            gate.open();
        };
        let (outcome, ()) = tokio::join!(tab.go(&next), crashing);
        // Chromium may end the navigation with the crash, or commit it in the dying renderer: then the action or
        // the next observation reports it, and the tab can navigate.
        let is_next = |seen: &Observation| seen.view.text.contains("Next");
        let has_crashed = |seen: &Observation| seen.notices.iter().any(|notice| notice.contains("crashed"));
        let mut is_told = outcome.unwrap().effect.contains("the page crashed");
        if !is_told {
            is_told = !is_next(&tab.until(|seen| is_next(seen) || has_crashed(seen)).await);
        }
        if is_told {
            tab.go(&next).await.unwrap();
        }
        tab.until(is_next).await;
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_crash_during_an_observation_is_reported_by_this_or_the_next() {
    run(async {
        let browser = browser().await;
        let site = Site::of(&[("/", LARGE)]).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        let (seen, ()) = tokio::join!(tab.page().observe(), async { kill_large(&browser) });
        assert!(matches!(seen, Ok(_) | Err(BrowserError::PageCrashed)), "{seen:?}");
        tab.until(|seen| seen.notices.iter().any(|notice| notice.contains("crashed"))).await;
        assert_eq!(tab.page().picture().await.unwrap_err(), BrowserError::PageCrashed);
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_page_out_of_memory_crashes_alone() {
    run(async {
        let bin = tempfile::tempdir().unwrap();
        let program = bin.path().join("browser");
        std::fs::write(&program, "#!/bin/sh\nexec chromium \"$@\" --js-flags=--max-old-space-size=64\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let browser = OwnBrowser::start(|settings| settings.executable = Some(program)).await;
        let hungry = "<button onclick=\"const all = []; for (;;) all.push(Array(1e5).fill(0.5))\">Eat</button>";
        let site = Site::of(&[("/", hungry), ("/next", "<h1>Next</h1>")]).await;
        let (tab, neighbour) = (browser.open().await, browser.open().await);
        tab.go(&site.url("/")).await.unwrap();
        neighbour.go(&site.url("/next")).await.unwrap();
        let _ = tab.click("Eat").await;
        tab.until(|seen| seen.notices.iter().any(|notice| notice.contains("crashed"))).await;
        assert!(neighbour.text().await.contains("Next"));
        tab.go(&site.url("/next")).await.unwrap();
        tab.until(|seen| seen.view.text.contains("Next")).await;
        tab.close().await;
        neighbour.close().await;
        browser.close().await;
    });
}
