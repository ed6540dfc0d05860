//! The agent's `Page` port on a browser context.

use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;
use chromiumoxide_cdp::cdp::js_protocol::runtime::TerminateExecutionParams;
use url::Url;

use super::act::Hands;
use super::activity::Mark;
use super::cdp::CdpError;
use super::context::Context;
use super::gather::Reader;
use super::process::Lease;
use super::sight::Sight;
use super::world::{Document, ScriptError, Worlds};
use super::{observe, screenshot};
use crate::agent::action::{Action, ElementIndex};
use crate::agent::image::{Image, ImageFormat};
use crate::agent::observation::Observation;
use crate::agent::ports::{ActionError, ActionOutcome, BrowserError, Page, PageSpec};

/// One run's tabs, eyes and hands.
pub(crate) struct RunPage {
    context: Context,
    worlds: Worlds,
    /// Held for the length of an action or observation; a run does one thing at a time.
    sight: tokio::sync::Mutex<Sight>,
    spec: PageSpec,
    /// Released when the page is closed, after its context: a leased browser may still hold cookies.
    lease: std::sync::Mutex<Option<Lease>>,
}

impl RunPage {
    pub(crate) fn new(context: Context, lease: Lease, spec: PageSpec) -> Self {
        Self {
            context,
            worlds: Worlds::default(),
            sight: tokio::sync::Mutex::default(),
            spec,
            lease: std::sync::Mutex::new(Some(lease)),
        }
    }
}

#[async_trait]
impl Page for RunPage {
    async fn observe(&self) -> Result<Observation, BrowserError> {
        let mut sight = self.sight.lock().await;
        let Some((document, mut notices)) = self.front() else {
            sight.clear();
            return Ok(Observation { notices: vec!["No tab is open.".into()], ..Observation::default() });
        };
        let dialog =
            self.context.tabs().active().and_then(|tab| tab.dialog.as_ref().map(|dialog| dialog.shown.clone()));
        if let Some(dialog) = dialog {
            // Nothing of the page answers until the dialog is.
            sight.clear();
            notices.push(dialog.to_string());
            return Ok(self.described(Observation { dialog: Some(dialog), notices, ..Observation::default() }));
        }
        let settings = &self.context.browser().settings;
        let limit = settings.observe_timeout;
        // Sent one after the other without waiting: reading hides behind the frames that the picture waits for.
        let reader = Reader { context: &self.context, worlds: &self.worlds, limit };
        let read = reader.gather(document.clone());
        let picture = async {
            match self.spec.screenshots {
                Some(format) => Some(screenshot::capture(&document.session, format, limit).await),
                None => None,
            }
        };
        let (read, picture) = tokio::join!(read, picture);
        let mut observation = Observation::default();
        match read {
            Ok(gathered) => {
                sight.retain(|key| self.worlds.is_current(key));
                observation.view = sight.show(&gathered.page, gathered.documents, settings.view_token_budget);
                observation.url = gathered.page.reading.url.clone();
                observation.title = gathered.page.reading.title.clone();
                notices.extend(observe::notices(&gathered.page, &observation.view));
            }
            Err(error) => {
                sight.clear();
                let error = self.unreadable(&document, error)?;
                notices.push(format!("The page could not be read: {error}. No elements are offered."));
            }
        }
        match picture.transpose() {
            Ok(picture) => observation.screenshot = picture,
            Err(CdpError::Closed) => return Err(BrowserError::Lost),
            Err(error) => notices.push(format!("No screenshot could be taken: {}.", BrowserError::from(error))),
        }
        observation.notices = notices;
        Ok(self.described(observation))
    }

    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        let sight = self.sight.lock().await;
        self.hands(&sight).act(action).await
    }

    async fn select(&self, selector: &str, limit: Duration) -> Result<ElementIndex, ActionError> {
        let mut sight = self.sight.lock().await;
        let found = self.hands(&sight).select_by(selector, limit).await?;
        Ok(sight.admit(found))
    }

    async fn press(&self, index: ElementIndex, keys: &str) -> Result<ActionOutcome, ActionError> {
        let sight = self.sight.lock().await;
        self.hands(&sight).press_at(index, keys).await
    }

    async fn wait_for_url(&self, text: &str, limit: Duration) -> Result<ActionOutcome, ActionError> {
        let sight = self.sight.lock().await;
        self.hands(&sight).wait_for_url(text, limit).await
    }

    async fn picture(&self) -> Result<Image, BrowserError> {
        let (document, _) = self.front().ok_or(BrowserError::PageCrashed)?;
        let limit = self.context.browser().settings.observe_timeout;
        Ok(screenshot::capture(&document.session, ImageFormat::Jpeg, limit).await?)
    }

    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError> {
        let sight = self.sight.lock().await;
        self.hands(&sight).open(url, false, format!("Open {url}")).await
    }

    async fn close(&self) {
        self.context.dispose().await;
        let lease = self.lease.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(lease) = lease else { return };
        let browser = lease.0.clone();
        drop(lease);
        if browser.is_ending() {
            // A browser of one's own, or one that was replaced: the run was its last, and leaves nothing behind.
            browser.close().await;
        }
    }
}

impl RunPage {
    fn hands<'a>(&'a self, sight: &'a Sight) -> Hands<'a> {
        Hands { context: &self.context, worlds: &self.worlds, sight }
    }

    /// Adds what is known without reading the page.
    fn described(&self, mut observation: Observation) -> Observation {
        let mut tabs = self.context.tabs();
        observation.tabs = tabs.overview();
        if let Some(tab) = tabs.active() {
            if observation.url.is_empty() {
                observation.url.clone_from(&tab.url);
                observation.title.clone_from(&tab.title);
            }
            let (pending, _) = tab.activity.pending_since(Mark::default());
            if pending > 0 {
                observation.notices.push(format!("{pending} requests of the page are pending."));
            }
        }
        observation
    }

    /// The active tab's document, with what happened in the tab that nobody has told yet.
    fn front(&self) -> Option<(Document, Vec<String>)> {
        let mut tabs = self.context.tabs();
        let tab = tabs.active()?;
        Some((tab.document(), std::mem::take(&mut tab.news)))
    }

    /// What a failed reading means: an error that ends the run, or one to tell the model.
    fn unreadable(&self, document: &Document, error: ScriptError) -> Result<BrowserError, BrowserError> {
        let error = match error {
            ScriptError::Cdp(error) => {
                if matches!(error, CdpError::TimedOut { .. }) {
                    // A script that never ends would hold up every later step as well.
                    document.session.tell(TerminateExecutionParams::default());
                }
                BrowserError::from(error)
            }
            ScriptError::Threw(cause) => {
                tracing::warn!(cause, "reading the page failed");
                BrowserError::Protocol { cause }
            }
        };
        if error.is_fatal() { Err(error) } else { Ok(error) }
    }
}
