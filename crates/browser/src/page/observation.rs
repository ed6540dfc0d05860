//! Reads the active tab into an observation.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chromiumoxide_cdp::cdp::js_protocol::runtime::TerminateExecutionParams;
use tokio::time::Instant;

use super::BrowserPage;
use super::redaction::ScreenshotError;
use crate::context::VIEWPORT;
use crate::error::browser_error;
use crate::isolated_world::{Document, ScriptError, WorldId};
use crate::navigation::activity::ActivityCounts;
use crate::navigation::document_response::DocumentLoad;
use crate::navigation::short_url;
use crate::observe::element_map::ElementMap;
use crate::observe::frame_reader::FrameReader;
use crate::observe::{self, Facts, FrameReading};
use crate::wait::{pending_navigation, settle};
use agent::image::{Image, ImageFormat};
use agent::observation::{Observation, PageView, Scroll};
use agent::ports::BrowserError;
use cdp::CdpError;

/// How long an interstitial may take to pass before it counts as a blocker.
const CHECK_PASS_LIMIT: Duration = Duration::from_secs(3);

/// How long a screenshot of a page that is being left may take: Chromium may never answer it.
const LEAVING_SCREENSHOT_LIMIT: Duration = Duration::from_millis(500);

/// Characters of a PDF document in a view. Actions read the rest.
const MIN_PDF_TEXT: usize = 1_000;
const MAX_PDF_TEXT: usize = 8_000;
const CHARS_PER_TOKEN: usize = 3;

/// Pages can open and close tabs without an end.
const MAX_REREADS: u8 = 3;

/// Why the active tab could not be read.
enum ReadError {
    Failed(ScriptError),
    /// It is navigating to this URL and does not respond.
    Navigating(String),
}

type TakenPicture = Result<Option<Image>, ScreenshotError>;

/// A screenshot, and what it shows.
pub(super) struct LastPicture {
    shown: (String, u64, Scroll),
    pub(super) picture: Image,
}

impl LastPicture {
    pub(super) fn of(observation: &Observation) -> Option<Self> {
        let picture = observation.screenshot.clone()?;
        Some(Self { shown: Self::key(observation), picture })
    }

    fn key(observation: &Observation) -> (String, u64, Scroll) {
        (observation.url.clone(), observation.view.fingerprint, observation.view.scroll)
    }
}

pub(super) struct PageState {
    pub(super) observation: Observation,
    /// The document, if it is an interstitial that may pass.
    pub(super) check: Option<WorldId>,
}

impl BrowserPage {
    /// Reads the page; `notices` come first in the observation.
    pub(super) async fn read_state(
        &self,
        elements: &mut ElementMap,
        notices: Vec<String>,
        screenshot: Option<ImageFormat>,
    ) -> Result<PageState, BrowserError> {
        self.read_active_tab(elements, notices, screenshot, MAX_REREADS).await
    }

