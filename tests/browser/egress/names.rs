//! What names mean: one answer, that was checked, decides.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use browser_use_service::agent::ports::ActionError;
use browser_use_service::browser::Resolver;

use super::trap::Trap;
use crate::support::{Log, OwnBrowser, Site, run};

/// Says of `rebind.example` another address each time, of every other name that it is here; keeps what it was asked.
struct Fickle {
    asked: Log<String>,
    rebound: AtomicUsize,
}

#[async_trait]
impl Resolver for Fickle {
    async fn resolve(&self, name: &str) -> Vec<IpAddr> {
        self.asked.push(name.to_owned());
        let address = match name {
            "nowhere.example" => return Vec::new(),
            // Of the public internet, where nobody is reached from here, and then of this machine.
            "rebind.example" if self.rebound.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) => [240, 0, 0, 1],
            "both.example" => return vec![[8, 8, 8, 8].into(), [127, 0, 0, 1].into()],
            _ => [127, 0, 0, 1],
        };
        vec![address.into()]
    }
}

/// With a browser that may reach what is here by the names of the site and of the open server.
async fn ground() -> (Site, Trap, OwnBrowser, Log<String>) {
    let site = Site::of(&[("/", "<h1>Home</h1>")]).await;
    let trap = Trap::at("127.0.0.1").await;
    let asked = Log::new();
    let fickle = Fickle { asked: asked.clone(), rebound: AtomicUsize::new(0) };
    let browser = OwnBrowser::resolving("site.example,open.example", Arc::new(fickle), |_| {}).await;
    (site, trap, browser, asked)
}

#[test]
fn a_name_that_leads_here_is_refused_in_every_answer() {
    run(async {
        let (site, trap, browser, _) = ground().await;
        let tab = browser.open().await;
        tab.go(&site.url_at("site.example", "/")).await.unwrap();
        for host in ["evil.example", "both.example", "rebind.example"] {
            for _ in 0..3 {
                let refused = tab.go(&format!("http://{host}:{}/", trap.port)).await;
                assert!(matches!(refused, Err(ActionError::Forbidden { .. })), "{host}: {refused:?}");
            }
        }
        let script = format!(
            "<script>for (const host of ['evil', 'both', 'rebind']) for (let n = 0; n < 3; n++) {{\
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
