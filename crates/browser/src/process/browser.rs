//! A running browser that several runs share: who hears which events, how many runs it has, when it is given up.

use crate::error::browser_error;
use cdp::messages;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use chromiumoxide_cdp::cdp::browser_protocol::browser::{
    EventDownloadProgress, EventDownloadWillBegin, GetVersionParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::storage::GetCookiesParams;
use chromiumoxide_cdp::cdp::browser_protocol::target::{
    CloseTargetParams, EventAttachedToTarget, EventDetachedFromTarget, EventTargetInfoChanged, TargetId,
};
use chromiumoxide_cdp::cdp::js_protocol::runtime::RunIfWaitingForDebuggerParams;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::process::launch::{self, BrowserProcess, Display};
use crate::process::panics::or_on_panic;
use crate::process::procfs;
use crate::process::renderers;
use crate::process::renderers::LastKill;
use crate::process::sandbox::Sandbox;
use crate::process::targets;
use crate::settings::BrowserSettings;
use agent::ports::BrowserError;
use cdp::{CdpError, Connection, Event, EventReceiver};

/// What every browser of a deployment has in common: where it comes from and who sees to its end.
#[derive(Clone)]
pub(crate) struct Launcher {
    pub(crate) settings: Arc<BrowserSettings>,
    pub(crate) executable: PathBuf,
    /// For what needs no waiting for: it ends with its browser.
    pub(crate) tasks: TaskTracker,
    /// Starts and ends of browsers. Without one of them there is no process and no folder.
    pub(crate) processes: TaskTracker,
    /// Ends every browser, also one that is being started.
    pub(crate) stop: CancellationToken,
    pub(crate) sandbox: Sandbox,
    /// Every browser that runs, those included that take no new runs.
    pub(crate) running: RunningBrowsers,
}

/// The browsers of a deployment that run.
#[derive(Clone, Default)]
pub(crate) struct RunningBrowsers(Arc<Mutex<Vec<Weak<Browser>>>>);

impl RunningBrowsers {
    fn add(&self, browser: &Arc<Browser>) {
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|browser| browser.strong_count() > 0);
        list.push(Arc::downgrade(browser));
    }

    pub(crate) fn list(&self) -> Vec<Arc<Browser>> {
        let list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.iter().filter_map(Weak::upgrade).filter(|browser| !browser.connection.is_closed()).collect()
    }
}

/// A browser process with its contexts. Lives until its connection closes; [`Browser::close`] closes it.
pub(crate) struct Browser {
    pub(crate) connection: Connection,
    pub(crate) settings: Arc<BrowserSettings>,
    pub(crate) tasks: TaskTracker,
    pub(crate) version: String,
    /// Where everything that must not outlive the browser is written.
    pub(crate) profile: PathBuf,
    pub(super) pid: u32,
    /// Which pages were ended, and why.
    pub(crate) last_kill: Arc<LastKill>,
    started: Instant,
    contexts: Mutex<HashMap<String, mpsc::Sender<Event>>>,
    leases: Mutex<Leases>,
    /// Cancelled when processes and folder are exited.
    exited: CancellationToken,
}

/// A run's hold on a browser. A retired browser ends with its last lease.
pub(crate) struct Lease(pub(crate) Arc<Browser>);

#[derive(Default)]
struct Leases {
    held: usize,
    /// No more are given.
    retired: bool,
}

impl Browser {
    /// Starts a browser. The start comes to its end although nobody waits for it any more; then so does the browser.
    pub(crate) async fn start(launcher: &Launcher, display: Display) -> Result<Arc<Self>, BrowserError> {
        let launcher = launcher.clone();
        let tracker = launcher.processes.clone();
        // An error to join is a panic in the start, which was told where it happened.
        tracker.spawn(Self::start_at(launcher, display)).await.unwrap_or(Err(BrowserError::Lost))
    }

