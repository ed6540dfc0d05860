//! Name resolution: one checked answer decides. See `rebinding` for names that change.

use std::net::IpAddr;
use std::sync::Arc;

use agent::ports::ActionError;
use async_trait::async_trait;
use browser::Resolver;

use super::recording_servers::RecordingServer;
use crate::support::{Log, OwnBrowser, Site, run};

/// Resolves all names but two to this machine, and records the queries.
struct Here(Log<String>);

#[async_trait]
impl Resolver for Here {
    async fn resolve(&self, name: &str) -> Vec<IpAddr> {
        self.0.push(name.to_owned());
        match name {
            "nowhere.example" => Vec::new(),
            "both.example" => vec![[8, 8, 8, 8].into(), [127, 0, 0, 1].into()],
            _ => vec![[127, 0, 0, 1].into()],
        }
    }
}

/// A browser that may reach this machine by the names of the site and of the allowed server.
async fn setup() -> (Site, RecordingServer, OwnBrowser, Log<String>) {
    let site = Site::of(&[("/", "<h1>Home</h1>")]).await;
    let server = RecordingServer::at("127.0.0.1").await;
    let asked = Log::new();
    let browser = OwnBrowser::resolving("site.example,open.example", Arc::new(Here(asked.clone())), |_| {}).await;
    (site, server, browser, asked)
}

#[test]
fn a_name_that_resolves_to_this_machine_is_refused() {
    run(async {
        let (site, server, browser, _) = setup().await;
        let tab = browser.open().await;
        tab.go(&site.url_at("site.example", "/")).await.unwrap();
        for host in ["evil.example", "both.example"] {
            for _ in 0..3 {
                let refused = tab.go(&format!("http://{host}:{}/", server.port)).await;
                assert!(matches!(refused, Err(ActionError::Forbidden { .. })), "{host}: {refused:?}");
            }
        }
        let script = format!(
            "<script>for (const host of ['evil', 'both']) for (let n = 0; n < 3; n++) {{\
             new WebSocket(`ws://${{host}}.example:{0}/`); new Worker(URL.createObjectURL(new Blob([\
             `fetch('http://${{host}}.example:{0}/', {{ mode: 'no-cors' }}).catch(() => {{}})`]))) }}\
             fetch('http://open.example:{0}/control', {{ mode: 'no-cors' }})</script>",
            server.port
        );
        let page = Site::of(&[("/", &script)]).await;
        tab.go(&page.url_at("site.example", "/")).await.unwrap();
        server.hears("/control").await;
        tab.close().await;
        let came = server.connections();
        assert_eq!(came.iter().filter(|line| line.contains("GET")).count(), 1, "{came:?}");
        browser.close().await;
    });
}

#[test]
fn names_are_resolved_only_by_the_service_and_once() {
    run(async {
        let (site, server, browser, asked) = setup().await;
        let tab = browser.open().await;
        let body = format!(
            "<link rel=dns-prefetch href='//prefetched.example'><link rel=preconnect href='//preconnected.example'>\
             <img src='http://open.example:{0}/a'><img src='http://open.example:{0}/b'>\
             <script>new WebSocket('ws://open.example:{0}/socket')</script>",
            server.port
        );
        let page = Site::of(&[("/", &body)]).await;
        tab.go(&site.url_at("site.example", "/")).await.unwrap();
        tab.go(&page.url_at("site.example", "/")).await.unwrap();
        server.hears("/socket").await;
        tab.close().await;
        let names = asked.list();
        assert_eq!(names, ["site.example", "open.example"], "by whom, and how often");
        browser.close().await;
    });
}

#[test]
fn a_name_without_an_address_is_reported() {
    run(async {
        let (_site, _trap, browser, _) = setup().await;
        let tab = browser.open().await;
        let failed = tab.go("http://nowhere.example/").await.unwrap_err();
        assert!(matches!(&failed, ActionError::Navigation { cause, .. } if cause == "net::ERR_NAME_NOT_RESOLVED"));
        tab.close().await;
        browser.close().await;
    });
}
