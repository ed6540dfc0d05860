//! Which URLs a run may reach, by scheme, host and address.
//!
//! Only http and https. Addresses that are not public are refused, in every notation and behind every name, unless the
//! deployment allows the host by name. Lists of allowed and blocked domains narrow that further: the deployment's, and
//! within them the run's.

mod address;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod pattern;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url};

pub use address::AddressKind;
use address::check_public;
use pattern::without_root;
pub use pattern::{DomainPattern, HostPattern, PatternError};

/// The rules of a deployment or a run. Each request needs two checks: of the URL before its host is resolved, and of
/// the addresses before connecting.
#[derive(Debug, Clone, Default)]
pub struct UrlPolicy {
    private_hosts: Arc<[HostPattern]>,
    /// A host must be in each of these lists.
    allowed: Vec<Arc<[DomainPattern]>>,
    /// A host must be in none of these lists.
    blocked: Vec<Arc<[DomainPattern]>>,
}

/// Allow and block lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DomainRules {
    /// `None` allows every domain.
    pub allowed: Option<Arc<[DomainPattern]>>,
    pub blocked: Arc<[DomainPattern]>,
}

impl UrlPolicy {
    /// A policy that also allows the given hosts, although they are not public.
    pub fn new(private_hosts: Vec<HostPattern>) -> Self {
        Self { private_hosts: private_hosts.into(), ..Self::default() }
    }

    /// This policy with further rules: what either refuses is refused.
    pub fn narrowed(&self, rules: &DomainRules) -> Self {
        let mut narrowed = self.clone();
        narrowed.allowed.extend(rules.allowed.clone());
        narrowed.blocked.extend((!rules.blocked.is_empty()).then(|| rules.blocked.clone()));
        narrowed
    }

    /// Checks a URL without resolving it: scheme, and host name or address.
    pub fn check_url(&self, url: &Url) -> Result<(), Refusal> {
        let (host, port) = endpoint(url)?;
        self.check_host(&host, port)
    }

    /// Like [`check_url`](Self::check_url), for any connection to a host.
    pub fn check_host(&self, host: &Host, port: u16) -> Result<(), Refusal> {
        self.check_domain(host, port)?;
        if self.opens(host, port) {
            return Ok(());
        }
        match host {
            Host::Ipv4(address) => check_public((*address).into()),
            Host::Ipv6(address) => check_public((*address).into()),
            Host::Domain(name) if is_local_name(name) => Err(Refusal::LocalName { host: name.clone() }),
            Host::Domain(_) => Ok(()),
        }
    }

    /// Checks a URL only against the lists of domains.
    pub fn check_lists(&self, url: &Url) -> Result<(), Refusal> {
        let (host, port) = endpoint(url)?;
        self.check_domain(&host, port)
    }

    /// Checks the addresses of a host. One that is not public refuses them all: mixed results are an attack or a
    /// mistake.
    pub fn check_addresses(&self, host: &Host, port: u16, addresses: &[IpAddr]) -> Result<(), Refusal> {
        if self.opens(host, port) {
            return Ok(());
        }
        addresses.iter().try_for_each(|address| check_public(*address))
    }

    fn check_domain(&self, host: &Host, port: u16) -> Result<(), Refusal> {
        let is_in = |list: &Arc<[DomainPattern]>| list.iter().any(|pattern| pattern.matches(host, port));
        let host = || host.to_string();
        if self.blocked.iter().any(is_in) {
            return Err(Refusal::Blocked { host: host() });
        }
        if !self.allowed.iter().all(is_in) {
            return Err(Refusal::NotAllowed { host: host() });
        }
        Ok(())
    }

    fn opens(&self, host: &Host, port: u16) -> bool {
        self.private_hosts.iter().any(|pattern| pattern.matches(host, port))
    }
}

fn endpoint(url: &Url) -> Result<(Host, u16), Refusal> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refusal::Scheme { scheme: url.scheme().to_owned() });
    }
    match (url.host(), url.port_or_known_default()) {
        (Some(host), Some(port)) => Ok((host.to_owned(), port)),
        _ => Err(Refusal::NoHost),
    }
}