    async fn read_active_tab(
        &self,
        elements: &mut ElementMap,
        mut notices: Vec<String>,
        screenshot: Option<ImageFormat>,
        rereads: u8,
    ) -> Result<PageState, BrowserError> {
        let tab = self.active_tab();
        let Some(document) = self.active_document() else {
            elements.clear();
            notices.push("No tab is open.".into());
            return Ok(PageState { observation: Observation { notices, ..Observation::default() }, check: None });
        };
        let dialog =
            self.context.tabs().active().and_then(|tab| tab.dialog.as_ref().map(|dialog| dialog.shown.clone()));
        if let Some(dialog) = dialog {
            // The page does not respond until the dialog is answered.
            elements.clear();
            notices.push(dialog.to_string());
            let observation =
                self.with_tab_state(Observation { dialog: Some(dialog), notices, ..Observation::default() });
            return Ok(PageState { observation, check: None });
        }
        if !self.is_used.load(Ordering::Relaxed) {
            // Reading and painting an empty page takes as long as any other.
            if self.context.browser().connection.is_closed() {
                return Err(BrowserError::Lost);
            }
            elements.clear();
            notices.push(observe::EMPTY_PAGE.into());
            notices.extend(self.new_notices());
            let scroll = Scroll { viewport_height: VIEWPORT.1.try_into().unwrap_or_default(), ..Scroll::default() };
            let view = PageView { scroll, ..PageView::default() };
            let observation = self.with_tab_state(Observation { view, notices, ..Observation::default() });
            return Ok(PageState { observation, check: None });
        }
        let settings = &self.context.browser().settings;
        let limit = settings.observe_timeout;
        // Concurrently: reading takes less time than the frames that the screenshot waits for.
        let reader = FrameReader { context: &self.context, worlds: &self.worlds, limit };
        let read = async {
            tokio::select! {
                biased;
                away = pending_navigation::wait_until_overdue(&self.context) => away.map(|url| Err(ReadError::Navigating(url))),
                page = reader.read_page(document.clone()) => Ok(page.map_err(ReadError::Failed)),
            }
        };
        let picture = self.take_picture(&document, screenshot);
        let (read, picture) = match self.spec.secrets.is_empty() {
            true => tokio::join!(read, picture),
            // Redaction uses the worlds that reading creates.
            false => (read.await, picture.await),
        };
        if rereads > 0 && self.active_tab() != tab {
            // The tab that was read has closed, or another one has opened over it.
            return Box::pin(self.read_active_tab(elements, notices, screenshot, rereads - 1)).await;
        }
        let mut observation = Observation::default();
        let mut check = None;
        match read? {
            Ok((page, documents)) if self.failure().is_none() => {
                let facts = self.facts(&page);
                observation.blocker = observe::blocker(&facts);
                let passes = observation.blocker.as_ref().is_some_and(|blocker| observe::may_pass(&facts, blocker));
                let page = Arc::new(page);
                check = passes.then_some(page.key);
                elements.retain(|key| self.worlds.is_current(key));
                observation.view = elements.update(page.clone(), documents, settings.view_token_budget);
                observation.url = page.reading.url.clone();
                observation.title = page.reading.title.clone();
                notices.extend(observe::notices(&page, &observation.view));
                notices.extend(self.error_status().filter(|_| observation.blocker.is_none()));
            }
            Ok(_) => {
                // Chromium's error page offers nothing useful.
                elements.clear();
                notices.extend(self.failure());
            }
            Err(ReadError::Navigating(url)) => {
                elements.clear();
                notices.push(format!(
                    "The next page, {}, is still loading; until it comes nothing can be read or clicked. \
                     Wait, or open another one.",
                    short_url(&url)
                ));
            }
            Err(ReadError::Failed(error)) => {
                elements.clear();
                let error = self.unreadable(&document, error)?;
                notices.push(format!("The page could not be read: {error}. No elements are offered."));
            }
        }
        self.add_picture(&mut observation, picture, elements).await?;
        notices.append(&mut observation.notices);
        // Events during the reading, such as a navigation.
        notices.extend(self.new_notices());
        observation.notices = notices;
        self.add_pdf(&document.frame, &mut observation).await;
        Ok(PageState { observation: self.with_tab_state(observation), check })
    }

