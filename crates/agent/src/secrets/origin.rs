//! Origins where a secret may be typed: `https://shop.example`, `https://*.bank.example`, `http://127.0.0.1:8080`.

use std::fmt;
use std::str::FromStr;

use url::{Host, Origin, Url};

/// Matches origins by scheme, host and port. The host may stand for all its subdomains.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OriginPattern {
    /// `http` or `https`.
    scheme: &'static str,
    host: Host,
    /// Matches the host's subdomains instead of the host itself.
    subdomains: bool,
    port: u16,
}

/// Not `https://host`, `https://host:port` or `https://*.host`, or the same with http.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no origin such as https://shop.example, https://shop.example:8443 or https://*.shop.example")]
pub struct OriginPatternError;

impl OriginPattern {
    /// Never true for an opaque origin.
    pub fn matches(&self, origin: &Origin) -> bool {
        let Origin::Tuple(scheme, host, port) = origin else { return false };
        scheme == self.scheme && *port == self.port && self.matches_host(host)
    }

    fn matches_host(&self, host: &Host) -> bool {
        match (&self.host, host) {
            (Host::Domain(own), Host::Domain(name)) if self.subdomains => name
                .strip_suffix(own.as_str())
                .and_then(|before| before.strip_suffix('.'))
                .is_some_and(|sub| !sub.is_empty()),
            (own, host) => own == host,
        }
    }

    /// Whether it stands for more than one origin.
    pub(super) fn is_of_subdomains(&self) -> bool {
        self.subdomains
    }

    /// Of two patterns that match an origin, the one with the larger value wins.
    pub(super) fn specificity(&self) -> usize {
        if self.subdomains { self.host.to_string().len() } else { usize::MAX }
    }
}

impl FromStr for OriginPattern {
    type Err = OriginPatternError;

    fn from_str(pattern: &str) -> Result<Self, OriginPatternError> {
        Self::parse(pattern).ok_or(OriginPatternError)
    }
}

impl OriginPattern {
    /// Strict, since a pattern that is read in another way than its author meant sends secrets to the wrong place.
    fn parse(pattern: &str) -> Option<Self> {
        let (scheme, rest) = pattern.split_once("://")?;
        let scheme = ["https", "http"].into_iter().find(|known| *known == scheme)?;
        let (authority, subdomains) = match rest.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (rest, false),
        };
        // Characters that URL parsers ignore or take for another part of a URL.
        let is_foreign = |c: char| c.is_whitespace() || c.is_control() || "*/\\?#@%,".contains(c);
        if authority.contains(is_foreign) {
            return None;
        }
        let url = Url::parse(&format!("{scheme}://{authority}/")).ok()?;
        let (host, port) = (url.host()?.to_owned(), url.port_or_known_default()?);
        let is_plain = match &host {
            Host::Domain(name) => !name.ends_with('.') && (!subdomains || name.contains('.')),
            // Written in the usual form, not as `2130706433`. Addresses have no subdomains.
            Host::Ipv4(address) => !subdomains && authority.split(':').next() == Some(address.to_string().as_str()),
            Host::Ipv6(_) => !subdomains,
        };
        let has_empty_port = authority.ends_with(':');
        let is_origin = is_plain && !has_empty_port && url.path() == "/";
        is_origin.then_some(Self { scheme, host, subdomains, port })
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, subdomains, port } = self;
        write!(f, "{scheme}://{}{host}", if *subdomains { "*." } else { "" })?;
        match (*scheme, port) {
            ("https", 443) | ("http", 80) => Ok(()),
            _ => write!(f, ":{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, url: &str) -> bool {
        pattern.parse::<OriginPattern>().unwrap().matches(&Url::parse(url).unwrap().origin())
    }

    #[test]
    fn an_origin_matches_by_scheme_host_and_port() {
        for (pattern, url, expected) in [
            ("https://shop.example", "https://shop.example/login?a=b", true),
            ("https://SHOP.example:443", "https://shop.example/", true),
            ("https://shop.example", "http://shop.example/", false),
            ("https://shop.example", "https://shop.example:8443/", false),
            ("https://shop.example:8443", "https://shop.example:8443/", true),
            ("https://shop.example", "https://www.shop.example/", false),
            ("https://shop.example", "https://shop.example.evil.example/", false),
            ("https://shop.example", "https://evilshop.example/", false),
            ("https://shop.example", "https://shop.example./", false),
            ("https://shop.example", "https://shop.example@evil.example/", false),
            ("https://*.bank.example", "https://www.bank.example/", true),
            ("https://*.bank.example", "https://a.b.bank.example/", true),
            ("https://*.bank.example", "https://bank.example/", false),
            ("https://*.bank.example", "https://evilbank.example/", false),
            ("https://*.bank.example", "https://.bank.example/", false),
            ("https://*.bank.example:444", "https://www.bank.example/", false),
            ("https://bücher.example", "https://xn--bcher-kva.example/", true),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/", true),
            ("http://127.0.0.1:8080", "http://0x7f000001:8080/", true),
            ("http://[::1]:8080", "http://[::1]:8080/", true),
            ("https://shop.example", "data:text/html,x", false),
            ("https://shop.example", "about:blank", false),
            ("https://shop.example", "file:///etc/passwd", false),
            ("https://shop.example", "blob:https://evil.example/1", false),
        ] {
            assert_eq!(matches(pattern, url), expected, "{pattern} {url}");
        }
    }

    #[test]
    fn a_pattern_that_is_not_a_plain_origin_is_rejected() {
        for pattern in [
            "",
            "*",
            "shop.example",
            "//shop.example",
            "https://",
            "https://*",
            "https://*.",
            "https://*.com",
            "https://*.*.example",
            "https://a.*.example",
            "https://*shop.example",
            "https://sho*.example",
            "https://shop.example/",
            "https://shop.example/login",
            "https://shop.example?a",
            "https://shop.example#a",
            "https://ada@shop.example",
            "https://shop.example:",
            "https://shop.example:0x50",
            "https://shop.example:99999",
            "https://shop.example:*",
            "https://shop.example.",
            " https://shop.example",
            "https://shop.example ",
            "https://shop .example",
            "https://shop%2eexample",
            "https:\\\\shop.example",
            "HTTPS://shop.example",
            "ftp://shop.example",
            "file:///etc",
            "chrome://settings",
            "https://2130706433",
            "https://0x7f.1",
            "https://*.127.0.0.1",
            "https://*.[::1]",
            "https://a.example,https://b.example",
        ] {
            assert!(pattern.parse::<OriginPattern>().is_err(), "{pattern:?}");
        }
    }

    #[test]
    fn a_pattern_is_displayed_as_it_is_parsed() {
        for pattern in ["https://shop.example", "https://*.bank.example", "http://127.0.0.1:8080", "http://[::1]:8080"]
        {
            assert_eq!(pattern.parse::<OriginPattern>().unwrap().to_string(), pattern);
        }
        assert_eq!("https://Shop.example:443".parse::<OriginPattern>().unwrap().to_string(), "https://shop.example");
    }
}
