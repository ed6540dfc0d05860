//! Resource limits of pages, without effect on other runs.

use std::time::{Duration, Instant};

use agent::image::ImageFormat;
use agent::ports::{Browsers, PageSpec};
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::Html;
use axum::routing::{get, post};
use browser::settings::RendererLimits;

use crate::support::{OwnBrowser, Site, Tab, headless, page, run};

const HOG: &str = "<button onclick=\"const all = []; setInterval(() => all.push(new Uint8Array(16 << 20).fill(7)), 5)\">\
                   Take memory</button>";
const BURNER: &str = "<button onclick=\"const source = window.URL.createObjectURL(new Blob(['for (;;);'])); \
                      new Worker(source); new Worker(source); document.title = 'burning'\">Take time</button>";

/// Waits for a notice about the page.
async fn is_told(tab: &Tab, what: &str) {
    tab.until(|seen| seen.notices.iter().any(|notice| notice.contains(what))).await;
}

#[test]
fn a_page_over_its_memory_limit_is_killed_without_affecting_others() {
    run(async {
        let limits = RendererLimits { memory: 400 << 20, cpu: Duration::from_secs(3600) };
        let browser = OwnBrowser::start(|settings| settings.renderers = limits).await;
        let site = Site::of(&[("/", HOG), ("/home", "<h1>Home</h1>")]).await;
        let (hog, neighbour) = (browser.open().await, browser.open().await);
        neighbour.go(&site.url("/home")).await.unwrap();
        hog.go(&site.url("/")).await.unwrap();
        // In the result of the press that it ends, or afterwards.
        let words = "the page used more than 400 MiB of memory and was ended";
        if !hog.click("Take memory").await.is_ok_and(|outcome| outcome.effect.contains(words)) {
            is_told(&hog, words).await;
        }

        assert!(neighbour.text().await.contains("Home"));
        let told = neighbour.observe().await.notices;
        assert!(!told.iter().any(|notice| notice.contains("ended")), "{told:?}");
        // The run continues elsewhere.
        hog.go(&site.url("/home")).await.unwrap();
        assert!(hog.text().await.contains("Home"));
        hog.close().await;
        neighbour.close().await;
        browser.close().await;
    });
}

#[test]
fn a_page_over_its_cpu_limit_is_killed_without_affecting_others() {
    run(async {
        let limits = RendererLimits { memory: 4 << 30, cpu: Duration::from_secs(4) };
        let browser = OwnBrowser::start(|settings| settings.renderers = limits).await;
        let site = Site::of(&[("/", BURNER), ("/home", "<h1>Home</h1>")]).await;
        let (burner, neighbour) = (browser.open().await, browser.open().await);
        neighbour.go(&site.url("/home")).await.unwrap();
        burner.go(&site.url("/")).await.unwrap();
        burner.click("Take time").await.unwrap();
        let started = Instant::now();
        loop {
            let seen = burner.observe().await;
            if seen.notices.iter().any(|notice| notice.contains("more than 4 s of processor time within 60 s")) {
                break;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "{:?}", seen.notices);
        }
        assert!(neighbour.text().await.contains("Home"));
        burner.go(&site.url("/home")).await.unwrap();
        assert!(burner.text().await.contains("Home"));
        burner.close().await;
        neighbour.close().await;
        browser.close().await;
    });
}

#[test]
fn at_critical_memory_the_largest_page_is_killed() {
    run(async {
        let browser = OwnBrowser::start(|_| {}).await;
        let large = "<script>const ballast = new Uint8Array(200 << 20).fill(7)</script><h1>Large</h1>";
        let site = Site::of(&[("/large", large), ("/", "<h1>Small</h1>")]).await;
        let (largest, small) = (browser.open().await, browser.open().await);
        small.go(&site.url("/")).await.unwrap();
        largest.go(&site.url("/large")).await.unwrap();
        let freed = browser.pool.kill_largest_page().await.expect("there is a large one");
        assert!(freed > 200 << 20, "{freed}");
        is_told(&largest, "short of memory").await;
        assert!(small.text().await.contains("Small"));
        largest.close().await;
        small.close().await;
        browser.close().await;
    });
}

