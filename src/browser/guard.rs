//! The URL policy at the browser's door: every request is checked before its bytes leave.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::fetch::{ContinueRequestParams, FailRequestParams};
use chromiumoxide_cdp::cdp::browser_protocol::network::ErrorReason;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::{Host, Url};

use super::cdp::Session;
use super::wire::RequestPaused;
use crate::policy::UrlPolicy;

/// How long a name's verdict holds. Long enough that a page of a hundred requests asks once a host.
const VERDICT_TTL: Duration = Duration::from_secs(30);
/// How long a name counts as one without an address: a resolver that stumbles must not cost a run its site.
const UNRESOLVED_TTL: Duration = Duration::from_secs(2);
/// Look-ups at a time. Each takes a thread of the pool that all runs share; a page may invent names without end.
const MAX_LOOKUPS: usize = 8;
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
    lookups: Semaphore,
}

type Verdict = Result<(), Denied>;

impl Guard {
    pub(crate) fn new(policy: Arc<UrlPolicy>) -> Self {
        Self { policy, verdicts: Mutex::default(), lookups: Semaphore::new(MAX_LOOKUPS) }
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
        let _permit = self.lookups.acquire().await.expect("it is never closed");
        // Another request may have asked for the same name meanwhile.
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
        let ttl = if *verdict == Err(Denied::Unresolved) { UNRESOLVED_TTL } else { VERDICT_TTL };
        (since.elapsed() < ttl).then(|| verdict.clone())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::HostPattern;

    /// A guard that lets the named hosts be reached although they are not public.
    fn guard(open: &str) -> Guard {
        Guard::new(Arc::new(UrlPolicy::new(HostPattern::parse_list(open).unwrap())))
    }

    async fn check(guard: &Guard, url: &str) -> Verdict {
        guard.check(&Url::parse(url).unwrap()).await
    }

    fn is_forbidden(verdict: &Verdict) -> bool {
        matches!(verdict, Err(Denied::Forbidden(_)))
    }

    #[tokio::test]
    async fn what_loads_nothing_passes() {
        let guard = guard("");
        for url in ["about:blank", "data:text/html,x", "blob:https://shop.example/1"] {
            assert_eq!(check(&guard, url).await, Ok(()), "{url}");
        }
    }

    #[tokio::test]
    async fn other_schemes_and_local_addresses_are_forbidden_without_a_look_up() {
        let guard = guard("");
        for url in [
            "file:///etc/passwd",
            "ftp://shop.example/",
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://[::1]/",
            "http://169.254.169.254/latest/",
            "http://localhost/",
            "http://a.localhost./",
        ] {
            assert!(is_forbidden(&check(&guard, url).await), "{url}");
        }
        assert!(guard.verdicts.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_opened_name_is_looked_up_once_for_each_port() {
        let guard = guard("localhost:8080");
        assert_eq!(check(&guard, "http://localhost:8080/a").await, Ok(()));
        assert_eq!(check(&guard, "http://localhost:8080/b").await, Ok(()));
        assert!(is_forbidden(&check(&guard, "http://localhost:9090/").await));
        assert_eq!(guard.verdicts.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_without_an_address_is_asked_for_again_soon() {
        // Too long a label to be asked of any server.
        let url = format!("http://{}.example/", "x".repeat(64));
        let guard = guard("");
        assert_eq!(check(&guard, &url).await, Err(Denied::Unresolved));
        let name = format!("{}.example:80", "x".repeat(64));
        assert_eq!(guard.known(&name), Some(Err(Denied::Unresolved)));
        tokio::time::advance(UNRESOLVED_TTL).await;
        assert_eq!(guard.known(&name), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_verdict_holds_for_a_while_and_no_longer() {
        let guard = guard("localhost");
        check(&guard, "http://localhost/").await.unwrap();
        tokio::time::advance(VERDICT_TTL - Duration::from_millis(1)).await;
        assert_eq!(guard.known("localhost:80"), Some(Ok(())));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(guard.known("localhost:80"), None);
    }

    #[tokio::test]
    async fn a_page_that_invents_names_does_not_fill_the_memory() {
        let guard = guard("localhost");
        let verdicts = (0..MAX_VERDICTS).map(|n| (format!("host-{n}:80"), (Instant::now(), Ok(()))));
        guard.verdicts.lock().unwrap().extend(verdicts);
        check(&guard, "http://localhost/").await.unwrap();
        assert_eq!(guard.verdicts.lock().unwrap().len(), 1);
    }
}
