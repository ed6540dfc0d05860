//! Launches and stops a browser process.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::browser::GetVersionParams;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::process::executable::{self, Executables};
use crate::process::panics::lock;
use crate::process::sandbox::Sandbox;
use crate::process::{profile, warden};
use crate::settings::BrowserSettings;
use agent::ports::BrowserError;
use cdp::{Connection, EventReceiver};

/// Stderr lines kept to explain a failed start.
const KEPT_LINES: usize = 20;
/// In bytes.
const KEPT_LINE_LENGTH: usize = 500;
/// Limit for a warden's cleanup. It takes milliseconds, or longer on a slow disk.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// The first Chromium with `Page.frameStartedNavigating`, the latest addition that we depend on. With an older one
/// every step would time out.
const MIN_VERSION: u32 = 136;

/// Features with unwanted effects.
const DISABLED_FEATURES: &str = concat!(
    // The omnibox popups start a 47 MB renderer per window, so per context; without them a context takes half the time
    // and memory.
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,",
    // A new main frame for every document crashes the renderer while focus is emulated: with Chromium 156 in nine of
    // ten first navigations.
    "RenderDocument,",
    // Services that contact their own servers.
    "Translate,MediaRouter,DialMediaRouteProvider,OptimizationHints,AutofillServerCommunication,",
    "InterestFeedContentSuggestions,",
    // Connects to a search engine.
    "PreconnectToSearch"
);

/// Environment variables passed to the warden and browser. All others, such as API keys, are withheld: a page that
/// takes over a browser process can read its environment.
const INHERITED: [&str; 8] =
    ["PATH", "LD_LIBRARY_PATH", "LANG", "LANGUAGE", "TZ", "XAUTHORITY", "XDG_DATA_DIRS", "CHROME_DEVEL_SANDBOX"];
/// Further ones by prefix.
const INHERITED_FAMILIES: [&str; 2] = ["LC_", "FONTCONFIG_"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Display {
    Headless,
    /// An existing X display, `:0`.
    Existing(String),
    /// A private Xvfb.
    Own,
}

/// What starting a browser needs.
#[derive(Clone)]
pub(crate) struct Launcher {
    pub(crate) settings: Arc<BrowserSettings>,
    pub(crate) executables: Executables,
    /// Tasks that end with their browser.
    pub(crate) tasks: TaskTracker,
    /// Starts and ends of browsers; when all are done, no process and no profile is left.
    pub(crate) processes: TaskTracker,
    /// Ends every browser, including starting ones.
    pub(crate) stop: CancellationToken,
    pub(crate) sandbox: Sandbox,
}

impl Launcher {
    fn executable(&self, display: &Display) -> Option<&Path> {
        match display {
            Display::Headless => Some(&self.executables.headless),
            Display::Existing(_) | Display::Own => self.executables.headful.as_deref(),
        }
    }
}

pub(crate) struct Launched {
    pub(crate) connection: Connection,
    /// Events of the root session.
    pub(crate) events: EventReceiver,
    /// `Chrome/156.0.8078.79`.
    pub(crate) version: String,
    /// The main process.
    pub(crate) browser_pid: u32,
    pub(crate) process: BrowserProcess,
}

/// The warden and its browser. Closing the connection ends both.
pub(crate) struct BrowserProcess {
    warden: Child,
    warden_pid: Option<u32>,
    /// None until the warden has reported it.
    pub(crate) browser_pid: Option<u32>,
    pub(crate) profile: PathBuf,
}

/// Launches a browser and waits until it responds. A failed launch is cleaned up before this returns, so it must run to
/// completion.
pub(crate) async fn launch(launcher: &Launcher, display: &Display) -> Result<Launched, BrowserError> {
    let not_started = |cause: String| BrowserError::NotStarted { cause };
    let profile = profile::create(&launcher.settings.profile_root).map_err(|error| not_started(error.to_string()))?;
    let (child, socket) = match spawn(launcher, display, &profile) {
        Ok(spawned) => spawned,
        Err(error) => {
            remove(&profile).await;
            return Err(not_started(format!("{} cannot be started: {error}", launcher.settings.warden.display())));
        }
    };
    let mut process = BrowserProcess { warden_pid: child.id(), warden: child, browser_pid: None, profile };
    let stderr = Tail::follow(process.warden.stderr.take().expect("stderr is piped"), &launcher.tasks);
    let (connection, events) = Connection::open(socket, launcher.settings.command_timeout, &launcher.tasks);
    let limit = launcher.settings.launch_timeout;
    let answered = tokio::select! {
        answered = tokio::time::timeout(limit, handshake(&mut process, &connection, limit)) => {
            answered.unwrap_or_else(|_| Err(format!("no answer within {} s", limit.as_secs_f32())))
        }
        () = launcher.stop.cancelled() => Err("the service is stopping".into()),
    };
    match answered {
        Ok((browser_pid, version)) => Ok(Launched { connection, events, version, browser_pid, process }),
        Err(cause) => {
            connection.close();
            process.stop().await;
            Err(not_started(format!("{cause}; {}", stderr.into_text().await)))
        }
    }
}

fn spawn(launcher: &Launcher, display: &Display, profile: &Path) -> io::Result<(Child, UnixStream)> {
    let settings = &launcher.settings;
    let executable = launcher.executable(display).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let socket = UnixStream::from_std(ours)?;
    let warden = Command::new(&settings.warden)
        .arg(warden::ARGUMENT)
        .arg(profile)
        .arg(match display {
            Display::Headless => warden::NO_DISPLAY,
            Display::Existing(name) => name,
            Display::Own => warden::OWN_DISPLAY,
        })
        .arg(executable)
        .args(arguments(launcher, display, executable, profile))
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_inherited)))
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    Ok((warden, socket))
}

