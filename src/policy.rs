//! Which URLs a run may reach: a pure question of schemes, hosts and addresses.
//!
//! Only http and https. Addresses that do not belong to the public internet are refused, however they are spelled and
//! whatever name resolves to them, unless the deployment opens the host by name.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use url::{Host, Url};

/// The deployment's rules. Both checks belong to one request: the URL before its name is resolved, the addresses
/// before a connection is made.
#[derive(Debug, Clone, Default)]
pub struct UrlPolicy {
    private_hosts: Vec<HostPattern>,
}

impl UrlPolicy {
    /// A policy that lets runs reach the given hosts although they are not public.
    pub fn new(private_hosts: Vec<HostPattern>) -> Self {
        Self { private_hosts }
    }

    /// Checks what a URL says by itself: scheme, host name, or the address it is written with.
    pub fn check_url(&self, url: &Url) -> Result<(), Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme { scheme: url.scheme().to_owned() });
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(Refusal::NoHost);
        };
        let host = host.to_owned();
        if self.opens(&host, port) {
            return Ok(());
        }
        match host {
            Host::Ipv4(address) => check_public(address.into()),
            Host::Ipv6(address) => check_public(address.into()),
            Host::Domain(name) if is_local_name(&name) => Err(Refusal::LocalName { host: name }),
            Host::Domain(_) => Ok(()),
        }
    }

    /// Checks what a host name resolved to. One address that is not public refuses them all, since nobody says which
    /// of them a connection will use.
    pub fn check_addresses(&self, host: &str, port: u16, addresses: &[IpAddr]) -> Result<(), Refusal> {
        if let Ok(host) = Host::parse(host)
            && self.opens(&host, port)
        {
            return Ok(());
        }
        addresses.iter().try_for_each(|address| check_public(*address))
    }

    fn opens(&self, host: &Host, port: u16) -> bool {
        self.private_hosts.iter().any(|pattern| pattern.matches(host, port))
    }
}

/// A host that runs may reach although it is not public: `intranet.example`, `127.0.0.1:8080`, `[::1]`, or `*` for all.
/// Without a port it stands for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    /// None: any host.
    host: Option<Host>,
    /// None: any port.
    port: Option<u16>,
}

impl HostPattern {
    /// Parses a comma-separated list. Blank entries are skipped, anything else that is no pattern is an error: a
    /// policy that cannot be read must not turn into no policy.
    pub fn parse_list(list: &str) -> Result<Vec<Self>, PatternError> {
        list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(Self::from_str).collect()
    }

    fn matches(&self, host: &Host, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
            && match (&self.host, host) {
                (None, _) => true,
                (Some(Host::Domain(own)), Host::Domain(name)) => own == without_root(name),
                (Some(own), host) => own == host,
            }
    }
}

impl FromStr for HostPattern {
    type Err = PatternError;

    fn from_str(pattern: &str) -> Result<Self, PatternError> {
        let invalid = || PatternError { pattern: pattern.to_owned() };
        // An IPv6 address without brackets has colons of its own and cannot carry a port.
        let (host, port) = match pattern.rsplit_once(':') {
            Some(_) if pattern.parse::<Ipv6Addr>().is_ok() => (format!("[{pattern}]"), None),
            Some((host, port)) if !pattern.ends_with(']') => {
                (host.to_owned(), Some(port.parse().map_err(|_| invalid())?))
            }
            _ => (pattern.to_owned(), None),
        };
        if host == "*" {
            return Ok(Self { host: None, port });
        }
        // `*.example` would promise a match on sub-domains that is not made.
        if host.contains('*') {
            return Err(invalid());
        }
        let host = match Host::parse(&host).map_err(|_| invalid())? {
            Host::Domain(name) => Host::Domain(without_root(&name).to_owned()),
            address => address,
        };
        Ok(Self { host: Some(host), port })
    }
}

/// An entry of a host list that is no pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    pub pattern: String,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no host, host:port or *", self.pattern)
    }
}

impl std::error::Error for PatternError {}

/// Why a URL may not be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Neither http nor https.
    Scheme { scheme: String },
    /// There is no host in it.
    NoHost,
    /// The name stands for this machine by convention.
    LocalName { host: String },
    /// The address is not of the public internet.
    Address { address: IpAddr, kind: AddressKind },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme { scheme } => write!(f, "only http and https are allowed, not {scheme}"),
            Self::NoHost => write!(f, "the URL has no host"),
            Self::LocalName { host } => write!(f, "{host} is this machine"),
            Self::Address { address, kind } => write!(f, "{address} is a {kind} address"),
        }
    }
}