    async fn start_at(launcher: Launcher, display: Display) -> Result<Arc<Self>, BrowserError> {
        let launched = launch::launch(&launcher, &display).await?;
        let browser = Arc::new(Self {
            connection: launched.connection,
            settings: launcher.settings,
            tasks: launcher.tasks.clone(),
            version: launched.version,
            profile: launched.process.profile.clone(),
            pid: launched.browser_pid,
            last_kill: Arc::default(),
            started: Instant::now(),
            contexts: Mutex::default(),
            leases: Mutex::default(),
            exited: CancellationToken::new(),
        });
        launcher.running.add(&browser);
        launcher.tasks.spawn(dispatch(launched.events, Arc::downgrade(&browser)));
        // Without either of them it would run on with nobody to see to its limits, or to whether it answers.
        let close = || {
            let connection = browser.connection.clone();
            move || connection.close()
        };
        launcher.tasks.spawn(or_on_panic(renderers::enforce_limits(Arc::downgrade(&browser)), close()));
        let close_when_unresponsive = close_when_unresponsive(browser.connection.clone(), browser.check_interval());
        launcher.tasks.spawn(or_on_panic(close_when_unresponsive, close()));
        let reap = reap(launched.process, browser.connection.clone(), launcher.stop, browser.exited.clone());
        launcher.processes.spawn(reap);
        let root = browser.connection.root();
        let discover = root.call(targets::discover_pages());
        let attach = root.call(targets::attach_to_pages());
        let prepared = async {
            discover.await?;
            attach.await
        };
        if let Err(error) = prepared.await {
            browser.close().await;
            return Err(browser_error(error));
        }
        tracing::info!(pid = browser.pid, version = browser.version, "browser started");
        Ok(browser)
    }

    /// Sends a context's events to a queue.
    pub(crate) fn register(&self, context: &str, events: mpsc::Sender<Event>) {
        self.contexts().insert(context.to_owned(), events);
    }

    /// Stops sending events; false when it was stopped before.
    pub(crate) fn unregister(&self, context: &str) -> bool {
        self.contexts().remove(context).is_some()
    }

    /// Takes a hold on the browser unless it takes no new runs.
    pub(crate) fn lease(self: &Arc<Self>) -> Option<Lease> {
        let mut leases = self.leases();
        if leases.retired || self.connection.is_closed() {
            return None;
        }
        leases.held += 1;
        Some(Lease(self.clone()))
    }

    /// Takes no new runs from now on, and closes when the last one is through.
    pub(crate) fn retire(&self) {
        let mut leases = self.leases();
        leases.retired = true;
        if leases.held == 0 {
            self.connection.close();
        }
    }

    /// Whether it takes no new runs and the last one is through.
    pub(crate) fn is_drained(&self) -> bool {
        let leases = self.leases();
        leases.retired && leases.held == 0
    }

    fn leases(&self) -> MutexGuard<'_, Leases> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often to look whether it is still of use: memory has no event, and neither has silence.
    pub(crate) fn check_interval(&self) -> Duration {
        const AT_LEAST: Duration = Duration::from_secs(15);
        AT_LEAST.min(self.settings.max_age / 4)
    }

