//! The browser pool: one warm process shared by runs, replaced when it ends, ages or grows, and a private one for each
//! run with a window.

mod shared_browser;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use self::shared_browser::{keep_running, restart_on_panic};
use crate::context::Context;
use crate::egress::Resolver;
use crate::page::BrowserPage;
use crate::process::browser::{Browser, Lease};
use crate::process::executable::{self, Executables};
use crate::process::launch::{Display, Launcher};
use crate::process::panics::lock;
use crate::process::sandbox::Sandbox;
use crate::process::{profile, renderers};
use crate::settings::BrowserSettings;
use crate::trace::RunTrace;
use agent::ports::{BrowserError, Browsers, HeadfulUnavailable, Page, PageSpec, TraceHandle};
use url_policy::{DomainRules, Refusal, UrlPolicy};

const STOPPING: &str = "the service is stopping";

/// The browsers of the service. [`Pool::close`] ends them all.
pub struct Pool {
    launcher: Launcher,
    /// Every browser that was started and may still run, retired ones included.
    browsers: Mutex<Vec<Weak<Browser>>>,
    policy: UrlPolicy,
    resolver: Arc<dyn Resolver>,
    shared: tokio::sync::watch::Sender<SharedBrowser>,
    /// A context for the next run: opening one takes some 100 ms.
    spare: Mutex<Option<Context>>,
    spare_taken: Notify,
    /// A run needs the shared browser.
    wanted: Notify,
}

/// State of the shared browser.
#[derive(Clone)]
enum SharedBrowser {
    /// Starting; with the last start's error, if it failed.
    Starting { failed: Option<String> },
    /// It may have ended or been retired; then the next one is about to start.
    Running(Arc<Browser>),
    /// The last start failed; the next is delayed.
    Failed { cause: String },
}

impl SharedBrowser {
    fn not_started_error(&self) -> BrowserError {
        let cause = match self {
            Self::Failed { cause } | Self::Starting { failed: Some(cause) } => cause.clone(),
            Self::Starting { failed: None } | Self::Running(_) => "it is still being started".into(),
        };
        BrowserError::NotStarted { cause }
    }
}

