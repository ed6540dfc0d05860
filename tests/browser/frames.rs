//! Out-of-process frames: read in place, clickable, and omitted when they hang.

use std::time::{Duration, Instant};

use browser::settings::BrowserSettings;

use crate::support::{OwnBrowser, Site, processes, run, with_screenshots};

/// Inserts a cross-site frame: the other loopback host is another site, with a process of its
/// own.
fn framing(host: &str, path: &str, size: (u32, u32)) -> String {
    let (width, height) = size;
    format!(
        "<iframe name={name} width={width} height={height}></iframe><script>\
         document.querySelector('iframe').src = 'http://{host}:' + location.port + '{path}'</script>",
        name = path.trim_start_matches('/')
    )
}

fn button(name: &str) -> String {
    format!("<button onclick=\"tell('{name}')\">{name}</button>")
}

async fn browser(adjust: impl FnOnce(&mut BrowserSettings)) -> OwnBrowser {
    OwnBrowser::reaching("127.0.0.1, localhost", adjust).await
}

#[test]
fn shadow_trees_in_nested_out_of_process_frames_are_read_and_clicked() {
    run(async {
        let browser = browser(|_| {}).await;
        let shadows = "<closed-box></closed-box><script>\
            customElements.define('open-box', class extends HTMLElement { constructor() { super();\
            this.attachShadow({ mode: 'open' }).innerHTML = '<button>Open in closed</button>';\
            this.shadowRoot.firstChild.onclick = () => tell('Open in closed') } });\
            customElements.define('closed-box', class extends HTMLElement { constructor() { super();\
            const root = this.attachShadow({ mode: 'closed' });\
            root.innerHTML = '<button>Closed</button><open-box></open-box>';\
            root.firstChild.onclick = () => tell('Closed') } })</script>";
        let inside = |name: &str, frame: String| button(name) + &frame;
        let site = Site::of(&[
            ("/", &inside("Zero", framing("localhost", "/one", (900, 700)))),
            ("/one", &inside("One", framing("localhost", "/two", (800, 600)))),
            ("/two", &(inside("Two", framing("127.0.0.1", "/three", (700, 500))) + shadows)),
            ("/three", &inside("Three", framing("localhost", "/four", (600, 400)))),
            ("/four", &inside("Four", framing("127.0.0.1", "/five", (500, 300)))),
            ("/five", &inside("Five", framing("localhost", "/six", (400, 200)))),
            ("/six", &button("Six")),
        ])
        .await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        tab.until(|seen| seen.view.text.contains("/six")).await;
        assert!(processes::renderers(browser.root()).len() >= 2, "the sites share a process");
        let text = tab.text().await;
        for name in ["Zero", "One", "Two", "Closed", "Open in closed", "Three", "Four", "Five"] {
            assert!(text.contains(&format!("<button />{name}\n")), "{name} in\n{text}");
            tab.click(name).await.unwrap();
            site.hears(name).await;
        }
        assert!(text.contains("/six (its content could not be read)") && !text.contains("<button />Six"), "{text}");
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn an_unresponsive_frame_does_not_affect_the_page() {
    run(async {
        let browser = browser(|_| {}).await;
        let stuck = "<p>Busy</p><script>onmessage = () => { for (;;); }</script>";
        let page = button("Still here")
            + &framing("localhost", "/stuck", (300, 100))
            + "<button onclick=\"frames[0].postMessage('', '*')\">Stick</button>";
        let site = Site::of(&[("/", &page), ("/stuck", stuck)]).await;
        let tab = browser.open_as(with_screenshots()).await;
        tab.go(&site.url("/")).await.unwrap();
        tab.until(|seen| seen.view.text.contains("Busy")).await;
        tab.click("Stick").await.unwrap();
        // Once known to be unresponsive, it is awaited for a shorter time.
        for limit in [Duration::from_secs(8), Duration::from_secs(2)] {
            let started = Instant::now();
            let seen = tab.observe().await;
            assert!(started.elapsed() < limit, "{:?}", started.elapsed());
            assert!(seen.view.text.contains("<button />Still here"), "{}", seen.view.text);
            assert!(seen.view.text.contains("(its content could not be read)"), "{}", seen.view.text);
            assert!(seen.notices.contains(&"1 frames of the page could not be read.".to_owned()), "{:?}", seen.notices);
            assert!(seen.screenshot.is_some());
        }
        tab.click("Still here").await.unwrap();
        site.hears("Still here").await;
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn a_looping_frame_in_the_same_process_makes_the_page_unreadable_in_time() {
    run(async {
        let browser = browser(|settings| {
            settings.observe_timeout = Duration::from_millis(1500);
            settings.command_timeout = Duration::from_secs(2);
        })
        .await;
        let stuck = "<p>Busy</p><script>onmessage = () => { for (;;); }</script>";
        let page = "<iframe src=/stuck></iframe><button onclick=\"frames[0].postMessage('', '*')\">Stick</button>";
        let site = Site::of(&[("/", page), ("/stuck", stuck)]).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        let _ = tab.click("Stick").await;
        let seen =
            tab.until(|seen| seen.notices.iter().any(|notice| notice.starts_with("The page could not be read"))).await;
        assert_eq!((seen.view.elements, seen.view.text.as_str()), (vec![], ""));
        // The loop is terminated, so that the next step can read the page.
        let seen = tab.until(|seen| !seen.view.elements.is_empty()).await;
        assert!(seen.view.text.contains("Busy"), "{}", seen.view.text);
        tab.close().await;
        browser.close().await;
    });
}