    /// Adds the text of the PDF document that the page has opened, as far as there is room.
    async fn add_pdf(&self, frame: &str, observation: &mut Observation) {
        let settings = &self.context.browser().settings;
        let Some(pdf) = self.context.files().pdf_of(frame, &settings.warden).await else { return };
        let text = &mut observation.view.text;
        let left = settings.view_token_budget.saturating_sub(observe::tokens(text)) * CHARS_PER_TOKEN;
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&pdf.shown(left.clamp(MIN_PDF_TEXT, MAX_PDF_TEXT)));
        observation.notices.retain(|notice| notice != observe::EMPTY_PAGE);
    }

    /// A screenshot, if one is wanted and the page is not being left.
    async fn take_picture(&self, document: &Document, wanted: Option<ImageFormat>) -> Option<TakenPicture> {
        let limit = self.context.browser().settings.observe_timeout;
        tokio::select! {
            taken = self.screenshot(document, wanted?, limit) => Some(taken),
            () = self.left_for(LEAVING_SCREENSHOT_LIMIT) => None,
        }
    }

    /// Adds a screenshot to the observation, or a notice that says why there is none.
    async fn add_picture(
        &self,
        observation: &mut Observation,
        taken: Option<TakenPicture>,
        elements: &ElementMap,
    ) -> Result<(), BrowserError> {
        let problem = match taken {
            None => return Ok(()),
            Some(Ok(None)) => self.too_large(),
            Some(Ok(Some(picture))) => match self.annotated(picture, elements).await {
                Ok(annotated) if annotated.bytes() > self.context.browser().settings.max_screenshot_bytes => {
                    self.too_large()
                }
                Ok(annotated) => {
                    observation.screenshot = Some(annotated);
                    return Ok(());
                }
                Err(error) => format!("No screenshot could be taken: {error}."),
            },
            Some(Err(ScreenshotError::Cdp(CdpError::Closed))) => return Err(BrowserError::Lost),
            Some(Err(ScreenshotError::Cdp(error))) => {
                format!("No screenshot could be taken: {}.", browser_error(error))
            }
            Some(Err(error)) => format!("No screenshot could be taken: {error}."),
        };
        observation.notices.push(problem);
        Ok(())
    }

    /// Reads the page, with a new screenshot unless the last one still shows it: taking one is most of the cost.
    pub(super) async fn read_again(
        &self,
        elements: &mut ElementMap,
        notices: Vec<String>,
        last: LastPicture,
    ) -> Result<PageState, BrowserError> {
        let mut seen = self.read_state(elements, notices, None).await?;
        let shown = LastPicture::key(&seen.observation);
        if shown == last.shown {
            seen.observation.screenshot = Some(last.picture);
        } else if let Some(document) = self.active_document().filter(|_| seen.observation.dialog.is_none()) {
            let taken = self.take_picture(&document, self.spec.screenshots).await;
            self.add_picture(&mut seen.observation, taken, elements).await?;
        }
        Ok(seen)
    }

    /// Waits for a while until the interstitial is replaced and the next document has settled.
    pub(super) async fn wait_for_check(&self) -> Result<(), BrowserError> {
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
            settle::settle(&self.context, &self.worlds, &before, None).await
        };
        match tokio::time::timeout(CHECK_PASS_LIMIT, passed).await {
            Ok(settled) => settled.map(|_| ()),
            Err(_elapsed) => Ok(()),
        }
    }

    pub(super) fn facts(&self, page: &FrameReading) -> Facts {
        let mut tabs = self.context.tabs();
        let load = tabs.active().map(|tab| &tab.load);
        Facts::new(page, load.and_then(DocumentLoad::response), load.and_then(DocumentLoad::requested_url))
    }

    /// Returns once the tab has been leaving its page for this long.
    pub(super) async fn left_for(&self, limit: Duration) {
        // Other calls report a lost browser.
        let _away = pending_navigation::wait_until_overdue(&self.context).await;
        // A timeout, raced against the screenshot.
        tokio::time::sleep(limit).await;
    }

    /// Why the active tab shows an error page.
    pub(super) fn failure(&self) -> Option<String> {
        let mut tabs = self.context.tabs();
        let tab = tabs.active()?;
        let cause = tab.load.failure()?;
        Some(format!("{} could not be opened: {cause}. Go back or open another page.", short_url(&tab.url)))
    }

    pub(super) fn error_status(&self) -> Option<String> {
        let mut tabs = self.context.tabs();
        let status = tabs.active()?.load.response()?.status;
        (status >= 400).then(|| format!("The server answered with status {status}."))
    }

    /// Adds what is known without reading the page.
    pub(super) fn with_tab_state(&self, mut observation: Observation) -> Observation {
        let mut tabs = self.context.tabs();
        observation.tabs = tabs.overview();
        if let Some(tab) = tabs.active() {
            if observation.url.is_empty() {
                observation.url.clone_from(&tab.url);
                observation.title.clone_from(&tab.title);
            }
            let (pending, _) = tab.activity.pending_since(ActivityCounts::default(), Instant::now());
            if pending > 0 {
                let (requests, are) = if pending == 1 { ("request", "is") } else { ("requests", "are") };
                observation.notices.push(format!("{pending} {requests} of the page {are} pending."));
            }
        }
        observation
    }

    pub(super) fn with_downloads(&self, mut observation: Observation) -> Observation {
        let mut files = self.context.files().ledger();
        observation.notices.append(&mut files.take_notices());
        observation.notices.extend(files.in_progress());
        observation.downloads = files.new_files();
        observation
    }

    /// Unreported events of the active tab and of the run's egress.
    pub(super) fn new_notices(&self) -> Vec<String> {
        let mut news = self.context.tabs().take_notices();
        news.extend(self.context.egress().take_notices());
        news
    }

    /// Whether a reading error ends the run (`Err`) or is reported to the model.
    pub(super) fn unreadable(&self, document: &Document, error: ScriptError) -> Result<BrowserError, BrowserError> {
        let error = match error {
            ScriptError::Cdp(error) => {
                if matches!(error, CdpError::TimedOut { .. }) {
                    // An endless script would delay every later step.
                    document.session.send(TerminateExecutionParams::default());
                }
                browser_error(error)
            }
            ScriptError::Threw(cause) => {
                tracing::warn!(cause, "the page could not be read");
                BrowserError::Protocol { cause }
            }
        };
        if error.is_fatal() { Err(error) } else { Ok(error) }
    }
}
