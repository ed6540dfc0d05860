//! DevTools connections that are cut, slow or send invalid messages, and the effect on this and other runs.

use std::time::{Duration, Instant};

use agent::ports::{ActionError, BrowserError, Browsers};
use browser::settings::BrowserSettings;

use crate::support::{Faulty, OwnBrowser, Site, eventually, headless, processes, run, with_screenshots};

const PATIENCE: Duration = Duration::from_secs(20);
/// The command timeout.
const LIMIT: Duration = Duration::from_secs(2);

async fn site() -> Site {
    Site::of(&[("/", "<h1>Home</h1><button onclick=\"tell('pressed')\">Press</button>"), ("/next", "<h1>Next</h1>")])
        .await
}

/// A browser with faults and short timeouts.
fn faulty(faulty: &Faulty) -> impl FnOnce(&mut BrowserSettings) {
    let executable = faulty.executable();
    |settings: &mut BrowserSettings| {
        settings.executable = Some(executable);
        settings.command_timeout = LIMIT;
        settings.observe_timeout = LIMIT;
        settings.navigation_timeout = LIMIT;
    }
}

#[test]
fn a_relay_without_faults_is_transparent() {
    run(async {
        let (plan, site) = (Faulty::new(""), site().await);
        let browser = OwnBrowser::start(faulty(&plan)).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        tab.click("Press").await.unwrap();
        site.hears("pressed").await;
        tab.close().await;
        browser.close().await;
        assert_eq!(plan.injected(), [""; 0]);
    });
}

#[test]
fn a_cut_connection_loses_the_browser_at_once_and_it_is_replaced() {
    run(async {
        // In the reply to the command, and in the events after it.
        for at in ["Page.navigate", "Page.frameNavigated", "Runtime.callFunctionOn"] {
            let (plan, site) = (Faulty::new(&format!("start 1 once {at}: cut")), site().await);
            let browser = OwnBrowser::start(faulty(&plan)).await;
            let (tab, neighbour) = (browser.open().await, browser.open().await);
            let lost = match tab.go(&site.url("/")).await {
                Err(error) => error,
                Ok(_) => tab.page().observe().await.map(drop).unwrap_err().into(),
            };
            assert_eq!(lost, ActionError::Browser(BrowserError::Lost), "{at}");
            assert_eq!(neighbour.page().observe().await.unwrap_err(), BrowserError::Lost);
            tab.close().await;
            neighbour.close().await;
            browser.serves(&site).await;
            browser.close().await;
            assert_eq!(plan.injected().len(), 1, "{:?}", plan.injected());
        }
    });
}

#[test]
fn a_lost_or_invalid_reply_times_out_only_its_command() {
    run(async {
        for fault in ["drop", "truncate", "invalid"] {
            let (plan, site) = (Faulty::new(&format!("once Page.navigate: {fault}")), site().await);
            let browser = OwnBrowser::start(faulty(&plan)).await;
            let (tab, neighbour) = (browser.open().await, browser.open().await);
            let late = tab.go(&site.url("/")).await.unwrap_err();
            assert!(matches!(&late, ActionError::TimedOut { limit, .. } if *limit == LIMIT), "{fault}: {late:?}");
            for tab in [neighbour, tab] {
                tab.go(&site.url("/")).await.unwrap();
                assert!(tab.text().await.contains("Home"));
                tab.close().await;
            }
            browser.close().await;
            assert_eq!(plan.injected().len(), 1);
        }
    });
}

#[test]
fn unexpected_messages_are_ignored_by_the_connection() {
    run(async {
        for fault in ["twice", "nul", "stray", "drip"] {
            let (plan, site) = (Faulty::new(&format!("every *: {fault}")), site().await);
            let browser = OwnBrowser::start(|settings| settings.executable = Some(plan.executable())).await;
            let tab = browser.open().await;
            tab.go(&site.url("/")).await.unwrap();
            tab.click("Press").await.unwrap();
            site.hears("pressed").await;
            assert_eq!(tab.observe().await.tabs.len(), 1, "{fault}");
            tab.close().await;
            browser.close().await;
            assert!(plan.injected().len() > 20, "{fault}");
        }
    });
}

