//! Browsers for the tests: a shared one, and separate ones to break.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use agent::image::ImageFormat;
use agent::ports::{Browsers, PageSpec};
use browser::settings::{BrowserSettings, FileLimits, NetworkLimits, RendererLimits, SandboxMode, SettleSettings};
use browser::{Pool, Resolver, SystemResolver};
use tempfile::TempDir;
use tokio_util::task::TaskTracker;
use url_policy::{HostPattern, UrlPolicy};

use super::{Site, Tab, eventually, processes};

/// The warden's executable.
pub(crate) const WARDEN: &str = env!("CARGO_BIN_EXE_browser-use-service");

/// The browser of all tests that do not break it.
pub(crate) struct Browser;

impl Browser {
    /// Never closed: its warden removes it when this process exits.
    pub(crate) fn shared() -> &'static Arc<Pool> {
        static SHARED: LazyLock<Arc<Pool>> = LazyLock::new(|| {
            Pool::start(settings(std::env::temp_dir()), policy(), Arc::new(SystemResolver), TaskTracker::new())
                .expect("there is a Chromium")
        });
        &SHARED
    }
}

/// A separate browser with its own profile root.
pub(crate) struct OwnBrowser {
    pub(crate) pool: Arc<Pool>,
    root: TempDir,
}

impl OwnBrowser {
    /// Starts one and waits until it is ready.
    pub(crate) async fn start(adjust: impl FnOnce(&mut BrowserSettings)) -> Self {
        let browser = Self::start_unready(adjust);
        browser.is_ready().await;
        browser
    }

    /// The same, with other private hosts allowed.
    pub(crate) async fn reaching(hosts: &str, adjust: impl FnOnce(&mut BrowserSettings)) -> Self {
        let browser = Self::under(reach(hosts), adjust);
        browser.is_ready().await;
        browser
    }

    pub(crate) fn start_unready(adjust: impl FnOnce(&mut BrowserSettings)) -> Self {
        Self::under(policy(), adjust)
    }

    /// The same, with another resolver.
    pub(crate) async fn resolving(
        hosts: &str,
        resolver: Arc<dyn Resolver>,
        adjust: impl FnOnce(&mut BrowserSettings),
    ) -> Self {
        let browser = Self::built(reach(hosts), resolver, adjust);
        browser.is_ready().await;
        browser
    }

    fn under(policy: UrlPolicy, adjust: impl FnOnce(&mut BrowserSettings)) -> Self {
        Self::built(policy, Arc::new(SystemResolver), adjust)
    }

    fn built(policy: UrlPolicy, resolver: Arc<dyn Resolver>, adjust: impl FnOnce(&mut BrowserSettings)) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut settings = settings(root.path().to_owned());
        adjust(&mut settings);
        Self { pool: Pool::start(settings, policy, resolver, TaskTracker::new()).unwrap(), root }
    }

    pub(crate) async fn is_ready(&self) {
        eventually("the browser is ready", Duration::from_secs(20), || self.pool.ready().is_ok()).await;
    }

    pub(crate) async fn open(&self) -> Tab {
        self.open_as(headless()).await
    }

    pub(crate) async fn open_as(&self, spec: PageSpec) -> Tab {
        Tab::new(self.pool.open(spec).await.unwrap())
    }

    /// Asserts that the next run works: it reads the heading of the site's first page.
    pub(crate) async fn serves(&self, site: &Site) {
        let next = self.open().await;
        next.go(&site.url("/")).await.unwrap();
        assert!(next.text().await.contains("Home"));
        next.close().await;
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Its main process.
    pub(crate) fn main_process(&self) -> u32 {
        processes::browser(self.root()).expect("the browser runs")
    }

    /// Its main process, if there is one.
    pub(crate) fn main_process_or_none(&self) -> Option<u32> {
        processes::browser(self.root())
    }

    /// Closes it and asserts that nothing is left. Before that, asserts that nothing of the finished runs is left:
    /// only spare contexts have folders.
    pub(crate) async fn close(self) {
        eventually("the runs' folders go", Duration::from_secs(10), || self.run_folders() <= 1).await;
        self.pool.close().await;
        self.leaves_nothing();
    }

    /// How many contexts have a folder, in all browsers.
    fn run_folders(&self) -> usize {
        let below = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
        let inside = below(self.root()).flat_map(|profile| below(&profile.path()));
        inside.filter(|entry| entry.file_name().to_string_lossy().starts_with("run-")).count()
    }

    pub(crate) fn leaves_nothing(&self) {
        assert_eq!(processes::of(self.root()), [], "processes are left");
        let files: Vec<PathBuf> = std::fs::read_dir(self.root()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files, Vec::<PathBuf>::new(), "files are left");
    }
}

/// A headless run without screenshots, which take as long as the rest of an observation.
pub(crate) fn headless() -> PageSpec {
    PageSpec::plain(None)
}

/// A headless run with screenshots.
pub(crate) fn with_screenshots() -> PageSpec {
    PageSpec::plain(Some(ImageFormat::Png))
}

fn settings(profile_root: PathBuf) -> BrowserSettings {
    BrowserSettings {
        executable: std::env::var_os("BROWSER_EXECUTABLE").map(PathBuf::from),
        warden: WARDEN.into(),
        profile_root,
        sandbox: SandboxMode::Auto,
        start_ahead: true,
        launch_timeout: Duration::from_secs(30),
        command_timeout: Duration::from_secs(15),
        navigation_timeout: Duration::from_secs(20),
        observe_timeout: Duration::from_secs(10),
        dialog_timeout: Duration::from_secs(20),
        // Shorter than by default, as some pages here keep a request open.
        settle: SettleSettings {
            idle: Duration::from_millis(50),
            same_site: Duration::from_secs(2),
            new_site: Duration::from_secs(2),
        },
        max_contexts: 1_000,
        max_process_cpu: Duration::from_secs(50),
        max_age: Duration::from_secs(3600),
        max_memory: 4 << 30,
        renderers: RendererLimits { memory: 2 << 30, cpu: Duration::from_secs(55) },
        max_tabs: 20,
        max_dialogs: 50,
        max_screenshot_bytes: 4 << 20,
        files: FileLimits { count: 5, file_bytes: 1 << 20, run_bytes: 2 << 20 },
        network: NetworkLimits { connections: 100, bytes: 1 << 30, redirects: 20 },
        download_wait: Duration::from_secs(5),
        view_token_budget: 8_000,
        screenshot_marks: false,
    }
}

/// Tests' sites are reachable by address, but not as `localhost`.
fn policy() -> UrlPolicy {
    reach("127.0.0.1")
}

fn reach(hosts: &str) -> UrlPolicy {
    UrlPolicy::new(HostPattern::parse_list(hosts).unwrap())
}
