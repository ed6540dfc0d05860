//! One run's browser context: its making, its end, and what is known of its tabs in between.

mod allowed_documents;
mod events;
pub(crate) mod frames;
mod session_setup;
mod tab_events;
pub(crate) mod tabs;

use crate::error::browser_error;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::browser::{
    BrowserContextId, SetDownloadBehaviorBehavior, SetDownloadBehaviorParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::target::{
    CreateBrowserContextParams, CreateTargetParams, DisposeBrowserContextParams,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::context::tabs::Tabs;
use crate::egress::request_filter::RequestFilter;
use crate::egress::{Egress, Proxy, Resolver};
use crate::files::RunFiles;
use crate::isolated_world::Document;
use crate::navigation::tracker::NavigationTracker;
use crate::process::browser::Browser;
use crate::process::panics::or_on_panic;
use crate::process::renderers::LastKill;
use agent::ports::BrowserError;
use cdp::{CdpError, Connection, Event};

/// The viewport, CSS pixels. A window of this size alone would leave 143 pixels less for the page.
pub(crate) const VIEWPORT: (i64, i64) = (1280, 900);

/// How long disposing of a context may take. It takes milliseconds.
const DISPOSED_WITHIN: Duration = Duration::from_secs(5);

/// A context and everything in it. Disposing of it is explicit; a context whose connection drops is disposed of by the
/// browser (`disposeOnDetach`).
pub(crate) struct Context {
    id: String,
    browser: Arc<Browser>,
    shared: Arc<ContextState>,
    changed: watch::Receiver<u64>,
}

/// What the dispatch writes and the rest reads.
struct ContextState {
    /// The context's.
    id: String,
    connection: Connection,
    tabs: Mutex<Tabs>,
    changes: watch::Sender<u64>,
    /// Nobody takes its events in any more.
    closed: CancellationToken,
    /// Ends the proxy, and with it every connection, and what waits to be let out.
    egress_stop: CancellationToken,
    egress: Arc<Egress>,
    request_filter: RequestFilter,
    files: RunFiles,
    download_wait: Duration,
    tasks: TaskTracker,
    /// The dispatch's queue, for the sessions of frames: they are announced by their parents' sessions.
    events: mpsc::Sender<Event>,
    /// Dialogs left to the model so far.
    dialogs: AtomicU64,
    dialog_timeout: Duration,
    max_tabs: usize,
    max_dialogs: u32,
    /// Of the browser: which pages were ended, and why.
    last_kill: Arc<LastKill>,
}

impl Context {
    /// A new context with one blank tab. Made to its end although nobody waits for it any more, since only then is it
    /// known what to dispose of.
    pub(crate) async fn open(browser: Arc<Browser>, resolver: Arc<dyn Resolver>) -> Result<Self, BrowserError> {
        let tasks = browser.tasks.clone();
        // An error to join is a panic in the making, which was told where it happened.
        tasks.spawn(Self::make(browser, resolver)).await.unwrap_or(Err(BrowserError::Lost))
    }

    async fn make(browser: Arc<Browser>, resolver: Arc<dyn Resolver>) -> Result<Self, BrowserError> {
        let root = browser.connection.root();
        let no_proxy = |error: std::io::Error| BrowserError::Protocol { cause: format!("no proxy for a run: {error}") };
        let proxy = Proxy::bind().await.map_err(no_proxy)?;
        let create = CreateBrowserContextParams::builder()
            .dispose_on_detach(true)
            .proxy_server(proxy.url().map_err(no_proxy)?)
            // Else Chromium would go to loopback by itself.
            .proxy_bypass_list("<-loopback>")
            .build();
        let created = root.call(create).await.map_err(browser_error)?;
        let id = created.browser_context_id.inner().clone();
        let files = match RunFiles::create(&browser.profile, browser.settings.files) {
            Ok(files) => files,
            Err(error) => {
                root.send(DisposeBrowserContextParams::new(created.browser_context_id));
                return Err(BrowserError::Protocol { cause: format!("no folder for a run's files: {error}") });
            }
        };
        let downloads = SetDownloadBehaviorParams::builder()
            // Under ids instead of names: two of the same name do not meet, and the name is ours to choose.
            .behavior(SetDownloadBehaviorBehavior::AllowAndName)
            .browser_context_id(created.browser_context_id)
            .download_path(files.incoming().to_string_lossy())
            .events_enabled(true)
            .build()
            .expect("the behaviour is set");
        let egress = Arc::new(Egress::new(resolver, browser.settings.network));
        let (changes, changed) = watch::channel(0);
        let (events, queue) = Connection::event_queue();
        let shared = Arc::new(ContextState {
            id: id.clone(),
            connection: browser.connection.clone(),
            tabs: Mutex::default(),
            changes,
            closed: CancellationToken::new(),
            egress_stop: CancellationToken::new(),
            request_filter: RequestFilter::new(egress.clone()),
            egress,
            files,
            download_wait: browser.settings.download_wait,
            tasks: browser.tasks.clone(),
            events: events.clone(),
            dialogs: AtomicU64::new(0),
            dialog_timeout: browser.settings.dialog_timeout,
            max_tabs: browser.settings.max_tabs,
            max_dialogs: browser.settings.max_dialogs,
            last_kill: browser.last_kill.clone(),
        });
        let unserved = shared.closed.clone();
        let serving = proxy.serve(shared.egress.clone(), shared.egress_stop.clone());
        browser.tasks.spawn(or_on_panic(serving, move || unserved.cancel()));
        browser.register(&id, events);
        browser.tasks.spawn(events::dispatch(queue, Arc::downgrade(&shared)));
        // From here on the drop of `context` disposes, whatever fails.
        let context = Self { id, browser: browser.clone(), shared, changed };
        root.send(downloads);
        context.open_tab().await?;
        Ok(context)
    }

    /// Opens a blank tab, makes it the active one and returns its id.
    pub(crate) async fn open_tab(&self) -> Result<u32, BrowserError> {
        let blank = CreateTargetParams::builder()
            .url("about:blank")
            .browser_context_id(BrowserContextId::new(self.id.clone()))
            .build()
            .expect("the URL is set");
        let target = self.browser.connection.root().call(blank).await.map_err(browser_error)?.target_id;
        let limit = self.browser.settings.command_timeout;
        let attached = self.wait_until(|tabs| tabs.by_target(target.inner()).map(|tab| tab.id));
        tokio::time::timeout(limit, attached).await.map_err(|_| BrowserError::Unresponsive { limit })?
    }

    /// Waits until the tabs are in some state. Fails when the browser is gone.
    pub(crate) async fn wait_until<T>(
        &self,
        mut reached: impl FnMut(&mut Tabs) -> Option<T>,
    ) -> Result<T, BrowserError> {
        let mut changed = self.changed.clone();
        loop {
            changed.borrow_and_update();
            if let Some(value) = reached(&mut self.tabs()) {
                return Ok(value);
            }
            tokio::select! {
                result = changed.changed() => result.map_err(|_| BrowserError::Lost)?,
                () = self.browser.connection.closed() => return Err(BrowserError::Lost),
                () = self.shared.closed.cancelled() => return Err(BrowserError::Lost),
            }
        }
    }

    /// Does something in the context for as long as its events are taken in.
    pub(crate) async fn while_alive<T, E: From<BrowserError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        tokio::select! {
            biased;
            () = self.shared.closed.cancelled() => Err(BrowserError::Lost.into()),
            done = work => done,
        }
    }

    /// The tabs, for a look. Never hold it over an await.
    pub(crate) fn tabs(&self) -> MutexGuard<'_, Tabs> {
        self.shared.tabs()
    }

    /// Tells where the run goes in a tab.
    pub(crate) fn update_tracker(&self, tab: u32, change: impl FnOnce(&mut NavigationTracker)) {
        if let Some(tab) = self.tabs().by_id(tab) {
            change(&mut tab.tracker);
        }
        self.shared.notify_changed();
    }

    /// The documents of the frames directly in a frame of any tab.
    pub(crate) fn frames_of(&self, parent: &Document) -> Vec<Document> {
        let mut tabs = self.tabs();
        let tab = parent.session.id().and_then(|session| tabs.of_session(session));
        tab.map(|tab| tab.frames.of(&parent.frame)).unwrap_or_default()
    }

    pub(crate) fn egress(&self) -> &Egress {
        &self.shared.egress
    }

    pub(crate) fn files(&self) -> &RunFiles {
        &self.shared.files
    }

    pub(crate) fn browser(&self) -> &Arc<Browser> {
        &self.browser
    }

    /// Closes every tab with its storage, waits until the browser says so, and removes the run's files. Done to its end
    /// although nobody waits for it any more, since a context that stays has to be known of.
    pub(crate) async fn dispose(&self) {
        // First of all: what pages send when they are left does not leave any more.
        self.shared.egress_stop.cancel();
        if !self.browser.unregister(&self.id) {
            return;
        }
        let (browser, shared) = (self.browser.clone(), self.shared.clone());
        let disposing = self.browser.tasks.spawn(async move {
            browser.dispose_of(&shared.id).await;
            // Only now does nobody write to it any more.
            shared.files.remove().await;
        });
        // An error to join is a panic, which was told where it happened.
        let _joined = disposing.await;
    }
}

