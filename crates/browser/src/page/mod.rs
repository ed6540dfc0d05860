//! The agent's `Page` port.

mod observation;
pub(crate) mod overlay;
mod redaction;
mod screenshot;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chromiumoxide_cdp::cdp::js_protocol::runtime::TerminateExecutionParams;
use url::Url;

use self::observation::LastPicture;
use self::redaction::ScreenshotError;
use crate::act::{Clipboard, Executor};
use crate::context::Context;
use crate::error::browser_error;
use crate::isolated_world::{Document, IsolatedWorlds};
use crate::observe::element_map::{ElementMap, FoundElement};
use crate::process::panics::lock;
use crate::wait::capture::EarlyCapture;
use agent::action::Action;
use agent::files::FileInfo;
use agent::image::{Image, ImageFormat};
use agent::locator::Locator;
use agent::observation::{ElementIndex, Observation};
use agent::ports::{ActionError, ActionOutcome, BrowserError, Page, PageSpec};
use agent::storage_state::SavedStorage;
use cdp::CdpError;

/// The tabs of a run.
pub struct BrowserPage {
    context: Context,
    worlds: IsolatedWorlds,
    /// Held during an action or observation: a run does one thing at a time.
    elements: tokio::sync::Mutex<ElementMap>,
    clipboard: Clipboard,
    /// What the last search found, until it has indices.
    found: Mutex<Vec<(usize, FoundElement)>>,
    spec: PageSpec,
    /// Something was opened or done: before that, the page is empty.
    is_used: AtomicBool,
    /// None once anything was done since it was taken.
    last_picture: Mutex<Option<LastPicture>>,
    /// None if pictures are not wanted, or only redacted or drawn on.
    early_capture: Option<EarlyCapture>,
    /// Something was done since the page was last observed.
    is_acting: AtomicBool,
}

impl BrowserPage {
    pub(crate) fn new(context: Context, spec: PageSpec) -> Self {
        let settings = &context.browser().settings;
        let is_plain = spec.secrets.is_empty() && !settings.screenshot_marks;
        let early_capture =
            spec.screenshots.filter(|_| is_plain).map(|format| EarlyCapture::new(format, settings.observe_timeout));
        Self {
            early_capture,
            is_acting: AtomicBool::new(false),
            context,
            worlds: IsolatedWorlds::default(),
            elements: tokio::sync::Mutex::default(),
            clipboard: Clipboard::default(),
            found: Mutex::default(),
            spec,
            is_used: AtomicBool::new(false),
            last_picture: Mutex::default(),
        }
    }
}

#[async_trait]
impl Page for BrowserPage {
    async fn observe(&self) -> Result<Observation, BrowserError> {
        let mut elements = self.elements.lock().await;
        self.is_acting.store(false, Ordering::Relaxed);
        let news = self.new_notices();
        let last = lock(&self.last_picture).take();
        let read = async {
            match last {
                Some(last) => self.read_again(&mut elements, news.clone(), last).await,
                None => self.read_state(&mut elements, news.clone(), self.spec.screenshots).await,
            }
        };
        let seen = self.context.while_alive(read).await?;
        if !seen.check.is_some_and(|check| elements.waits_for(check)) {
            *lock(&self.last_picture) = LastPicture::of(&seen.observation);
            return Ok(self.with_downloads(seen.observation));
        }
        tracing::debug!(blocker = ?seen.observation.blocker, "waiting for a check to pass");
        self.wait_for_check().await?;
        let seen = self
            .context
            .while_alive(self.read_state(&mut elements, [news, self.new_notices()].concat(), self.spec.screenshots))
            .await?;
        Ok(self.with_downloads(seen.observation))
    }

