//! The browser context of a run.

mod allowed_documents;
mod events;
pub(crate) mod frames;
mod http_logins;
mod prompts;
mod session_setup;
mod state;
mod storage;
mod tab_events;
pub(crate) mod tabs;

pub(crate) use session_setup::VIEWPORT;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::browser::{SetDownloadBehaviorBehavior, SetDownloadBehaviorParams};
use chromiumoxide_cdp::cdp::browser_protocol::target::{
    CreateBrowserContextParams, CreateTargetParams, DisposeBrowserContextParams,
};
use chromiumoxide_cdp::cdp::js_protocol::runtime::EvaluateParams;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::context::http_logins::HttpLogins;
use crate::context::state::ContextState;
use crate::context::tabs::Tabs;
use crate::egress::{Egress, Proxy, Resolver};
use crate::error::browser_error;
use crate::files::RunFiles;
use crate::isolated_world::Document;
use crate::navigation::tracker::NavigationTracker;
use crate::process::browser::{Browser, Lease};
use crate::process::panics::{lock, or_on_panic};
use crate::trace;
use agent::ports::{BrowserError, TraceHandle};
use agent::secrets::Secrets;
use cdp::{CdpError, Connection};

/// Limit for disposing of a context. It takes milliseconds.
const DISPOSED_WITHIN: Duration = Duration::from_secs(5);

/// A browser context with its tabs. Chromium disposes of it when the connection drops (`disposeOnDetach`).
pub(crate) struct Context {
    shared: Arc<ContextState>,
    changed: watch::Receiver<u64>,
    /// Released once the context is disposed of: until then the browser may hold its cookies.
    lease: Mutex<Option<Lease>>,
}

impl Context {
    /// Opens a context with one blank tab. Runs to completion even if the caller is dropped, since only then is the
    /// context's id known for disposal.
    pub(crate) async fn open(lease: Lease, resolver: Arc<dyn Resolver>) -> Result<Self, BrowserError> {
        let tasks = lease.0.tasks.clone();
        // A join error is a panic, which has been logged.
        tasks.spawn(Self::make(lease, resolver)).await.unwrap_or(Err(BrowserError::Lost))
    }

    async fn make(lease: Lease, resolver: Arc<dyn Resolver>) -> Result<Self, BrowserError> {
        let browser = lease.0.clone();
        let root = browser.connection.root();
        let no_proxy = |error: std::io::Error| BrowserError::Protocol { cause: format!("no proxy for a run: {error}") };
        let proxy = Proxy::bind().await.map_err(no_proxy)?;
        let create = CreateBrowserContextParams::builder()
            .dispose_on_detach(true)
            .proxy_server(proxy.url().map_err(no_proxy)?)
            // Otherwise Chromium bypasses the proxy for loopback.
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
            // Named by GUID: names cannot collide, and we choose them.
            .behavior(SetDownloadBehaviorBehavior::AllowAndName)
            .browser_context_id(created.browser_context_id)
            .download_path(files.incoming().to_string_lossy())
            .events_enabled(true)
            .build()
            .expect("the behaviour is set");
        let (changes, changed) = watch::channel(0);
        let (events, queue) = Connection::event_queue();
        let shared = Arc::new(ContextState {
            id: id.clone(),
            browser: browser.clone(),
            tabs: Mutex::default(),
            changes,
            closed: CancellationToken::new(),
            egress_stop: CancellationToken::new(),
            egress: Arc::new(Egress::new(resolver, browser.settings.network)),
            files,
            http_logins: Mutex::default(),
            storage: Mutex::default(),
            events: events.clone(),
            trace: OnceLock::new(),
            dialogs: AtomicU64::new(0),
        });
        let unserved = shared.closed.clone();
        let serving = proxy.serve(shared.egress.clone(), shared.egress_stop.clone());
        browser.tasks.spawn(or_on_panic(serving, move || unserved.cancel()));
        browser.register(&id, events);
        browser.tasks.spawn(events::dispatch(queue, Arc::downgrade(&shared)));
        // From here on, dropping `context` disposes of it.
        let context = Self { shared, changed, lease: Mutex::new(Some(lease)) };
        root.send(downloads);
        context.open_tab().await?;
        Ok(context)
    }

