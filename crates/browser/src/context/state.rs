//! State shared between a context and its event loop.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::http_logins::HttpLogins;
use super::storage::StorageAccess;
use super::tabs::Tabs;
use crate::egress::Egress;
use crate::files::RunFiles;
use crate::process::browser::Browser;
use crate::process::panics::lock;
use agent::ports::TraceHandle;
use cdp::Event;

/// State shared with the event loop.
pub(super) struct ContextState {
    /// The context's id.
    pub(super) id: String,
    pub(super) browser: Arc<Browser>,
    pub(super) tabs: Mutex<Tabs>,
    pub(super) changes: watch::Sender<u64>,
    /// The event loop has ended.
    pub(super) closed: CancellationToken,
    /// Stops the proxy with its connections, and requests waiting for a decision.
    pub(super) egress_stop: CancellationToken,
    pub(super) egress: Arc<Egress>,
    pub(super) files: RunFiles,
    pub(super) http_logins: Mutex<HttpLogins>,
    pub(super) storage: Mutex<StorageAccess>,
    /// The event queue, for sessions of frames, which their parents' sessions announce.
    pub(super) events: mpsc::Sender<Event>,
    /// Set before the run's first page opens, if it is traced.
    pub(super) trace: OnceLock<TraceHandle>,
    /// Number of dialogs left to the model so far.
    pub(super) dialogs: AtomicU64,
}

impl ContextState {
    pub(super) fn tabs(&self) -> MutexGuard<'_, Tabs> {
        lock(&self.tabs)
    }

    pub(super) fn notify_changed(&self) {
        self.changes.send_modify(|version| *version += 1);
    }
}

impl Drop for ContextState {
    fn drop(&mut self) {
        // No event removes the routes of a closed page's frames, which would keep the event loop alive.
        self.browser.connection.unroute(&self.events);
    }
}
