//! Patterns of hosts, and lists of them.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use url::Host;

/// Longest pattern in bytes. Host names have at most 253, but more in non-ASCII scripts.
const MAX_BYTES: usize = 512;
/// Longest host name and label in bytes.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// A host that runs may reach although it is not public: `intranet.example`, `127.0.0.1:8080`, `[::1]`, or `*` for any.
/// Without a port, every port matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    /// `None`: any host.
    pub(super) host: Option<Host>,
    /// `None`: any port.
    port: Option<u16>,
}

impl HostPattern {
    /// Parses a comma-separated list. Blank entries are skipped.
    ///
    /// # Errors
    /// An entry is not a pattern: an invalid policy must not become an empty one.
    pub fn parse_list(list: &str) -> Result<Vec<Self>, PatternError> {
        list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(Self::from_str).collect()
    }

    pub(super) fn matches(&self, host: &Host, port: u16) -> bool {
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
        let (host, port) = split(pattern).ok_or_else(invalid)?;
        if host == "*" {
            return Ok(Self { host: None, port });
        }
        // No `*.example`: subdomains are not matched.
        Ok(Self { host: Some(parse_host(&host).ok_or_else(invalid)?), port })
    }
}

/// A domain of an allow or block list.
///
/// - `example.com`: the domain and its subdomains;
/// - `*.example.com`: only its subdomains;
/// - `192.0.2.7`, `[2001:db8::1]`: the address, in URLs that contain it;
/// - each with an optional `:port`; without one, every port matches.
///
/// Internationalized names are normalized as in browsers. Everything else is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainPattern {
    pub(super) host: Host,
    subdomains_only: bool,
    /// `None`: any port.
    port: Option<u16>,
}

impl DomainPattern {
    /// Largest number of patterns in a list.
    pub const MAX: usize = 1_000;

    /// Parses a comma-separated list; spaces around entries are ignored.
    ///
    /// # Errors
    /// An entry is not a pattern, or there are more than [`DomainPattern::MAX`].
    pub fn parse_list(list: &str) -> Result<Vec<Self>, PatternError> {
        let patterns: Vec<Self> = list.split(',').map(|entry| entry.trim().parse()).collect::<Result<_, _>>()?;
        if patterns.len() > Self::MAX {
            return Err(PatternError { pattern: format!("a list of {}", patterns.len()) });
        }
        Ok(patterns)
    }

    pub(super) fn matches(&self, host: &Host, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
            && match (&self.host, host) {
                (Host::Domain(own), Host::Domain(name)) => match without_root(name).strip_suffix(own.as_str()) {
                    Some("") => !self.subdomains_only,
                    Some(front) => front.ends_with('.'),
                    None => false,
                },
                (own, host) => own == host,
            }
    }
}

impl FromStr for DomainPattern {
    type Err = PatternError;

    fn from_str(pattern: &str) -> Result<Self, PatternError> {
        let invalid = || PatternError { pattern: pattern.chars().take(100).collect() };
        if pattern.len() > MAX_BYTES {
            return Err(invalid());
        }
        let (host, port) = split(pattern).ok_or_else(invalid)?;
        let (subdomains_only, host) = match host.strip_prefix("*.") {
            Some(host) => (true, host),
            None => (false, host.as_str()),
        };
        let host = parse_host(host).ok_or_else(invalid)?;
        // Addresses have no subdomains.
        if subdomains_only && !matches!(host, Host::Domain(_)) {
            return Err(invalid());
        }
        Ok(Self { host, subdomains_only, port })
    }
}

/// In the form that is parsed.
impl fmt::Display for DomainPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, subdomains_only, port } = self;
        write!(f, "{}{host}", if *subdomains_only { "*." } else { "" })?;
        port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Splits a pattern into host and port; `None` if the port is invalid.
fn split(pattern: &str) -> Option<(String, Option<u16>)> {
    // An IPv6 address without brackets contains colons and has no port.
    if pattern.parse::<Ipv6Addr>().is_ok() {
        return Some((format!("[{pattern}]"), None));
    }
    match pattern.rsplit_once(':') {
        Some((host, port)) if !pattern.ends_with(']') => {
            let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            let port = port.parse().ok().filter(|port| is_number && *port > 0)?;
            Some((host.to_owned(), Some(port)))
        }
        _ => Some((pattern.to_owned(), None)),
    }
}

/// A host in the form of URLs, without a trailing dot; `None` if it is invalid or ambiguous.
fn parse_host(host: &str) -> Option<Host> {
    // The URL parser would decode percent signs and drop invisible characters.
    let is_plain =
        |character: char| !character.is_whitespace() && !character.is_control() && !"*%/\\@?#".contains(character);
    if !host.chars().all(is_plain) {
        return None;
    }
    match Host::parse(host).ok()? {
        Host::Domain(name) => {
            let name = without_root(&name);
            // Browsers accept more characters than host names may have.
            let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            let is_name = name.len() <= MAX_NAME
                && name.bytes().all(is_valid)
                && name.split('.').all(|label| !label.is_empty() && label.len() <= MAX_LABEL);
            is_name.then(|| Host::Domain(name.to_owned()))
        }
        address => Some(address),
    }
}

