//! The URL policy at the browser's door: every request is checked before its bytes leave.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chromiumoxide_cdp::cdp::browser_protocol::fetch::{ContinueRequestParams, FailRequestParams};
use chromiumoxide_cdp::cdp::browser_protocol::network::ErrorReason;
use url::{Host, Url};

use super::cdp::Session;
use super::wire::RequestPaused;
use crate::policy::UrlPolicy;

/// How long a name's verdict holds. Long enough that a page of a hundred requests asks once a host.
const VERDICT_TTL: Duration = Duration::from_secs(30);
/// Verdicts kept at most; a page that invents names must not fill the memory.
const MAX_VERDICTS: usize = 1_024;

/// Why a request does not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Denied {
    /// The policy refuses it; the reason in words.
    Forbidden(String),
    /// The name has no address.
    Unresolved,
}

/// One run's checks, with what they found out about names.
pub(crate) struct Guard {
    policy: Arc<UrlPolicy>,
    /// By host and port, with the moment of the look-up.
    verdicts: Mutex<HashMap<String, (Instant, Verdict)>>,
}

type Verdict = Result<(), Denied>;

impl Guard {
    pub(crate) fn new(policy: Arc<UrlPolicy>) -> Self {
        Self { policy, verdicts: Mutex::default() }
    }

    /// Whether a URL may be requested, by its text and by the addresses its host has.
    pub(crate) async fn check(&self, url: &Url) -> Result<(), Denied> {
        if matches!(url.scheme(), "data" | "blob" | "about") {
            // They load nothing from anywhere.
            return Ok(());
        }
        self.policy.check_url(url).map_err(|refusal| Denied::Forbidden(refusal.to_string()))?;
        let Some(Host::Domain(host)) = url.host() else { return Ok(()) };
        let port = url.port_or_known_default().unwrap_or(443);
        let name = format!("{host}:{port}");
        if let Some(verdict) = self.known(&name) {
            return verdict;
        }
        let verdict = match tokio::net::lookup_host((host, port)).await {
            Ok(addresses) => {
                let addresses: Vec<IpAddr> = addresses.map(|address| address.ip()).collect();
                let checked = self.policy.check_addresses(host, port, &addresses);
                checked.map_err(|refusal| Denied::Forbidden(refusal.to_string()))
            }
            Err(_) => Err(Denied::Unresolved),
        };
        let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        if verdicts.len() >= MAX_VERDICTS {
            verdicts.clear();
        }
        verdicts.insert(name, (Instant::now(), verdict.clone()));
        verdict
    }

    fn known(&self, name: &str) -> Option<Verdict> {
        let verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, verdict) = verdicts.get(name)?;
        (since.elapsed() < VERDICT_TTL).then(|| verdict.clone())
    }

    /// Lets a paused request go or fails it; returns why it was failed.
    pub(crate) async fn decide(&self, session: &Session, paused: &RequestPaused) -> Option<Denied> {
        let denied = match Url::parse(&paused.request.url) {
            Ok(url) => self.check(&url).await.err(),
            Err(_) => Some(Denied::Forbidden("its URL cannot be read".into())),
        };
        match &denied {
            None => session.tell(ContinueRequestParams::new(paused.request_id.clone())),
            Some(denied) => {
                let reason = match denied {
                    Denied::Forbidden(_) => ErrorReason::BlockedByClient,
                    Denied::Unresolved => ErrorReason::NameNotResolved,
                };
                session.tell(FailRequestParams::new(paused.request_id.clone(), reason));
            }
        }
        denied
    }
}