fn is_inherited(variable: &str) -> bool {
    INHERITED.contains(&variable) || INHERITED_FAMILIES.iter().any(|family| variable.starts_with(family))
}

/// Waits for the warden's process id line and the browser's version.
async fn handshake(
    process: &mut BrowserProcess,
    connection: &Connection,
    limit: Duration,
) -> Result<(u32, String), String> {
    let mut stdout = BufReader::new(process.warden.stdout.take().expect("stdout is piped"));
    let mut line = String::new();
    stdout.read_line(&mut line).await.map_err(|error| error.to_string())?;
    let browser_pid = line.trim().parse().map_err(|_| String::from("the browser's process id is missing"))?;
    process.browser_pid = Some(browser_pid);
    let version = connection.root().call_within(GetVersionParams::default(), limit).await;
    let product = version.map_err(|error| error.to_string())?.product;
    match major_version(&product) {
        Some(MIN_VERSION..) => Ok((browser_pid, product)),
        Some(_) => Err(format!("{product} is too old, Chromium {MIN_VERSION} or later is needed")),
        None => Err(format!("the browser tells no version but {:?}", product.chars().take(100).collect::<String>())),
    }
}

/// 156 for `Chrome/156.0.8078.79`.
fn major_version(product: &str) -> Option<u32> {
    let (_, version) = product.split_once('/')?;
    version.split('.').next()?.parse().ok()
}

impl BrowserProcess {
    /// Resolves when the browser, its processes and its profile are gone, after the connection has closed or the
    /// browser has ended. Cancel safe.
    pub(crate) async fn ended(&mut self) {
        if let Err(error) = self.warden.wait().await {
            tracing::warn!(%error, "cannot wait for the warden");
        }
        self.finish().await;
    }

    /// Waits for [`BrowserProcess::ended`] and kills the warden on timeout. The connection must be closed.
    pub(crate) async fn stop(&mut self) {
        if tokio::time::timeout(STOP_TIMEOUT, self.ended()).await.is_err() {
            tracing::warn!(pid = self.browser_pid, "the warden did not stop in time, killing it");
            // It may end at this moment.
            let _ = self.warden.kill().await;
            self.finish().await;
        }
    }

    /// Cleans up for a warden that was killed.
    async fn finish(&self) {
        if !self.profile.exists() {
            return;
        }
        tracing::warn!(pid = self.browser_pid, "the warden left its browser behind, cleaning up");
        // The warden's group contains an X server.
        for group in [self.browser_pid, self.warden_pid] {
            if let Some(group) = group.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
                // The group may be empty already.
                let _ = kill_process_group(group, Signal::KILL);
            }
        }
        let profile = self.profile.clone();
        // What it does not end makes the removal fail, which is logged.
        let _ = tokio::task::spawn_blocking(move || profile::kill_processes_in(&profile)).await;
        remove(&self.profile).await;
    }
}

async fn remove(profile: &Path) {
    if let Err(error) = profile::remove(profile).await {
        tracing::warn!(%error, profile = %profile.display(), "profile folder not removed");
    }
}