/// Removes the trailing dot of a fully qualified name.
pub(super) fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// An invalid entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    pub pattern: String,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a host pattern", self.pattern)
    }
}

impl std::error::Error for PatternError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, host: &str) -> bool {
        let url: url::Url = format!("https://{host}/").parse().unwrap_or_else(|error| panic!("{host}: {error}"));
        let pattern: DomainPattern = pattern.parse().unwrap_or_else(|error| panic!("{error}"));
        pattern.matches(&url.host().unwrap().to_owned(), url.port_or_known_default().unwrap())
    }

    #[test]
    fn a_domain_matches_itself_and_its_subdomains() {
        for host in ["example.com", "EXAMPLE.com.", "a.example.com", "a.b.example.com", "example.com:8443"] {
            assert!(matches("Example.COM", host), "{host}");
        }
        for host in ["notexample.com", "example.com.evil.org", "example.co", "com", "xexample.com", "example.com-x.org"]
        {
            assert!(!matches("example.com", host), "{host}");
        }
    }

    #[test]
    fn a_star_matches_subdomains_only() {
        assert!(matches("*.example.com", "a.example.com") && matches("*.example.com", "a.b.example.com"));
        assert!(!matches("*.example.com", "example.com") && !matches("*.example.com", "xexample.com"));
    }

    #[test]
    fn a_pattern_is_displayed_in_the_form_that_is_parsed() {
        for pattern in ["example.com", "*.example.com:8443", "192.0.2.7:80", "[2001:db8::1]", "[2001:db8::1]:81"] {
            assert_eq!(pattern.parse::<DomainPattern>().unwrap().to_string(), pattern);
        }
    }

    #[test]
    fn a_port_narrows_a_pattern() {
        assert!(matches("example.com:8443", "a.example.com:8443"));
        assert!(!matches("example.com:8443", "example.com"));
        assert!(matches("example.com:443", "example.com"));
    }

    #[test]
    fn an_address_matches_in_every_spelling() {
        assert!(matches("192.0.2.7", "192.0.2.7") && matches("192.0.2.7", "0xc0000207"));
        assert!(matches("3221225991", "192.0.2.7") && matches("2001:db8::1", "[2001:DB8:0::1]"));
        assert!(matches("[2001:db8::1]:8080", "[2001:db8::1]:8080"));
        assert!(!matches("192.0.2.7", "192.0.2.70") && !matches("192.0.2.7", "x.192.0.2.7.example"));
    }

    #[test]
    fn internationalized_names_are_normalized_as_in_browsers() {
        assert!(
            matches("bücher.example", "xn--bcher-kva.example") && matches("xn--bcher-kva.example", "BÜCHER.example")
        );
        assert!(matches("例え。テスト", "例え.テスト"));
        assert!(!matches("раураl.com", "paypal.com"), "letters that look alike");
    }

    #[test]
    fn invalid_patterns_are_errors() {
        let long_label = format!("{}.com", "a".repeat(64));
        let long_name = format!("{}com", "a.".repeat(130));
        let endless = "a".repeat(MAX_BYTES + 1);
        for bad in [
            "",
            " ",
            "*",
            "*.",
            ".",
            "..",
            ".example.com",
            "example..com",
            "*example.com",
            "a.*.com",
            "**.example.com",
            "*.*.example.com",
            "*.192.0.2.7",
            "*.[::1]",
            "https://example.com",
            "example.com/",
            "example.com/a",
            "a b.com",
            " example.com",
            "example.com ",
            "example.com\n",
            "example.com\t",
            "ex\u{0}ample.com",
            "user@example.com",
            "example.com?",
            "example.com#",
            "example%2ecom",
            "example.com:",
            "example.com:x",
            "example.com:+80",
            "example.com:0",
            "example.com:65536",
            "example.com:80:90",
            "[::1",
            "::1]",
            "[::1]x",
            "[fe80::1%eth0]",
            "a,b",
            "192.0.2.256",
            "\u{200b}",
            &long_label,
            &long_name,
            &endless,
        ] {
            assert!(bad.parse::<DomainPattern>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_list_is_parsed_as_a_whole_or_not_at_all() {
        assert_eq!(DomainPattern::parse_list("a.com, *.b.com:80").map(|list| list.len()), Ok(2));
        for bad in ["", ",", "a.com,", "a.com,,b.com", "a.com, b c"] {
            assert!(DomainPattern::parse_list(bad).is_err(), "{bad:?}");
        }
        let most = vec!["a.com"; DomainPattern::MAX].join(",");
        assert!(DomainPattern::parse_list(&most).is_ok());
        assert!(DomainPattern::parse_list(&format!("{most},a.com")).is_err());
    }

    #[test]
    fn an_invalid_list_of_private_hosts_is_an_error() {
        assert_eq!(HostPattern::parse_list(" , "), Ok(vec![]));
        for bad in
            ["*.example.com", "host:", "host:port", "host:70000", "host:+80", "a b", "http://host", "[::1", "good,ba d"]
        {
            assert!(HostPattern::parse_list(bad).is_err(), "{bad}");
        }
    }
}
