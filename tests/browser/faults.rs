//! Faults of pages and browsers: limited to one run, reported in time, and without leftovers.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use agent::action::Action;
use agent::ports::{ActionError, BrowserError, Browsers};
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use browser::settings::BrowserSettings;
use rustix::process::Signal;

use crate::support::{Faulty, OwnBrowser, Site, Tab, eventually, headless, page, processes, run};

const PATIENCE: Duration = Duration::from_secs(10);

/// The heading of a responsive page.
async fn answers(tab: &Tab, site: &Site) {
    tab.go(&site.url("/")).await.unwrap();
    assert!(tab.text().await.contains("Home"));
}

/// Kills the renderer with the ballast.
fn kill_large(browser: &OwnBrowser) {
    let large = processes::renderers(browser.root()).into_iter().find(|pid| processes::resident(*pid) > 250 << 20);
    processes::signal(large.expect("one renderer holds the ballast"), Signal::KILL);
}

async fn homely() -> Site {
    // Its memory identifies its renderer.
    let large = "<script>const ballast = new Uint8Array(200 << 20).fill(7)</script>Large";
    Site::of(&[("/", "<h1>Home</h1>"), ("/large", large), ("/loop", LOOP)]).await
}

const LOOP: &str = "<button onclick=\"for (;;);\">Spin</button>";

#[test]
fn a_crashed_page_is_reported_and_revived_by_navigation() {
    run(async {
        let browser = OwnBrowser::start(|_| {}).await;
        let site = homely().await;
        let (crashing, neighbour) = (browser.open().await, browser.open().await);
        crashing.go(&site.url("/large")).await.unwrap();
        answers(&neighbour, &site).await;
        kill_large(&browser);

        let seen = crashing.until(|seen| seen.notices.iter().any(|notice| notice.contains("crashed"))).await;
        assert_eq!(seen.view.elements, []);
        assert!(neighbour.text().await.contains("Home"));
        answers(&neighbour, &site).await;
        answers(&crashing, &site).await;
        crashing.close().await;
        neighbour.close().await;
        browser.close().await;
    });
}

#[test]
fn a_crash_during_an_action_ends_the_action() {
    run(async {
        let browser = OwnBrowser::start(|_| {}).await;
        let site = homely().await;
        let (tab, neighbour) = (browser.open().await, browser.open().await);
        answers(&neighbour, &site).await;
        tab.go(&site.url("/large")).await.unwrap();
        let waiting = tab.act(Action::Wait {
            seconds: Some(30.0),
            text: Some("never".into()),
            gone: None,
            selector: None,
            url: None,
        });
        let killing = async { kill_large(&browser) };
        let started = Instant::now();
        let (outcome, ()) = tokio::join!(waiting, killing);
        assert!(matches!(outcome, Err(ActionError::Browser(BrowserError::PageCrashed))), "{outcome:?}");
        assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
        assert!(neighbour.text().await.contains("Home"), "its page is still there");
        answers(&tab, &site).await;
        tab.close().await;
        neighbour.close().await;
        browser.close().await;
    });
}

