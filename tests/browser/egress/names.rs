//! What names mean: one answer, that was checked, decides. For names that change their meaning see `rebinding`.

use std::net::IpAddr;
use std::sync::Arc;

use agent::ports::ActionError;
use async_trait::async_trait;
use browser::Resolver;

use super::trap::Trap;
use crate::support::{Log, OwnBrowser, Site, run};

/// Says of all names but two that they are here; keeps what it was asked.
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

/// With a browser that may reach what is here by the names of the site and of the open server.
async fn ground() -> (Site, Trap, OwnBrowser, Log<String>) {
    let site = Site::of(&[("/", "<h1>Home</h1>")]).await;
    let trap = Trap::at("127.0.0.1").await;
    let asked = Log::new();
    let browser = OwnBrowser::resolving("site.example,open.example", Arc::new(Here(asked.clone())), |_| {}).await;
    (site, trap, browser, asked)
}

#[test]
fn a_name_that_leads_here_is_refused() {
    run(async {
        let (site, trap, browser, _) = ground().await;
        let tab = browser.open().await;
        tab.go(&site.url_at("site.example", "/")).await.unwrap();
        for host in ["evil.example", "both.example"] {
            for _ in 0..3 {
                let refused = tab.go(&format!("http://{host}:{}/", trap.port)).await;
                assert!(matches!(refused, Err(ActionError::Forbidden { .. })), "{host}: {refused:?}");
            }
        }
        let script = format!(
            "<script>for (const host of ['evil', 'both']) for (let n = 0; n < 3; n++) {{\
             new WebSocket(`ws://${{host}}.example:{0}/`); new Worker(URL.createObjectURL(new Blob([\
             `fetch('http://${{host}}.example:{0}/', {{ mode: 'no-cors' }}).catch(() => {{}})`]))) }}\
             fetch('http://open.example:{0}/control', {{ mode: 'no-cors' }})</script>",
            trap.port
        );
        let page = Site::of(&[("/", &script)]).await;
        tab.go(&page.url_at("site.example", "/")).await.unwrap();
        trap.hears("/control").await;
        tab.close().await;
        let came = trap.came();
        assert_eq!(came.iter().filter(|line| line.contains("GET")).count(), 1, "{came:?}");
        browser.close().await;
    });
}

#[test]
fn names_are_asked_of_the_service_alone_and_once() {
    run(async {
        let (site, trap, browser, asked) = ground().await;
        let tab = browser.open().await;
        let body = format!(
            "<link rel=dns-prefetch href='//prefetched.example'><link rel=preconnect href='//preconnected.example'>\
             <img src='http://open.example:{0}/a'><img src='http://open.example:{0}/b'>\
             <script>new WebSocket('ws://open.example:{0}/socket')</script>",
            trap.port
        );
        let page = Site::of(&[("/", &body)]).await;
        tab.go(&site.url_at("site.example", "/")).await.unwrap();
        tab.go(&page.url_at("site.example", "/")).await.unwrap();
        trap.hears("/socket").await;
        tab.close().await;
        let names = asked.list();
        assert_eq!(names, ["site.example", "open.example"], "by whom, and how often");
        browser.close().await;
    });
}

#[test]
fn a_name_without_an_address_is_told_as_such() {
    run(async {
        let (_site, _trap, browser, _) = ground().await;
        let tab = browser.open().await;
        let failed = tab.go("http://nowhere.example/").await.unwrap_err();
        assert!(matches!(&failed, ActionError::Navigation { cause, .. } if cause == "net::ERR_NAME_NOT_RESOLVED"));
        tab.close().await;
        browser.close().await;
    });
}
