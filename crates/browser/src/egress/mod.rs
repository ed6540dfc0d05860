//! What a run may reach: URL policy, DNS, and network limits. The request filter asks before a request leaves the
//! browser, the proxy before it connects.

mod dns_cache;
mod proxy;
mod relay;
mod request_filter;
mod resolver;

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use dns_cache::DnsCache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

use crate::process::panics::lock;
use crate::settings::NetworkLimits;
use url_policy::UrlPolicy;

pub(crate) use proxy::Proxy;
pub use resolver::{Resolver, SystemResolver};

/// Chromium's error for every connection that the proxy refuses or cannot make.
const SOCKS_FAILED: &str = "net::ERR_SOCKS_CONNECTION_FAILED";
/// Chromium's errors if the proxy is gone or does not respond.
const PROXY_FAILED: [&str; 2] = ["net::ERR_PROXY_CONNECTION_FAILED", "net::ERR_SOCKS_CONNECTION_HOST_UNREACHABLE"];
const NAME_NOT_RESOLVED: &str = "net::ERR_NAME_NOT_RESOLVED";
/// Maximum number of remembered connection failures.
const MAX_FAILURES: usize = 64;
/// Hosts whose refusal is reported; a page may try any number.
const MAX_REPORTED: usize = 5;

/// Total KiB of the URLs of paused requests.
const MAX_PAUSED_KIB: usize = 16 << 10;
/// KiB counted for one of them, at least and at most: there may be 1,024, or 16 with the longest URLs.
const PAUSED_KIB: (usize, usize) = (16, 1 << 10);

/// Why a request may not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Denied {
    /// Refused by the policy or a limit, with the reason.
    Forbidden(String),
    /// The name has no address.
    Unresolved,
}

pub(crate) struct Egress {
    /// None until a run takes the context.
    policy: OnceLock<UrlPolicy>,
    names: DnsCache,
    /// Permits of paused requests waiting for a decision.
    places: Arc<Semaphore>,
    limits: NetworkLimits,
    /// Bytes through the proxy, both directions.
    transferred: AtomicU64,
    /// The run has reached its byte limit.
    exhausted: CancellationToken,
    reported: Mutex<Reported>,
    /// Counts of redirects by request id, which redirects keep.
    redirects: Mutex<VecDeque<(String, usize)>>,
}

#[derive(Default)]
struct Reported {
    /// The cause of the last failure per host and port.
    failures: HashMap<(Host, u16), String>,
    /// Hosts whose refusal was reported.
    refused: HashSet<String>,
    /// The limit of paused requests was reported.
    crowded: bool,
    notices: Vec<String>,
}

impl Egress {
    pub(crate) fn new(resolver: Arc<dyn Resolver>, limits: NetworkLimits) -> Self {
        Self {
            policy: OnceLock::new(),
            names: DnsCache::new(resolver),
            places: Arc::new(Semaphore::new(MAX_PAUSED_KIB)),
            limits,
            transferred: AtomicU64::new(0),
            exhausted: CancellationToken::new(),
            reported: Mutex::default(),
            redirects: Mutex::default(),
        }
    }

    /// Sets the run's policy, once.
    pub(crate) fn open(&self, policy: UrlPolicy) {
        if self.policy.set(policy).is_err() {
            tracing::error!("a context was given to two runs");
        }
    }

    /// A permit for a paused request until it is decided. A page can request names faster than they resolve; above the
    /// limit its requests are refused with the returned reason, which the model is told once.
    pub(crate) fn reserve(&self, url: &str) -> Result<OwnedSemaphorePermit, String> {
        let (least, most) = PAUSED_KIB;
        let size = (url.len() >> 10).clamp(least, most) as u32;
        self.places.clone().try_acquire_many_owned(size).map_err(|_full| {
            let reason = "too many requests of its pages wait for a decision".to_owned();
            let mut reported = lock(&self.reported);
            if !std::mem::replace(&mut reported.crowded, true) {
                reported.notices.push(format!("Requests of the page are refused: {reason}."));
            }
            reason
        })
    }

