//! One browser process: its command line, its start, its end.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::browser::{GetVersionParams, GetVersionReturns};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::UnixStream;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::cdp::{Connection, EventReceiver};
use super::settings::{BrowserSettings, SandboxMode};
use super::{find, profile, warden};
use crate::agent::ports::BrowserError;

/// Lines of the browser's stderr kept to explain a failed start.
const KEPT_LINES: usize = 20;
/// Longest stderr line kept, in bytes.
const KEPT_LINE_LENGTH: usize = 500;
/// How long a warden may take to clean up after its socket is closed. It works in milliseconds; a folder on a slow disk
/// takes longer.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Features that harm here.
const DISABLED_FEATURES: &str = concat!(
    // The omnibox popups start a renderer of 47 MB for every window, so for every context: without them a context
    // takes half the time and memory.
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,",
    // A new main frame for every document crashes the renderer when focus is emulated: with Chromium 156 in nine of
    // ten first navigations.
    "RenderDocument,",
    // Services that talk to servers of their own.
    "Translate,MediaRouter,DialMediaRouteProvider,OptimizationHints,AutofillServerCommunication,",
    "InterestFeedContentSuggestions"
);

/// Where a browser's windows go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Display {
    Headless,
    /// An X display that exists, `:0`.
    Existing(String),
    /// An Xvfb of its own.
    Own,
}

/// A running browser.
pub(crate) struct Launched {
    pub(crate) connection: Connection,
    /// Events of the browser's own session.
    pub(crate) events: EventReceiver,
    /// Product and version, `Chrome/156.0.8078.79`.
    pub(crate) version: String,
    pub(crate) process: Process,
}

/// The warden and through it the browser. Dropping the connection ends both; [`Process::ended`] says when nothing is left.
pub(crate) struct Process {
    warden: tokio::process::Child,
    /// The browser's main process, for reading its memory.
    pub(crate) browser_pid: u32,
    profile: PathBuf,
}

