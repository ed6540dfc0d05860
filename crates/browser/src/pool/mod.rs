//! The deployment's browsers: one warm process that the runs share, replaced when it dies, ages or grows, and one of its
//! own for a run that wants a window.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::FutureExt as _;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::context::Context;
use crate::egress::{Resolver, SystemResolver};
use crate::page::BrowserPage;
use crate::process::browser::{Browser, Launcher, Lease, RunningBrowsers};
use crate::process::executable;
use crate::process::launch::Display;
use crate::process::profile;
use crate::process::renderers;
use crate::process::sandbox::Sandbox;
use crate::settings::BrowserSettings;
use agent::ports::{BrowserError, Browsers, HeadfulUnavailable, Page, PageSpec};
use url_policy::{DomainRules, Refusal, UrlPolicy};

/// Waits between failed starts, doubling; a broken installation must not become a busy loop.
const RESTART_BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));
/// What panics once may do so again.
const PANIC_BACKOFF: Duration = Duration::from_secs(1);
/// Why there is no browser any more.
const STOPPING: &str = "the service is stopping";
/// A browser that ends sooner counts as a failed start.
const SHORT_LIFE: Duration = Duration::from_secs(5);
/// What a caller waits for with the next start, when a browser ended soon: it may have been killed. A longer wait says that
/// one after the other ends so.
const MAX_WAITED_BACKOFF: Duration = Duration::from_secs(1);

/// The browsers of a deployment. [`Pool::close`] ends them all.
pub struct Pool {
    launcher: Launcher,
    policy: UrlPolicy,
    resolver: Arc<dyn Resolver>,
    /// The browser that new runs share.
    shared: tokio::sync::watch::Sender<SharedBrowser>,
    /// A context that waits for its run: making one takes some 100 ms, of which the run's caller should see nothing.
    spare: Mutex<Option<LeasedContext>>,
    spare_taken: Notify,
    /// A run asks for the shared browser.
    wanted: Notify,
}

/// What has become of keeping a browser warm.
#[derive(Clone)]
enum SharedBrowser {
    /// One is being started; with why the last start failed, if it did.
    Starting { failed: Option<String> },
    /// It may have ended or take no new runs; then the next one is on its way.
    Running(Arc<Browser>),
    /// The last start failed, and the next is some time away.
    Failed { cause: String },
}

/// A context with one blank tab, and the hold on its browser. Dropped in this order: a lease ends with its context.
struct LeasedContext {
    context: Context,
    lease: Lease,
}

/// Why a deployment's browsers cannot be set up at all.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    #[error("no Chromium found; install Debian's `chromium` or set BROWSER_EXECUTABLE")]
    NoExecutable,
    #[error("BROWSER_EXECUTABLE {0} is not a file")]
    NotAFile(PathBuf),
    #[error("the profile folders' parent {path} cannot be used")]
    ProfileRoot { path: PathBuf, source: std::io::Error },
}

impl Pool {
    /// Sweeps what earlier processes left behind and starts the shared browser in the background.
    ///
    /// # Errors
    /// When there is no Chromium to start or no place for profile folders.
    pub fn start(settings: BrowserSettings, policy: UrlPolicy, tasks: TaskTracker) -> Result<Arc<Self>, PoolError> {
        Self::start_with_resolver(settings, policy, Arc::new(SystemResolver), tasks)
    }

