//! Pages opened and observed in this process, without the service.

use std::sync::Arc;
use std::time::Duration;

use agent::image::ImageFormat;
use agent::ports::{Browsers, Page, PageSpec};
use anyhow::Context;
use browser::{BrowserPage, Pool};
use browser_use_service::config::Settings;
use tokio_util::task::TaskTracker;
use url::Url;

const READY_WITHIN: Duration = Duration::from_secs(60);

/// A browser with the service's default settings, except that it may visit loopback.
pub(crate) struct Eyes {
    pool: Arc<Pool>,
}

impl Eyes {
    /// Starts the browser and waits until it is ready.
    ///
    /// # Errors
    /// There is none, or it does not start.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        // The environment's, so that BROWSER_EXECUTABLE and the like count here too.
        let variables = std::env::vars().filter(|(name, _)| name != "BROWSER_USE_PRIVATE_HOSTS");
        let reachable = ("BROWSER_USE_PRIVATE_HOSTS".to_owned(), "127.0.0.1,127.0.0.2".to_owned());
        let settings = Settings::from_variables(variables.chain([reachable]))?;
        let pool = Pool::start(settings.browser, settings.policy, TaskTracker::new())?;
        let eyes = Self { pool };
        tokio::time::timeout(READY_WITHIN, eyes.is_ready()).await.context("the browser does not get ready")?;
        Ok(eyes)
    }

    async fn is_ready(&self) {
        let mut look = tokio::time::interval(Duration::from_millis(10));
        while self.pool.ready().is_err() {
            look.tick().await;
        }
    }

    /// A page in a context of its own, opened and settled.
    ///
    /// # Errors
    /// The browser is gone or the page cannot be opened.
    pub(crate) async fn page(&self, url: &Url, screenshots: Option<ImageFormat>) -> anyhow::Result<BrowserPage> {
        let page = self.pool.open_page(PageSpec::plain(screenshots)).await?;
        page.open(url).await?;
        Ok(page)
    }

    /// Closes the browser; nothing is left of it afterwards.
    pub(crate) async fn close(self) {
        self.pool.close().await;
    }
}
