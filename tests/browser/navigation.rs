//! Navigation.

use agent::action::{Action, SearchEngine};
use agent::image::ImageFormat;
use agent::ports::{ActionError, Browsers, PageSpec};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{Html, Redirect};
use axum::routing::get;

use crate::support::{Browser, OwnBrowser, Site, Tab, headless, open, page, run};

async fn two_pages() -> (Site, Tab) {
    let site = Site::of(&[("/", "<h1>First</h1><a href=/second>On</a>"), ("/second", "<h1>Second</h1>")]).await;
    let tab = open(&site, "/").await;
    (site, tab)
}

/// Navigates and expects a rejection by the URL policy, with its reason.
async fn refusal(tab: &Tab, url: &str) -> String {
    match tab.go(url).await {
        Err(ActionError::Forbidden { reason, .. }) => reason,
        other => panic!("{url}: {other:?}"),
    }
}

#[test]
fn navigating_opens_the_page_and_reports_its_url() {
    run(async {
        let (site, tab) = two_pages().await;
        let outcome = tab.go(&site.url("/second")).await.unwrap();
        assert!(outcome.page_changed);
        assert!(outcome.effect.contains("/second"), "{outcome:?}");
        let seen = tab.observe().await;
        assert_eq!((seen.url, seen.title.as_str()), (site.url("/second"), "Fixture"));
        assert!(seen.view.text.contains("Second"), "{}", seen.view.text);
        tab.close().await;
    });
}

#[test]
fn a_url_without_a_scheme_is_https() {
    run(async {
        let (site, tab) = two_pages().await;
        // The server does not speak TLS; only the attempt matters.
        let address = site.url("/").replace("http://", "");
        let failed = tab.go(&address).await.unwrap_err();
        assert!(matches!(&failed, ActionError::Navigation { url, .. } if url.starts_with("https://")), "{failed:?}");
        tab.close().await;
    });
}

#[test]
fn navigating_in_a_new_tab_keeps_the_current_one() {
    run(async {
        let (site, tab) = two_pages().await;
        let outcome = tab.act(Action::Navigate { url: site.url("/second"), new_tab: Some(true) }).await.unwrap();
        assert!(outcome.page_changed);
        let seen = tab.observe().await;
        assert_eq!(seen.url, site.url("/second"));
        let tabs: Vec<_> = seen.tabs.iter().map(|tab| (tab.id, tab.url.clone(), tab.active)).collect();
        assert_eq!(tabs, [(1, site.url("/"), false), (2, site.url("/second"), true)]);
        tab.close().await;
    });
}

#[test]
fn a_page_with_an_error_status_is_shown() {
    run(async {
        let router = Router::new()
            .route("/missing", get(|| async { (StatusCode::NOT_FOUND, Html(page("No such kettle"))) }))
            .route("/broken", get(|| async { (StatusCode::INTERNAL_SERVER_ERROR, Html(page("Out of order"))) }));
        let site = Site::with(router).await;
        let tab = open(&site, "/missing").await;
        assert!(tab.text().await.contains("No such kettle"));
        tab.go(&site.url("/broken")).await.unwrap();
        assert!(tab.text().await.contains("Out of order"));
        tab.close().await;
    });
}

#[test]
fn an_error_status_without_a_body_is_a_failure() {
    run(async {
        let router = Router::new()
            .route("/", get(|| async { Html(page("Home")) }))
            .route("/broken", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }));
        let site = Site::with(router).await;
        let tab = open(&site, "/").await;
        let failed = tab.go(&site.url("/broken")).await.unwrap_err();
        assert!(
            matches!(&failed, ActionError::Navigation { cause, .. } if cause.contains("ERR_HTTP_RESPONSE_CODE")),
            "{failed:?}"
        );
        tab.close().await;
    });
}

#[test]
fn an_unreachable_host_is_an_error_with_its_cause() {
    run(async {
        let (_site, tab) = two_pages().await;
        let gone = Site::of(&[]).await.url("/");
        let failed = tab.go(&gone).await.unwrap_err();
        assert!(
            matches!(&failed, ActionError::Navigation { cause, .. } if cause == "net::ERR_CONNECTION_REFUSED"),
            "{failed:?}"
        );
        let failed = tab.go("http://no-such-host.invalid/").await.unwrap_err();
        assert!(
            matches!(&failed, ActionError::Navigation { cause, .. } if cause == "net::ERR_NAME_NOT_RESOLVED"),
            "{failed:?}"
        );
        tab.close().await;
    });
}