    /// Why a browser that works should take no new runs, if it should not.
    pub(crate) fn retirement_reason(&self) -> Option<&'static str> {
        if self.leases().retired {
            return Some("it was given up");
        }
        if self.started.elapsed() > self.settings.max_age {
            return Some("age");
        }
        // Unknown counts as fine: /proc is always there on the systems this runs on, the process may just have ended.
        (self.memory().unwrap_or(0) > self.settings.max_memory).then_some("memory")
    }

    /// Memory of all its processes in bytes (PSS); None when it is exited.
    pub(crate) fn memory(&self) -> Option<u64> {
        procfs::tree_memory(self.pid)
    }

    /// Ends the browser with everything in it and waits until nothing is left of it.
    pub(crate) async fn close(&self) {
        self.connection.close();
        self.exited.cancelled().await;
    }

    fn contexts(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<Event>>> {
        self.contexts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives an event of the browser's own session to the context it is about.
    fn forward(&self, event: Event) {
        let (context, new_session) = match event.method.as_str() {
            EventAttachedToTarget::IDENTIFIER => {
                let Some(attached) = event.parse::<messages::AttachedToTarget>() else { return };
                (attached.target_info.browser_context_id.clone(), Some(attached))
            }
            EventTargetInfoChanged::IDENTIFIER => {
                let Some(changed) = event.parse::<messages::TargetInfoChanged>() else { return };
                (changed.target_info.browser_context_id, None)
            }
            EventDetachedFromTarget::IDENTIFIER
            | EventDownloadWillBegin::IDENTIFIER
            | EventDownloadProgress::IDENTIFIER => {
                // They name no context. The ones that never had the session, frame or download do not know it.
                for events in self.contexts().values() {
                    // A queue that is full or exited is found out by its own session's events.
                    let _ = events.try_send(event.clone());
                }
                return;
            }
            _ => return,
        };
        let contexts = self.contexts();
        let events = context.and_then(|id| contexts.get(&id));
        match (events, &new_session) {
            (Some(events), Some(attached)) => self.connection.route(&attached.session_id, events.clone()),
            (None, Some(attached)) => {
                // Of a context that is being disposed of, or of none: nobody will ever look at it.
                let session = self.connection.session(&attached.session_id);
                session.send(RunIfWaitingForDebuggerParams::default());
                if attached.target_info.kind == "page" {
                    let target = TargetId::new(attached.target_info.target_id.clone());
                    self.connection.root().send(CloseTargetParams::new(target));
                }
            }
            _ => {}
        }
        if let Some(events) = events
            && events.try_send(event).is_err()
        {
            tracing::debug!("a context's event queue is full or closed");
        }
    }
}

impl Drop for Browser {
    /// Nobody can use it any more, such as when its start was given up.
    fn drop(&mut self) {
        // The task that waits for its end holds the connection as well, so that nothing else would close it.
        self.connection.close();
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut leases = self.0.leases();
        leases.held -= 1;
        if leases.retired && leases.held == 0 {
            self.0.connection.close();
        }
    }
}

async fn dispatch(mut events: EventReceiver, browser: std::sync::Weak<Browser>) {
    while let Some(event) = events.recv().await {
        let Some(browser) = browser.upgrade() else { return };
        browser.forward(event);
    }
}

/// Closes the connection of a browser that gives no sign of life any more: its runs would wait for it one by one, and
/// without the connection they end at once.
async fn close_when_unresponsive(connection: Connection, asked_every: Duration) {
    loop {
        tokio::select! {
            () = connection.closed() => return,
            () = tokio::time::sleep(asked_every) => {}
        }
        if let Err(error) = ping(&connection).await
            && !connection.is_closed()
        {
            tracing::warn!(%error, "the browser does not answer, ending it");
            connection.close();
        }
    }
}

/// Of the browser and of its network service: without that one no page loads, and the browser waits for it as long as it
/// lives.
async fn ping(connection: &Connection) -> Result<(), CdpError> {
    let root = connection.root();
    let (browser, network) = (root.call(GetVersionParams::default()), root.call(GetCookiesParams::default()));
    browser.await?;
    network.await?;
    Ok(())
}

/// Waits for the browser's end, wanted or not, and cleans up.
async fn reap(mut process: BrowserProcess, connection: Connection, stop: CancellationToken, exited: CancellationToken) {
    let _gone = exited.drop_guard();
    let pid = process.browser_pid;
    tokio::select! {
        () = connection.closed() => process.stop().await,
        () = process.ended() => connection.close(),
        () = stop.cancelled() => {
            connection.close();
            process.stop().await;
        }
    }
    tracing::info!(pid, "browser ended");
}