    /// As [`start`](Self::start), with somebody else than the system to ask for the addresses of names.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with_resolver(
        settings: BrowserSettings,
        policy: UrlPolicy,
        resolver: Arc<dyn Resolver>,
        tasks: TaskTracker,
    ) -> Result<Arc<Self>, PoolError> {
        let configured = settings.executable.as_deref();
        let executable = executable::executable(configured).ok_or_else(|| match configured {
            Some(path) => PoolError::NotAFile(path.to_owned()),
            None => PoolError::NoExecutable,
        })?;
        let swept = profile::sweep(&settings.profile_root)
            .map_err(|source| PoolError::ProfileRoot { path: settings.profile_root.clone(), source })?;
        if swept > 0 {
            tracing::warn!(folders = swept, "removed profile folders that an earlier process left behind");
        }
        let sandbox = Sandbox::choose(settings.sandbox, &executable);
        match sandbox.is_on() {
            true => tracing::info!(reason = %sandbox, "Chromium runs in its own sandbox"),
            false => tracing::warn!(reason = %sandbox, "Chromium runs without its own sandbox"),
        }
        let launcher = Launcher {
            settings: Arc::new(settings),
            executable,
            tasks,
            processes: TaskTracker::new(),
            stop: CancellationToken::new(),
            sandbox,
            running: RunningBrowsers::default(),
        };
        let pool = Arc::new(Self {
            launcher: launcher.clone(),
            policy,
            resolver,
            shared: tokio::sync::watch::Sender::new(SharedBrowser::Starting { failed: None }),
            spare: Mutex::new(None),
            spare_taken: Notify::new(),
            wanted: Notify::new(),
        });
        let keeping = pool.clone();
        let stop = launcher.stop.clone();
        launcher.processes.spawn(async move { restart_on_panic(|| keep_running(keeping.clone()), &stop).await });
        Ok(pool)
    }

    /// Ends every browser, also those that are being started or have a run of their own, and waits until nothing of them
    /// is left. Runs that still hold one see it as lost.
    pub async fn close(&self) {
        self.launcher.stop.cancel();
        drop(self.take_spare());
        self.shared.send_replace(SharedBrowser::Failed { cause: STOPPING.into() });
        self.launcher.processes.close();
        self.launcher.processes.wait().await;
    }

    /// The memory of the shared browser's processes in bytes (PSS), if there is one.
    pub async fn memory(&self) -> Option<u64> {
        let SharedBrowser::Running(browser) = self.shared.borrow().clone() else { return None };
        tokio::task::spawn_blocking(move || browser.memory()).await.ok()?
    }

    /// Whether its browsers run in Chromium's own sandbox, and why.
    pub fn sandbox(&self) -> &Sandbox {
        &self.launcher.sandbox
    }

    /// Product and version of the shared browser, `Chrome/156.0.8078.79`; none while it is being started.
    pub fn version(&self) -> Option<String> {
        match &*self.shared.borrow() {
            SharedBrowser::Running(browser) => Some(browser.version.clone()),
            SharedBrowser::Starting { .. } | SharedBrowser::Failed { .. } => None,
        }
    }

    /// Ends the page that uses most memory, whosever it is; its run hears why. How many bytes it used; none when none is
    /// large enough to be worth a run.
    pub async fn kill_largest_page(&self) -> Option<u64> {
        let browsers = self.launcher.running.list();
        tokio::task::spawn_blocking(move || renderers::kill_largest(&browsers)).await.ok()?
    }

    /// A hold on the shared browser, waiting for one that is being started. Where the last start failed nobody waits for
    /// the next: it would most likely fail as well.
    async fn lease(&self) -> Result<Lease, BrowserError> {
        self.wanted.notify_one();
        let mut shared = self.shared.subscribe();
        let limit = self.launcher.settings.launch_timeout;
        let lease = async {
            loop {
                let now = shared.borrow_and_update().clone();
                match now {
                    SharedBrowser::Running(browser) => {
                        if let Some(lease) = browser.lease() {
                            return Ok(lease);
                        }
                    }
                    SharedBrowser::Failed { cause } => return Err(BrowserError::NotStarted { cause }),
                    SharedBrowser::Starting { .. } => {}
                }
                if shared.changed().await.is_err() {
                    // The pool owns the sender; without it there is nobody to lease from.
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            biased;
            () = self.launcher.stop.cancelled() => Err(BrowserError::Lost),
            lease = tokio::time::timeout(limit, lease) => lease.unwrap_or_else(|_| Err(self.not_started_error())),
        }
    }

    fn take_spare(&self) -> Option<LeasedContext> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// A context in the shared browser: the spare one, or a new one when runs come faster than spares are made.
    async fn shared_context(&self) -> Result<LeasedContext, BrowserError> {
        let spare = self.take_spare();
        // Also when there was none: the last attempt to make one may have failed.
        self.spare_taken.notify_one();
        if let Some(spare) = spare.filter(|spare| !spare.lease.0.connection.is_closed()) {
            return Ok(spare);
        }
        let lease = self.lease().await?;
        Ok(LeasedContext { context: Context::open(lease.0.clone(), self.resolver.clone()).await?, lease })
    }

    /// Makes the spare context. When that fails, the next run's own attempt tells why.
    ///
    /// # Errors
    /// Why the browser is to be replaced.
    async fn fill_spare(&self, browser: &Arc<Browser>) -> Result<(), &'static str> {
        if self.spare.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Ok(());
        }
        let lease = browser.lease().ok_or("it was given up")?;
        match Context::open(browser.clone(), self.resolver.clone()).await {
            Ok(context) => {
                *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(LeasedContext { context, lease });
            }
            // Its runs may go on: it makes no processes any more, as when its zygote stands still.
            Err(BrowserError::Unresponsive { .. }) => return Err("it makes no context"),
            Err(error) => tracing::debug!(%error, "no spare context"),
        }
        Ok(())
    }

    fn not_started_error(&self) -> BrowserError {
        let cause = match &*self.shared.borrow() {
            SharedBrowser::Failed { cause } | SharedBrowser::Starting { failed: Some(cause) } => cause.clone(),
            SharedBrowser::Starting { failed: None } | SharedBrowser::Running(_) => "it is still being started".into(),
        };
        BrowserError::NotStarted { cause }
    }

    /// Where a run's window would go.
    fn display(&self) -> Result<Display, HeadfulUnavailable> {
        if executable::is_headless_shell(&self.launcher.executable) {
            return Err(HeadfulUnavailable { reason: "the installed Chromium is a headless shell".into() });
        }
        if let Some(display) = std::env::var("DISPLAY").ok().filter(|display| !display.is_empty()) {
            return Ok(Display::Existing(display));
        }
        match executable::on_path(Path::new("Xvfb")) {
            Some(_) => Ok(Display::Own),
            None => Err(HeadfulUnavailable { reason: "there is no display and Xvfb is not installed".into() }),
        }
    }
}