impl std::error::Error for Refusal {}

/// What kind of address is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    Unspecified,
    Loopback,
    Private,
    LinkLocal,
    /// A cloud's metadata service outside the ranges above.
    Metadata,
    Multicast,
    /// Set aside for documentation, measurements, translation or the future.
    Reserved,
}

impl fmt::Display for AddressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "unspecified",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::Metadata => "metadata",
            Self::Multicast => "multicast",
            Self::Reserved => "reserved",
        })
    }
}

fn check_public(address: IpAddr) -> Result<(), Refusal> {
    match kind_of(address) {
        None => Ok(()),
        Some(kind) => Err(Refusal::Address { address, kind }),
    }
}

/// None for a public address.
fn kind_of(address: IpAddr) -> Option<AddressKind> {
    match address {
        IpAddr::V4(address) => kind_of_v4(address),
        IpAddr::V6(address) => kind_of_v6(address),
    }
}

fn kind_of_v4(address: Ipv4Addr) -> Option<AddressKind> {
    Some(match address.octets() {
        [0, ..] => AddressKind::Unspecified,
        [127, ..] => AddressKind::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => AddressKind::Private,
        // Carrier-grade NAT: one cloud keeps its metadata service in it.
        [100, 64..=127, ..] => AddressKind::Private,
        [169, 254, ..] => AddressKind::LinkLocal,
        // A cloud's host agent, on a public address.
        [168, 63, 129, 16] => AddressKind::Metadata,
        [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [198, 18 | 19, ..] => AddressKind::Reserved,
        [224..=239, ..] => AddressKind::Multicast,
        [240..=255, ..] => AddressKind::Reserved,
        _ => return None,
    })
}

fn kind_of_v6(address: Ipv6Addr) -> Option<AddressKind> {
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => AddressKind::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressKind::Loopback,
        // Addresses that carry an IPv4 one are what that one is: mapped, translated, compatible, NAT64, 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0, 0, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => return kind_of_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))),
        // Translation and tunnels whose far end cannot be told from the address.
        [0x64, 0xff9b, ..] | [0x2001, 0, ..] => AddressKind::Reserved,
        [0x100, 0, 0, 0, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => AddressKind::Reserved,
        [0xfc00..=0xfdff, ..] => AddressKind::Private,
        [0xfe80..=0xfebf, ..] => AddressKind::LinkLocal,
        // Site-local: withdrawn, still routed in places.
        [0xfec0..=0xfeff, ..] => AddressKind::Private,
        [0xff00..=0xffff, ..] => AddressKind::Multicast,
        _ => return None,
    })
}

fn is_local_name(name: &str) -> bool {
    let name = without_root(name);
    name == "localhost" || name.ends_with(".localhost") || name == "localhost.localdomain"
}