fn arguments(launcher: &Launcher, display: &Display, executable: &Path, profile: &Path) -> Vec<String> {
    let mut arguments: Vec<String> = [
        "--remote-debugging-pipe",
        // The headless shell would render other sites' frames in the page's process.
        "--site-per-process",
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
        "--disable-search-engine-choice-screen",
        "--disable-sync",
        // Otherwise a failed URL is reloaded a second later, during another action.
        "--disable-auto-reload",
        // All tabs are observed, not only the one in front.
        "--disable-backgrounding-occluded-windows",
        "--disable-renderer-backgrounding",
        "--disable-background-timer-throttling",
        "--force-color-profile=srgb",
        "--metrics-recording-only",
        "--mute-audio",
        "--password-store=basic",
        "--window-size=1280,900",
        "--hide-scrollbars",
        // All traffic uses the context's proxy over TCP: no QUIC, and no WebRTC datagrams, which would also reveal
        // addresses to pages.
        "--disable-quic",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
        // The same for the headless shell.
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        // The proxies resolve names; the browser itself resolves nothing but their address.
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        // Traffic without a context fails.
        "--proxy-server=socks5://none.invalid:1",
        // Otherwise Chromium connects to its search engine when a context is created. Nobody has this address.
        "--google-base-url=http://240.0.0.1/",
    ]
    .map(String::from)
    .into();
    arguments.push(format!("--disable-features={DISABLED_FEATURES}"));
    arguments.push(format!("--user-data-dir={}", profile.display()));
    if *display == Display::Headless && !executable::is_headless_shell(executable) {
        arguments.push("--headless=new".into());
    }
    if !launcher.sandbox.is_on() {
        arguments.push("--no-sandbox".into());
    }
    if shared_memory_is_small() {
        arguments.push("--disable-dev-shm-usage".into());
    }
    // Contexts open their own tabs.
    arguments.push("--no-startup-window".into());
    arguments
}

/// Whether /dev/shm is too small for renderers, which crash when it is full. Containers default to 64 MiB.
fn shared_memory_is_small() -> bool {
    const ENOUGH: u64 = 512 << 20;
    rustix::fs::statvfs("/dev/shm").map_or(true, |shm| shm.f_bavail.saturating_mul(shm.f_frsize) < ENOUGH)
}

/// Limit for reading the remaining stderr of an ended process.
const STDERR_DRAIN: Duration = Duration::from_secs(1);

/// The last stderr lines of a process.
struct Tail {
    lines: Arc<Mutex<VecDeque<String>>>,
    reader: JoinHandle<()>,
}

impl Tail {
    fn follow(mut stderr: impl AsyncRead + Send + Unpin + 'static, tasks: &TaskTracker) -> Self {
        let lines = Arc::default();
        let kept = Arc::clone(&lines);
        let reader = tasks.spawn(async move {
            let mut chunk = [0; 4096];
            let mut line = Vec::new();
            while let Ok(read @ 1..) = stderr.read(&mut chunk).await {
                for byte in &chunk[..read] {
                    match byte {
                        b'\n' => keep(&kept, std::mem::take(&mut line)),
                        // Lines may be endless.
                        _ if line.len() >= KEPT_LINE_LENGTH => {}
                        byte => line.push(*byte),
                    }
                }
            }
            keep(&kept, line);
        });
        Self { lines, reader }
    }

    /// The lines of an ended process; the last ones may still be in the pipe.
    async fn into_text(self) -> String {
        // A surviving child may keep the pipe open.
        let _read = tokio::time::timeout(STDERR_DRAIN, self.reader).await;
        lock(&self.lines).make_contiguous().join(" | ")
    }
}

fn keep(lines: &Mutex<VecDeque<String>>, line: Vec<u8>) {
    if line.is_empty() {
        return;
    }
    let line = String::from_utf8_lossy(&line).into_owned();
    tracing::debug!(line, "chromium");
    let mut lines = lock(lines);
    if lines.len() == KEPT_LINES {
        lines.pop_front();
    }
    lines.push_back(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_parsed() {
        assert_eq!(major_version("Chrome/156.0.8078.79"), Some(156));
        assert_eq!(major_version("HeadlessChrome/99.0.1.2"), Some(99));
        for none in ["", "Chrome", "Chrome/", "Chrome/x.1", "Chrome/-1.0", "156.0"] {
            assert_eq!(major_version(none), None, "{none}");
        }
    }
}