    async fn read(&self) -> Result<Observation, BrowserError> {
        let mut elements = self.elements.lock().await;
        let news = self.new_notices();
        Ok(self.context.while_alive(self.read_state(&mut elements, news, None)).await?.observation)
    }

    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        let mut elements = self.elements.lock().await;
        self.used();
        // Most decisions have one action: after a second one, the first capture would be wasted.
        let early_capture = self.early_capture.as_ref().filter(|_| !self.is_acting.swap(true, Ordering::Relaxed));
        let acted = async {
            for selector in action.selectors() {
                let found = self.executor(&elements).wait_for_selector(selector, Locator::WAIT).await?;
                elements.add(selector, found);
            }
            if !matches!(action, Action::Wait { .. }) {
                self.action_started();
            }
            let mut outcome = Executor { early_capture, ..self.executor(&elements) }.act(action).await?;
            let found = std::mem::take(&mut *lock(&self.found));
            if let Some(lines) = outcome.extracted.as_mut().filter(|_| !found.is_empty()) {
                *lines = elements.keep(found, lines);
            }
            Ok(outcome)
        };
        self.context.while_alive(acted).await
    }

    async fn picture(&self) -> Result<Image, BrowserError> {
        let elements = self.elements.lock().await;
        let document = self.active_document().ok_or(BrowserError::PageCrashed)?;
        if self.context.tabs().active().is_some_and(|tab| tab.dialog.is_some()) {
            // A page with an open dialog does not paint.
            return Err(browser_error(CdpError::DialogOpen));
        }
        if let Some(last) = &*lock(&self.last_picture)
            && last.picture.format == ImageFormat::Jpeg
        {
            return Ok(last.picture.clone());
        }
        let limit = self.context.browser().settings.observe_timeout;
        let taken = self.screenshot(&document, ImageFormat::Jpeg, limit).await;
        if matches!(taken, Err(ScreenshotError::Cdp(CdpError::TimedOut { .. }))) {
            // Whatever blocks painting would delay every later step.
            document.session.send(TerminateExecutionParams::default());
        }
        let picture = match taken {
            Ok(Some(picture)) => picture,
            Ok(None) => return Err(BrowserError::Protocol { cause: self.too_large() }),
            Err(ScreenshotError::Cdp(error)) => return Err(browser_error(error)),
            Err(error) => return Err(BrowserError::Protocol { cause: error.to_string() }),
        };
        let annotated = self.annotated(picture, &elements).await;
        annotated.map_err(|error| BrowserError::Protocol { cause: error.to_string() })
    }

    async fn files(&self) -> Vec<(FileInfo, PathBuf)> {
        self.context.files().made()
    }

    async fn snapshot(&self, format: ImageFormat) -> Result<Image, BrowserError> {
        let document = self.active_document().ok_or(BrowserError::PageCrashed)?;
        if self.context.tabs().active().is_some_and(|tab| tab.dialog.is_some()) {
            return Err(browser_error(CdpError::DialogOpen));
        }
        let taken = self.screenshot(&document, format, self.context.browser().settings.observe_timeout);
        match self.context.while_alive(async { Ok::<_, BrowserError>(taken.await) }).await? {
            Ok(Some(picture)) => Ok(picture),
            Ok(None) => Err(BrowserError::Protocol { cause: self.too_large() }),
            Err(ScreenshotError::Cdp(error)) => Err(browser_error(error)),
            Err(error) => Err(BrowserError::Protocol { cause: error.to_string() }),
        }
    }

    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError> {
        let elements = self.elements.lock().await;
        self.used();
        self.action_started();
        let executor = Executor { early_capture: self.early_capture.as_ref(), ..self.executor(&elements) };
        self.context.while_alive(executor.open(url, false, format!("Open {url}"))).await
    }

    async fn storage(&self) -> Result<SavedStorage, BrowserError> {
        let _alone = self.elements.lock().await;
        self.context.while_alive(self.context.save_storage()).await
    }

    async fn close(&self) {
        self.context.dispose().await;
    }
}

impl BrowserPage {
    /// The index of the visible element that a selector matches now, for tools that measure views. An element in the view
    /// keeps its index, any other gets a new one.
    pub async fn index_of(&self, selector: &str) -> Option<ElementIndex> {
        let mut elements = self.elements.lock().await;
        let executor = self.executor(&elements);
        let found = self.context.while_alive(executor.wait_for_selector(selector, Duration::ZERO)).await.ok()?;
        Some(elements.add(selector, found))
    }

    fn executor<'a>(&'a self, elements: &'a ElementMap) -> Executor<'a> {
        Executor {
            context: &self.context,
            worlds: &self.worlds,
            elements,
            clipboard: &self.clipboard,
            secrets: &self.spec.secrets,
            found: &self.found,
            early_capture: None,
        }
    }

    fn used(&self) {
        self.is_used.store(true, Ordering::Relaxed);
        *lock(&self.last_picture) = None;
        if let Some(early) = &self.early_capture {
            early.discard();
        }
    }

    fn action_started(&self) {
        let mut tabs = self.context.tabs();
        tabs.reset_dialog_counts();
        if let Some(tab) = tabs.active() {
            tab.load.action_started();
        }
    }

    fn active_tab(&self) -> Option<u32> {
        self.context.tabs().active().map(|tab| tab.id)
    }

    fn active_document(&self) -> Option<Document> {
        self.context.tabs().active().map(|tab| tab.document())
    }
}