#[test]
fn a_page_in_an_endless_loop_is_unreadable_in_time_and_can_be_left() {
    run(async {
        let browser = OwnBrowser::start(|settings| {
            settings.observe_timeout = Duration::from_millis(1500);
            settings.command_timeout = Duration::from_secs(2);
        })
        .await;
        let site = homely().await;
        let tab = browser.open().await;
        tab.go(&site.url("/loop")).await.unwrap();
        let started = Instant::now();
        let _ = tab.click("Spin").await;
        assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
        let started = Instant::now();
        let seen = tab.observe().await;
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        assert!(seen.notices.iter().any(|notice| notice.contains("could not be read")), "{:?}", seen.notices);
        assert_eq!((seen.view.elements, seen.view.text.as_str()), (vec![], ""));
        answers(&tab, &site).await;
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_run_whose_page_loops_can_be_closed() {
    run(async {
        let browser = OwnBrowser::start(|settings| settings.command_timeout = Duration::from_secs(2)).await;
        let site = homely().await;
        let (looping, neighbour) = (browser.open().await, browser.open().await);
        looping.go(&site.url("/loop")).await.unwrap();
        let _ = looping.click("Spin").await;
        let started = Instant::now();
        looping.close().await;
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        answers(&neighbour, &site).await;
        neighbour.close().await;
        browser.close().await;
    });
}

#[test]
fn a_killed_browser_is_lost_at_once_and_replaced() {
    run(async {
        let browser = OwnBrowser::start(|_| {}).await;
        let site = homely().await;
        let tab = browser.open().await;
        answers(&tab, &site).await;
        let main = browser.main_process();
        let started = Instant::now();
        processes::signal(main, Signal::KILL);
        eventually("the browser is missed", PATIENCE, || browser.pool.ready().is_err()).await;
        assert_eq!(tab.page().observe().await.unwrap_err(), BrowserError::Lost);
        let lost = tab.go(&site.url("/")).await;
        assert!(matches!(lost, Err(ActionError::Browser(BrowserError::Lost))), "{lost:?}");
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        tab.close().await;

        // A run that arrives without a browser is served too.
        browser.serves(&site).await;
        assert_eq!(browser.pool.ready(), Ok(()));
        assert_ne!(browser.main_process(), main);
        browser.close().await;
    });
}

#[test]
fn a_frozen_browser_is_reported_within_the_command_timeout() {
    run(async {
        let limit = Duration::from_secs(2);
        let browser = OwnBrowser::start(|settings| {
            settings.command_timeout = limit;
            settings.observe_timeout = limit;
            settings.navigation_timeout = limit;
        })
        .await;
        let site = homely().await;
        let tab = browser.open().await;
        answers(&tab, &site).await;
        let main = browser.main_process();
        processes::signal(main, Signal::STOP);
        let started = Instant::now();
        let late = tab.go(&site.url("/large")).await;
        assert!(matches!(late, Err(ActionError::TimedOut { .. })), "{late:?}");
        let late = tab.back().await;
        assert!(matches!(late, Err(ActionError::Browser(BrowserError::Unresponsive { .. }))), "{late:?}");
        // With or without a spare context, the next operation fails in time too.
        match browser.pool.open(headless()).await {
            Ok(next) => {
                let next = Tab::new(next);
                let late = next.go(&site.url("/")).await;
                assert!(matches!(late, Err(ActionError::TimedOut { .. })), "{late:?}");
                next.close().await;
            }
            Err(late) => assert!(matches!(late, BrowserError::Unresponsive { .. }), "{late:?}"),
        }
        assert!(started.elapsed() < limit * 6, "{:?}", started.elapsed());
        tab.close().await;
        // Even such a browser can be closed.
        browser.close().await;
    });
}

#[test]
fn killing_a_warden_ends_its_browser_and_removes_the_profile() {
    run(async {
        let browser = OwnBrowser::start(|_| {}).await;
        let main = browser.main_process();
        let tab = browser.open().await;
        let before = processes::of(browser.root());
        processes::signal(processes::warden(browser.root()).unwrap(), Signal::KILL);
        eventually("the browser ends", PATIENCE, || browser.pool.ready().is_err()).await;
        assert_eq!(tab.page().observe().await.unwrap_err(), BrowserError::Lost);
        tab.close().await;
        browser.is_ready().await;
        eventually("the old processes end", PATIENCE, || {
            let now = processes::of(browser.root());
            before.iter().all(|old| now.iter().all(|process| process.pid != old.pid))
        })
        .await;
        assert_ne!(browser.main_process(), main);
        let profiles = || std::fs::read_dir(browser.root()).unwrap().count();
        eventually("the old profile goes", PATIENCE, || profiles() == 1).await;
        browser.close().await;
    });
}

#[test]
fn an_executable_that_is_not_a_browser_fails_with_its_cause() {
    run(async {
        let bin = tempfile::tempdir().unwrap();
        let script = bin.path().join("fails");
        std::fs::write(&script, "#!/bin/sh\necho 'libnothing.so: cannot open' >&2\nexit 7\n").unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        let text = bin.path().join("text");
        std::fs::write(&text, "no program").unwrap();
        for (executable, expected) in [(script, "libnothing.so"), ("/bin/true".into(), ""), (text, "cannot be started")]
        {
            let browser = OwnBrowser::start_unready(|settings| settings.executable = Some(executable.clone()));
            let cause = || match browser.pool.ready() {
                Err(BrowserError::NotStarted { cause }) => cause,
                other => panic!("{executable:?}: {other:?}"),
            };
            eventually("the failure is known", PATIENCE, || !cause().contains("still being started")).await;
            assert!(cause().contains(expected), "{executable:?}: {}", cause());
            browser.close().await;
        }
    });
}

#[test]
fn a_browser_that_never_answers_fails_at_the_launch_timeout() {
    run(async {
        let bin = tempfile::tempdir().unwrap();
        let silent = bin.path().join("silent");
        // Its child must be killed too.
        std::fs::write(&silent, "#!/bin/sh\nsleep 1000 & exec sleep 1000\n").unwrap();
        std::fs::set_permissions(&silent, std::fs::Permissions::from_mode(0o755)).unwrap();
        let browser = OwnBrowser::start_unready(|settings| {
            settings.executable = Some(silent);
            settings.launch_timeout = Duration::from_millis(400);
        });
        let failed = browser.pool.open(headless()).await.err().expect("no page without a browser");
        assert!(matches!(failed, BrowserError::NotStarted { .. }), "{failed:?}");
        browser.close().await;
    });
}

#[test]
fn a_cancelled_start_leaves_nothing_behind() {
    run(async {
        let browser = OwnBrowser::start_unready(|_| {});
        eventually("a process is there", PATIENCE, || !processes::of(browser.root()).is_empty()).await;
        browser.close().await;
    });
}

#[test]
fn a_silent_server_fails_at_the_navigation_timeout() {
    run(async {
        let limit = Duration::from_secs(2);
        let browser = OwnBrowser::start(|settings| settings.navigation_timeout = limit).await;
        let router = Router::new()
            .route("/", get(|| async { Html(page("<h1>Home</h1>")) }))
            .route("/silent", get(|| async { std::future::pending::<&str>().await }));
        let site = Site::with(router).await;
        let tab = browser.open().await;
        answers(&tab, &site).await;
        let late = tab.go(&site.url("/silent")).await;
        assert!(matches!(&late, Err(ActionError::TimedOut { limit: told, .. }) if *told == limit), "{late:?}");
        let seen = tab.observe().await;
        assert!(seen.view.text.contains("Home"), "the page is where it was");
        answers(&tab, &site).await;
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn an_aged_browser_is_replaced_and_ends_with_its_last_run() {
    run(is_replaced_and_ends_with_its_last_run(|settings| settings.max_age = Duration::from_secs(1)));
}

#[test]
fn an_oversized_browser_is_replaced_and_ends_with_its_last_run() {
    run(is_replaced_and_ends_with_its_last_run(|settings| {
        // The minimum of the setting, which every browser exceeds.
        settings.max_memory = 64 << 20;
        // Checked after a quarter of it, and not reached within the test.
        settings.max_age = 2 * PATIENCE;
    }));
}

#[test]
fn a_browser_of_many_contexts_is_replaced_and_ends_with_its_last_run() {
    run(is_replaced_and_ends_with_its_last_run(|settings| {
        settings.max_contexts = 1;
        settings.max_age = 2 * PATIENCE;
    }));
}

#[test]
fn a_browser_with_a_busy_shared_process_is_replaced_and_ends_with_its_last_run() {
    run(is_replaced_and_ends_with_its_last_run(|settings| {
        // Every browser exceeds it between two looks.
        settings.max_process_cpu = Duration::ZERO;
        settings.max_age = PATIENCE;
    }));
}

async fn is_replaced_and_ends_with_its_last_run(adjust: impl FnOnce(&mut BrowserSettings)) {
    let browser = OwnBrowser::start(adjust).await;
    let site = homely().await;
    let old = browser.main_process();
    let tab = browser.open().await;
    let is_there = || processes::of(browser.root()).iter().any(|process| process.pid == old);
    let replaced = async {
        while processes::browsers(browser.root()).len() != 2 {
            // Its processes have something to do.
            answers(&tab, &site).await;
        }
    };
    tokio::time::timeout(PATIENCE, replaced).await.expect("another one is there");
    answers(&tab, &site).await;
    assert!(is_there(), "it stays for the run that it has");
    tab.close().await;
    assert!(!is_there(), "and goes with it");
    browser.close().await;
}

#[test]
fn a_browser_that_does_not_dispose_of_a_context_is_replaced() {
    run(async {
        let plan = Faulty::new("once Target.disposeBrowserContext: swallow");
        let browser = OwnBrowser::start(|settings| {
            settings.executable = Some(plan.executable());
            // Checked after a quarter of it.
            settings.max_age = Duration::from_secs(20);
        })
        .await;
        let starts = processes::browsers(browser.root());
        let tab = browser.open().await;
        let waited = tokio::time::timeout(Duration::from_millis(100), tab.page().close()).await;
        assert!(waited.is_err(), "it is not answered");
        drop(tab);
        let is_gone = || processes::browsers(browser.root()).iter().all(|main| !starts.contains(main));
        eventually("the browser goes", PATIENCE + Duration::from_secs(5), is_gone).await;
        browser.close().await;
    });
}

#[test]
fn every_run_disposes_of_its_context() {
    run(async {
        // Harmless, and visible in each response.
        let watched = ["Target.createBrowserContext", "Target.disposeBrowserContext"];
        let plan = Faulty::new(&watched.map(|method| format!("every {method}: delay 0")).join("\n"));
        let browser = OwnBrowser::start(|settings| {
            settings.executable = Some(plan.executable());
            settings.command_timeout = Duration::from_secs(2);
        })
        .await;
        let main = browser.main_process();
        let is_left_alone = || {
            let [made, disposed] =
                watched.map(|method| plan.injected().iter().filter(|line| line.contains(method)).count());
            // The spare context.
            made == disposed + 1
        };
        let site = homely().await;
        for way in ["read", "crashed", "looping", "in two tabs", "never told to close"] {
            let tab = browser.open().await;
            let url = site.url(if way == "crashed" { "/large" } else { "/loop" });
            tab.go(&url).await.unwrap();
            match way {
                "crashed" => kill_large(&browser),
                "looping" => drop(tab.click("Spin").await),
                "in two tabs" => drop(tab.act(Action::Navigate { url, new_tab: Some(true) }).await.unwrap()),
                _ => {}
            }
            match way {
                "never told to close" => drop(tab),
                _ => tab.close().await,
            }
            eventually(way, PATIENCE, is_left_alone).await;
        }
        assert_eq!(
            (browser.main_process(), browser.pool.ready()),
            (main, Ok(())),
            "none was given up with its browser"
        );
        browser.close().await;
    });
}

#[test]
fn profile_folders_may_have_long_paths() {
    run(async {
        // Chromium creates a socket in it, and socket paths are limited to 107 bytes.
        let deep = tempfile::Builder::new().prefix(&"x".repeat(120)).tempdir().unwrap();
        let browser = OwnBrowser::start(|settings| settings.profile_root = deep.path().to_owned()).await;
        let site = homely().await;
        let tab = browser.open().await;
        answers(&tab, &site).await;
        tab.close().await;
        browser.close().await;
        assert_eq!(std::fs::read_dir(deep.path()).unwrap().count(), 0);
    });
}
