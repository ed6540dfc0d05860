//! Requests whose names are never resolved.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use browser::Resolver;
use tokio::time::Instant;

use crate::support::{Log, OwnBrowser, Site, run};

/// Maximum number of a run's paused requests.
const MAX_WAITING: usize = 1_024;

/// Resolves `site.example` to this machine, and never answers for other names.
#[derive(Clone)]
struct Silent {
    asked: Log<String>,
    left: Log<()>,
}

impl Silent {
    fn new() -> Self {
        Self { asked: Log::new(), left: Log::new() }
    }
}

#[async_trait]
impl Resolver for Silent {
    async fn resolve(&self, name: &str) -> Vec<IpAddr> {
        if name == "site.example" {
            return vec![[127, 0, 0, 1].into()];
        }
        self.asked.push(name.to_owned());
        let _leaving = Leaving(self.left.clone());
        std::future::pending().await
    }
}

/// Signals when the lookup is dropped.
struct Leaving(Log<()>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.push(());
    }
}

/// A page that requests this many names.
fn asking(names: usize) -> String {
    format!(
        "<script>for (let n = 0; n < {names}; n++) fetch(`http://n${{n}}.example/`, {{ mode: 'no-cors' }})</script>"
    )
}

async fn browser(resolver: &Silent) -> OwnBrowser {
    OwnBrowser::resolving("site.example", Arc::new(resolver.clone()), |_| {}).await
}

#[test]
fn requests_waiting_for_a_name_end_with_their_run() {
    run(async {
        let silent = Silent::new();
        let browser = browser(&silent).await;
        let site = Site::of(&[("/", &asking(100))]).await;
        let tab = browser.open().await;
        tab.go(&site.url_at("site.example", "/")).await.unwrap();
        silent.asked.until("a look-up", |asked| !asked.is_empty()).await;
        let closed = Instant::now();
        tab.close().await;
        let begun = silent.asked.list().len();
        silent.left.until("the end of the look-ups", |left| left.len() == begun).await;
        assert!(closed.elapsed().as_secs() < 5, "it was their own time that was over");
        assert_eq!(silent.asked.list().len(), begun, "none began because another one ended");
        browser.close().await;
    });
}

#[test]
fn paused_requests_are_bounded() {
    run(async {
        let silent = Silent::new();
        let browser = browser(&silent).await;
        let site = Site::of(&[("/", &asking(MAX_WAITING + 50))]).await;
        let tab = browser.open().await;
        tab.go(&site.url_at("site.example", "/")).await.unwrap();
        let is_told = |notice: &String| notice.contains("wait for a decision");
        let seen = tab.until(|seen| seen.notices.iter().any(is_told)).await;
        assert_eq!(seen.notices.iter().filter(|notice| is_told(notice)).count(), 1, "{:?}", seen.notices);
        assert!(!tab.observe().await.notices.iter().any(is_told), "it is reported once");
        tab.close().await;
        browser.close().await;
    });
}

#[test]
fn paused_requests_with_long_urls_are_fewer() {
    run(async {
        let silent = Silent::new();
        let browser = browser(&silent).await;
        let long = "<script>const long = 'x'.repeat(1 << 20); for (let n = 0; n < 20; n++) \
             fetch(`http://n${n}.example/${long}`, { mode: 'no-cors' })</script>";
        let site = Site::of(&[("/", long)]).await;
        let tab = browser.open().await;
        tab.go(&site.url_at("site.example", "/")).await.unwrap();
        tab.until(|seen| seen.notices.iter().any(|notice| notice.contains("wait for a decision"))).await;
        tab.close().await;
        browser.close().await;
    });
}
