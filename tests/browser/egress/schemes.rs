//! Schemes: a tab may show web pages and blobs of its own pages.

use agent::observation::Observation;
use agent::ports::ActionError;
use axum::Router;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::Html;
use axum::routing::get;

use crate::support::{OwnBrowser, Site, open, page, run};

/// How many of them pages try in every way; they try each of the others in one way.
const TRIED_IN_EVERY_WAY: usize = 2;
const SCHEMES: &[&str] = &[
    "file:///etc/passwd",
    "chrome://version/",
    "devtools://devtools/bundled/inspector.html",
    "chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai/index.html",
    "view-source:http://127.0.0.1/",
    "data:text/html,<h1>Data</h1>",
    "filesystem:http://127.0.0.1/temporary/x",
    "ftp://127.0.0.1/",
    "ws://127.0.0.1/",
    "chrome-untrusted://print/",
    "chrome://settings/",
    "blob:http://127.0.0.1/1",
    "about:version",
    "javascript:document.title='x'",
    "mailto:a@shop.example",
    "intent://shop.example/",
];

/// Whether the tab shows a web page or an empty one.
fn is_of_the_web(seen: &Observation) -> bool {
    let is_failure = seen.notices.iter().any(|notice| notice.contains("could not be opened"));
    let is_blank = seen.url.starts_with("about:blank") || seen.url == "chrome-error://chromewebdata/";
    seen.url.starts_with("http:") || is_blank || (is_failure && seen.view.elements.is_empty())
}

#[test]
fn the_model_opens_no_other_scheme() {
    run(async {
        let site = Site::of(&[("/", "<h1>Home</h1>")]).await;
        let tab = open(&site, "/").await;
        for url in SCHEMES {
            let refused = tab.go(url).await;
            let is_refused = matches!(
                &refused,
                Err(ActionError::Forbidden { .. } | ActionError::NotPossible(_) | ActionError::Navigation { .. })
            );
            assert!(is_refused, "{url}: {refused:?}");
            let seen = tab.observe().await;
            assert_eq!((seen.url, seen.title.as_str()), (site.url("/"), "Fixture"), "{url}");
        }
        assert_eq!(site.requests(), ["GET /"]);
        tab.close().await;
    });
}

#[test]
fn a_page_cannot_open_other_schemes() {
    run(async {
        let ways = [
            "<a href=\"{U}\">Go</a>",
            "<a href=\"{U}\" target=_blank>Go</a>",
            "<button onclick=\"location.href = '{U}'\">Go</button>",
            "<button onclick=\"window.open('{U}')\">Go</button>",
            "<form action=\"{U}\"><button>Go</button></form>",
            "<form action=\"{U}\" method=post target=_blank><button>Go</button></form>",
        ];
        let paths = ["/0", "/1", "/2", "/3", "/4", "/5"];
        for (number, url) in SCHEMES.iter().enumerate() {
            let bodies: Vec<_> = ways.iter().map(|way| way.replace("{U}", &url.replace('\'', ""))).collect();
            let pages: Vec<_> = paths.into_iter().zip(bodies.iter().map(String::as_str)).collect();
            let site = Site::of(&pages).await;
            let tried = if number < TRIED_IN_EVERY_WAY { &paths[..] } else { &paths[number % paths.len()..][..1] };
            let tab = open(&site, tried[0]).await;
            for path in tried {
                if tried.len() > 1 {
                    tab.go(&site.url(path)).await.unwrap();
                }
                let _ = tab.click("Go").await;
                let seen = tab.observe().await;
                assert!(is_of_the_web(&seen), "{url} by {path}: {seen:#?}");
                assert!(!seen.view.text.contains("Data") && !seen.view.text.contains("root:"), "{url} by {path}");
            }
            tab.close().await;
        }
    });
}

#[test]
fn a_redirect_cannot_open_other_schemes() {
    run(async {
        for url in SCHEMES {
            let router = Router::new()
                .route("/", get(|| async { Html(page("<h1>Home</h1>")) }))
                .route("/out", get(move || async move { (StatusCode::FOUND, [(LOCATION, *url)]) }));
            let site = Site::with(router).await;
            let tab = open(&site, "/").await;
            let _ = tab.go(&site.url("/out")).await;
            let seen = tab.observe().await;
            assert!(is_of_the_web(&seen), "{url}: {seen:#?}");
            assert!(!seen.view.text.contains("Data") && !seen.view.text.contains("root:"), "{url}");
            tab.close().await;
        }
    });
}

#[test]
fn a_page_may_show_its_own_blobs_and_data_images() {
    run(async {
        let body = "<button onclick=\"window.open(window.URL.createObjectURL(new Blob(['<h1>Invoice</h1>'], { type: 'text/html' })))\">Show</button>\
                    <img onload=\"tell('drawn')\" src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>\">";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        site.hears("drawn").await;
        tab.click("Show").await.unwrap();
        let seen = tab.until(|seen| seen.view.text.contains("Invoice")).await;
        assert!(seen.url.starts_with("blob:http"), "{seen:#?}");
        tab.close().await;
    });
}

#[test]
fn a_tab_may_navigate_to_a_blob_of_its_page() {
    run(async {
        let invoice = "<h1>Invoice</h1><button onclick='window.name += 1; location.reload()'>Again</button>\
                       <script>document.write('Shown ' + (window.name.length + 1))</script>";
        let body = format!(
            "<button onclick=\"location = window.URL.createObjectURL(new Blob([document.querySelector('template').innerHTML], {{ type: 'text/html' }}))\">\
             Show</button><template>{invoice}</template>"
        );
        let site = Site::of(&[("/", &body)]).await;
        // The headless shell keeps no page that was left, so its blobs cannot be loaded again.
        let browser = OwnBrowser::start(|settings| settings.executable = Some("chromium".into())).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        tab.click("Show").await.unwrap();
        let seen = tab.until(|seen| seen.view.text.contains("Invoice")).await;
        assert!(seen.url.starts_with("blob:http"), "{seen:#?}");
        tab.click("Again").await.unwrap();
        let again = tab.until(|seen| seen.view.text.contains("Shown 2")).await;
        assert_eq!(again.url, seen.url);
        tab.close().await;
        browser.close().await;
    });
}
