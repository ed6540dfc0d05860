//! Cookies and storage of one run in another.

use std::net::IpAddr;
use std::sync::Arc;

use agent::ports::{Browsers, PageSpec};
use agent::storage_state::{Cookie, SameSite, StorageState};
use async_trait::async_trait;
use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use browser::Resolver;
use serde_json::{Value, json};

use crate::support::{Browser, OwnBrowser, Site, Tab, headless, open_as, page, run};

/// What a page does when its user has logged in, in every place that a page can store to.
const LOG_IN: &str = "<script>
    localStorage.setItem('token', 'of Ada');
    const opening = indexedDB.open('auth', 3);
    opening.onupgradeneeded = () => {
        opening.result.createObjectStore('users').createIndex('by_name', 'name');
        opening.result.createObjectStore('rows', { keyPath: ['a', 'b'] });
    };
    opening.onsuccess = () => {
        const writing = opening.result.transaction(['users', 'rows'], 'readwrite');
        const self = { name: 'Ada', since: new Date(86400000), key: new Uint8Array([1, 2]), left: undefined };
        self.self = self;
        writing.objectStore('users').put(self, 'me');
        writing.objectStore('rows').put({ a: 1, b: 'x', plain: true });
        writing.oncomplete = () => tell('logged in');
    };
    </script>";
/// Reads all of it.
const ACCOUNT: &str = "<script>
    const opening = indexedDB.open('auth', 3);
    opening.onsuccess = () => {
        const reading = opening.result.transaction(['users', 'rows']);
        const user = reading.objectStore('users').index('by_name').get('Ada');
        const row = reading.objectStore('rows').get([1, 'x']);
        reading.oncomplete = () => {
            const { since, key, self } = user.result;
            tell([localStorage.getItem('token'), since.getTime(), key, self === user.result, row.result.plain].join(' '));
        };
    };
    </script>";

/// A site whose `/login` sets cookies and stores, and whose `/account` reads it.
async fn shop() -> Site {
    async fn login() -> impl IntoResponse {
        let cookies =
            ["sid=of-Ada; HttpOnly; SameSite=Strict; Max-Age=86400; Path=/", "mode=dark", "gone=x; Max-Age=0"]
                .map(|cookie| (header::SET_COOKIE, cookie));
        (axum::response::AppendHeaders(cookies), Html(page(LOG_IN)))
    }
    Site::with(Router::new().route("/login", get(login)).route("/account", get(|| async { Html(page(ACCOUNT)) }))).await
}

fn saving(storage: Option<Arc<StorageState>>) -> PageSpec {
    PageSpec { storage, saves_storage: true, ..headless() }
}

async fn saved(tab: Tab) -> StorageState {
    let saved = tab.page().storage().await.unwrap();
    assert_eq!(saved.lost, [""; 0]);
    tab.close().await;
    saved.state
}

fn cookie(name: &str, domain: &str) -> Cookie {
    Cookie {
        name: name.into(),
        value: "1".into(),
        domain: domain.into(),
        path: "/".into(),
        expires: -1.0,
        http_only: false,
        secure: false,
        same_site: SameSite::Lax,
        partition_key: None,
        has_cross_site_ancestor: None,
    }
}

#[test]
fn a_login_is_carried_from_run_to_run_without_asking_the_site() {
    run(async {
        let site = shop().await;
        let first = open_as(saving(None), &site, "/login").await;
        site.hears("logged in").await;
        let state = saved(first).await;
        let mut cookies = serde_json::to_value(&state.cookies).unwrap();
        let expires = cookies[0]["expires"].take().as_f64().unwrap();
        let common = json!({ "domain": "127.0.0.1", "path": "/", "secure": false });
        let of = |fields: Value| {
            let mut all = common.clone();
            all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            all
        };
        let sid = json!({ "name": "sid", "value": "of-Ada", "expires": null, "httpOnly": true, "sameSite": "Strict" });
        let mode = json!({ "name": "mode", "value": "dark", "expires": -1.0, "httpOnly": false, "sameSite": "Lax" });
        assert_eq!(cookies, json!([of(sid), of(mode)]));
        assert!(expires > 1.7e9, "{expires}");
        let asked = site.requests().len();

        let second = Tab::new(Browser::shared().open(saving(Some(Arc::new(state.clone())))).await.unwrap());
        let seen = second.observe().await;
        assert_eq!((seen.tabs.len(), seen.tabs[0].id, seen.url.as_str()), (1, 1, "about:blank"));
        assert_eq!(site.requests().len(), asked, "the site was asked before the run's first page");
        second.go(&site.url("/account")).await.unwrap();
        site.hears("of Ada 86400000 1,2 true true").await;
        let cookie = site.is_asked("GET /account").await.cookie;
        assert!(cookie.contains("sid=of-Ada") && cookie.contains("mode=dark"), "{cookie}");
        // A tab that a run opens comes after the first.
        second.act(agent::action::Action::Navigate { url: site.url("/account"), new_tab: Some(true) }).await.unwrap();
        assert_eq!(second.observe().await.tabs.iter().map(|tab| tab.id).collect::<Vec<_>>(), [1, 2]);
        // As it was, also from a run that only had it.
        let again = saved(second).await;
        assert_eq!(again.origins, state.origins);

        let other = open_as(headless(), &site, "/account").await;
        assert!(site.requests().len() > asked);
        assert!(other.page().storage().await.unwrap().state.origins.is_empty(), "it was not announced");
        other.close().await;
    });
}