/// Why a URL may not be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Neither http nor https.
    Scheme { scheme: String },
    /// The URL has no host.
    NoHost,
    /// The name means this machine by convention.
    LocalName { host: String },
    /// The address is not public.
    Address { address: IpAddr, kind: AddressKind },
    /// A list of allowed domains does not contain the host.
    NotAllowed { host: String },
    /// A list of blocked domains contains the host.
    Blocked { host: String },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme { scheme } => write!(f, "only http and https are allowed, not {scheme}"),
            Self::NoHost => write!(f, "the URL has no host"),
            Self::LocalName { host } => write!(f, "{host} is this machine"),
            Self::Address { address, kind } => write!(f, "{address} is a {kind} address"),
            Self::NotAllowed { host } => write!(f, "{host} is not among the allowed domains"),
            Self::Blocked { host } => write!(f, "{host} is a blocked domain"),
        }
    }
}

impl std::error::Error for Refusal {}

fn is_local_name(name: &str) -> bool {
    let name = without_root(name);
    name == "localhost" || name.ends_with(".localhost") || name == "localhost.localdomain"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &UrlPolicy, url: &str) -> Result<(), Refusal> {
        policy.check_url(&url.parse().expect("a URL"))
    }

    fn opening(list: &str) -> UrlPolicy {
        UrlPolicy::new(HostPattern::parse_list(list).expect("patterns"))
    }

    fn addresses(policy: &UrlPolicy, host: &str, port: u16, addresses: &[IpAddr]) -> Result<(), Refusal> {
        policy.check_addresses(&Host::parse(host).unwrap(), port, addresses)
    }

    fn list(patterns: &str) -> Arc<[DomainPattern]> {
        DomainPattern::parse_list(patterns).expect("patterns").into()
    }

    fn allowing(patterns: &str) -> DomainRules {
        DomainRules { allowed: Some(list(patterns)), ..DomainRules::default() }
    }

    fn blocking(patterns: &str) -> DomainRules {
        DomainRules { blocked: list(patterns), ..DomainRules::default() }
    }

    #[test]
    fn public_sites_are_reachable_over_http_and_https() {
        let policy = UrlPolicy::default();
        for url in
            ["http://example.com/", "https://user@example.com:8443/a?b", "http://8.8.8.8/", "http://[2606:4700::1]/"]
        {
            assert_eq!(check(&policy, url), Ok(()), "{url}");
        }
    }

    #[test]
    fn other_schemes_are_refused() {
        for url in [
            "file:///etc/passwd",
            "ftp://example.com/",
            "chrome://version",
            "javascript:1",
            "data:,x",
            "ws://a/",
            "wss://a/",
            "view-source:http://example.com/",
            "blob:http://example.com/1",
            "filesystem:http://example.com/x",
            "devtools://devtools/x",
            "chrome-extension://x/y",
            "about:blank",
            "mailto:a@example.com",
        ] {
            assert!(matches!(check(&opening("*"), url), Err(Refusal::Scheme { .. })), "{url}");
        }
    }

    #[test]
    fn names_of_this_machine_are_refused_without_resolving_them() {
        for host in
            ["localhost", "LOCALHOST", "localhost.", "a.localhost", "ｌｏｃａｌｈｏｓｔ", "localhost.localdomain"]
        {
            let refusal = check(&UrlPolicy::default(), &format!("http://{host}/"));
            assert!(matches!(refusal, Err(Refusal::LocalName { .. })), "{host}");
        }
        assert_eq!(check(&UrlPolicy::default(), "http://notlocalhost/"), Ok(()));
    }

    #[test]
    fn a_name_is_refused_for_any_address_that_is_not_public() {
        let policy = UrlPolicy::default();
        let public: IpAddr = "93.184.216.34".parse().unwrap();
        let private: IpAddr = "10.0.0.1".parse().unwrap();
        assert_eq!(addresses(&policy, "example.com", 80, &[public]), Ok(()));
        assert_eq!(
            addresses(&policy, "example.com", 80, &[public, private]),
            Err(Refusal::Address { address: private, kind: AddressKind::Private })
        );
    }

    #[test]
    fn an_opened_host_is_reachable_only_by_that_name() {
        let policy = opening("Intranet.Example, [::1]");
        let private = ["10.0.0.1".parse().unwrap()];
        assert_eq!(addresses(&policy, "intranet.example", 443, &private), Ok(()));
        assert_eq!(addresses(&policy, "intranet.example.", 443, &private), Ok(()));
        assert!(addresses(&policy, "evil.intranet.example", 443, &private).is_err());
        assert!(addresses(&policy, "intranet.example.evil", 443, &private).is_err());
        assert_eq!(check(&policy, "http://[::1]:9/"), Ok(()));
        assert!(check(&policy, "http://127.0.0.1/").is_err());
    }

    #[test]
    fn an_opened_port_opens_no_other_port() {
        let policy = opening("127.0.0.1:8080,localhost:443");
        assert_eq!(check(&policy, "http://127.0.0.1:8080/"), Ok(()));
        assert_eq!(check(&policy, "http://2130706433:8080/"), Ok(()));
        assert!(check(&policy, "http://127.0.0.1/").is_err());
        assert_eq!(check(&policy, "https://localhost/"), Ok(()));
        assert!(check(&policy, "http://localhost/").is_err());
    }

    #[test]
    fn a_star_opens_every_host() {
        assert_eq!(check(&opening("*"), "http://169.254.169.254/"), Ok(()));
        assert_eq!(check(&opening("*:81"), "http://localhost:81/"), Ok(()));
        assert!(check(&opening("*:81"), "http://localhost/").is_err());
    }

    #[test]
    fn the_lists_of_a_run_only_narrow_those_of_the_deployment() {
        let deployment = UrlPolicy::default().narrowed(&DomainRules {
            allowed: Some(list("example.com,example.org")),
            blocked: list("private.example.com"),
        });
        let allows = |policy: &UrlPolicy, host: &str| check(policy, &format!("https://{host}/")).is_ok();
        assert!(allows(&deployment, "shop.example.com") && !allows(&deployment, "example.net"));
        let run = deployment.narrowed(&allowing("example.com,example.net,private.example.com"));
        assert!(allows(&run, "shop.example.com"));
        assert!(!allows(&run, "example.org"), "the run does not allow it");
        assert!(!allows(&run, "example.net"), "the deployment does not allow it");
        assert!(!allows(&run, "private.example.com"), "the deployment blocks it");
        let run = deployment.narrowed(&blocking("shop.example.com"));
        assert!(
            allows(&run, "example.org") && !allows(&run, "shop.example.com") && !allows(&run, "private.example.com")
        );
    }

    #[test]
    fn blocking_overrides_allowing() {
        let policy = UrlPolicy::default()
            .narrowed(&DomainRules { allowed: Some(list("example.com")), blocked: list("example.com:8443") });
        assert_eq!(check(&policy, "https://example.com/"), Ok(()));
        assert!(matches!(check(&policy, "https://example.com:8443/"), Err(Refusal::Blocked { .. })));
    }

    #[test]
    fn allowing_a_domain_opens_no_private_address() {
        let policy = UrlPolicy::default().narrowed(&allowing("127.0.0.1,localhost,intranet.example"));
        assert!(matches!(check(&policy, "http://127.0.0.1/"), Err(Refusal::Address { .. })));
        assert!(matches!(check(&policy, "http://localhost/"), Err(Refusal::LocalName { .. })));
        assert!(addresses(&policy, "intranet.example", 80, &["10.0.0.1".parse().unwrap()]).is_err());
    }

    #[test]
    fn lists_apply_to_opened_private_hosts() {
        let policy = opening("127.0.0.1").narrowed(&allowing("example.com"));
        assert!(matches!(check(&policy, "http://127.0.0.1/"), Err(Refusal::NotAllowed { .. })));
        let policy = opening("*").narrowed(&blocking("127.0.0.1:9010"));
        assert!(matches!(check(&policy, "http://0x7f.1:9010/"), Err(Refusal::Blocked { .. })));
        assert_eq!(check(&policy, "http://127.0.0.1:80/"), Ok(()));
    }
}