impl Pool {
    /// As [`Browsers::open`], with the page's own type.
    ///
    /// # Errors
    /// No browser can be started, or it was lost.
    pub async fn open_page(&self, spec: PageSpec) -> Result<BrowserPage, BrowserError> {
        let LeasedContext { context, lease } = if spec.headless {
            self.shared_context().await?
        } else {
            let display = self.display().map_err(|error| BrowserError::NotStarted { cause: error.to_string() })?;
            let browser = Browser::start(&self.launcher, display).await?;
            let lease = browser.lease().ok_or(BrowserError::Lost)?;
            // Nobody else's: it ends with this run.
            browser.retire();
            LeasedContext { context: Context::open(lease.0.clone(), self.resolver.clone()).await?, lease }
        };
        context.egress().open(self.policy.narrowed(&spec.domains));
        if let Err(error) = context.files().add_sent(&spec.files).await {
            context.dispose().await;
            return Err(BrowserError::Protocol { cause: format!("the caller's files cannot be written: {error}") });
        }
        Ok(BrowserPage::new(context, lease, spec))
    }
}

#[async_trait]
impl Browsers for Pool {
    async fn open(&self, spec: PageSpec) -> Result<Arc<dyn Page>, BrowserError> {
        Ok(Arc::new(self.open_page(spec).await?))
    }

    fn supports(&self, headless: bool) -> Result<(), HeadfulUnavailable> {
        if headless { Ok(()) } else { self.display().map(drop) }
    }

    fn permits(&self, url: &Url, domains: &DomainRules) -> Result<(), Refusal> {
        self.policy.narrowed(domains).check_lists(url)
    }

    fn ready(&self) -> Result<(), BrowserError> {
        match &*self.shared.borrow() {
            SharedBrowser::Running(browser) if !browser.connection.is_closed() => Ok(()),
            _ => Err(self.not_started_error()),
        }
    }
}