#[test]
fn a_click_or_key_that_no_document_saw_is_an_error() {
    run(async {
        // As with an open prompt of the browser, which takes all input.
        let plan = Faulty::new("every Input.dispatchMouseEvent: ignore\nevery Input.dispatchKeyEvent: ignore");
        let site = Site::of(&[("/", "<button>Press</button><input aria-label=Name autofocus>")]).await;
        let browser = OwnBrowser::start(faulty(&plan)).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        for (what, outcome) in [("press", tab.click("Press").await), ("key", tab.keys("Enter").await)] {
            let error = outcome.map(|outcome| outcome.effect).expect_err(what).to_string();
            assert!(error.contains(what), "{error}");
        }
        // The next page receives input again.
        tab.go(&site.url("/")).await.unwrap();
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_browser_that_sends_only_invalid_messages_is_replaced() {
    run(async {
        for fault in ["garbage", "oversize"] {
            let (plan, site) = (Faulty::new(&format!("start 1 once Page.navigate: {fault}")), site().await);
            let browser = OwnBrowser::start(|settings| {
                faulty(&plan)(settings);
                // Not the limit that ends it.
                settings.navigation_timeout = Duration::from_secs(60);
            })
            .await;
            let tab = browser.open().await;
            let lost = tab.go(&site.url("/")).await.unwrap_err();
            assert_eq!(lost, ActionError::Browser(BrowserError::Lost), "{fault}");
            tab.close().await;
            browser.serves(&site).await;
            browser.close().await;
        }
    });
}

#[test]
fn a_command_that_is_always_rejected_fails_and_the_others_work() {
    run(async {
        let (plan, site) = (Faulty::new("every Page.captureScreenshot: refuse"), site().await);
        let browser = OwnBrowser::start(faulty(&plan)).await;
        let tab = browser.open_as(with_screenshots()).await;
        tab.go(&site.url("/")).await.unwrap();
        let seen = tab.observe().await;
        assert!(seen.view.text.contains("Home") && seen.screenshot.is_none(), "{seen:#?}");
        assert!(
            seen.notices.iter().any(|notice| notice.contains("No screenshot could be taken")),
            "{:?}",
            seen.notices
        );
        let refused = tab.page().picture().await.unwrap_err();
        assert!(matches!(refused, BrowserError::Protocol { .. }), "{refused:?}");
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_browser_that_rejects_every_command_fails_to_start_with_the_reason() {
    run(async {
        let plan = Faulty::new("every *: refuse");
        let browser = OwnBrowser::start_unready(faulty(&plan));
        let failed = browser.pool.open(headless()).await.err().expect("no page without a browser");
        let BrowserError::NotStarted { cause } = failed else { panic!("{failed:?}") };
        assert!(cause.contains("refused, as planned"), "{cause}");
        browser.close().await;
    });
}

#[test]
fn a_browser_that_keeps_a_context_is_replaced_while_its_last_run_continues() {
    run(async {
        let (plan, site) = (Faulty::new("every Target.disposeBrowserContext: refuse"), site().await);
        let browser = OwnBrowser::start(faulty(&plan)).await;
        let main = browser.main_process();
        let neighbour = browser.open().await;
        browser.open().await.close().await;
        // The spare context, then one of the next browser.
        for _ in 0..2 {
            browser.serves(&site).await;
        }
        neighbour.go(&site.url("/")).await.unwrap();
        assert!(processes::browsers(browser.root()).contains(&main));
        neighbour.close().await;
        browser.close().await;
    });
}

#[test]
fn a_context_that_cannot_be_created_fails_one_run() {
    run(async {
        let (plan, site) = (Faulty::new("every Target.createBrowserContext: refuse"), site().await);
        let browser = OwnBrowser::start(faulty(&plan)).await;
        for _ in 0..2 {
            let failed = browser.pool.open(headless()).await.err().expect("no page without a context");
            assert!(matches!(failed, BrowserError::Protocol { .. }), "{failed:?}");
        }
        assert_eq!(browser.pool.ready(), Ok(()));
        assert_eq!(site.requests(), [""; 0]);
        browser.close().await;
    });
}

#[test]
fn a_slow_connection_works_within_the_timeouts() {
    run(async {
        // One after another, each delaying the next.
        let late = ["Page.navigate", "Page.frameNavigated", "Runtime.callFunctionOn", "Page.captureScreenshot"];
        let plan = Faulty::new(&late.map(|method| format!("every {method}: delay 200")).join("\n"));
        let site = site().await;
        let browser = OwnBrowser::start(|settings| {
            settings.executable = Some(plan.executable());
            settings.command_timeout = LIMIT;
        })
        .await;
        let tab = browser.open_as(with_screenshots()).await;
        let started = Instant::now();
        tab.go(&site.url("/")).await.unwrap();
        tab.click("Press").await.unwrap();
        site.hears("pressed").await;
        let seen = tab.observe().await;
        assert!(seen.view.text.contains("Home") && seen.screenshot.is_some(), "{seen:#?}");
        assert!(started.elapsed() > LIMIT, "all of them together took longer than one may: {:?}", started.elapsed());
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_silent_connection_is_reported_within_the_command_timeout() {
    run(async {
        let (plan, site) = (Faulty::new("start 1 once Page.navigate: mute"), site().await);
        let browser = OwnBrowser::start(|settings| {
            faulty(&plan)(settings);
            settings.max_age = Duration::from_secs(24);
        })
        .await;
        let tab = browser.open().await;
        let late = tab.go(&site.url("/")).await.unwrap_err();
        assert!(matches!(&late, ActionError::TimedOut { limit, .. } if *limit == LIMIT), "{late:?}");
        let late = tab.back().await.unwrap_err();
        assert_eq!(late, ActionError::Browser(BrowserError::Unresponsive { limit: LIMIT }));
        // A health check runs after a quarter of the maximum age.
        let lost = async { while tab.page().observe().await.err() != Some(BrowserError::Lost) {} };
        tokio::time::timeout(PATIENCE, lost).await.expect("the browser is given up");
        tab.close().await;
        browser.open().await.close().await;
        browser.close().await;
    });
}

#[test]
fn an_unanswered_start_fails_at_the_launch_timeout_and_garbage_at_once() {
    run(async {
        let launch = Duration::from_secs(3);
        for (fault, says) in
            [("swallow", "no answer within 3 s"), ("garbage", "the connection is closed"), ("cut", "closed")]
        {
            let plan = Faulty::new(&format!("every Browser.getVersion: {fault}"));
            let browser = OwnBrowser::start_unready(|settings| {
                settings.executable = Some(plan.executable());
                settings.launch_timeout = launch;
            });
            let cause = || match browser.pool.ready() {
                Err(BrowserError::NotStarted { cause }) => cause,
                other => panic!("{fault}: {other:?}"),
            };
            eventually("the failure is known", PATIENCE, || !cause().contains("still being started")).await;
            assert!(cause().contains(says), "{fault}: {}", cause());
            browser.close().await;
        }
    });
}

#[test]
fn an_outdated_browser_is_rejected_with_both_versions() {
    run(async {
        for (product, says) in [
            ("Chrome/120.0.6099.71", "Chrome/120.0.6099.71 is too old, Chromium 136 or later is needed"),
            ("Netscape", "tells no version"),
        ] {
            let plan = Faulty::new(&format!(
                "every Browser.getVersion: result {{\"protocolVersion\":\"1.3\",\"product\":\"{product}\",\
                 \"revision\":\"\",\"userAgent\":\"\",\"jsVersion\":\"\"}}"
            ));
            let browser = OwnBrowser::start_unready(|settings| settings.executable = Some(plan.executable()));
            let failed = browser.pool.open(headless()).await.err().expect("no page without a browser");
            let BrowserError::NotStarted { cause } = failed else { panic!("{failed:?}") };
            assert!(cause.contains(says), "{cause}");
            browser.close().await;
        }
    });
}

#[test]
fn the_same_seed_gives_the_same_faults() {
    run(async {
        // Only the browser's start, which is the same each time.
        let injected = async |seed: u32| {
            let plan = Faulty::new(&format!("seed {seed}\nrate 0.5: stray"));
            let browser = OwnBrowser::start(|settings| settings.executable = Some(plan.executable())).await;
            browser.close().await;
            let mut commands = plan.injected();
            // All messages have passed when it is ready.
            let first = ["Browser.getVersion 1", "Target.setDiscoverTargets 1", "Target.setAutoAttach 1"];
            commands.retain(|line| first.iter().any(|end| line.ends_with(end)));
            commands
        };
        let first = injected(4).await;
        assert_eq!(first, injected(4).await);
        assert!((1..3).contains(&first.len()), "this seed is to choose some and not all: {first:?}");
    });
}
