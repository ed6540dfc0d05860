//! What an action waits for, and for how long at the most.
//!
//! The limits are set far apart, so that a test tells by the time alone which of them held, on a busy machine as well.

use std::time::{Duration, Instant};

use agent::ports::ActionOutcome;
use axum::Router;
use axum::response::Html;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use browser::settings::SettleSettings;
use futures::stream;

use crate::support::{Gate, OwnBrowser, Site, Tab, open, page, run};

/// No test waits for this.
const NEVER: Duration = Duration::from_secs(60);
/// What takes less than this has not waited for `NEVER`.
const SOON: Duration = Duration::from_secs(20);

/// A browser with these limits: idle, same site, new site.
async fn with_limits(idle: Duration, same_site: Duration, new_site: Duration) -> OwnBrowser {
    OwnBrowser::start(|settings| settings.settle = SettleSettings { idle, same_site, new_site }).await
}

const IDLE: Duration = Duration::from_millis(50);

/// An own browser at the home page of a site, left again after the test's body.
async fn at_home(browser: OwnBrowser, site: &Site, body: impl AsyncFnOnce(&Tab)) {
    let tab = browser.open().await;
    tab.go(&site.url("/")).await.unwrap();
    body(&tab).await;
    tab.close().await;
    browser.close().await;
}

async fn timed_click(tab: &Tab, label: &str) -> (ActionOutcome, Duration) {
    let started = Instant::now();
    let outcome = tab.click(label).await.unwrap();
    (outcome, started.elapsed())
}

#[test]
fn a_page_on_which_nothing_moves_is_not_waited_for() {
    run(async {
        let site = Site::of(&[("/", "<button onclick=\"tell('clicked')\">Go</button>")]).await;
        // Not even for a quiet moment: no change means that none is awaited.
        at_home(with_limits(NEVER, NEVER, NEVER).await, &site, async |tab| {
            let (outcome, took) = timed_click(tab, "Go").await;
            assert_eq!(outcome.effect, "nothing on the page changed");
            assert!(took < SOON, "{took:?}");
        })
        .await;
    });
}

#[test]
fn an_action_takes_little_longer_than_the_idle_limit_after_its_last_change() {
    run(async {
        let site = Site::of(&[(
            "/",
            "<button onclick=\"this.dataset.n = ++n; out.textContent = n\">Go</button>\
                                     <p id=out></p><script>let n = 0</script>",
        )])
        .await;
        let tab = open(&site, "/").await;
        let index = tab.find("Go").await;
        let mut times = Vec::new();
        for _ in 0..15 {
            let started = Instant::now();
            tab.act(agent::action::Action::click(index)).await.unwrap();
            times.push(started.elapsed());
        }
        // The best of many: what the action itself takes, whatever else the machine does.
        let best = times.iter().min().unwrap();
        assert!(*best < IDLE * 4, "{times:?}");
        tab.close().await;
    });
}

#[test]
fn changes_are_waited_out_until_there_is_a_quiet_moment() {
    run(async {
        // Ten changes, each well within the idle limit of the one before, the first with the click itself.
        let body = "<p id=out></p><button onclick=\"let n = 0; const tick = () => {\
                    out.append(++n + ' '); if (n === 10) clearInterval(timer) };\
                    const timer = setInterval(tick, 20); tick()\">Count</button>";
        let site = Site::of(&[("/", body)]).await;
        at_home(with_limits(Duration::from_millis(400), NEVER, NEVER).await, &site, async |tab| {
            let (outcome, _) = timed_click(tab, "Count").await;
            assert_eq!(outcome.effect, "new text: '1 2 3 4 5 6 7 8 9 10'");
            let text = tab.text().await;
            assert!(text.contains("1 2 3 4 5 6 7 8 9 10"), "{text}");
        })
        .await;
    });
}

