//! Browser settings.

use std::path::PathBuf;
use std::time::Duration;

/// Read by `config` from the environment.
#[derive(Debug, Clone)]
pub struct BrowserSettings {
    /// The Chromium to use; none to search for one.
    pub executable: Option<PathBuf>,
    /// The program to run as warden: this service's executable.
    pub warden: PathBuf,
    /// The parent of profile folders, swept at start.
    pub profile_root: PathBuf,
    pub sandbox: SandboxMode,
    /// Start the shared browser before the first run.
    pub start_ahead: bool,
    /// From the process start to the first response.
    pub launch_timeout: Duration,
    /// Timeout of a DevTools command.
    pub command_timeout: Duration,
    /// From the request of a URL to its document's first byte.
    pub navigation_timeout: Duration,
    /// How long a dialog may wait for an answer before it is dismissed.
    pub dialog_timeout: Duration,
    /// Timeout for reading a page.
    pub observe_timeout: Duration,
    pub settle: SettleSettings,
    /// A shared browser above this age is replaced.
    pub max_age: Duration,
    /// A shared browser above this memory (PSS of all its processes, bytes) is replaced.
    pub max_memory: u64,
    /// A shared browser that has opened so many contexts is replaced: each leaves about a megabyte behind.
    pub max_contexts: u32,
    /// A shared browser is replaced if one of the processes that serve all runs, such as the GPU process, takes more CPU
    /// time than this within a minute: a page that is gone may have left it busy.
    pub max_process_cpu: Duration,
    pub renderers: RendererLimits,
    /// Tabs of a run; further windows are closed at once.
    pub max_tabs: usize,
    /// Dialogs of a page between two actions; above that its tab is closed.
    pub max_dialogs: u32,
    /// Size limit of a screenshot in bytes, encoded.
    pub max_screenshot_bytes: usize,
    pub files: FileLimits,
    pub network: NetworkLimits,
    /// How long an action waits for downloads.
    pub download_wait: Duration,
    /// Token budget of a page view.
    pub view_token_budget: usize,
    /// Draw element boxes and indices on screenshots.
    pub screenshot_marks: bool,
}

/// Use of Chromium's own sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxMode {
    /// On where possible.
    Auto,
    On,
    Off,
}

/// Limits of a renderer, which belongs to one run. It is killed above them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RendererLimits {
    /// Anonymous and shared memory in bytes.
    pub memory: u64,
    /// CPU time of all threads within any minute.
    pub cpu: Duration,
}

/// Limits of files that a run creates. Request limits apply to files sent by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLimits {
    /// Number of files.
    pub count: usize,
    pub file_bytes: u64,
    /// Total bytes of a run's files.
    pub run_bytes: u64,
}

/// Network limits of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkLimits {
    /// Concurrent connections.
    pub connections: usize,
    /// Bytes sent and received.
    pub bytes: u64,
    /// Redirects per request.
    pub redirects: usize,
}

/// How long to wait for an action's effects.
#[derive(Debug, Clone)]
pub struct SettleSettings {
    /// Without any activity.
    pub idle: Duration,
    /// Within the same site.
    pub same_site: Duration,
    /// To another site.
    pub new_site: Duration,
}
