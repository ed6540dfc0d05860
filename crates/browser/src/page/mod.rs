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

use self::overlay::LabelError;
use self::redaction::PictureError;
use crate::act::{Clipboard, Hands};
use crate::context::Context;
use crate::files::Told;
use crate::isolated_world::{Document, ScriptError, Worlds};
use crate::navigation::activity::Mark;
use crate::navigation::document_response::Arrival;
use crate::observe;
use crate::observe::element_map::Sight;
use crate::observe::frame_reader::Reader;
use crate::observe::{Facts, FrameKey, FrameReading};
use crate::process::browser::Lease;
use crate::wait::pending_navigation;
use crate::wait::settle;
use agent::action::{Action, ElementIndex};
use agent::image::{Image, ImageFormat};
use agent::observation::Observation;
use agent::ports::{ActionError, ActionOutcome, BrowserError, Page, PageSpec};
use cdp::CdpError;

/// How long a check of the browser may take to pass by itself before it counts as in the way.
const PASSAGE: Duration = Duration::from_secs(3);

/// How long a picture of a page that is being left may take: one that meets the next document is never answered.
const AWAY_PICTURE: Duration = Duration::from_millis(500);

/// One run's tabs, eyes and hands.
pub(crate) struct RunPage {
    context: Context,
    worlds: Worlds,
    /// Held for the length of an action or observation; a run does one thing at a time.
    sight: tokio::sync::Mutex<Sight>,
    clipboard: Clipboard,
    spec: PageSpec,
    /// Released when the page is closed, after its context: a leased browser may still hold cookies.
    lease: std::sync::Mutex<Option<Lease>>,
}

/// Why there is no reading of the active tab.
enum Unread {
    Failed(ScriptError),
    /// It is on its way to this URL and for so long lets nothing be read.
    Away(String),
}

/// One look at the active tab.
struct Look {
    observation: Observation,
    /// The document, when it is a check that may pass by itself.
    check: Option<FrameKey>,
}

impl RunPage {
    pub(crate) fn new(context: Context, lease: Lease, spec: PageSpec) -> Self {
        Self {
            context,
            worlds: Worlds::default(),
            sight: tokio::sync::Mutex::default(),
            clipboard: Clipboard::default(),
            spec,
            lease: std::sync::Mutex::new(Some(lease)),
        }
    }
}

#[async_trait]
impl Page for RunPage {
    async fn observe(&self) -> Result<Observation, BrowserError> {
        let mut sight = self.sight.lock().await;
        let news = self.news();
        let seen = self.context.alive(self.look(&mut sight, news.clone(), self.spec.screenshots)).await?;
        if !seen.check.is_some_and(|check| sight.waits_for(check)) {
            return Ok(self.with_downloads(seen.observation));
        }
        tracing::debug!(blocker = ?seen.observation.blocker, "waiting for a check to pass");
        self.wait_for_passage().await?;
        let seen =
            self.context.alive(self.look(&mut sight, [news, self.news()].concat(), self.spec.screenshots)).await?;
        Ok(self.with_downloads(seen.observation))
    }