#[test]
fn a_page_that_never_gets_quiet_is_reported_and_not_waited_for() {
    run(async {
        let body =
            "<p id=out></p><button onclick=\"setInterval(() => out.textContent = Date.now(), 5)\">Start</button>";
        let site = Site::of(&[("/", body)]).await;
        at_home(with_limits(IDLE, NEVER, NEVER).await, &site, async |tab| {
            let (outcome, took) = timed_click(tab, "Start").await;
            assert!(outcome.effect.contains("the page keeps changing"), "{outcome:?}");
            assert!(took < SOON, "{took:?}");
        })
        .await;
    });
}

#[test]
fn what_moves_without_a_change_to_the_document_is_quiet() {
    run(async {
        let body = "<style>@keyframes spin { to { transform: rotate(1turn) } } i { animation: spin 1s infinite }</style>\
                    <i>*</i><p id=bar>Bar</p><button>Go</button><script>\
                    const draw = (now) => { bar.style.width = now % 100 + 'px'; requestAnimationFrame(draw) }; draw(0)</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        assert_eq!(tab.click("Go").await.unwrap().effect, "");
        tab.close().await;
    });
}

#[test]
fn a_request_that_the_action_caused_is_waited_for_with_what_comes_of_it() {
    run(async {
        let gate = Gate::new();
        let held = gate.clone();
        // A second request follows from the first one's answer.
        let home = "<p id=out></p><button onclick=\"fetch('/first').then((r) => r.text()).then((next) => fetch(next))\
                    .then((r) => r.text()).then((text) => out.textContent = text)\">Load</button>";
        let router = Router::new()
            .route("/", get(move || async move { Html(page(home)) }))
            .route("/first", get(|| async { "/second" }))
            .route("/second", get(move || held.then("Fresh from the kettle")));
        let site = Site::with(router).await;
        at_home(with_limits(IDLE, NEVER, NEVER).await, &site, async |tab| {
            let released = async {
                site.is_asked("GET /second").await;
                gate.open();
            };
            let (clicked, ()) = tokio::join!(tab.click("Load"), released);
            assert_eq!(clicked.unwrap().effect, "new text: 'Fresh from the kettle'");
            assert!(tab.text().await.contains("Fresh from the kettle"));
        })
        .await;
    });
}

#[test]
fn a_request_that_was_under_way_before_the_action_is_not_waited_for() {
    run(async {
        let gate = Gate::new();
        let held = gate.clone();
        let home = "<button onclick=\"tell('clicked')\">Go</button><button onclick=\"fetch('/poll')\">Poll</button>";
        let router = Router::new()
            .route("/", get(move || async move { Html(page(home)) }))
            .route("/poll", get(move || held.then("")));
        let site = Site::with(router).await;
        at_home(with_limits(IDLE, Duration::from_secs(4), NEVER).await, &site, async |tab| {
            let (polling, _) = timed_click(tab, "Poll").await;
            assert!(polling.effect.contains("1 requests are still pending"), "{polling:?}");
            let (outcome, took) = timed_click(tab, "Go").await;
            assert_eq!(outcome.effect, "nothing on the page changed");
            assert!(took < Duration::from_secs(4), "{took:?}");
        })
        .await;
        gate.open();
    });
}

#[test]
fn what_stays_open_for_as_long_as_the_page_is_not_waited_for() {
    run(async {
        let home = "<p id=out></p><button onclick=\"new EventSource('/news').onmessage = () => out.textContent = 'Open'\">Listen</button>";
        let router = Router::new().route("/", get(move || async move { Html(page(home)) })).route(
            "/news",
            get(|| async {
                let first = stream::iter([Ok::<_, std::io::Error>(Event::default().data("hello"))]);
                Sse::new(futures::StreamExt::chain(first, stream::pending()))
            }),
        );
        let site = Site::with(router).await;
        at_home(with_limits(IDLE, NEVER, NEVER).await, &site, async |tab| {
            let (outcome, took) = timed_click(tab, "Listen").await;
            assert_eq!(outcome.effect, "new text: 'Open'");
            assert!(took < SOON, "{took:?}");
            tab.until(|seen| seen.view.text.contains("Open")).await;
        })
        .await;
    });
}