/// `example.com.` is `example.com`.
fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// Any text as a URL and as a list of hosts, as a fuzz target: what is let through goes to a public address over HTTP.
#[cfg(any(test, fuzzing))]
pub(crate) fn fuzz(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (text, list) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(url) = Url::parse(text) else { return };
    if UrlPolicy::default().check_url(&url).is_ok() {
        assert!(matches!(url.scheme(), "http" | "https"), "{url}");
        match url.host() {
            Some(Host::Ipv4(it)) => {
                assert!(!(it.is_private() || it.is_loopback() || it.is_link_local() || it.is_unspecified()), "{url}");
            }
            Some(Host::Ipv6(it)) => {
                assert!(
                    !(it.is_loopback() || it.is_unspecified() || it.is_unique_local() || it.is_multicast()),
                    "{url}"
                );
            }
            Some(Host::Domain(name)) => assert!(name.parse::<IpAddr>().is_err(), "{url}"),
            None => panic!("{url} has no host"),
        }
    }
    if let Ok(patterns) = HostPattern::parse_list(list) {
        let open_to_all = patterns.iter().any(|pattern| pattern.host.is_none());
        let named = patterns.iter().any(|pattern| url.host().is_some_and(|host| pattern.host == Some(host.to_owned())));
        let opened = UrlPolicy::new(patterns).check_url(&url).is_ok();
        assert!(!opened || open_to_all || named || UrlPolicy::default().check_url(&url).is_ok(), "{url} by {list:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &UrlPolicy, url: &str) -> Result<(), Refusal> {
        policy.check_url(&url.parse().expect("a URL"))
    }

    fn kind(url: &str) -> Option<AddressKind> {
        match check(&UrlPolicy::default(), url) {
            Err(Refusal::Address { kind, .. }) => Some(kind),
            Err(other) => panic!("{url}: {other}"),
            Ok(()) => None,
        }
    }

    fn opening(list: &str) -> UrlPolicy {
        UrlPolicy::new(HostPattern::parse_list(list).expect("patterns"))
    }

    #[test]
    fn public_sites_are_reached_over_http_and_https() {
        let policy = UrlPolicy::default();
        for url in
            ["http://example.com/", "https://user@example.com:8443/a?b", "http://8.8.8.8/", "http://[2606:4700::1]/"]
        {
            assert_eq!(check(&policy, url), Ok(()), "{url}");
        }
    }

    #[test]
    fn other_schemes_are_refused() {
        for url in
            ["file:///etc/passwd", "ftp://example.com/", "chrome://version", "javascript:1", "data:,x", "ws://a/"]
        {
            assert!(matches!(check(&opening("*"), url), Err(Refusal::Scheme { .. })), "{url}");
        }
    }

    #[test]
    fn loopback_is_refused_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "127.255.255.254",
            "%31%32%37.0.0.1",
            "127。0。0。1",
            "127.0.0.1.",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:0:127.0.0.1]",
        ] {
            assert_eq!(kind(&format!("http://{host}/")), Some(AddressKind::Loopback), "{host}");
        }
    }

    #[test]
    fn addresses_outside_the_public_internet_are_refused_by_kind() {
        use AddressKind::{LinkLocal, Metadata, Multicast, Private, Reserved, Unspecified};
        for (host, expected) in [
            ("0.0.0.0", Unspecified),
            ("0", Unspecified),
            ("[::]", Unspecified),
            ("10.1.2.3", Private),
            ("172.16.0.1", Private),
            ("172.31.255.255", Private),
            ("192.168.1.1", Private),
            ("100.100.100.200", Private),
            ("[fd00:ec2::254]", Private),
            ("[fec0::1]", Private),
            ("169.254.169.254", LinkLocal),
            ("0xa9fea9fe", LinkLocal),
            ("[fe80::1]", LinkLocal),
            ("[::ffff:169.254.169.254]", LinkLocal),
            ("168.63.129.16", Metadata),
            ("224.0.0.1", Multicast),
            ("[ff02::1]", Multicast),
            ("192.0.0.192", Reserved),
            ("255.255.255.255", Reserved),
            ("198.18.0.1", Reserved),
            ("[2001:db8::1]", Reserved),
            ("[2001:0:1::1]", Reserved),
            ("[64:ff9b:1::1]", Reserved),
        ] {
            assert_eq!(kind(&format!("http://{host}/")), Some(expected), "{host}");
        }
        for host in
            ["172.32.0.1", "11.0.0.1", "100.128.0.1", "[2606:4700::1]", "[::ffff:8.8.8.8]", "[64:ff9b::808:808]"]
        {
            assert_eq!(kind(&format!("http://{host}/")), None, "{host}");
        }
    }

    #[test]
    fn names_of_this_machine_are_refused_before_they_are_resolved() {
        for host in ["localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost.localdomain"] {
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
        assert_eq!(policy.check_addresses("example.com", 80, &[public]), Ok(()));
        assert_eq!(
            policy.check_addresses("example.com", 80, &[public, private]),
            Err(Refusal::Address { address: private, kind: AddressKind::Private })
        );
    }

    #[test]
    fn an_opened_host_is_reached_by_that_name_alone() {
        let policy = opening("Intranet.Example, [::1]");
        let private = ["10.0.0.1".parse().unwrap()];
        assert_eq!(policy.check_addresses("intranet.example", 443, &private), Ok(()));
        assert_eq!(policy.check_addresses("intranet.example.", 443, &private), Ok(()));
        assert!(policy.check_addresses("evil.intranet.example", 443, &private).is_err());
        assert!(policy.check_addresses("intranet.example.evil", 443, &private).is_err());
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
    fn a_list_that_cannot_be_read_is_an_error() {
        assert_eq!(HostPattern::parse_list(" , "), Ok(vec![]));
        for bad in ["*.example.com", "host:", "host:port", "host:70000", "a b", "http://host", "[::1", "good,ba d"] {
            assert!(HostPattern::parse_list(bad).is_err(), "{bad}");
        }
    }
}
