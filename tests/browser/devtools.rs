//! A DevTools connection that is cut, slow or answers nonsense: what comes of it for one run, and for its neighbours.

use std::time::{Duration, Instant};

use agent::ports::{ActionError, BrowserError, Browsers};
use browser::settings::BrowserSettings;

use crate::support::{Faulty, OwnBrowser, Site, eventually, headless, processes, run};

const PATIENCE: Duration = Duration::from_secs(20);
/// How long a command may take here.
const LIMIT: Duration = Duration::from_secs(2);

async fn site() -> Site {
    Site::of(&[("/", "<h1>Home</h1><button onclick=\"tell('pressed')\">Press</button>"), ("/next", "<h1>Next</h1>")])
        .await
}

/// A browser with faults in which nothing is waited for long.
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
fn a_relay_without_faults_is_as_good_as_none() {
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
fn a_connection_that_is_cut_in_an_action_loses_the_browser_at_once_and_the_next_takes_its_place() {
    run(async {
        // In the answer to the command, and in the middle of what comes of it.
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
fn an_answer_that_is_none_costs_the_command_its_time_and_nothing_else() {
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
fn nonsense_between_the_answers_changes_nothing() {
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
fn a_press_or_a_key_that_no_document_saw_is_an_error_that_says_so() {
    run(async {
        // As when a prompt of the browser's own is open, which takes whatever is pressed.
        let plan = Faulty::new("every Input.dispatchMouseEvent: ignore\nevery Input.dispatchKeyEvent: ignore");
        let site = Site::of(&[("/", "<button>Press</button><input aria-label=Name autofocus>")]).await;
        let browser = OwnBrowser::start(faulty(&plan)).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        for (what, outcome) in [("press", tab.click("Press").await), ("key", tab.keys("Enter").await)] {
            let error = outcome.map(|outcome| outcome.effect).expect_err(what).to_string();
            assert!(error.contains(what), "{error}");
        }
        // The next page hears them again as soon as nothing is in the way; this one is left.
        tab.go(&site.url("/")).await.unwrap();
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_browser_that_says_nothing_but_nonsense_is_given_up_and_replaced() {
    run(async {
        for fault in ["garbage", "oversize"] {
            let (plan, site) = (Faulty::new(&format!("start 1 once Page.navigate: {fault}")), site().await);
            let browser = OwnBrowser::start(|settings| {
                faulty(&plan)(settings);
                // Not what ends it.
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
fn a_browser_that_refuses_every_command_of_a_kind_fails_those_and_serves_the_others() {
    run(async {
        let (plan, site) = (Faulty::new("every Page.captureScreenshot: refuse"), site().await);
        let browser = OwnBrowser::start(faulty(&plan)).await;
        let tab = browser.open().await;
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
fn a_browser_that_refuses_everything_from_the_start_is_not_started_and_says_why() {
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
fn a_browser_that_keeps_a_context_takes_no_new_runs_and_the_next_one_does_while_its_last_goes_on() {
    run(async {
        let (plan, site) = (Faulty::new("every Target.disposeBrowserContext: refuse"), site().await);
        let browser = OwnBrowser::start(faulty(&plan)).await;
        let main = browser.main_process();
        let neighbour = browser.open().await;
        browser.open().await.close().await;
        // What it had laid by, and then one of the next browser.
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
fn a_context_that_cannot_be_made_is_the_fault_of_one_run() {
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
fn a_slow_connection_is_waited_for_within_the_limits() {
    run(async {
        // One after the other, and what follows each is as late.
        let late = ["Page.navigate", "Page.frameNavigated", "Runtime.callFunctionOn", "Page.captureScreenshot"];
        let plan = Faulty::new(&late.map(|method| format!("every {method}: delay 200")).join("\n"));
        let site = site().await;
        let browser = OwnBrowser::start(|settings| {
            settings.executable = Some(plan.executable());
            settings.command_timeout = LIMIT;
        })
        .await;
        let tab = browser.open().await;
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
fn a_connection_that_falls_silent_is_told_within_the_command_s_limit() {
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
        // What says nothing to anybody is missed after a quarter of its greatest age.
        let lost = async { while tab.page().observe().await.err() != Some(BrowserError::Lost) {} };
        tokio::time::timeout(PATIENCE, lost).await.expect("the browser is given up");
        tab.close().await;
        browser.open().await.close().await;
        browser.close().await;
    });
}

#[test]
fn what_answers_no_start_is_given_up_after_the_launch_s_limit_and_garbage_at_once() {
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
fn a_browser_that_is_too_old_is_refused_with_both_versions() {
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
fn chance_is_the_same_with_the_same_seed() {
    run(async {
        // Nothing but the browser's own start, which is the same each time.
        let injected = async |seed: u32| {
            let plan = Faulty::new(&format!("seed {seed}\nrate 0.5: stray"));
            let browser = OwnBrowser::start(|settings| settings.executable = Some(plan.executable())).await;
            browser.close().await;
            let mut commands = plan.injected();
            // All of them are through when it is ready.
            let first = ["Browser.getVersion 1", "Target.setDiscoverTargets 1", "Target.setAutoAttach 1"];
            commands.retain(|line| first.iter().any(|end| line.ends_with(end)));
            commands
        };
        let first = injected(4).await;
        assert_eq!(first, injected(4).await);
        assert!((1..3).contains(&first.len()), "this seed is to choose some and not all: {first:?}");
    });
}
