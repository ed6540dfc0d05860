//! All that surrounds the service: a shop, a login, a site that means harm, a model behind a proxy that breaks its answers, a
//! browser that answers with faults.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use fastrand::Rng;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::fault_proxy::{Fault, FaultProxy, Plan};
use super::faulty::{self, Faulty, PAUSED};
use super::forbidden::Forbidden;
use super::support::Shop;
use super::{CONCURRENT, QUEUED, hostile, login, model};

/// Of a hundred calls of the model, so many meet a fault.
const FAULTY_CALLS: u8 = 20;

/// Of the browser's messages, as the plan of a [`Faulty`] has them. Those above `drop` end the connection, and with it the
/// browser and its neighbours' runs, so they are rare.
const BROWSER_FAULTS: &str = "
    rate 0.00003: cut
    rate 0.00003: garbage
    rate 0.00003: truncate
    rate 0.00003: mute
    rate 0.0002: drop
    rate 0.00005: delay 7000
    rate 0.001: delay 400
    rate 0.001: drip
    rate 0.001: twice
    rate 0.001: stray
";

/// Open for as long as this lives.
pub(crate) struct World {
    pub(crate) shop: Shop,
    /// Of the site that means harm, without a slash at the end.
    pub(crate) hostile: String,
    pub(crate) login: login::Site,
    pub(crate) forbidden: Forbidden,
    proxy: FaultProxy,
    browser: Faulty,
    browser_paused: PathBuf,
    _servers: JoinSet<std::io::Result<()>>,
}

impl World {
    /// Opens everything on free ports of loopback, with the browser in `folder`, which answers as it should for now.
    ///
    /// # Errors
    /// There is no free port, or nothing can be written.
    pub(crate) async fn open(mut rng: Rng, folder: &Path) -> anyhow::Result<Self> {
        let plan = format!("seed {}\n{BROWSER_FAULTS}", rng.u32(..));
        let browser = Faulty::install(folder, &std::env::current_exe()?, &[], &plan)?;
        let mut servers = JoinSet::new();
        let forbidden = Forbidden::open().await?;
        let hostile = serve(&mut servers, hostile::router(forbidden.address)).await?;
        let model = serve(&mut servers, model::router()).await?;
        let proxy = FaultProxy::open(model, Plan::Chance { rng, percent: FAULTY_CALLS, faults: faults() }).await?;
        let world = Self {
            shop: Shop::open().await?,
            hostile: format!("http://{hostile}"),
            login: login::Site::open().await?,
            forbidden,
            proxy,
            browser,
            browser_paused: folder.join(PAUSED),
            _servers: servers,
        };
        world.pause_browser()?;
        Ok(world)
    }

    /// From now on the browser answers as it should.
    ///
    /// # Errors
    /// Nothing can be written.
    pub(crate) fn pause_browser(&self) -> std::io::Result<()> {
        fs::write(&self.browser_paused, "")
    }

    /// From now on the browser's messages meet faults.
    ///
    /// # Errors
    /// They do so already.
    pub(crate) fn break_browser(&self) -> std::io::Result<()> {
        fs::remove_file(&self.browser_paused)
    }

    /// Of a service in this world: little room, and limits that a run of seconds can meet.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let limits = [
            ("QUEUE_TIMEOUT", "8s"),
            ("RUN_TIMEOUT", "25s"),
            ("BROWSER_COMMAND_TIMEOUT", "5s"),
            ("BROWSER_NAVIGATION_TIMEOUT", "6s"),
            ("BROWSER_OBSERVE_TIMEOUT", "4s"),
            ("BROWSER_DIALOG_TIMEOUT", "3s"),
            ("BROWSER_SETTLE_SAME_SITE_TIMEOUT", "1s"),
            ("BROWSER_SETTLE_NEW_SITE_TIMEOUT", "2s"),
            ("RUN_MAX_FILE_BYTES", "1MiB"),
            ("LLM_OPENING_TIMEOUT", "2s"),
            ("LLM_SILENCE_TIMEOUT", "2s"),
            ("LLM_TIMEOUT", "8s"),
            ("LLM_BACKOFF_BASE", "50ms"),
            ("LLM_BACKOFF_CAP", "1s"),
            ("LLM_MAX_RESPONSE_BYTES", "1MiB"),
            ("SHUTDOWN_GRACE", "5s"),
            ("SHUTDOWN_TIMEOUT", "20s"),
        ];
        let mut settings: Vec<_> = limits.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        settings.push(("OPENAI_BASE_URL", format!("http://{}/v1", self.proxy.address)));
        let executable = self.browser.executable();
        if let Some(real) = std::env::var("BROWSER_EXECUTABLE").ok().filter(|real| !real.is_empty()) {
            settings.push((faulty::BROWSER, real));
        }
        settings.push(("BROWSER_EXECUTABLE", executable.to_string_lossy().into_owned()));
        settings.push(("MAX_CONCURRENT_RUNS", CONCURRENT.to_string()));
        settings.push(("MAX_QUEUED_RUNS", QUEUED.to_string()));
        settings
    }

    /// How often the model's answers met each fault, by name.
    pub(crate) fn injected(&self) -> BTreeMap<&'static str, usize> {
        self.proxy.injected()
    }

    /// How often the browser's messages met each fault, by name.
    pub(crate) fn injected_into_browser(&self) -> BTreeMap<String, usize> {
        let mut injected = BTreeMap::new();
        for line in self.browser.injected() {
            // start 1: cut at Page.navigate 3
            let name = line.split(' ').nth(2).unwrap_or_default().to_owned();
            *injected.entry(name).or_default() += 1;
        }
        injected
    }
}

fn faults() -> Vec<Fault> {
    vec![
        Fault::Reset,
        Fault::ResetInHead,
        Fault::ResetInBody,
        Fault::CloseInBody,
        Fault::SlowFirstByte(Duration::from_secs(3)),
        Fault::StallInBody,
        Fault::Drip,
        Fault::Endless,
        Fault::Oversize(2 << 20),
        Fault::HugeHead,
        Fault::Garbage,
        Fault::Compressed,
        Fault::Status(429, "retry-after", "1".to_owned()),
        Fault::Status(503, "x-nothing", "in particular".to_owned()),
        Fault::Status(302, "location", "http://127.0.0.1:9/".to_owned()),
    ]
}

async fn serve(servers: &mut JoinSet<std::io::Result<()>>, router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    servers.spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}