impl Browser {
    /// Removes a context. A browser that does not takes no new runs, or the context would hold its pages for as long as it
    /// lives.
    async fn dispose_of(&self, context: &str) {
        let dispose = DisposeBrowserContextParams::new(BrowserContextId::new(context));
        let limit = DISPOSED_WITHIN.min(self.settings.command_timeout);
        match self.connection.root().call_within(dispose, limit).await {
            Ok(_) | Err(CdpError::Closed) => {}
            Err(error) => {
                tracing::warn!(%error, "browser context not disposed of, giving the browser up");
                self.retire();
            }
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.shared.egress_stop.cancel();
        if self.browser.unregister(&self.id) && !self.browser.connection.is_closed() {
            let dispose = DisposeBrowserContextParams::new(BrowserContextId::new(self.id.clone()));
            self.browser.connection.root().send(dispose);
        }
    }
}

impl ContextState {
    fn tabs(&self) -> MutexGuard<'_, Tabs> {
        self.tabs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn notify_changed(&self) {
        self.changes.send_modify(|version| *version += 1);
    }
}

impl Drop for ContextState {
    fn drop(&mut self) {
        // Nobody tells of the frames of a page that is gone: their routes would stay, and the dispatch with them.
        self.connection.unroute(&self.events);
    }
}