#[test]
fn forbidden_urls_are_rejected_before_a_byte_is_sent() {
    run(async {
        let (site, tab) = two_pages().await;
        for url in [
            &site.url_at("localhost", "/second"),
            &site.url_at("[::1]", "/second"),
            &site.url_at("127.0.0.2", "/second"),
            "http://169.254.169.254/latest/meta-data/",
            "http://10.0.0.1/",
            "file:///etc/passwd",
            "chrome://crash",
        ] {
            assert_ne!(refusal(&tab, url).await, "", "{url}");
        }
        assert_eq!(site.requests(), ["GET /"]);
        assert!(tab.text().await.contains("First"), "the page stays where it was");
        tab.close().await;
    });
}

#[test]
fn a_chain_of_redirects_is_followed_to_its_end() {
    run(async {
        let router = Router::new()
            .route("/a", get(|| async { Redirect::to("/b") }))
            .route("/b", get(|| async { (StatusCode::FOUND, [(header::LOCATION, "/c")]) }))
            .route("/c", get(|| async { Html(page("Arrived")) }));
        let site = Site::with(router).await;
        let tab = open(&site, "/a").await;
        let seen = tab.observe().await;
        assert_eq!(seen.url, site.url("/c"));
        assert!(seen.view.text.contains("Arrived"));
        tab.close().await;
    });
}

#[test]
fn a_redirect_to_a_forbidden_host_is_refused() {
    run(async {
        let inner = Site::of(&[("/secret", "Secret")]).await;
        let target = inner.url_at("localhost", "/secret");
        let router = Router::new()
            .route("/", get(|| async { Html(page("Home")) }))
            .route("/out", get(move || async move { (StatusCode::FOUND, [(header::LOCATION, target)]) }));
        let site = Site::with(router).await;
        let tab = open(&site, "/").await;
        assert_ne!(refusal(&tab, &site.url("/out")).await, "");
        assert_eq!(inner.requests(), [""; 0]);
        tab.close().await;
    });
}

#[test]
fn subresource_requests_do_not_reach_a_forbidden_host() {
    run(async {
        let inner = Site::of(&[("/secret", "Secret")]).await;
        let secret = inner.url_at("localhost", "/secret");
        let body = format!(
            "<img src={secret}><iframe src={secret}></iframe>\
             <script>fetch('{secret}', {{mode: 'no-cors'}}).then(() => tell('came'), () => tell('refused'))</script>"
        );
        let site = Site::of(&[("/", &body)]).await;
        let tab = open(&site, "/").await;
        site.hears("refused").await;
        assert_eq!(inner.requests(), [""; 0]);
        tab.close().await;
    });
}

#[test]
fn a_204_response_keeps_the_page() {
    run(async {
        let router = Router::new()
            .route("/", get(|| async { Html(page("Home")) }))
            .route("/nothing", get(|| async { StatusCode::NO_CONTENT }));
        let site = Site::with(router).await;
        let tab = open(&site, "/").await;
        let outcome = tab.go(&site.url("/nothing")).await.unwrap();
        assert!(!outcome.page_changed);
        assert!(outcome.effect.contains("nothing to show"), "{outcome:?}");
        let seen = tab.observe().await;
        assert_eq!(seen.url, site.url("/"));
        assert!(seen.view.text.contains("Home"));
        tab.close().await;
    });
}

#[test]
fn a_fragment_moves_within_the_document() {
    run(async {
        let body = "<script>onhashchange = () => tell('hash ' + location.hash)</script><h1 id=top>Top</h1>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let outcome = tab.go(&site.url("/#top")).await.unwrap();
        assert!(!outcome.page_changed, "the document is the same: {outcome:?}");
        site.hears("hash #top").await;
        assert_eq!(tab.observe().await.url, site.url("/#top"));
        assert_eq!(site.requests(), ["GET /"]);
        tab.close().await;
    });
}

