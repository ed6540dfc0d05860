//! Everything around the service: a shop, a login, a hostile site, a model behind a faulty proxy, a faulty browser.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use fastrand::Rng;
use testkit::fault_proxy::{Fault, FaultProxy, Plan};
use testkit::faulty_chromium::{self, FaultyChromium};
use testkit::login;
use testkit::server::Server;
use testkit::shop::Shop;

use super::forbidden::Forbidden;
use super::{CONCURRENT, QUEUED, hostile, model};

/// Percentage of model calls with a fault.
const FAULTY_CALLS: u8 = 20;

/// The faults of the browser's messages. Those above `drop` end the connection, and with it the browser and its other runs,
/// so they are rare.
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

/// Everything is open until this is dropped.
pub(crate) struct Environment {
    pub(crate) shop: Shop,
    pub(crate) hostile: Server,
    pub(crate) login: login::Site,
    pub(crate) forbidden: Forbidden,
    pub(crate) browser: FaultyChromium,
    proxy: FaultProxy,
    _model: Server,
}

impl Environment {
    /// Opens everything on free ports of loopback, with the browser in `folder` and its faults paused.
    ///
    /// # Errors
    /// No port is free, or the folder cannot be written to.
    pub(crate) async fn open(mut rng: Rng, folder: &Path) -> anyhow::Result<Self> {
        let plan = format!("seed {}\n{BROWSER_FAULTS}", rng.u32(..));
        let browser = FaultyChromium::install(folder, &std::env::current_exe()?, &[], &plan)?;
        browser.pause()?;
        let forbidden = Forbidden::open().await?;
        let model = Server::start(model::router()).await?;
        let plan = Plan::Chance { rng, percent: FAULTY_CALLS, faults: faults() };
        Ok(Self {
            shop: Shop::open().await?,
            hostile: Server::start(hostile::router(forbidden.address)).await?,
            login: login::Site::open().await?,
            forbidden,
            browser,
            proxy: FaultProxy::open(model.address, plan).await?,
            _model: model,
        })
    }

    /// The service's settings: little capacity, and limits that a run of seconds can reach.
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
            settings.push((faulty_chromium::BROWSER, real));
        }
        settings.push(("BROWSER_EXECUTABLE", executable.to_string_lossy().into_owned()));
        settings.push(("MAX_CONCURRENT_RUNS", CONCURRENT.to_string()));
        settings.push(("MAX_QUEUED_RUNS", QUEUED.to_string()));
        settings
    }

    /// How often each fault was injected into the model's responses, by name.
    pub(crate) fn injected(&self) -> BTreeMap<&'static str, usize> {
        self.proxy.injected()
    }

    /// How often each fault was injected into the browser's messages, by name.
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
        Fault::Status(503, "x-unused", "value".to_owned()),
        Fault::Status(302, "location", "http://127.0.0.1:9/".to_owned()),
    ]
}