#[test]
fn a_page_that_opens_endless_windows_is_limited() {
    run(async {
        let most = 4;
        let browser = OwnBrowser::start(|settings| settings.max_tabs = most).await;
        let flood = "<button onclick=\"for (let n = 0; n < 40; n++) window.open('/new?' + n)\">Flood</button>\
                     <a href=/new target=_blank>One</a>";
        let site = Site::of(&[("/", flood), ("/new", "<h1>New</h1>")]).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        let mut told = tab.click("Flood").await.unwrap().effect;
        // Whatever one click may open, further clicks reach the limit.
        for _ in 0..2 * most {
            tab.act(agent::action::Action::SwitchTab { tab: 1 }).await.unwrap();
            told += &tab.click("One").await.unwrap().effect;
            told += &tab.observe().await.notices.join("\n");
        }
        let seen = tab.observe().await;
        assert_eq!(seen.tabs.len(), most, "{:?}", seen.tabs);
        assert!(told.contains("4 tabs are open, the most there may be"), "{told}");
        let another = agent::action::Action::Navigate { url: site.url("/new"), new_tab: Some(true) };
        let refused = tab.act(another).await.unwrap_err().to_string();
        assert!(refused.contains("close one"), "{refused}");
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn dialogs_of_a_background_tab_are_counted_per_action_too() {
    run(async {
        let browser = OwnBrowser::start(|settings| settings.max_dialogs = 3).await;
        let ticking =
            "<script>addEventListener('storage', () => { alert('tick'); tell('tick ' + localStorage.n) })</script>";
        let home = "<a target=_blank href=/work>Work</a>".to_owned() + ticking;
        let site = Site::of(&[
            ("/", &home),
            ("/work", "<button onclick=\"localStorage.n = (+localStorage.n || 0) + 1\">Tick</button>"),
        ])
        .await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        tab.click("Work").await.unwrap();
        for n in 1..=6 {
            tab.click("Tick").await.unwrap();
            site.hears(&format!("tick {n}")).await;
        }
        assert_eq!(tab.observe().await.tabs.len(), 2);
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_page_that_opens_endless_dialogs_loses_its_tab() {
    run(async {
        let browser = OwnBrowser::start(|settings| settings.max_dialogs = 10).await;
        let bodies = [
            ("/loop", "<button onclick=\"for (;;) alert('again')\">Start</button>"),
            (
                "/confirm",
                "<button onclick=\"for (let n = 0; n < 11; n++) alert(n); for (;;) confirm('again')\">Start</button>",
            ),
            ("/timer", "<button onclick=\"setInterval(() => alert('again'), 1)\">Start</button>"),
            (
                "/reload",
                "<button onclick=\"sessionStorage.go = 1; location.reload()\">Start</button>\
                         <script>if (sessionStorage.go) { alert('again'); location.reload() }</script>",
            ),
            ("/home", "<h1>Home</h1>"),
        ];
        let site = Site::of(&bodies).await;
        let (tab, neighbour) = (browser.open().await, browser.open().await);
        neighbour.go(&site.url("/home")).await.unwrap();
        for path in ["/loop", "/confirm", "/timer", "/reload"] {
            tab.go(&site.url(path)).await.unwrap();
            let acted = tab.click("Start").await;
            let told = acted.map_or_else(|error| error.to_string(), |outcome| outcome.effect);
            let told = std::cell::RefCell::new(vec![told]);
            let left = tab
                .until(|seen| {
                    told.borrow_mut().extend(seen.notices.clone());
                    let is_told = told.borrow().iter().any(|text| text.contains("opened more than 10 dialogs"));
                    // The tab may go just after it was read.
                    is_told && seen.tabs.is_empty() && seen.view.elements.is_empty()
                })
                .await;
            assert_eq!(left.view.text, "");
            tab.go(&site.url("/home")).await.unwrap();
            assert!(tab.text().await.contains("Home"), "after {path}");
            assert!(neighbour.text().await.contains("Home"));
        }
        tab.close().await;
        neighbour.close().await;
        browser.close().await;
    });
}

/// Scripts that cause browser messages above the size limit, each a different one.
const LOUD: &[&str] = &[
    "fetch('/take', { method: 'POST', body: 'x'.repeat(90 << 20) })",
    "new SharedWorker('/work.js', { name: 'x'.repeat(70 << 20) })",
    "new Worker('/work.js', { name: 'x'.repeat(70 << 20) })",
    "Object.assign(document.createElement('a'), { download: 'x', href: 'data:,' + 'x'.repeat(70 << 20) }).click()",
];

/// A site with a script per path that runs when a button is clicked.
async fn loud_site(scripts: &[&str]) -> Site {
    let button = |script: &str| page(&format!("<button onclick=\"{script}\">Send</button>"));
    let pages = scripts.iter().map(|script| button(script)).enumerate();
    let router = pages.fold(Router::new(), |router, (number, html)| {
        router.route(&format!("/{number}"), get(|| async { Html(html) }))
    });
    let router = router.route("/home", get(|| async { Html(page("<h1>Home</h1>")) }));
    let router = router.route("/work.js", get(|| async { ([(CONTENT_TYPE, "text/javascript")], "onmessage = 1") }));
    Site::with(router.route("/take", post(|| async { "taken" }))).await
}

/// Each script harms its own page alone.
async fn harms_itself_alone(scripts: &[&str]) {
    let browser = OwnBrowser::start(|_| {}).await;
    let site = loud_site(scripts).await;
    let neighbour = browser.open().await;
    neighbour.go(&site.url("/home")).await.unwrap();
    let main = browser.main_process();
    for (number, script) in scripts.iter().enumerate() {
        let tab = browser.open().await;
        tab.go(&site.url(&format!("/{number}"))).await.unwrap();
        let _ = tab.click("Send").await;
        let _ = tab.page().observe().await;
        // The browser is busy writing the message for a while.
        neighbour.until(|seen| seen.view.text.contains("Home")).await;
        neighbour.go(&site.url("/home")).await.unwrap();
        assert_eq!(browser.main_process_or_none(), Some(main), "the browser is the same after {script}");
        tab.close().await;
    }
    neighbour.close().await;
    browser.close().await;
}

#[test]
fn an_oversized_browser_message_affects_only_its_page() {
    run(harms_itself_alone(&LOUD[..1]));
}

/// Strings of 90 MB keep two cores busy for half a minute.
mod nightly {
    use super::*;

    #[test]
    fn every_way_to_make_the_browser_tell_more_than_is_read_harms_its_page_alone() {
        run(harms_itself_alone(&LOUD[1..]));
    }

    #[test]
    fn a_page_that_keeps_causing_oversized_messages_is_closed() {
        run(async {
            let browser = OwnBrowser::start(|_| {}).await;
            // Each is dropped before the next is sent.
            let flood = "const body = 'x'.repeat(90 << 20); setInterval(() => { const it = new AbortController();\
                         fetch('/take', { method: 'POST', body, signal: it.signal }).catch(() => {});\
                         setTimeout(() => it.abort(), 50) }, 100)";
            let site = loud_site(&[flood]).await;
            let (tab, neighbour) = (browser.open().await, browser.open().await);
            neighbour.go(&site.url("/home")).await.unwrap();
            let main = browser.main_process();
            tab.go(&site.url("/0")).await.unwrap();
            let _ = tab.click("Send").await;
            let mut told = Vec::new();
            // The first such message takes the browser seconds.
            loop {
                let seen = tab.observe().await;
                told.extend(seen.notices);
                if seen.tabs.is_empty() {
                    break;
                }
            }
            assert!(told.iter().any(|notice| notice.contains("its tab was closed")), "{told:?}");
            for _ in 0..5 {
                let asked = Instant::now();
                neighbour.go(&site.url("/home")).await.unwrap();
                assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
            }
            // The run continues.
            tab.go(&site.url("/home")).await.unwrap();
            assert!(tab.text().await.contains("Home"));
            assert_eq!(browser.main_process(), main, "the browser is the same");
            tab.close().await;
            neighbour.close().await;
            browser.close().await;
        });
    }
}

/// Noise, which compresses badly.
const NOISE: &str = "<style>body { margin: 0 }</style><canvas width=1280 height=900></canvas><script>\
    const paper = document.querySelector('canvas').getContext('2d'), noise = paper.createImageData(1280, 900);\
    for (let i = 0; i < noise.data.length; i++) noise.data[i] = i % 4 == 3 ? 255 : Math.random() * 256;\
    paper.putImageData(noise, 0, 0)</script>";

#[test]
fn an_oversized_screenshot_is_retaken_smaller_or_omitted() {
    run(async {
        let site = Site::of(&[("/", NOISE)]).await;
        for (most, expected) in [(8 << 20, Some(ImageFormat::Png)), (1 << 20, Some(ImageFormat::Jpeg)), (20_000, None)]
        {
            let browser = OwnBrowser::start(|settings| settings.max_screenshot_bytes = most).await;
            let spec = PageSpec { screenshots: Some(ImageFormat::Png), ..headless() };
            let tab = Tab::new(browser.pool.open(spec).await.unwrap());
            tab.go(&site.url("/")).await.unwrap();
            let seen = tab.observe().await;
            assert_eq!(seen.screenshot.as_ref().map(|image| image.format), expected, "{:?}", seen.notices);
            assert!(seen.screenshot.is_none_or(|image| image.bytes() <= most));
            let told = seen.notices.iter().any(|notice| notice.contains("it would have more than"));
            assert_eq!(told, expected.is_none(), "{:?}", seen.notices);
            tab.close().await;
            browser.close().await;
        }
    });
}