/// A page with a request and a link that get no answer, on this host and on one of another name.
async fn hanging() -> Site {
    let home = "<button onclick=\"fetch('/hang')\">Load</button><a href=/hang>Here</a>\
                <a id=there>There</a><script>there.href = `http://localhost:${location.port}/hang`</script>";
    let router = Router::new()
        .route("/", get(move || async move { Html(page(home)) }))
        .route("/hang", get(|| async { std::future::pending::<&str>().await }));
    Site::with(router).await
}

#[test]
fn on_its_site_an_action_is_given_the_limit_for_that() {
    run(async {
        let site = hanging().await;
        let limit = Duration::from_millis(700);
        at_home(with_limits(IDLE, limit, NEVER).await, &site, async |tab| {
            for (label, says) in [("Load", "1 requests are still pending"), ("Here", "the next page is still loading")]
            {
                let (outcome, took) = timed_click(tab, label).await;
                assert!(outcome.effect.contains(says), "{outcome:?}");
                assert!(took >= limit && took < SOON, "{label}: {took:?}");
            }
        })
        .await;
    });
}

#[test]
fn on_the_way_to_another_site_an_action_is_given_the_limit_for_that() {
    run(async {
        let site = hanging().await;
        let limit = Duration::from_secs(3);
        let browser = OwnBrowser::reaching("127.0.0.1, localhost", |settings| {
            settings.settle = SettleSettings { idle: IDLE, same_site: Duration::from_millis(1), new_site: limit };
        })
        .await;
        at_home(browser, &site, async |tab| {
            let (outcome, took) = timed_click(tab, "There").await;
            assert!(outcome.effect.contains("the next page is still loading"), "{outcome:?}");
            assert!(took >= limit && took < SOON, "{took:?}");
        })
        .await;
    });
}

#[test]
fn an_action_that_leads_to_another_site_only_later_is_given_the_limit_for_that_as_well() {
    run(async {
        let home = "<button onclick=\"fetch('/hang');\
                    setTimeout(() => location = `http://localhost:${location.port}/hang`, 50)\">Go</button>";
        let router = Router::new()
            .route("/", get(move || async move { Html(page(home)) }))
            .route("/hang", get(|| async { std::future::pending::<&str>().await }));
        let site = Site::with(router).await;
        let limit = Duration::from_secs(4);
        let browser = OwnBrowser::reaching("127.0.0.1, localhost", |settings| {
            settings.settle = SettleSettings { idle: IDLE, same_site: limit / 2, new_site: limit };
        })
        .await;
        at_home(browser, &site, async |tab| {
            let (outcome, took) = timed_click(tab, "Go").await;
            assert!(outcome.effect.contains("the next page is still loading"), "{outcome:?}");
            assert!(took >= limit && took < SOON, "{took:?}");
        })
        .await;
    });
}

#[test]
fn a_page_that_keeps_asking_its_server_is_reported_at_the_limit() {
    run(async {
        let home = "<p>Home</p><button onclick=\"const ask = () => fetch('/poll').then(ask); ask()\">Poll</button>";
        let router =
            Router::new().route("/", get(move || async move { Html(page(home)) })).route("/poll", get(|| async { "" }));
        let site = Site::with(router).await;
        at_home(with_limits(IDLE, Duration::from_millis(500), NEVER).await, &site, async |tab| {
            let (outcome, took) = timed_click(tab, "Poll").await;
            assert!(took < SOON, "{took:?}");
            assert!(outcome.effect.is_empty() || outcome.effect.contains("pending"), "{outcome:?}");
            assert!(tab.text().await.contains("Home"));
        })
        .await;
    });
}