    async fn read(&self) -> Result<Observation, BrowserError> {
        let mut sight = self.sight.lock().await;
        let news = self.news();
        Ok(self.context.alive(self.look(&mut sight, news, None)).await?.observation)
    }

    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        let sight = self.sight.lock().await;
        if !matches!(action, Action::Wait { .. }) {
            self.acted();
        }
        self.context.alive(self.hands(&sight).act(action)).await
    }

    async fn select(&self, selector: &str, limit: Duration) -> Result<ElementIndex, ActionError> {
        let mut sight = self.sight.lock().await;
        let found = self.context.alive(self.hands(&sight).select_by(selector, limit)).await?;
        Ok(sight.admit(found))
    }

    async fn press(&self, index: ElementIndex, keys: &str) -> Result<ActionOutcome, ActionError> {
        let sight = self.sight.lock().await;
        self.acted();
        self.context.alive(self.hands(&sight).press_at(index, keys)).await
    }

    async fn wait_for_url(&self, text: &str, limit: Duration) -> Result<ActionOutcome, ActionError> {
        let sight = self.sight.lock().await;
        self.context.alive(self.hands(&sight).wait_for_url(text, limit)).await
    }

    async fn picture(&self) -> Result<Image, BrowserError> {
        let sight = self.sight.lock().await;
        let document = self.front().ok_or(BrowserError::PageCrashed)?;
        if self.context.tabs().active().is_some_and(|tab| tab.dialog.is_some()) {
            // A page that waits for its dialog's answer does not paint.
            return Err(browser_error(CdpError::DialogOpen));
        }
        let limit = self.context.browser().settings.observe_timeout;
        let taken = self.shoot(&document, ImageFormat::Jpeg, limit).await;
        if matches!(taken, Err(PictureError::Cdp(CdpError::TimedOut { .. }))) {
            // What keeps the page from being painted would hold up every later step as well.
            document.session.tell(TerminateExecutionParams::default());
        }
        let picture = match taken {
            Ok(Some(picture)) => picture,
            Ok(None) => return Err(BrowserError::Protocol { cause: self.too_large() }),
            Err(PictureError::Cdp(error)) => return Err(browser_error(error)),
            Err(error) => return Err(BrowserError::Protocol { cause: error.to_string() }),
        };
        let labelled = self.labelled(picture, &sight).await;
        labelled.map_err(|error| BrowserError::Protocol { cause: error.to_string() })
    }

    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError> {
        let sight = self.sight.lock().await;
        self.acted();
        self.context.alive(self.hands(&sight).open(url, false, format!("Open {url}"))).await
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
        Hands {
            context: &self.context,
            worlds: &self.worlds,
            sight,
            clipboard: &self.clipboard,
            secrets: &self.spec.secrets,
        }
    }

    /// Reads the page as it is now. `notices` are the first of the observation.
    async fn look(
        &self,
        sight: &mut Sight,
        mut notices: Vec<String>,
        screenshot: Option<ImageFormat>,
    ) -> Result<Look, BrowserError> {
        let Some(document) = self.front() else {
            sight.clear();
            notices.push("No tab is open.".into());
            return Ok(Look { observation: Observation { notices, ..Observation::default() }, check: None });
        };
        let dialog =
            self.context.tabs().active().and_then(|tab| tab.dialog.as_ref().map(|dialog| dialog.shown.clone()));
        if let Some(dialog) = dialog {
            // Nothing of the page answers until the dialog is.
            sight.clear();
            notices.push(dialog.to_string());
            let observation = self.described(Observation { dialog: Some(dialog), notices, ..Observation::default() });
            return Ok(Look { observation, check: None });
        }
        let settings = &self.context.browser().settings;
        let limit = settings.observe_timeout;
        // Sent one after the other without waiting: reading hides behind the frames that the picture waits for.
        let reader = Reader { context: &self.context, worlds: &self.worlds, limit };
        let read = async {
            tokio::select! {
                biased;
                away = pending_navigation::until_overdue(&self.context) => away.map(|url| Err(Unread::Away(url))),
                page = reader.gather(document.clone()) => Ok(page.map_err(Unread::Failed)),
            }
        };
        let picture = async {
            match screenshot {
                Some(format) => tokio::select! {
                    taken = self.shoot(&document, format, limit) => Some(taken),
                    () = self.departed_for(AWAY_PICTURE) => None,
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
                sight.retain(|key| self.worlds.is_current(key));
                observation.view = sight.show(page.clone(), gathered.documents, settings.view_token_budget);
                observation.url = page.reading.url.clone();
                observation.title = page.reading.title.clone();
                notices.extend(observe::notices(&page, &observation.view));
                notices.extend(self.error_status().filter(|_| observation.blocker.is_none()));
            }
            Ok(_) => {
                // The browser's own page offers nothing but to go where its certificate says not to.
                sight.clear();
                notices.extend(self.failure());
            }
            Err(Unread::Away(url)) => {
                sight.clear();
                notices.push(format!(
                    "The next page, {}, is still loading; until it comes nothing can be read or clicked. \
                     Wait, or open another one.",
                    pending_navigation::short(&url)
                ));
            }
            Err(Unread::Failed(error)) => {
                sight.clear();
                let error = self.unreadable(&document, error)?;
                notices.push(format!("The page could not be read: {error}. No elements are offered."));
            }
        }
        match picture.transpose() {
            Ok(Some(None)) => notices.push(self.too_large()),
            Ok(Some(Some(picture))) => match self.labelled(picture, sight).await {
                Ok(labelled) if labelled.bytes() > settings.max_screenshot_bytes => notices.push(self.too_large()),
                Ok(labelled) => observation.screenshot = Some(labelled),
                Err(error) => notices.push(format!("No screenshot could be taken: {error}.")),
            },
            Ok(None) => {}
            Err(PictureError::Cdp(CdpError::Closed)) => return Err(BrowserError::Lost),
            Err(PictureError::Cdp(error)) => {
                notices.push(format!("No screenshot could be taken: {}.", browser_error(error)));
            }
            Err(error) => notices.push(format!("No screenshot could be taken: {error}.")),
        }
        // What has happened while it was read, such as that the page was left.
        notices.extend(self.news());
        observation.notices = notices;
        Ok(Look { observation: self.described(observation), check })
    }

    /// A picture of at most so many bytes as are allowed, without the run's secrets; none when there is no such.
    async fn shoot(
        &self,
        document: &Document,
        asked: ImageFormat,
        limit: Duration,
    ) -> Result<Option<Image>, PictureError> {
        let (session, settings) = (&document.session, &self.context.browser().settings);
        if let Some(masker) = self.spec.secrets.masker() {
            // Painted over as a PNG, so no other is taken.
            let reader = Reader { context: &self.context, worlds: &self.worlds, limit };
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
    async fn labelled(&self, picture: Image, sight: &Sight) -> Result<Image, LabelError> {
        if !self.context.browser().settings.screenshot_marks {
            return Ok(picture);
        }
        overlay::draw(picture, sight.labels()).await
    }

    /// Waits until the site shows another document, and that one has come to rest; not for long.
    async fn wait_for_passage(&self) -> Result<(), BrowserError> {
        let Some(before) = settle::before(&self.context) else { return Ok(()) };
        let documents = before.mark().documents;
        let passed = async {
            self.context
                .until(|tabs| match tabs.by_id(before.tab) {
                    Some(tab) if !tab.crashed && tab.dialog.is_none() => {
                        (tab.activity.mark().documents != documents).then_some(())
                    }
                    _ => Some(()),
                })
                .await?;
            settle::settle(&self.context, &self.worlds, &before).await
        };
        match tokio::time::timeout(PASSAGE, passed).await {
            Ok(settled) => settled.map(|_| ()),
            Err(_elapsed) => Ok(()),
        }
    }

    /// What decides whether the active tab is blocked.
    fn facts(&self, page: &FrameReading) -> Facts {
        let mut tabs = self.context.tabs();
        let arrival = tabs.active().map(|tab| &tab.arrival);
        Facts::new(page, arrival.and_then(Arrival::answer), arrival.and_then(Arrival::asked))
    }

    /// Returns once the tab has been known to be on its way for this long.
    async fn departed_for(&self, limit: Duration) {
        // A browser that is lost is told by whatever asks it.
        let _away = pending_navigation::until_overdue(&self.context).await;
        // A deadline, raced against the reading that it may end.
        tokio::time::sleep(limit).await;
    }

    /// That the active tab shows no page, and why.
    fn failure(&self) -> Option<String> {
        let mut tabs = self.context.tabs();
        let tab = tabs.active()?;
        let cause = tab.arrival.failure()?;
        Some(format!(
            "{} could not be opened: {cause}. Go back or open another page.",
            pending_navigation::short(&tab.url)
        ))
    }

    /// That the server sent the page as one of an error.
    fn error_status(&self) -> Option<String> {
        let mut tabs = self.context.tabs();
        let status = tabs.active()?.arrival.answer()?.status;
        (status >= 400).then(|| format!("The server answered with status {status}."))
    }

    /// An action begins in the active tab.
    fn acted(&self) {
        let mut tabs = self.context.tabs();
        tabs.count_dialogs_anew();
        if let Some(tab) = tabs.active() {
            tab.arrival.acted();
        }
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

    /// Adds what has become of downloads.
    fn with_downloads(&self, mut observation: Observation) -> Observation {
        let Told { news, fresh, under_way } = self.context.files().told();
        observation.notices.extend(news.into_iter().chain(under_way));
        observation.downloads = fresh;
        observation
    }

    /// The active tab's document.
    fn front(&self) -> Option<Document> {
        self.context.tabs().active().map(|tab| tab.document())
    }

    /// What happened in the active tab and at the run's way out that nobody has told yet.
    fn news(&self) -> Vec<String> {
        let mut news = self.context.tabs().take_news();
        news.extend(self.context.egress().news());
        news
    }

    /// What a failed reading means: an error that ends the run, or one to tell the model.
    fn unreadable(&self, document: &Document, error: ScriptError) -> Result<BrowserError, BrowserError> {
        let error = match error {
            ScriptError::Cdp(error) => {
                if matches!(error, CdpError::TimedOut { .. }) {
                    // A script that never ends would hold up every later step as well.
                    document.session.tell(TerminateExecutionParams::default());
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
