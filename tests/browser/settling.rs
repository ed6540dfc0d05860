//! Settling after actions, and its limits.
//!
//! The limits are far apart, so that the time shows which one applied, even on a busy machine.

use std::time::{Duration, Instant};

use agent::ports::ActionOutcome;
use axum::Router;
use axum::response::Html;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use browser::settings::SettleSettings;
use futures::stream;

use crate::support::{Gate, OwnBrowser, Site, Tab, open, page, run};

/// A limit that no test reaches.
const NEVER: Duration = Duration::from_secs(60);
/// An action that takes less than this has not waited for `NEVER`.
const SOON: Duration = Duration::from_secs(20);

/// A browser with these limits: idle, same site, new site.
async fn with_limits(idle: Duration, same_site: Duration, new_site: Duration) -> OwnBrowser {
    OwnBrowser::start(|settings| settings.settle = SettleSettings { idle, same_site, new_site }).await
}

const IDLE: Duration = Duration::from_millis(50);

/// Runs the test's body in a separate browser at the home page of a site.
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
fn an_idle_page_is_not_awaited() {
    run(async {
        let site = Site::of(&[("/", "<button onclick=\"tell('clicked')\">Go</button>")]).await;
        // Without a change, no quiet period is awaited either.
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
        // The minimum of many: the time of the action itself.
        let best = times.iter().min().unwrap();
        assert!(*best < IDLE * 4, "{times:?}");
        tab.close().await;
    });
}

#[test]
fn changes_are_awaited_until_the_page_is_quiet() {
    run(async {
        // Ten changes, each within the idle limit of the previous one, the first with the click.
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
fn a_page_that_is_never_quiet_is_reported_and_not_awaited() {
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
fn animations_without_document_changes_are_quiet() {
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
fn a_request_of_the_action_is_awaited_with_its_effects() {
    run(async {
        let gate = Gate::new();
        let held = gate.clone();
        // The first response causes a second request.
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
fn a_request_from_before_the_action_is_not_awaited() {
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
fn long_lived_connections_are_not_awaited() {
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

/// A page with a request and a link without a response, on this host and on another.
async fn hanging() -> Site {
    let home = "<button onclick=\"fetch('/hang')\">Load</button><a href=/hang>Here</a>\
                <a id=there>There</a><script>there.href = `http://localhost:${location.port}/hang`</script>";
    let router = Router::new()
        .route("/", get(move || async move { Html(page(home)) }))
        .route("/hang", get(|| async { std::future::pending::<&str>().await }));
    Site::with(router).await
}

#[test]
fn an_action_on_the_same_site_gets_the_same_site_limit() {
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
fn an_action_leading_to_another_site_gets_the_new_site_limit() {
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
fn an_action_leading_to_another_site_later_gets_the_new_site_limit_too() {
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
fn a_page_that_keeps_sending_requests_is_reported_at_the_limit() {
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
