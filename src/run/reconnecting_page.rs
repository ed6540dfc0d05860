//! A page that survives the loss of its browser: it reconnects to another one, on the URL that the run saw last.

use std::path::PathBuf;
use std::sync::{Arc, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Mutex;
use tracing::warn;
use url::Url;

use agent::action::Action;
use agent::files::FileInfo;
use agent::image::{Image, ImageFormat};
use agent::ledger::without_credentials;
use agent::observation::Observation;
use agent::ports::{ActionError, ActionOutcome, BrowserError, Browsers, Page, PageSpec};
use agent::report::{LogLevel, Reporter};
use agent::storage_state::SavedStorage;
use agent::text::shorten;

/// Maximum length of a URL in messages, in characters.
const MAX_URL: usize = 200;
/// Lost downloads that a notice names.
const MAX_NAMED: usize = 10;

/// A run's page, in whichever browser. The run may be the cause of the loss, so it can reconnect only a few times; then
/// calls fail with [`BrowserError::Lost`].
///
/// No action is repeated: it may have taken effect. It fails with [`ActionError::Interrupted`], and the agent decides.
pub(super) struct ReconnectingPage {
    browsers: Arc<dyn Browsers>,
    spec: PageSpec,
    reporter: Arc<dyn Reporter>,
    /// Locked during each call: a run makes one at a time.
    state: Mutex<State>,
    /// The page in `state`, for those who look on.
    current: std::sync::Mutex<Arc<dyn Page>>,
}

/// Whether the last URL could be opened in the new browser.
type Reopened = Result<(), ActionError>;

struct State {
    page: Arc<dyn Page>,
    restarts_left: u32,
    /// The URL observed last, or requested first.
    url: Option<Url>,
    /// Names of downloads, which are lost with the browser.
    downloads: Vec<String>,
    /// Notices that the model has not seen yet.
    notices: Vec<String>,
}

impl ReconnectingPage {
    /// Opens a page that may lose its browser `restarts` times, including while it is opened.
    ///
    /// # Errors
    /// No browser is available, or the run has used up its restarts.
    pub(super) async fn open(
        browsers: Arc<dyn Browsers>,
        spec: PageSpec,
        reporter: Arc<dyn Reporter>,
        mut restarts: u32,
    ) -> Result<Self, BrowserError> {
        let page = loop {
            match browsers.open(spec.clone()).await {
                Err(BrowserError::Lost) => restarts = use_restart(restarts, None, &*reporter).await?,
                opened => break opened?,
            }
        };
        let current = std::sync::Mutex::new(page.clone());
        let state = State { page, restarts_left: restarts, url: None, downloads: Vec::new(), notices: Vec::new() };
        Ok(Self { browsers, spec, reporter, state: Mutex::new(state), current })
    }

    fn current(&self) -> MutexGuard<'_, Arc<dyn Page>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the lost browser and reopens the last URL.
    ///
    /// # Errors
    /// No browser is available, or the run has used up its restarts.
    async fn reconnect(&self, state: &mut State) -> Result<Reopened, BrowserError> {
        loop {
            state.restarts_left = use_restart(state.restarts_left, state.url.as_ref(), &*self.reporter).await?;
            // First, since a run's dedicated browser is released only then.
            state.page.close().await;
            match self.browsers.open(self.spec.clone()).await {
                Err(BrowserError::Lost) => continue,
                opened => state.page = opened?,
            }
            *self.current() = state.page.clone();
            let reopened = match &state.url {
                None => Ok(()),
                Some(url) => state.page.open(url).await.map(drop),
            };
            if reopened == Err(ActionError::Browser(BrowserError::Lost)) {
                continue;
            }
            let notice = state.notice(&reopened, self.spec.storage.is_some());
            state.notices.push(notice);
            return Ok(reopened);
        }
    }
}

/// A URL as messages show it: pages can make theirs megabytes long.
fn shown(url: &Url) -> String {
    shorten(&without_credentials(url), MAX_URL)
}

/// Announces a restart and returns how many are left.
///
/// # Errors
/// None was left.
async fn use_restart(restarts_left: u32, url: Option<&Url>, reporter: &dyn Reporter) -> Result<u32, BrowserError> {
    let left = restarts_left.checked_sub(1).ok_or(BrowserError::Lost)?;
    let from = url.map(|url| format!(" from {}", shown(url))).unwrap_or_default();
    warn!("the browser was lost; the run continues in another one");
    reporter.log(LogLevel::Warning, format!("the browser was lost; going on in another one{from}")).await;
    Ok(left)
}

impl State {
    /// Tells the model what was lost.
    fn notice(&mut self, reopened: &Reopened, brings_storage: bool) -> String {
        let mut notice = String::from(if brings_storage {
            "The browser was lost and another one took its place, with the cookies and storage that the run began with: \
             other tabs and what was filled in are gone."
        } else {
            "The browser was lost and another one took its place: logins, cookies, other tabs and what was filled in \
             are gone."
        });
        match (&self.url, reopened) {
            (None, _) => {}
            (Some(url), Ok(())) => notice.push_str(&format!(" {} was opened again.", shown(url))),
            (Some(url), Err(error)) => {
                notice.push_str(&format!(" {} could not be opened again: {error}.", shown(url)));
            }
        }
        notice.push_str(" Look what is still as you left it before you go on.");
        // Last: long names may cut off the rest of the notice.
        if !self.downloads.is_empty() {
            let named: Vec<_> = self.downloads.drain(..).take(MAX_NAMED).collect();
            notice.push_str(&format!(" Downloads are gone, too: {}.", named.join(", ")));
        }
        notice
    }

    /// Remembers what an observation says, and adds the pending notices to it.
    fn observed(&mut self, mut observation: Observation) -> Observation {
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
impl Page for ReconnectingPage {
    async fn observe(&self) -> Result<Observation, BrowserError> {
        let mut state = self.state.lock().await;
        loop {
            match state.page.observe().await {
                Err(BrowserError::Lost) => drop(self.reconnect(&mut state).await?),
                observed => return observed.map(|observation| state.observed(observation)),
            }
        }
    }

    async fn read(&self) -> Result<Observation, BrowserError> {
        let mut state = self.state.lock().await;
        loop {
            match state.page.read().await {
                Err(BrowserError::Lost) => drop(self.reconnect(&mut state).await?),
                observed => return observed.map(|observation| state.observed(observation)),
            }
        }
    }

    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        let mut state = self.state.lock().await;
        match state.page.act(action).await {
            Err(ActionError::Browser(BrowserError::Lost)) => {
                // Whether the URL could be reopened is in the notice.
                drop(self.reconnect(&mut state).await?);
                Err(ActionError::Interrupted)
            }
            done => done,
        }
    }

    async fn picture(&self) -> Result<Image, BrowserError> {
        let mut state = self.state.lock().await;
        match state.page.picture().await {
            Err(BrowserError::Lost) => {
                drop(self.reconnect(&mut state).await?);
                // A picture of the new page would not match the text that was observed before.
                Err(BrowserError::PageCrashed)
            }
            taken => taken,
        }
    }

    async fn files(&self) -> Vec<(FileInfo, PathBuf)> {
        let page = self.current().clone();
        page.files().await
    }

    async fn snapshot(&self, format: ImageFormat) -> Result<Image, BrowserError> {
        let page = self.current().clone();
        page.snapshot(format).await
    }

    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError> {
        let mut state = self.state.lock().await;
        state.url = Some(url.clone());
        match state.page.open(url).await {
            Err(ActionError::Browser(BrowserError::Lost)) => {
                self.reconnect(&mut state).await??;
                Ok(ActionOutcome { description: format!("Open {}", shown(url)), ..Default::default() })
            }
            opened => opened,
        }
    }

    async fn storage(&self) -> Result<SavedStorage, BrowserError> {
        // Another browser would have none of it.
        self.state.lock().await.page.storage().await
    }

    async fn close(&self) {
        self.state.lock().await.page.close().await;
    }
}