/// Resolves all names to this machine.
struct Here;

#[async_trait]
impl Resolver for Here {
    async fn resolve(&self, _name: &str) -> Vec<IpAddr> {
        vec![[127, 0, 0, 1].into()]
    }
}

#[test]
fn cookies_keep_their_hosts_partitions_and_times() {
    run(async {
        let site = Site::with(
            Router::new()
                .route("/", get(|| async { Html(page("<h1>Home</h1>")) }))
                .route("/frame", get(|| async { Html(page("<p>framed</p>")) }))
                .route(
                    "/portal",
                    get(|headers: axum::http::HeaderMap| async move {
                        let port = headers[header::HOST].to_str().unwrap().rsplit(':').next().unwrap().to_owned();
                        Html(page(&format!("<iframe src=http://127.0.0.1:{port}/frame></iframe>")))
                    }),
                ),
        )
        .await;
        let hosts = "shop.example,sub.shop.example,127.0.0.1";
        let browser = OwnBrowser::resolving(hosts, Arc::new(Here), |_| {}).await;
        let portal = "http://shop.example";
        let state = StorageState {
            cookies: vec![
                cookie("host", "shop.example"),
                cookie("domain", ".shop.example"),
                Cookie { expires: 1_000_000_000.0, ..cookie("expired", "shop.example") },
                Cookie {
                    partition_key: Some(portal.into()),
                    secure: true,
                    same_site: SameSite::None,
                    ..cookie("part", "127.0.0.1")
                },
                // Chromium refuses the prefix without `secure`, and takes the others nevertheless.
                cookie("__Secure-x", "shop.example"),
            ],
            origins: Vec::new(),
        };
        let tab = browser.open_as(saving(Some(Arc::new(state)))).await;
        let notices = tab.observe().await.notices.join(" ");
        assert!(notices.contains("__Secure-x"), "{notices}");
        let sent = async |host: &str, path: &str| {
            tab.go(&site.url_at(host, path)).await.unwrap();
            let line = format!("GET {path}");
            let mut names: Vec<String> = site.is_asked(&line).await.cookie.split("; ").map(str::to_owned).collect();
            names.sort();
            names.join(" ")
        };
        assert_eq!(sent("shop.example", "/?at=host").await, "domain=1 host=1");
        assert_eq!(sent("sub.shop.example", "/?at=sub").await, "domain=1");
        assert_eq!(sent("127.0.0.1", "/?at=alone").await, "");
        tab.go(&site.url_at("shop.example", "/portal")).await.unwrap();
        assert_eq!(site.is_asked("GET /frame").await.cookie, "part=1");
        let saved = saved(tab).await;
        let part = saved.cookies.iter().find(|cookie| cookie.name == "part").unwrap();
        assert_eq!((part.partition_key.as_deref(), part.has_cross_site_ancestor), (Some(portal), Some(true)));
        assert_eq!(saved.cookies.len(), 3, "{:?}", saved.cookies);
        browser.close().await;
    });
}

#[test]
fn what_blocks_a_page_does_not_keep_its_storage_back() {
    run(async {
        let site = Site::of(&[(
            "/",
            "<script>localStorage.setItem('k', 'v'); tell('stored')</script>
            <button onclick=\"confirm('Sure?')\">Ask</button>",
        )])
        .await;
        let tab = open_as(saving(None), &site, "/").await;
        site.hears("stored").await;
        // Its renderer, which other pages of the site share, waits for the answer.
        tab.click("Ask").await.unwrap();
        let state = saved(tab).await;
        assert_eq!(
            serde_json::to_value(&state.origins).unwrap(),
            json!([
                { "origin": site.url(""), "localStorage": [{ "name": "k", "value": "v" }] }
            ])
        );
    });
}