#[test]
fn a_page_that_rewrites_its_url_is_reported_with_the_new_one() {
    run(async {
        let body = "<p id=where>Start</p><button onclick=\"history.pushState({}, '', '/deep'); where.textContent = 'Deep'\">Go deep</button>\
                    <script>onpopstate = () => where.textContent = 'Start again'</script>";
        let site = Site::of(&[("/", body)]).await;
        let tab = open(&site, "/").await;
        let outcome = tab.click("Go deep").await.unwrap();
        assert!(!outcome.page_changed);
        assert!(outcome.effect.contains("/deep"), "{outcome:?}");
        let seen = tab.observe().await;
        assert_eq!(seen.url, site.url("/deep"));
        assert!(seen.view.text.contains("Deep"));
        tab.back().await.unwrap();
        let seen = tab.observe().await;
        assert_eq!(seen.url, site.url("/"));
        assert!(seen.view.text.contains("Start again"), "{}", seen.view.text);
        tab.close().await;
    });
}

#[test]
fn a_search_opens_the_search_engine_with_the_query() {
    run(async {
        let (_site, tab) = two_pages().await;
        // Whether or not the search engine is reachable, the page or the error contains its URL.
        for (engine, address) in [
            (None, "https://duckduckgo.com/?q=t%C3%A9a+%26+kettles"),
            (Some(SearchEngine::Bing), "https://www.bing.com/search?q=t%C3%A9a+%26+kettles"),
            (Some(SearchEngine::Google), "https://www.google.com/search?udm=14&q=t%C3%A9a+%26+kettles"),
        ] {
            let went = match tab.act(Action::Search { query: "téa & kettles".into(), engine }).await {
                Err(ActionError::Navigation { url, .. } | ActionError::Forbidden { url, .. }) => url,
                Ok(_) => continue,
                other => panic!("{other:?}"),
            };
            assert_eq!(went, address);
        }
        tab.close().await;
    });
}

#[test]
fn going_back_returns_to_the_previous_page() {
    run(async {
        let (site, tab) = two_pages().await;
        tab.click("On").await.unwrap();
        assert_eq!(tab.observe().await.url, site.url("/second"));
        let outcome = tab.back().await.unwrap();
        assert!(outcome.page_changed);
        let seen = tab.observe().await;
        assert_eq!(seen.url, site.url("/"));
        assert!(seen.view.text.contains("First"));
        tab.click("On").await.unwrap();
        assert_eq!(tab.observe().await.url, site.url("/second"));
        tab.close().await;
    });
}

#[test]
fn going_back_restores_a_page_from_the_back_forward_cache() {
    run(async {
        let body = "<input placeholder=Note><a href=/second>On</a>\
                    <script>onpageshow = (event) => tell(event.persisted ? 'kept' : 'new')</script>";
        let site = Site::of(&[("/", body), ("/second", "Second")]).await;
        // The headless shell has no such cache.
        let browser = OwnBrowser::start(|settings| settings.executable = Some("chromium".into())).await;
        let tab = browser.open().await;
        tab.go(&site.url("/")).await.unwrap();
        tab.input("Note", "half a thought").await.unwrap();
        tab.click("On").await.unwrap();
        tab.back().await.unwrap();
        site.hears("kept").await;
        assert_eq!(tab.element("Note").await.value, "half a thought");
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn going_back_over_a_fragment_stays_in_the_document() {
    run(async {
        let site = Site::of(&[("/", "<a href=#there>Jump</a><h2 id=there>There</h2>")]).await;
        let tab = open(&site, "/").await;
        tab.click("Jump").await.unwrap();
        assert_eq!(tab.observe().await.url, site.url("/#there"));
        let outcome = tab.back().await.unwrap();
        assert!(!outcome.page_changed);
        assert_eq!(tab.observe().await.url, site.url("/"));
        tab.close().await;
    });
}

#[test]
fn going_back_from_the_first_page_fails() {
    run(async {
        let (site, tab) = two_pages().await;
        assert!(matches!(tab.back().await, Err(ActionError::NotPossible(_))));
        assert_eq!(tab.observe().await.url, site.url("/"));
        tab.close().await;
    });
}

#[test]
fn a_run_that_has_opened_nothing_sees_an_empty_page_without_a_screenshot() {
    run(async {
        let site = Site::of(&[("/", "<h1>Home</h1>")]).await;
        let tab = Tab::new(
            Browser::shared().open(PageSpec { screenshots: Some(ImageFormat::Png), ..headless() }).await.unwrap(),
        );
        let seen = tab.observe().await;
        assert_eq!((seen.url.as_str(), seen.tabs.len(), seen.screenshot), ("about:blank", 1, None));
        assert_eq!(seen.notices, ["The page looks empty."]);
        tab.go(&site.url("/")).await.unwrap();
        assert!(tab.observe().await.screenshot.is_some());
        tab.close().await;
    });
}