/// Does something until it comes to an end; a panic, which was told where it happened, is none. Without it no browser would
/// ever be started again, and the service would live on without one.
async fn restart_on_panic<F: Future<Output = ()>>(work: impl Fn() -> F, stop: &CancellationToken) {
    while AssertUnwindSafe(work()).catch_unwind().await.is_err() {
        tracing::error!("keeping a browser running begins anew");
        tokio::select! {
            () = tokio::time::sleep(PANIC_BACKOFF) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Keeps one browser running until the pool is closed.
async fn keep_running(pool: Arc<Pool>) {
    let stop = &pool.launcher.stop;
    if !pool.launcher.settings.start_ahead {
        tokio::select! {
            () = pool.wanted.notified() => {}
            () = stop.cancelled() => {}
        }
    }
    let mut backoff = RESTART_BACKOFF.0;
    while !stop.is_cancelled() {
        match Browser::start(&pool.launcher, Display::Headless).await {
            Ok(browser) => {
                pool.shared.send_replace(SharedBrowser::Running(browser.clone()));
                let started = Instant::now();
                let over = tokio::select! {
                    over = maintain_spare(&pool, &browser) => over,
                    () = stop.cancelled() => "the service is stopping",
                };
                tracing::info!(over, "the shared browser takes no more runs");
                browser.retire();
                // It may have been laid by after the pool was closed.
                drop(pool.take_spare());
                if started.elapsed() > SHORT_LIFE {
                    backoff = RESTART_BACKOFF.0;
                    continue;
                }
                let cause = format!("the last one was given up as soon as it had started: {over}");
                pool.shared.send_replace(match backoff > MAX_WAITED_BACKOFF {
                    true => SharedBrowser::Failed { cause },
                    false => SharedBrowser::Starting { failed: Some(cause) },
                });
            }
            Err(_) if stop.is_cancelled() => {}
            Err(error) => {
                let cause = match error {
                    BrowserError::NotStarted { cause } | BrowserError::Protocol { cause } => cause,
                    error => error.to_string(),
                };
                tracing::error!(cause, "no browser could be started");
                pool.shared.send_replace(SharedBrowser::Failed { cause });
            }
        }
        tokio::select! {
            () = tokio::time::sleep(backoff) => backoff = (backoff * 2).min(RESTART_BACKOFF.1),
            () = stop.cancelled() => {}
        }
        pool.shared.send_if_modified(|warm| match warm {
            SharedBrowser::Failed { cause } => {
                *warm = SharedBrowser::Starting { failed: Some(std::mem::take(cause)) };
                true
            }
            SharedBrowser::Starting { .. } | SharedBrowser::Running(_) => false,
        });
    }
    // Whoever comes now is told that there is none.
    pool.shared.send_replace(SharedBrowser::Failed { cause: STOPPING.into() });
}

/// Keeps a spare context in a browser until it is to be replaced; returns why.
async fn maintain_spare(pool: &Pool, browser: &Arc<Browser>) -> &'static str {
    let mut retirement_reason = pin!(retirement_reason(browser));
    loop {
        if let Err(reason) = pool.fill_spare(browser).await {
            return reason;
        }
        tokio::select! {
            biased;
            () = browser.connection.closed() => return "it ended",
            reason = &mut retirement_reason => return reason,
            () = pool.spare_taken.notified() => {}
        }
    }
}

/// Resolves with the reason once a browser should be replaced.
async fn retirement_reason(browser: &Arc<Browser>) -> &'static str {
    loop {
        // Not at once: one that is too large from the start would be replaced by another such, again and again.
        tokio::time::sleep(browser.check_interval()).await;
        let looked_at = browser.clone();
        // Reading a browser's memory takes milliseconds in the kernel.
        let look = tokio::task::spawn_blocking(move || looked_at.retirement_reason());
        if let Ok(Some(reason)) = look.await {
            return reason;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_panics_begins_anew_until_it_comes_to_an_end_or_the_service_stops() {
        let (times, stop) = (AtomicUsize::new(0), CancellationToken::new());
        let twice = || async { assert!(times.fetch_add(1, Ordering::Relaxed) == 2, "as scripted") };
        restart_on_panic(twice, &stop).await;
        assert_eq!(times.load(Ordering::Relaxed), 3);

        stop.cancel();
        restart_on_panic(|| async { panic!("as scripted") }, &stop).await;
    }
}
