//! All that surrounds the service: a shop, a site that means harm, a model behind a proxy that breaks its answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use fastrand::Rng;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::fault_proxy::{Fault, FaultProxy, Plan};
use super::support::Shop;
use super::{CONCURRENT, QUEUED, hostile, model};

/// Of a hundred calls of the model, so many meet a fault.
const FAULTY_CALLS: u8 = 20;

/// Open for as long as this lives.
pub(crate) struct World {
    pub(crate) shop: Shop,
    /// Of the site that means harm, without a slash at the end.
    pub(crate) hostile: String,
    proxy: FaultProxy,
    _servers: JoinSet<std::io::Result<()>>,
}

impl World {
    /// Opens everything on free ports of loopback.
    ///
    /// # Errors
    /// There is no free port.
    pub(crate) async fn open(rng: Rng) -> anyhow::Result<Self> {
        let mut servers = JoinSet::new();
        let hostile = serve(&mut servers, hostile::router()).await?;
        let model = serve(&mut servers, model::router()).await?;
        let proxy = FaultProxy::open(model, Plan::Chance { rng, percent: FAULTY_CALLS, faults: faults() }).await?;
        Ok(Self { shop: Shop::open().await?, hostile: format!("http://{hostile}"), proxy, _servers: servers })
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
        settings.push(("MAX_CONCURRENT_RUNS", CONCURRENT.to_string()));
        settings.push(("MAX_QUEUED_RUNS", QUEUED.to_string()));
        settings
    }

    /// How often the model's answers met each fault, by name.
    pub(crate) fn injected(&self) -> BTreeMap<&'static str, usize> {
        self.proxy.injected()
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
