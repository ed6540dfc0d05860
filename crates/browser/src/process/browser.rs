//! A browser process shared by runs.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chromiumoxide_cdp::cdp::browser_protocol::browser::GetVersionParams;
use chromiumoxide_cdp::cdp::browser_protocol::storage::GetCookiesParams;
use chromiumoxide_cdp::cdp::browser_protocol::target::CloseTargetParams;
use chromiumoxide_cdp::cdp::js_protocol::runtime::RunIfWaitingForDebuggerParams;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::browser_error;
use crate::process::launch::{self, BrowserProcess, Display, Launcher};
use crate::process::panics::{lock, or_on_panic};
use crate::process::renderers::{self, CpuUsage, LastKill, Renderers};
use crate::process::{procfs, targets};
use crate::settings::BrowserSettings;
use agent::ports::BrowserError;
use cdp::events::{AttachedToTarget, TargetInfo};
use cdp::{CdpError, Connection, Event, EventReceiver, KnownEvent};

/// A browser process and its contexts. Lives until its connection closes.
pub(crate) struct Browser {
    pub(crate) connection: Connection,
    pub(crate) settings: Arc<BrowserSettings>,
    pub(crate) tasks: TaskTracker,
    pub(crate) version: String,
    /// The profile folder, which is removed with the browser.
    pub(crate) profile: PathBuf,
    pub(crate) renderers: Arc<Renderers>,
    started: Instant,
    contexts: Mutex<HashMap<String, mpsc::Sender<Event>>>,
    /// Contexts that were opened so far.
    opened: AtomicU32,
    /// Of the processes that serve all runs.
    shared_processes: Mutex<CpuUsage>,
    leases: Mutex<Leases>,
    /// Cancelled when the processes and the profile are gone.
    exited: CancellationToken,
}

/// A run's claim on a browser. A retired browser ends with its last lease.
pub(crate) struct Lease(pub(crate) Arc<Browser>);

#[derive(Default)]
struct Leases {
    held: usize,
    retired: bool,
}

impl Browser {
    /// Starts a browser. Runs to completion even if the caller is dropped; then the browser ends too.
    pub(crate) async fn start(launcher: &Launcher, display: Display) -> Result<Arc<Self>, BrowserError> {
        let launcher = launcher.clone();
        let tracker = launcher.processes.clone();
        // A join error is a panic, which has been logged.
        tracker.spawn(Self::start_at(launcher, display)).await.unwrap_or(Err(BrowserError::Lost))
    }

    async fn start_at(launcher: Launcher, display: Display) -> Result<Arc<Self>, BrowserError> {
        let launched = launch::launch(&launcher, &display).await?;
        let limits = launcher.settings.renderers;
        let browser = Arc::new(Self {
            connection: launched.connection,
            settings: launcher.settings,
            tasks: launcher.tasks.clone(),
            version: launched.version,
            profile: launched.process.profile.clone(),
            renderers: Arc::new(Renderers { root: launched.browser_pid, limits, last_kill: LastKill::default() }),
            started: Instant::now(),
            contexts: Mutex::default(),
            opened: AtomicU32::new(0),
            shared_processes: Mutex::default(),
            leases: Mutex::default(),
            exited: CancellationToken::new(),
        });
        launcher.tasks.spawn(dispatch(launched.events, Arc::downgrade(&browser)));
        // Without these tasks nothing would enforce limits or notice a hang.
        let close = || {
            let connection = browser.connection.clone();
            move || connection.close()
        };
        launcher.tasks.spawn(or_on_panic(
            renderers::enforce_limits(browser.renderers.clone(), browser.connection.clone()),
            close(),
        ));
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
        tracing::info!(pid = browser.renderers.root, version = browser.version, "browser started");
        Ok(browser)
    }

    /// Routes a context's events to a queue.
    pub(crate) fn register(&self, context: &str, events: mpsc::Sender<Event>) {
        self.opened.fetch_add(1, Ordering::Relaxed);
        lock(&self.contexts).insert(context.to_owned(), events);
    }

    /// Removes the route; false if there was none.
    pub(crate) fn unregister(&self, context: &str) -> bool {
        lock(&self.contexts).remove(context).is_some()
    }

