//! A page that outlives its browser: when that is lost, the run goes on in another one, from where it was seen last.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;
use tracing::warn;
use url::Url;

use crate::agent::action::{Action, ElementIndex};
use crate::agent::image::Image;
use crate::agent::ledger::without_credentials;
use crate::agent::observation::Observation;
use crate::agent::ports::{ActionError, ActionOutcome, BrowserError, Browsers, Page, PageSpec};
use crate::agent::report::{LogLevel, Reporter};

/// Names of lost downloads that are told.
const MAX_NAMED: usize = 10;

/// A run's page in whichever browser. Who lost the browser for everybody cannot be known, so that a run may do so only a
/// few times; then it ends with [`BrowserError::Lost`].
///
/// Nothing is done twice: an action that was under way fails as [`ActionError::Interrupted`], and the agent decides. What
/// is opened again is where the run was, as a reader would.
pub(super) struct LastingPage {
    browsers: Arc<dyn Browsers>,
    spec: PageSpec,
    reporter: Arc<dyn Reporter>,
    /// Held for the length of a call; a run does one thing at a time.
    life: Mutex<Life>,
}

/// The browser at hand and what was seen in it.
struct Life {
    page: Arc<dyn Page>,
    restarts_left: u32,
    /// Where the run was seen last, or wanted to go first.
    url: Option<Url>,
    /// What was downloaded, and is lost with the browser.
    downloads: Vec<String>,
    /// What the model has not been told yet.
    notices: Vec<String>,
}

impl LastingPage {
    /// A page that may lose its browser so many times.
    pub(super) fn new(
        page: Arc<dyn Page>,
        browsers: Arc<dyn Browsers>,
        spec: PageSpec,
        reporter: Arc<dyn Reporter>,
        restarts: u32,
    ) -> Self {
        let life = Life { page, restarts_left: restarts, url: None, downloads: Vec::new(), notices: Vec::new() };
        Self { browsers, spec, reporter, life: Mutex::new(life) }
    }

    /// Takes another browser in the place of the one that was lost.
    ///
    /// # Errors
    /// There is none, or it was lost as well, or the run has lost enough of them.
    async fn go_on(&self, life: &mut Life) -> Result<(), BrowserError> {
        loop {
            life.restarts_left = life.restarts_left.checked_sub(1).ok_or(BrowserError::Lost)?;
            let from = life.url.as_ref().map(|url| format!(" from {}", without_credentials(url))).unwrap_or_default();
            warn!("the browser was lost; the run goes on in another one");
            let message = format!("the browser was lost; going on in another one{from}");
            self.reporter.log(LogLevel::Warning, message).await;
            // Before another one is opened: a browser of the run's own is gone only then.
            life.page.close().await;
            life.page = self.browsers.open(self.spec.clone()).await?;
            let reopened = match &life.url {
                None => Ok(()),
                Some(url) => life.page.open(url).await.map(drop),
            };
            if reopened == Err(ActionError::Browser(BrowserError::Lost)) {
                continue;
            }
            let notice = life.notice(reopened);
            life.notices.push(notice);
            return Ok(());
        }
    }

    /// What an action failed with whose browser was lost.
    async fn interrupted(&self, life: &mut Life) -> ActionError {
        match self.go_on(life).await {
            Ok(()) => ActionError::Interrupted,
            Err(error) => error.into(),
        }
    }
}

impl Life {
    /// What the model has to know about the browser that took the place of another.
    fn notice(&mut self, reopened: Result<(), ActionError>) -> String {
        let mut notice = String::from(
            "The browser was lost and another one took its place: logins, cookies, other tabs and what was filled in \
             are gone.",
        );
        if !self.downloads.is_empty() {
            let named: Vec<_> = self.downloads.drain(..).take(MAX_NAMED).collect();
            notice.push_str(&format!(" So are the downloads: {}.", named.join(", ")));
        }
        match (&self.url, reopened) {
            (None, _) => {}
            (Some(url), Ok(())) => notice.push_str(&format!(" {} was opened again.", without_credentials(url))),
            (Some(url), Err(error)) => {
                notice.push_str(&format!(" {} could not be opened again: {error}.", without_credentials(url)));
            }
        }
        notice.push_str(" Look what is still as you left it before you go on.");
        notice
    }

    /// An observation with what there is to tell, after what it says itself has been noted.
    fn seen(&mut self, mut observation: Observation) -> Observation {
        if let Ok(url) = Url::parse(&observation.url)
            && matches!(url.scheme(), "http" | "https")
        {
            self.url = Some(url);
        }
        self.downloads.extend(observation.downloads.iter().map(|file| file.name.clone()));
        observation.notices.splice(0..0, self.notices.drain(..));
        observation
    }
}

#[async_trait]
impl Page for LastingPage {
    async fn observe(&self) -> Result<Observation, BrowserError> {
        let mut life = self.life.lock().await;
        loop {
            match life.page.observe().await {
                Err(BrowserError::Lost) => self.go_on(&mut life).await?,
                seen => return seen.map(|seen| life.seen(seen)),
            }
        }
    }

    async fn read(&self) -> Result<Observation, BrowserError> {
        let mut life = self.life.lock().await;
        loop {
            match life.page.read().await {
                Err(BrowserError::Lost) => self.go_on(&mut life).await?,
                seen => return seen.map(|seen| life.seen(seen)),
            }
        }
    }

    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        let mut life = self.life.lock().await;
        match life.page.act(action).await {
            Err(ActionError::Browser(BrowserError::Lost)) => Err(self.interrupted(&mut life).await),
            done => done,
        }
    }

    async fn select(&self, selector: &str, limit: Duration) -> Result<ElementIndex, ActionError> {
        let mut life = self.life.lock().await;
        match life.page.select(selector, limit).await {
            Err(ActionError::Browser(BrowserError::Lost)) => Err(self.interrupted(&mut life).await),
            found => found,
        }
    }

    async fn press(&self, index: ElementIndex, keys: &str) -> Result<ActionOutcome, ActionError> {
        let mut life = self.life.lock().await;
        match life.page.press(index, keys).await {
            Err(ActionError::Browser(BrowserError::Lost)) => Err(self.interrupted(&mut life).await),
            done => done,
        }
    }

    async fn wait_for_url(&self, text: &str, limit: Duration) -> Result<ActionOutcome, ActionError> {
        let mut life = self.life.lock().await;
        match life.page.wait_for_url(text, limit).await {
            Err(ActionError::Browser(BrowserError::Lost)) => Err(self.interrupted(&mut life).await),
            done => done,
        }
    }

    async fn picture(&self) -> Result<Image, BrowserError> {
        let mut life = self.life.lock().await;
        match life.page.picture().await {
            Err(BrowserError::Lost) => {
                self.go_on(&mut life).await?;
                // The page that was to be pictured is gone, and one of the next would not go with its text.
                Err(BrowserError::PageCrashed)
            }
            taken => taken,
        }
    }

    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError> {
        let mut life = self.life.lock().await;
        life.url = Some(url.clone());
        match life.page.open(url).await {
            Err(ActionError::Browser(BrowserError::Lost)) => {
                self.go_on(&mut life).await?;
                Ok(ActionOutcome { description: format!("Open {}", without_credentials(url)), ..Default::default() })
            }
            opened => opened,
        }
    }

    async fn close(&self) {
        self.life.lock().await.page.close().await;
    }
}