    /// Checks a URL, and the addresses of its host, against the policy.
    pub(crate) async fn check(&self, url: &Url) -> Result<(), Denied> {
        let policy = self.policy()?;
        policy.check_url(url).map_err(|refusal| Denied::Forbidden(refusal.to_string()))?;
        if let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) {
            self.addresses(&host.to_owned(), port).await?;
        }
        Ok(())
    }

    /// The checked addresses of a host, at least one.
    pub(crate) async fn addresses(&self, host: &Host, port: u16) -> Result<Arc<[IpAddr]>, Denied> {
        let policy = self.policy()?;
        let forbidden = |refusal: url_policy::Refusal| Denied::Forbidden(refusal.to_string());
        policy.check_host(host, port).map_err(forbidden)?;
        let addresses = match host {
            Host::Ipv4(address) => Arc::from([IpAddr::V4(*address)]),
            Host::Ipv6(address) => Arc::from([IpAddr::V6(*address)]),
            Host::Domain(name) => self.names.addresses(name).await,
        };
        if addresses.is_empty() {
            return Err(Denied::Unresolved);
        }
        policy.check_addresses(host, port, &addresses).map_err(forbidden)?;
        Ok(addresses)
    }

    fn policy(&self) -> Result<&UrlPolicy, Denied> {
        if self.exhausted.is_cancelled() {
            return Err(Denied::Forbidden(self.used_up()));
        }
        self.policy.get().ok_or_else(|| Denied::Forbidden("no run has begun".into()))
    }

    /// Counts transferred bytes; false at the limit.
    fn count_bytes(&self, bytes: usize) -> bool {
        let transferred = self.transferred.fetch_add(bytes as u64, Ordering::Relaxed).saturating_add(bytes as u64);
        if transferred <= self.limits.bytes {
            return true;
        }
        let mut reported = lock(&self.reported);
        if !self.exhausted.is_cancelled() {
            self.exhausted.cancel();
            reported.notices.push(format!("Nothing more is loaded: {}.", self.used_up()));
        }
        false
    }

    fn used_up(&self) -> String {
        format!("the {} bytes that a run may send and receive are used up", self.limits.bytes)
    }

    /// Remembers a connection failure for [`explain`](Self::explain).
    fn record_failure(&self, host: Host, port: u16, cause: String) {
        let mut reported = lock(&self.reported);
        if reported.failures.len() >= MAX_FAILURES {
            reported.failures.clear();
        }
        reported.failures.insert((host, port), cause);
    }

    /// The cause of a failed request to `url` as Chromium would report it without a proxy.
    pub(crate) fn explain(&self, url: &str, cause: &str) -> String {
        if cause != SOCKS_FAILED && !PROXY_FAILED.contains(&cause) {
            return cause.to_owned();
        }
        let endpoint =
            Url::parse(url).ok().and_then(|url| Some((url.host()?.to_owned(), url.port_or_known_default()?)));
        let known = endpoint.and_then(|endpoint| lock(&self.reported).failures.get(&endpoint).cloned());
        known.unwrap_or_else(|| "net::ERR_CONNECTION_FAILED".to_owned())
    }

    /// Tells the model that a page's requests are refused, once per host and for a few hosts only.
    pub(crate) fn report_refused(&self, host: &str, reason: &str) {
        let mut reported = lock(&self.reported);
        if reported.refused.len() < MAX_REPORTED && reported.refused.insert(host.to_owned()) {
            reported.notices.push(format!("What the page asks of {host} is refused: {reason}."));
        }
    }

    pub(crate) fn add_notice(&self, notice: String) {
        lock(&self.reported).notices.push(notice);
    }

    pub(crate) fn take_notices(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.reported).notices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns_cache::tests::Scripted;
    use url_policy::HostPattern;

    const LIMITS: NetworkLimits = NetworkLimits { connections: 4, bytes: 1_000, redirects: 20 };

    /// The egress of a run that may reach the named non-public hosts, with scripted DNS.
    fn egress(open: &str, answers: &[(&str, &[&str])]) -> Egress {
        let egress = Egress::new(Arc::new(Scripted::new(answers)), LIMITS);
        egress.open(UrlPolicy::new(HostPattern::parse_list(open).unwrap()));
        egress
    }

    async fn check(egress: &Egress, url: &str) -> Result<(), Denied> {
        egress.check(&Url::parse(url).unwrap()).await
    }

    fn is_forbidden(verdict: &Result<(), Denied>) -> bool {
        matches!(verdict, Err(Denied::Forbidden(_)))
    }

    #[tokio::test]
    async fn without_a_run_no_connection_is_allowed() {
        let egress = Egress::new(Arc::new(Scripted::new(&[("shop.example", &["8.8.8.8"])])), LIMITS);
        assert!(is_forbidden(&check(&egress, "http://shop.example/").await));
        egress.open(UrlPolicy::default());
        assert_eq!(check(&egress, "http://shop.example/").await, Ok(()));
    }

    #[tokio::test]
    async fn other_schemes_and_local_addresses_are_forbidden() {
        let egress = egress("", &[("shop.example", &["8.8.8.8"])]);
        for url in [
            "file:///etc/passwd",
            "ftp://shop.example/",
            "data:text/html,x",
            "blob:https://shop.example/1",
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://[::1]/",
            "http://169.254.169.254/latest/",
            "http://localhost/",
            "http://a.localhost./",
        ] {
            assert!(is_forbidden(&check(&egress, url).await), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_is_checked_by_its_addresses_for_each_port() {
        let egress = egress(
            "intranet.example:8080",
            &[("intranet.example", &["10.0.0.7"]), ("evil.example", &["8.8.8.8", "127.0.0.1"])],
        );
        assert_eq!(check(&egress, "http://intranet.example:8080/a").await, Ok(()));
        assert!(is_forbidden(&check(&egress, "http://intranet.example:9090/").await));
        assert!(is_forbidden(&check(&egress, "http://evil.example/").await));
        assert_eq!(check(&egress, "http://nowhere.example/").await, Err(Denied::Unresolved));
    }

    #[tokio::test]
    async fn connections_use_the_checked_addresses() {
        let resolver = Scripted::new(&[("shop.example", &["8.8.8.8"]), ("shop.example", &["127.0.0.1"])]);
        let egress = Egress::new(Arc::new(resolver), LIMITS);
        egress.open(UrlPolicy::default());
        check(&egress, "https://shop.example/").await.unwrap();
        let host = Host::Domain("shop.example".to_owned());
        let addresses = egress.addresses(&host, 443).await.unwrap();
        assert_eq!(*addresses, ["8.8.8.8".parse::<IpAddr>().unwrap()]);
    }

    #[tokio::test(start_paused = true)]
    async fn later_dns_answers_are_checked_too() {
        let resolver = Scripted::new(&[("shop.example", &["8.8.8.8"]), ("shop.example", &["127.0.0.1"])]);
        let egress = Egress::new(Arc::new(resolver), LIMITS);
        egress.open(UrlPolicy::default());
        check(&egress, "https://shop.example/").await.unwrap();
        tokio::time::advance(dns_cache::TTL).await;
        let host = Host::Domain("shop.example".to_owned());
        assert!(matches!(egress.addresses(&host, 443).await, Err(Denied::Forbidden(_))));
    }

    #[tokio::test]
    async fn bytes_are_counted_up_to_the_limit() {
        let egress = egress("", &[("shop.example", &["8.8.8.8"])]);
        assert!(egress.count_bytes(600) && egress.count_bytes(400));
        assert_eq!(egress.take_notices(), [""; 0]);
        assert!(!egress.count_bytes(1) && !egress.count_bytes(1));
        assert_eq!(egress.take_notices().len(), 1);
        assert!(is_forbidden(&check(&egress, "http://shop.example/").await));
    }

    #[test]
    fn paused_requests_are_limited_by_url_length() {
        let egress = egress("", &[]);
        let short: Vec<_> = (0..MAX_PAUSED_KIB).map_while(|_| egress.reserve("http://a.example/").ok()).collect();
        assert_eq!(short.len(), 1_024);
        assert!(egress.reserve("http://a.example/").is_err());
        assert_eq!(egress.take_notices().len(), 1);
        drop(short);
        let long = format!("http://a.example/{}", "x".repeat(2 << 20));
        let long: Vec<_> = (0..MAX_PAUSED_KIB).map_while(|_| egress.reserve(&long).ok()).collect();
        assert_eq!(long.len(), 16);
        assert_eq!(egress.take_notices(), [""; 0], "it was reported");
    }

    #[test]
    fn failed_connections_are_explained_by_their_cause() {
        let egress = egress("", &[]);
        let host = |name: &str| Host::parse(name).unwrap();
        egress.record_failure(host("shop.example"), 443, "net::ERR_CONNECTION_REFUSED".into());
        assert_eq!(egress.explain("https://shop.example/a", SOCKS_FAILED), "net::ERR_CONNECTION_REFUSED");
        assert_eq!(egress.explain("http://shop.example/a", SOCKS_FAILED), "net::ERR_CONNECTION_FAILED");
        assert_eq!(egress.explain("https://shop.example/", "net::ERR_ABORTED"), "net::ERR_ABORTED");
        for port in 0..1_000 {
            egress.record_failure(host("shop.example"), port, String::new());
        }
        assert!(lock(&egress.reported).failures.len() <= MAX_FAILURES);
    }

    #[test]
    fn refusals_are_reported_once_per_host_for_a_limited_number_of_hosts() {
        let egress = egress("", &[]);
        egress.report_refused("a.example", "no");
        egress.report_refused("a.example", "no");
        assert_eq!(egress.take_notices().len(), 1);
        (0..100).for_each(|n| egress.report_refused(&format!("{n}.example"), "no"));
        assert_eq!(egress.take_notices().len(), MAX_REPORTED - 1);
    }
}