/// Starts a browser and waits until it answers. A start that fails or is stopped leaves nothing when this returns.
pub(crate) async fn launch(
    settings: &BrowserSettings,
    executable: &Path,
    display: &Display,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<Launched, BrowserError> {
    let not_started = |cause: String| BrowserError::NotStarted { cause };
    let profile = profile::create(&settings.profile_root).map_err(|error| not_started(error.to_string()))?;
    match start(settings, executable, display, &profile, tasks, stop).await {
        Ok(launched) => Ok(launched),
        Err(cause) => {
            // The warden removes the folder; this covers a warden that never came to it.
            if let Err(error) = profile::remove(&profile).await {
                tracing::warn!(%error, profile = %profile.display(), "profile folder not removed");
            }
            Err(not_started(cause))
        }
    }
}

async fn start(
    settings: &BrowserSettings,
    executable: &Path,
    display: &Display,
    profile: &Path,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<Launched, String> {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().map_err(|error| error.to_string())?;
    ours.set_nonblocking(true).map_err(|error| error.to_string())?;
    let socket = UnixStream::from_std(ours).map_err(|error| error.to_string())?;
    let mut child = Command::new(&settings.warden)
        .arg(warden::ARGUMENT)
        .arg(profile)
        .arg(match display {
            Display::Headless => warden::NO_DISPLAY,
            Display::Existing(name) => name,
            Display::Own => warden::OWN_DISPLAY,
        })
        .arg(executable)
        .args(arguments(settings, executable, display, profile))
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{} cannot be started: {error}", settings.warden.display()))?;
    let stderr = Tail::follow(child.stderr.take().expect("stderr is piped"), tasks);
    let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
    let mut pid = String::new();
    let (connection, events) = Connection::open(socket, settings.command_timeout, tasks);
    let answer = async {
        stdout.read_line(&mut pid).await.map_err(|error| error.to_string())?;
        let browser_pid = pid.trim().parse().map_err(|_| String::from("the browser's process id is missing"))?;
        let version: GetVersionReturns = connection
            .root()
            .call_within(GetVersionParams::default(), settings.launch_timeout)
            .await
            .map_err(|error| error.to_string())?;
        Ok::<_, String>((browser_pid, version.product))
    };
    let limit = settings.launch_timeout;
    let answer = tokio::select! {
        answer = tokio::time::timeout(limit, answer) => {
            answer.unwrap_or_else(|_| Err(format!("no answer within {} s", limit.as_secs_f32())))
        }
        () = stop.cancelled() => Err("it was stopped while it started".into()),
    };
    match answer {
        Ok((browser_pid, version)) => {
            let process = Process { warden: child, browser_pid, profile: profile.to_owned() };
            Ok(Launched { connection, events, version, process })
        }
        Err(cause) => {
            connection.close();
            // Its last words arrive before its end; without an end there are none worth waiting for.
            let _ = tokio::time::timeout(STOP_TIMEOUT, child.wait()).await;
            Err(format!("{cause}; {}", stderr.text()))
        }
    }
}

impl Process {
    /// Resolves when the browser, all its processes and its profile folder are gone. Returns only after the connection
    /// was closed or the browser ended; cancel safe.
    pub(crate) async fn ended(&mut self) {
        if let Err(error) = self.warden.wait().await {
            tracing::warn!(%error, "the warden cannot be waited for");
        }
        self.finish().await;
    }

    /// [`Process::ended`] within a limit, after the connection was closed; then by force.
    pub(crate) async fn stop(&mut self) {
        if tokio::time::timeout(STOP_TIMEOUT, self.ended()).await.is_err() {
            tracing::warn!(pid = self.browser_pid, "the warden does not end, killing it");
            // It may end in this moment.
            let _ = self.warden.kill().await;
            self.finish().await;
        }
    }

    /// What a warden does at its end, for one that was killed itself.
    async fn finish(&self) {
        if !self.profile.exists() {
            return;
        }
        tracing::warn!(pid = self.browser_pid, "the warden left its browser behind, cleaning up");
        if let Some(group) = i32::try_from(self.browser_pid).ok().and_then(rustix::process::Pid::from_raw) {
            // The group is empty when the browser followed its closed connection.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        if let Err(error) = profile::remove(&self.profile).await {
            tracing::warn!(%error, profile = %self.profile.display(), "profile folder not removed");
        }
    }
}

fn arguments(settings: &BrowserSettings, executable: &Path, display: &Display, profile: &Path) -> Vec<String> {
    let mut arguments: Vec<String> = [
        "--remote-debugging-pipe",
        "--no-first-run",
        "--no-default-browser-check",
        "--no-pings",
        "--no-service-autorun",
        "--disable-background-networking",
        "--disable-breakpad",
        "--disable-component-update",
        "--disable-component-extensions-with-background-pages",
        "--disable-default-apps",
        "--disable-domain-reliability",
        "--disable-client-side-phishing-detection",
        "--disable-extensions",
        "--disable-field-trial-config",
        "--disable-hang-monitor",
        "--disable-quic",
        "--disable-search-engine-choice-screen",
        "--disable-sync",
        // A run's tabs are all looked at, whichever is in front.
        "--disable-backgrounding-occluded-windows",
        "--disable-renderer-backgrounding",
        "--disable-background-timer-throttling",
        "--force-color-profile=srgb",
        "--metrics-recording-only",
        "--mute-audio",
        "--password-store=basic",
        "--window-size=1280,900",
        "--hide-scrollbars",
    ]
    .map(String::from)
    .into();
    arguments.push(format!("--disable-features={DISABLED_FEATURES}"));
    arguments.push(format!("--user-data-dir={}", profile.display()));
    if *display == Display::Headless && !find::is_headless_shell(executable) {
        arguments.push("--headless=new".into());
    }
    if !sandboxed(settings.sandbox) {
        arguments.push("--no-sandbox".into());
    }
    if shared_memory_is_small() {
        arguments.push("--disable-dev-shm-usage".into());
    }
    // Without a tab of its own: the contexts bring theirs.
    arguments.push("--no-startup-window".into());
    arguments
}

/// Whether Chromium's own sandbox is to be used. Chromium refuses to start with it as root, and without a way to make a
/// user namespace it has nothing to build it from.
pub(crate) fn sandboxed(mode: SandboxMode) -> bool {
    match mode {
        SandboxMode::On => true,
        SandboxMode::Off => false,
        SandboxMode::Auto => {
            !rustix::process::geteuid().is_root()
                && std::process::Command::new("unshare")
                    .args(["--user", "true"])
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .status()
                    .is_ok_and(|status| status.success())
        }
    }
}

/// Whether /dev/shm is too small for the renderers, as a container's default of 64 MiB is. They crash when it is full.
fn shared_memory_is_small() -> bool {
    const ENOUGH: u64 = 512 << 20;
    rustix::fs::statvfs("/dev/shm").map_or(true, |shm| shm.f_bavail.saturating_mul(shm.f_frsize) < ENOUGH)
}

/// The last lines a process wrote to its stderr.
#[derive(Clone, Default)]
struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    fn follow(stderr: impl AsyncRead + Send + Unpin + 'static, tasks: &TaskTracker) -> Self {
        let tail = Self::default();
        let kept = tail.clone();
        tasks.spawn(async move {
            let mut lines = BufReader::new(stderr).split(b'\n');
            while let Ok(Some(line)) = lines.next_segment().await {
                let line = String::from_utf8_lossy(&line[..line.len().min(KEPT_LINE_LENGTH)]).into_owned();
                tracing::debug!(line, "chromium");
                let mut kept = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == KEPT_LINES {
                    kept.pop_front();
                }
                kept.push_back(line);
            }
        });
        tail
    }

    fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(String::as_str).collect::<Vec<_>>().join(" | ")
    }
}