/// Why the pool cannot start.
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
    /// Removes abandoned profiles and starts the shared browser in the background.
    ///
    /// # Errors
    /// When there is no Chromium or no folder for profiles.
    pub fn start(
        settings: BrowserSettings,
        policy: UrlPolicy,
        resolver: Arc<dyn Resolver>,
        tasks: TaskTracker,
    ) -> Result<Arc<Self>, PoolError> {
        let configured = settings.executable.as_deref();
        let executables = Executables::find(configured).ok_or_else(|| match configured {
            Some(path) => PoolError::NotAFile(path.to_owned()),
            None => PoolError::NoExecutable,
        })?;
        let swept = profile::sweep(&settings.profile_root)
            .map_err(|source| PoolError::ProfileRoot { path: settings.profile_root.clone(), source })?;
        if swept > 0 {
            tracing::warn!(folders = swept, "removed profile folders that an earlier process left behind");
        }
        let sandbox = Sandbox::choose(settings.sandbox, &executables.headless);
        match sandbox.is_on() {
            true => tracing::info!(reason = %sandbox, "Chromium runs in its own sandbox"),
            false => tracing::warn!(reason = %sandbox, "Chromium runs without its own sandbox"),
        }
        let launcher = Launcher {
            settings: Arc::new(settings),
            executables,
            tasks,
            processes: TaskTracker::new(),
            stop: CancellationToken::new(),
            sandbox,
        };
        let pool = Arc::new(Self {
            launcher: launcher.clone(),
            browsers: Mutex::default(),
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

    /// Ends every browser, including private and starting ones, and waits until they are cleaned up. Remaining runs see
    /// a lost browser.
    pub async fn close(&self) {
        self.launcher.stop.cancel();
        drop(self.take_spare());
        self.shared.send_replace(SharedBrowser::Failed { cause: STOPPING.into() });
        self.launcher.processes.close();
        self.launcher.processes.wait().await;
    }

    /// Memory (PSS) of the shared browser's processes in bytes.
    pub async fn memory(&self) -> Option<u64> {
        let SharedBrowser::Running(browser) = self.shared.borrow().clone() else { return None };
        tokio::task::spawn_blocking(move || browser.memory()).await.ok()?
    }

    /// Whether and why browsers use Chromium's sandbox.
    pub fn sandbox(&self) -> &Sandbox {
        &self.launcher.sandbox
    }

    /// The shared browser's version, `Chrome/156.0.8078.79`; none while it starts.
    pub fn version(&self) -> Option<String> {
        match &*self.shared.borrow() {
            SharedBrowser::Running(browser) => Some(browser.version.clone()),
            SharedBrowser::Starting { .. } | SharedBrowser::Failed { .. } => None,
        }
    }

    /// Kills the renderer that uses most memory and returns its size in bytes; none if all are small. The run is told
    /// why.
    pub async fn kill_largest_page(&self) -> Option<u64> {
        let running: Vec<Arc<Browser>> = lock(&self.browsers).iter().filter_map(Weak::upgrade).collect();
        let running = running.iter().filter(|browser| !browser.connection.is_closed());
        let renderers: Vec<_> = running.map(|browser| browser.renderers.clone()).collect();
        tokio::task::spawn_blocking(move || renderers::kill_largest(&renderers)).await.ok()?
    }

    /// A lease of the shared browser; waits for one that is starting. After a failed start it fails at once, as the
    /// next start most likely fails too.
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
                    // Unreachable: the pool owns the sender.
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            biased;
            () = self.launcher.stop.cancelled() => Err(BrowserError::Lost),
            lease = tokio::time::timeout(limit, lease) => lease.unwrap_or_else(|_| Err(self.shared.borrow().not_started_error())),
        }
    }

    async fn start_browser(&self, display: Display) -> Result<Arc<Browser>, BrowserError> {
        let browser = Browser::start(&self.launcher, display).await?;
        let mut browsers = lock(&self.browsers);
        browsers.retain(|browser| browser.strong_count() > 0);
        browsers.push(Arc::downgrade(&browser));
        Ok(browser)
    }

    fn take_spare(&self) -> Option<Context> {
        lock(&self.spare).take()
    }

    /// The spare context, or a new one.
    async fn shared_context(&self) -> Result<Context, BrowserError> {
        let spare = self.take_spare();
        // Also if there was none: opening it may have failed.
        self.spare_taken.notify_one();
        if let Some(spare) = spare.filter(|spare| !spare.browser().connection.is_closed()) {
            return Ok(spare);
        }
        Context::open(self.lease().await?, self.resolver.clone()).await
    }

    /// Opens the spare context. If that fails, the next run's attempt reports the error.
    ///
    /// # Errors
    /// Why the browser should be replaced.
    async fn fill_spare(&self, browser: &Arc<Browser>) -> Result<(), &'static str> {
        if lock(&self.spare).is_some() {
            return Ok(());
        }
        let lease = browser.lease().ok_or("it was given up")?;
        match Context::open(lease, self.resolver.clone()).await {
            Ok(context) => *lock(&self.spare) = Some(context),
            // Its runs may continue, but it starts no processes, as with a stopped zygote.
            Err(BrowserError::Unresponsive { .. }) => return Err("it makes no context"),
            Err(error) => tracing::debug!(%error, "no spare context"),
        }
        Ok(())
    }

    fn display(&self) -> Result<Display, HeadfulUnavailable> {
        if self.launcher.executables.headful.is_none() {
            return Err(HeadfulUnavailable { reason: "only a headless shell of Chromium is installed".into() });
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
        let context = if spec.headless {
            self.shared_context().await?
        } else {
            let display = self.display().map_err(|error| BrowserError::NotStarted { cause: error.to_string() })?;
            let browser = self.start_browser(display).await?;
            let lease = browser.lease().ok_or(BrowserError::Lost)?;
            // Private: it ends with this run.
            browser.retire();
            Context::open(lease, self.resolver.clone()).await?
        };
        if let Some(trace) = spec.trace.clone() {
            context.trace(trace);
        }
        if let Err(error) = prepare_storage(&context, &spec).await {
            context.dispose().await;
            return Err(error);
        }
        context.egress().open(self.policy.narrowed(&spec.domains));
        context.set_http_credentials(spec.secrets.clone());
        if let Err(error) = context.files().add_sent(&spec.files).await {
            context.dispose().await;
            return Err(BrowserError::Protocol { cause: format!("the caller's files cannot be written: {error}") });
        }
        Ok(BrowserPage::new(context, spec))
    }
}

/// Loads what the run brings of an earlier one, while its context reaches nothing.
async fn prepare_storage(context: &Context, spec: &PageSpec) -> Result<(), BrowserError> {
    if spec.saves_storage {
        context.remember_origins();
    }
    match &spec.storage {
        Some(state) => context.load_storage(state).await,
        None => Ok(()),
    }
}

#[async_trait]
impl Browsers for Pool {
    async fn open(&self, spec: PageSpec) -> Result<Arc<dyn Page>, BrowserError> {
        Ok(Arc::new(self.open_page(spec).await?))
    }

    fn trace(&self) -> Option<TraceHandle> {
        Some(TraceHandle(Arc::new(RunTrace::default())))
    }

    fn supports(&self, headless: bool) -> Result<(), HeadfulUnavailable> {
        if headless { Ok(()) } else { self.display().map(drop) }
    }

    fn permits(&self, url: &Url, domains: &DomainRules) -> Result<(), Refusal> {
        self.policy.narrowed(domains).check_lists(url)
    }

    fn ready(&self) -> Result<(), BrowserError> {
        // Borrowed once: a second borrow of the same thread waits for a writer that waits for the first.
        match &*self.shared.borrow() {
            SharedBrowser::Running(browser) if !browser.connection.is_closed() => Ok(()),
            shared => Err(shared.not_started_error()),
        }
    }
}
