//! A page that outlives its browser: when that is lost, the run goes on in another one, from where it was seen last.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;
use tracing::warn;
use url::Url;

use agent::action::Action;
use agent::image::Image;
use agent::ledger::without_credentials;
use agent::observation::Observation;
use agent::ports::{ActionError, ActionOutcome, BrowserError, Browsers, Page, PageSpec};
use agent::report::{LogLevel, Reporter};
use agent::text::shorten;

/// Characters of a URL that are told.
const MAX_URL: usize = 200;
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

/// Whether the page where the run was could be opened in another browser.
type Reopened = Result<(), ActionError>;

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
    /// Opens a page that may lose its browser so many times, the first time already while it is opened.
    ///
    /// # Errors
    /// There is no browser, or the run has lost enough of them.
    pub(super) async fn begin(
        browsers: Arc<dyn Browsers>,
        spec: PageSpec,
        reporter: Arc<dyn Reporter>,
        mut restarts: u32,
    ) -> Result<Self, BrowserError> {
        let page = loop {
            match browsers.open(spec.clone()).await {
                Err(BrowserError::Lost) => restarts = another(restarts, None, &*reporter).await?,
                opened => break opened?,
            }
        };
        let life = Life { page, restarts_left: restarts, url: None, downloads: Vec::new(), notices: Vec::new() };
        Ok(Self { browsers, spec, reporter, life: Mutex::new(life) })
    }

    /// Takes another browser in the place of the one that was lost; whether the page could be opened again.
    ///
    /// # Errors
    /// There is none, or it was lost as well, or the run has lost enough of them.
    async fn go_on(&self, life: &mut Life) -> Result<Reopened, BrowserError> {
        loop {
            life.restarts_left = another(life.restarts_left, life.url.as_ref(), &*self.reporter).await?;
            // Before another one is opened: a browser of the run's own is gone only then.
            life.page.close().await;
            match self.browsers.open(self.spec.clone()).await {
                Err(BrowserError::Lost) => continue,
                opened => life.page = opened?,
            }
            let reopened = match &life.url {
                None => Ok(()),
                Some(url) => life.page.open(url).await.map(drop),
            };
            if reopened == Err(ActionError::Browser(BrowserError::Lost)) {
                continue;
            }
            let notice = life.notice(&reopened);
            life.notices.push(notice);
            return Ok(reopened);
        }
    }

    /// What an action failed with whose browser was lost.
    async fn interrupted(&self, life: &mut Life) -> ActionError {
        match self.go_on(life).await {
            Ok(_) => ActionError::Interrupted,
            Err(error) => error.into(),
        }
    }
}

/// As much of a URL as a sentence bears: a page can make its own megabytes long.
fn shown(url: &Url) -> String {
    shorten(&without_credentials(url), MAX_URL)
}

/// Tells that another browser takes the place of a lost one; answers how many more may be lost.
///
/// # Errors
/// The run has lost enough of them.
async fn another(restarts_left: u32, url: Option<&Url>, reporter: &dyn Reporter) -> Result<u32, BrowserError> {
    let left = restarts_left.checked_sub(1).ok_or(BrowserError::Lost)?;
    let from = url.map(|url| format!(" from {}", shown(url))).unwrap_or_default();
    warn!("the browser was lost; the run goes on in another one");
    reporter.log(LogLevel::Warning, format!("the browser was lost; going on in another one{from}")).await;
    Ok(left)
}

impl Life {
    /// What the model has to know about the browser that took the place of another.
    fn notice(&mut self, reopened: &Reopened) -> String {
        let mut notice = String::from(
            "The browser was lost and another one took its place: logins, cookies, other tabs and what was filled in \
             are gone.",
        );
        match (&self.url, reopened) {
            (None, _) => {}
            (Some(url), Ok(())) => notice.push_str(&format!(" {} was opened again.", shown(url))),
            (Some(url), Err(error)) => {
                notice.push_str(&format!(" {} could not be opened again: {error}.", shown(url)));
            }
        }
        notice.push_str(" Look what is still as you left it before you go on.");
        // Last, since their names may be so long that the rest of the notice is not shown.
        if !self.downloads.is_empty() {
            let named: Vec<_> = self.downloads.drain(..).take(MAX_NAMED).collect();
            notice.push_str(&format!(" Downloads are gone, too: {}.", named.join(", ")));
        }
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
                Err(BrowserError::Lost) => drop(self.go_on(&mut life).await?),
                seen => return seen.map(|seen| life.seen(seen)),
            }
        }
    }

    async fn read(&self) -> Result<Observation, BrowserError> {
        let mut life = self.life.lock().await;
        loop {
            match life.page.read().await {
                Err(BrowserError::Lost) => drop(self.go_on(&mut life).await?),
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

    async fn picture(&self) -> Result<Image, BrowserError> {
        let mut life = self.life.lock().await;
        match life.page.picture().await {
            Err(BrowserError::Lost) => {
                drop(self.go_on(&mut life).await?);
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
                self.go_on(&mut life).await??;
                Ok(ActionOutcome { description: format!("Open {}", shown(url)), ..Default::default() })
            }
            opened => opened,
        }
    }

    async fn close(&self) {
        self.life.lock().await.page.close().await;
    }
}
