//! The agent's `Page` port on a browser context.

pub(crate) mod overlay;
mod redaction;
mod screenshot;

use crate::error::browser_error;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chromiumoxide_cdp::cdp::js_protocol::runtime::TerminateExecutionParams;
use url::Url;

use self::overlay::OverlayError;
use self::redaction::ScreenshotError;
use crate::act::{Clipboard, Executor};
use crate::context::Context;
use crate::files::DownloadReport;
use crate::isolated_world::{Document, IsolatedWorlds, ScriptError};
use crate::navigation::activity::ActivityCounts;
use crate::navigation::document_response::DocumentLoad;
use crate::observe;
use crate::observe::element_map::ElementMap;
use crate::observe::frame_reader::FrameReader;
use crate::observe::{Facts, FrameReading, WorldId};
use crate::process::browser::Lease;
use crate::wait::{pending_navigation, settle};
use agent::action::Action;
use agent::image::{Image, ImageFormat};
use agent::locator::Locator;
use agent::observation::{ElementIndex, Observation};
use agent::ports::{ActionError, ActionOutcome, BrowserError, Page, PageSpec};
use cdp::CdpError;

/// How long a check of the browser may take to pass by itself before it counts as in the way.
const CHECK_PASS_LIMIT: Duration = Duration::from_secs(3);

/// How long a picture of a page that is being left may take: one that meets the next document is never answered.
const LEAVING_SCREENSHOT_LIMIT: Duration = Duration::from_millis(500);

/// One run's tabs, eyes and hands.
pub struct BrowserPage {
    context: Context,
    worlds: IsolatedWorlds,
    /// Held for the length of an action or observation; a run does one thing at a time.
    elements: tokio::sync::Mutex<ElementMap>,
    clipboard: Clipboard,
    spec: PageSpec,
    /// Released when the page is closed, after its context: a leased browser may still hold cookies.
    lease: std::sync::Mutex<Option<Lease>>,
}

/// Why there is no reading of the active tab.
enum ReadError {
    Failed(ScriptError),
    /// It is on its way to this URL and for so long lets nothing be read.
    Navigating(String),
}

/// One look at the active tab.
struct PageState {
    observation: Observation,
    /// The document, when it is a check that may pass by itself.
    check: Option<WorldId>,
}

impl BrowserPage {
    pub(crate) fn new(context: Context, lease: Lease, spec: PageSpec) -> Self {
        Self {
            context,
            worlds: IsolatedWorlds::default(),
            elements: tokio::sync::Mutex::default(),
            clipboard: Clipboard::default(),
            spec,
            lease: std::sync::Mutex::new(Some(lease)),
        }
    }
}