    /// Leases the browser, unless it is retired.
    pub(crate) fn lease(self: &Arc<Self>) -> Option<Lease> {
        let mut leases = lock(&self.leases);
        if leases.retired || self.connection.is_closed() {
            return None;
        }
        leases.held += 1;
        Some(Lease(self.clone()))
    }

    /// Accepts no further runs and closes after the last one.
    pub(crate) fn retire(&self) {
        let mut leases = lock(&self.leases);
        leases.retired = true;
        if leases.held == 0 {
            self.connection.close();
        }
    }

    /// Whether it is retired and unused.
    pub(crate) fn is_drained(&self) -> bool {
        let leases = lock(&self.leases);
        leases.retired && leases.held == 0
    }

    /// How often to check memory and responsiveness, which have no events.
    pub(crate) fn check_interval(&self) -> Duration {
        const AT_LEAST: Duration = Duration::from_secs(15);
        AT_LEAST.min(self.settings.max_age / 4)
    }

    /// Why the browser should be retired, if it should.
    pub(crate) fn retirement_reason(&self) -> Option<&'static str> {
        if lock(&self.leases).retired {
            return Some("it was given up");
        }
        if self.started.elapsed() > self.settings.max_age {
            return Some("age");
        }
        if self.opened.load(Ordering::Relaxed) >= self.settings.max_contexts {
            return Some("contexts");
        }
        let mut processes = lock(&self.shared_processes);
        processes.list(procfs::others_of(self.renderers.root), tokio::time::Instant::now());
        if processes.most() > self.settings.max_process_cpu {
            return Some("processor time");
        }
        // Unknown counts as fine: the process may just have ended.
        (self.memory().unwrap_or(0) > self.settings.max_memory).then_some("memory")
    }

    /// Memory (PSS) of all its processes in bytes; none if it has ended.
    pub(crate) fn memory(&self) -> Option<u64> {
        procfs::tree_memory(self.renderers.root)
    }

    /// Ends the browser and waits until it is cleaned up.
    pub(crate) async fn close(&self) {
        self.connection.close();
        self.exited.cancelled().await;
    }

    /// Forwards an event of the root session to its context.
    fn forward(&self, event: &Event) {
        let contexts = lock(&self.contexts);
        let context_of = |target: &TargetInfo| contexts.get(target.browser_context_id.as_ref()?);
        let recipients: Vec<_> = match event.parse() {
            Some(KnownEvent::AttachedToTarget(attached)) => {
                let context = context_of(&attached.target_info);
                match context {
                    Some(events) => self.connection.route(&attached.session_id, events.clone()),
                    None => self.reject_target(attached),
                }
                context.into_iter().collect()
            }
            Some(KnownEvent::TargetInfoChanged(changed)) => context_of(&changed.target_info).into_iter().collect(),
            // These events name no context; contexts ignore unknown sessions, frames and downloads.
            Some(
                KnownEvent::DetachedFromTarget(_) | KnownEvent::DownloadWillBegin(_) | KnownEvent::DownloadProgress(_),
            ) => contexts.values().collect(),
            _ => return,
        };
        for events in recipients {
            // The context's session events detect a full queue.
            let _ = events.try_send(event.clone());
        }
    }

    /// Closes a target whose context is unknown or being disposed of.
    fn reject_target(&self, attached: AttachedToTarget) {
        self.connection.session(&attached.session_id).send(RunIfWaitingForDebuggerParams::default());
        if attached.target_info.kind == "page" {
            self.connection.root().send(CloseTargetParams::new(attached.target_info.target_id));
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The reaping task holds the connection, so nothing else would close it.
        self.connection.close();
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut leases = lock(&self.0.leases);
        leases.held -= 1;
        if leases.retired && leases.held == 0 {
            self.0.connection.close();
        }
    }
}

async fn dispatch(mut events: EventReceiver, browser: std::sync::Weak<Browser>) {
    while let Some(event) = events.recv().await {
        let Some(browser) = browser.upgrade() else { return };
        browser.forward(&event);
    }
}

/// Closes the connection of an unresponsive browser: its runs fail at once instead of timing out one by one.
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

/// Checks the browser and its network service, without which no page loads.
async fn ping(connection: &Connection) -> Result<(), CdpError> {
    let root = connection.root();
    let (browser, network) = (root.call(GetVersionParams::default()), root.call(GetCookiesParams::default()));
    browser.await?;
    network.await?;
    Ok(())
}

/// Cleans up when the browser ends, intended or not.
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
