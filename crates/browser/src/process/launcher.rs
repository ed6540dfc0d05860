//! What starting a browser needs.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::process::sandbox::Sandbox;
use crate::settings::BrowserSettings;

#[derive(Clone)]
pub(crate) struct Launcher {
    pub(crate) settings: Arc<BrowserSettings>,
    pub(crate) executable: PathBuf,
    /// Tasks that end with their browser.
    pub(crate) tasks: TaskTracker,
    /// Starts and ends of browsers; when all are done, no process and no profile is left.
    pub(crate) processes: TaskTracker,
    /// Ends every browser, including starting ones.
    pub(crate) stop: CancellationToken,
    pub(crate) sandbox: Sandbox,
}