    /// Opens a blank tab, activates it and returns its id.
    pub(crate) async fn open_tab(&self) -> Result<u32, BrowserError> {
        let blank = CreateTargetParams::builder()
            .url("about:blank")
            .browser_context_id(self.shared.id.clone())
            .build()
            .expect("the URL is set");
        let target = self.browser().connection.root().call(blank).await.map_err(browser_error)?.target_id;
        let limit = self.browser().settings.command_timeout;
        let attached =
            self.wait_within(limit, |tabs| tabs.by_target(target.inner()).map(|tab| (tab.id, tab.session.clone())));
        let (id, session) = attached.await?.ok_or(BrowserError::Unresponsive { limit })?;
        // The renderer answers. Until it does, the headless shell reports no commit of the tab's first document.
        session.call(EvaluateParams::new("0")).await.map_err(browser_error)?;
        Ok(id)
    }

    /// Waits until the tabs reach a state. Fails when the browser is gone.
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
                () = self.browser().connection.closed() => return Err(BrowserError::Lost),
                () = self.shared.closed.cancelled() => return Err(BrowserError::Lost),
            }
        }
    }

    /// Like [`wait_until`](Self::wait_until); none if the limit passes before.
    pub(crate) async fn wait_within<T>(
        &self,
        limit: Duration,
        reached: impl FnMut(&mut Tabs) -> Option<T>,
    ) -> Result<Option<T>, BrowserError> {
        tokio::time::timeout(limit, self.wait_until(reached)).await.ok().transpose()
    }

    /// Runs `work` until the event loop ends.
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

    /// Do not hold it across an await.
    pub(crate) fn tabs(&self) -> MutexGuard<'_, Tabs> {
        self.shared.tabs()
    }

    /// Updates the navigation tracker of a tab.
    pub(crate) fn update_tracker(&self, tab: u32, change: impl FnOnce(&mut NavigationTracker)) {
        if let Some(tab) = self.tabs().by_id(tab) {
            change(&mut tab.tracker);
        }
        self.shared.notify_changed();
    }

    /// The documents of a frame's direct children, in any tab.
    pub(crate) fn frames_of(&self, parent: &Document) -> Vec<Document> {
        let mut tabs = self.tabs();
        let tab = parent.session.id().and_then(|session| tabs.of_session(session));
        tab.map(|tab| tab.frames.of(&parent.frame)).unwrap_or_default()
    }

    pub(crate) fn egress(&self) -> &Egress {
        &self.shared.egress
    }

    /// Sets the credentials that servers get which ask for them by HTTP.
    pub(crate) fn set_http_credentials(&self, secrets: Secrets) {
        *lock(&self.shared.http_logins) = HttpLogins::new(secrets);
    }

    /// Has the context tell the trace of its consoles and requests from now on.
    pub(crate) fn trace(&self, trace: TraceHandle) {
        if self.shared.trace.set(trace).is_ok() {
            self.tabs().all().for_each(|tab| trace::set_up(&tab.session));
        }
    }

    pub(crate) fn files(&self) -> &RunFiles {
        &self.shared.files
    }

    pub(crate) fn browser(&self) -> &Arc<Browser> {
        &self.shared.browser
    }

    /// Closes all tabs, waits for Chromium to confirm, removes the run's files and releases the browser. Runs to
    /// completion even if the caller is dropped.
    pub(crate) async fn dispose(&self) {
        // First, so that `unload` handlers cannot send anything.
        self.shared.egress_stop.cancel();
        if !self.browser().unregister(&self.shared.id) {
            return;
        }
        let lease = lock(&self.lease).take();
        let shared = self.shared.clone();
        let disposing = self.browser().tasks.spawn(async move {
            shared.browser.dispose_of(&shared.id).await;
            // Chromium no longer writes to it.
            shared.files.remove().await;
            drop(lease);
            if shared.browser.is_drained() {
                // A private or replaced browser whose last run this was.
                shared.browser.close().await;
            }
        });
        // A join error is a panic, which has been logged.
        let _joined = disposing.await;
    }
}

impl Browser {
    /// Disposes of a context. A browser that fails to is retired, since the context's pages would live as long as it
    /// does.
    async fn dispose_of(&self, context: &str) {
        let dispose = DisposeBrowserContextParams::new(context.to_owned());
        let limit = DISPOSED_WITHIN.min(self.settings.command_timeout);
        match self.connection.root().call_within(dispose, limit).await {
            Ok(_) | Err(CdpError::Closed) => {}
            Err(error) => {
                tracing::warn!(%error, "the browser context was not disposed of, retiring the browser");
                self.retire();
            }
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.shared.egress_stop.cancel();
        let browser = self.browser();
        if browser.unregister(&self.shared.id) && !browser.connection.is_closed() {
            browser.connection.root().send(DisposeBrowserContextParams::new(self.shared.id.clone()));
        }
    }
}