#[async_trait]
impl Page for BrowserPage {
    async fn observe(&self) -> Result<Observation, BrowserError> {
        let mut elements = self.elements.lock().await;
        let news = self.new_notices();
        let seen =
            self.context.while_alive(self.read_state(&mut elements, news.clone(), self.spec.screenshots)).await?;
        if !seen.check.is_some_and(|check| elements.waits_for(check)) {
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
        let acted = async {
            for selector in action.selectors() {
                let found = self.hands(&elements).wait_for_selector(selector, Locator::WAIT).await?;
                elements.add(selector, found);
            }
            if !matches!(action, Action::Wait { .. }) {
                self.action_started();
            }
            self.hands(&elements).act(action).await
        };
        self.context.while_alive(acted).await
    }

    async fn picture(&self) -> Result<Image, BrowserError> {
        let elements = self.elements.lock().await;
        let document = self.active_document().ok_or(BrowserError::PageCrashed)?;
        if self.context.tabs().active().is_some_and(|tab| tab.dialog.is_some()) {
            // A page that waits for its dialog's answer does not paint.
            return Err(browser_error(CdpError::DialogOpen));
        }
        let limit = self.context.browser().settings.observe_timeout;
        let taken = self.screenshot(&document, ImageFormat::Jpeg, limit).await;
        if matches!(taken, Err(ScreenshotError::Cdp(CdpError::TimedOut { .. }))) {
            // What keeps the page from being painted would hold up every later step as well.
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

    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError> {
        let elements = self.elements.lock().await;
        self.action_started();
        self.context.while_alive(self.hands(&elements).open(url, false, format!("Open {url}"))).await
    }

    async fn close(&self) {
        self.context.dispose().await;
        let lease = self.lease.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(lease) = lease else { return };
        let browser = lease.0.clone();
        drop(lease);
        if browser.is_drained() {
            // A browser of one's own, or one that was replaced: the run was its last, and leaves nothing behind.
            browser.close().await;
        }
    }
}

impl BrowserPage {
    /// The index of the visible element that a selector matches now, for tools that measure views: an element in the
    /// view keeps its index, any other gets a new one.
    pub async fn index_of(&self, selector: &str) -> Option<ElementIndex> {
        let mut elements = self.elements.lock().await;
        let hands = self.hands(&elements);
        let found = self.context.while_alive(hands.wait_for_selector(selector, Duration::ZERO)).await.ok()?;
        Some(elements.add(selector, found))
    }

    fn hands<'a>(&'a self, elements: &'a ElementMap) -> Executor<'a> {
        Executor {
            context: &self.context,
            worlds: &self.worlds,
            elements,
            clipboard: &self.clipboard,
            secrets: &self.spec.secrets,
        }
    }

    /// Reads the page as it is now. `notices` are the first of the observation.
    async fn read_state(
        &self,
        elements: &mut ElementMap,
        mut notices: Vec<String>,
        screenshot: Option<ImageFormat>,
    ) -> Result<PageState, BrowserError> {
        let Some(document) = self.active_document() else {
            elements.clear();
            notices.push("No tab is open.".into());
            return Ok(PageState { observation: Observation { notices, ..Observation::default() }, check: None });
        };
        let dialog =
            self.context.tabs().active().and_then(|tab| tab.dialog.as_ref().map(|dialog| dialog.shown.clone()));
        if let Some(dialog) = dialog {
            // Nothing of the page answers until the dialog is.
            elements.clear();
            notices.push(dialog.to_string());
            let observation =
                self.with_tab_state(Observation { dialog: Some(dialog), notices, ..Observation::default() });
            return Ok(PageState { observation, check: None });
        }
        let settings = &self.context.browser().settings;
        let limit = settings.observe_timeout;
        // Sent one after the other without waiting: reading hides behind the frames that the picture waits for.
        let reader = FrameReader { context: &self.context, worlds: &self.worlds, limit };
        let read = async {
            tokio::select! {
                biased;
                away = pending_navigation::wait_until_overdue(&self.context) => away.map(|url| Err(ReadError::Navigating(url))),
                page = reader.read_page(document.clone()) => Ok(page.map_err(ReadError::Failed)),
            }
        };
        let picture = async {
            match screenshot {
                Some(format) => tokio::select! {
                    taken = self.screenshot(&document, format, limit) => Some(taken),
                    () = self.left_for(LEAVING_SCREENSHOT_LIMIT) => None,
                },
                None => None,
            }
        };
        let (read, picture) = match self.spec.secrets.is_empty() {
            true => tokio::join!(read, picture),
            // What a picture must not show is asked in the worlds that reading makes.
            false => (read.await, picture.await),
        };
        let mut observation = Observation::default();
        let mut check = None;
        match read? {
            Ok(gathered) if self.failure().is_none() => {
                let facts = self.facts(&gathered.page);
                observation.blocker = observe::blocker(&facts);
                let passes = observation.blocker.as_ref().is_some_and(|blocker| observe::may_pass(&facts, blocker));
                let page = Arc::new(gathered.page);
                check = passes.then_some(page.key);
                elements.retain(|key| self.worlds.is_current(key));
                observation.view = elements.update(page.clone(), gathered.documents, settings.view_token_budget);
                observation.url = page.reading.url.clone();
                observation.title = page.reading.title.clone();
                notices.extend(observe::notices(&page, &observation.view));
                notices.extend(self.error_status().filter(|_| observation.blocker.is_none()));
            }
            Ok(_) => {
                // The browser's own page offers nothing but to go where its certificate says not to.
                elements.clear();
                notices.extend(self.failure());
            }
            Err(ReadError::Navigating(url)) => {
                elements.clear();
                notices.push(format!(
                    "The next page, {}, is still loading; until it comes nothing can be read or clicked. \
                     Wait, or open another one.",
                    pending_navigation::short_url(&url)
                ));
            }
            Err(ReadError::Failed(error)) => {
                elements.clear();
                let error = self.unreadable(&document, error)?;
                notices.push(format!("The page could not be read: {error}. No elements are offered."));
            }
        }
        match picture.transpose() {
            Ok(Some(None)) => notices.push(self.too_large()),
            Ok(Some(Some(picture))) => match self.annotated(picture, elements).await {
                Ok(annotated) if annotated.bytes() > settings.max_screenshot_bytes => notices.push(self.too_large()),
                Ok(annotated) => observation.screenshot = Some(annotated),
                Err(error) => notices.push(format!("No screenshot could be taken: {error}.")),
            },
            Ok(None) => {}
            Err(ScreenshotError::Cdp(CdpError::Closed)) => return Err(BrowserError::Lost),
            Err(ScreenshotError::Cdp(error)) => {
                notices.push(format!("No screenshot could be taken: {}.", browser_error(error)));
            }
            Err(error) => notices.push(format!("No screenshot could be taken: {error}.")),
        }
        // What has happened while it was read, such as that the page was left.
        notices.extend(self.new_notices());
        observation.notices = notices;
        Ok(PageState { observation: self.with_tab_state(observation), check })
    }

    /// A picture of at most so many bytes as are allowed, without the run's secrets; none when there is no such.
    async fn screenshot(
        &self,
        document: &Document,
        asked: ImageFormat,
        limit: Duration,
    ) -> Result<Option<Image>, ScreenshotError> {
        let (session, settings) = (&document.session, &self.context.browser().settings);
        if let Some(masker) = self.spec.secrets.masker() {
            // Painted over as a PNG, so no other is taken.
            let reader = FrameReader { context: &self.context, worlds: &self.worlds, limit };
            let picture = redaction::capture(reader, document, masker).await?;
            return Ok(Some(picture).filter(|picture| picture.bytes() <= settings.max_screenshot_bytes));
        }
        if settings.screenshot_marks {
            // Drawn on as a PNG, so no other is taken; what comes of it is measured then.
            return Ok(Some(screenshot::capture(session, self.format(asked), limit).await?));
        }
        Ok(screenshot::capture_within(session, self.format(asked), limit, settings.max_screenshot_bytes).await?)
    }

    fn too_large(&self) -> String {
        let most = self.context.browser().settings.max_screenshot_bytes;
        format!("No screenshot could be taken: it would have more than {most} bytes.")
    }

    /// The format to take pictures in, asked for another one.
    fn format(&self, asked: ImageFormat) -> ImageFormat {
        if self.context.browser().settings.screenshot_marks { ImageFormat::Png } else { asked }
    }

    /// A picture with the indices of what was last shown, where the deployment wants them.
    async fn annotated(&self, picture: Image, elements: &ElementMap) -> Result<Image, OverlayError> {
        if !self.context.browser().settings.screenshot_marks {
            return Ok(picture);
        }
        overlay::draw_boxes(picture, elements.index_boxes()).await
    }

    /// Waits until the site shows another document, and that one has come to rest; not for long.
    async fn wait_for_check(&self) -> Result<(), BrowserError> {
        let Some(before) = settle::baseline(&self.context) else { return Ok(()) };
        let documents = before.counts().documents;
        let passed = async {
            self.context
                .wait_until(|tabs| match tabs.by_id(before.tab) {
                    Some(tab) if !tab.crashed && tab.dialog.is_none() => {
                        (tab.activity.counts().documents != documents).then_some(())
                    }
                    _ => Some(()),
                })
                .await?;
            settle::settle(&self.context, &self.worlds, &before).await
        };
        match tokio::time::timeout(CHECK_PASS_LIMIT, passed).await {
            Ok(settled) => settled.map(|_| ()),
            Err(_elapsed) => Ok(()),
        }
    }

    /// What decides whether the active tab is blocked.
    fn facts(&self, page: &FrameReading) -> Facts {
        let mut tabs = self.context.tabs();
        let load = tabs.active().map(|tab| &tab.load);
        Facts::new(page, load.and_then(DocumentLoad::response), load.and_then(DocumentLoad::requested_url))
    }

    /// Returns once the tab has been known to be on its way for this long.
    async fn left_for(&self, limit: Duration) {
        // A browser that is lost is told by whatever asks it.
        let _away = pending_navigation::wait_until_overdue(&self.context).await;
        // A deadline, raced against the reading that it may end.
        tokio::time::sleep(limit).await;
    }

    /// That the active tab shows no page, and why.
    fn failure(&self) -> Option<String> {
        let mut tabs = self.context.tabs();
        let tab = tabs.active()?;
        let cause = tab.load.failure()?;
        Some(format!(
            "{} could not be opened: {cause}. Go back or open another page.",
            pending_navigation::short_url(&tab.url)
        ))
    }

    /// That the server sent the page as one of an error.
    fn error_status(&self) -> Option<String> {
        let mut tabs = self.context.tabs();
        let status = tabs.active()?.load.response()?.status;
        (status >= 400).then(|| format!("The server answered with status {status}."))
    }

    /// An action begins in the active tab.
    fn action_started(&self) {
        let mut tabs = self.context.tabs();
        tabs.reset_dialog_counts();
        if let Some(tab) = tabs.active() {
            tab.load.action_started();
        }
    }

    /// Adds what is known without reading the page.
    fn with_tab_state(&self, mut observation: Observation) -> Observation {
        let mut tabs = self.context.tabs();
        observation.tabs = tabs.overview();
        if let Some(tab) = tabs.active() {
            if observation.url.is_empty() {
                observation.url.clone_from(&tab.url);
                observation.title.clone_from(&tab.title);
            }
            let (pending, _) = tab.activity.pending_since(ActivityCounts::default());
            if pending > 0 {
                observation.notices.push(format!("{pending} requests of the page are pending."));
            }
        }
        observation
    }

    /// Adds what has become of downloads.
    fn with_downloads(&self, mut observation: Observation) -> Observation {
        let DownloadReport { notices, new_files, in_progress } = self.context.files().report();
        observation.notices.extend(notices.into_iter().chain(in_progress));
        observation.downloads = new_files;
        observation
    }

    /// The active tab's document.
    fn active_document(&self) -> Option<Document> {
        self.context.tabs().active().map(|tab| tab.document())
    }

    /// What happened in the active tab and at the run's way out that nobody has told yet.
    fn new_notices(&self) -> Vec<String> {
        let mut news = self.context.tabs().take_notices();
        news.extend(self.context.egress().take_notices());
        news
    }

    /// What a failed reading means: an error that ends the run, or one to tell the model.
    fn unreadable(&self, document: &Document, error: ScriptError) -> Result<BrowserError, BrowserError> {
        let error = match error {
            ScriptError::Cdp(error) => {
                if matches!(error, CdpError::TimedOut { .. }) {
                    // A script that never ends would hold up every later step as well.
                    document.session.send(TerminateExecutionParams::default());
                }
                browser_error(error)
            }
            ScriptError::Threw(cause) => {
                tracing::warn!(cause, "reading the page failed");
                BrowserError::Protocol { cause }
            }
        };
        if error.is_fatal() { Err(error) } else { Ok(error) }
    }
}
