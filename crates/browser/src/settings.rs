//! What a deployment says about its browsers.

use std::path::PathBuf;
use std::time::Duration;

/// Built by `config` from the environment.
#[derive(Debug, Clone)]
pub struct BrowserSettings {
    /// The Chromium to use; none to look for it on the system.
    pub executable: Option<PathBuf>,
    /// The program that starts a browser and outlives us to clean up after it: this service's own executable.
    pub warden: PathBuf,
    /// Where profile folders are made. Swept at start.
    pub profile_root: PathBuf,
    pub sandbox: SandboxMode,
    /// Whether the shared browser is started before a run wants it.
    pub start_ahead: bool,
    /// From starting the process to its first answer.
    pub launch_timeout: Duration,
    /// For any one DevTools command.
    pub command_timeout: Duration,
    /// From asking for a URL to its document's first byte.
    pub navigation_timeout: Duration,
    /// How long a dialog that asks for a decision waits for it before it is dismissed.
    pub dialog_timeout: Duration,
    /// A page that cannot be read within this is reported as unreadable.
    pub observe_timeout: Duration,
    pub settle: SettleSettings,
    /// A shared browser older than this takes no new run.
    pub max_age: Duration,
    /// A shared browser that uses more memory than this (sum of its processes' PSS, bytes) takes no new run.
    pub max_memory: u64,
    /// What one page may take of the machine.
    pub renderers: RendererLimits,
    /// Tabs that a run may have open; what a page opens beyond is closed at once.
    pub max_tabs: usize,
    /// Dialogs that a page may open between two actions; the tab of one that opens more is closed.
    pub max_dialogs: u32,
    /// Bytes of one screenshot, encoded in its format.
    pub max_screenshot_bytes: usize,
    /// What a run may download and save.
    pub files: FileLimits,
    /// What a run may take of the network.
    pub network: NetworkLimits,
    /// How long an action waits for a download that it has started.
    pub download_wait: Duration,
    /// Tokens of text a page view may have.
    pub view_token_budget: usize,
    /// Whether pictures show the elements' boxes and indices.
    pub screenshot_marks: bool,
}

/// Chromium's own sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxMode {
    /// On where the host allows it.
    Auto,
    On,
    Off,
}

/// Bounds of a process that renders pages: those of one run, never of two. Beyond them it is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RendererLimits {
    /// Bytes that no file stands behind.
    pub memory: u64,
    /// Processor time of all its threads within any minute.
    pub cpu: Duration,
}

/// Bounds of the files that a run makes. What its caller sends along is bounded by the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLimits {
    /// Files of a run.
    pub count: usize,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of a run's files together.
    pub run_bytes: u64,
}

/// Bounds of what a run takes of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkLimits {
    /// Connections at a time.
    pub connections: usize,
    /// Bytes sent and received together.
    pub bytes: u64,
    /// Redirects of one request.
    pub redirects: usize,
}

/// How long to wait for what an action started.
#[derive(Debug, Clone)]
pub struct SettleSettings {
    /// When nothing moves.
    pub idle: Duration,
    /// When the action stays on its site.
    pub same_site: Duration,
    /// When it opens another one.
    pub new_site: Duration,
}
