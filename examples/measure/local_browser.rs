//! Pages opened and observed in this process, without the service.

use std::sync::Arc;
use std::time::Duration;

use agent::image::ImageFormat;
use agent::ports::{Browsers, Page, PageSpec};
use anyhow::Context;
use browser::{BrowserPage, Pool, SystemResolver};
use browser_use_service::config::Settings;
use tokio_util::task::TaskTracker;
use url::Url;

const READY_WITHIN: Duration = Duration::from_secs(60);

/// A browser with the service's default settings, except that it may visit loopback.
pub(crate) struct LocalBrowser {
    pool: Arc<Pool>,
}

impl LocalBrowser {
    /// Starts the browser and waits until it is ready.
    ///
    /// # Errors
    /// No browser is found, or it does not start.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        // From the environment, so that BROWSER_EXECUTABLE applies here too.
        let variables = std::env::vars().filter(|(name, _)| name != "BROWSER_USE_PRIVATE_HOSTS");
        let reachable = ("BROWSER_USE_PRIVATE_HOSTS".to_owned(), "127.0.0.1,127.0.0.2".to_owned());
        let settings = Settings::from_variables(variables.chain([reachable]))?;
        let pool = Pool::start(settings.browser, settings.policy, Arc::new(SystemResolver), TaskTracker::new())?;
        let browser = Self { pool };
        tokio::time::timeout(READY_WITHIN, browser.is_ready()).await.context("the browser is not ready in time")?;
        Ok(browser)
    }

    async fn is_ready(&self) {
        let mut poll = tokio::time::interval(Duration::from_millis(10));
        while self.pool.ready().is_err() {
            poll.tick().await;
        }
    }

    /// A page in a context of its own, opened and settled.
    ///
    /// # Errors
    /// The browser is lost or the page cannot be opened.
    pub(crate) async fn page(&self, url: &Url, screenshots: Option<ImageFormat>) -> anyhow::Result<BrowserPage> {
        let page = self.pool.open_page(PageSpec::plain(screenshots)).await?;
        page.open(url).await?;
        Ok(page)
    }

    /// Closes the browser and removes its profile.
    pub(crate) async fn close(self) {
        self.pool.close().await;
    }
}
