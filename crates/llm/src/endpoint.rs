//! A provider's address and key.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use agent::text::one_line;

/// Longest quote of a provider's message, in characters.
const MAX_QUOTE_CHARS: usize = 300;

/// Where requests go and how they are authenticated. Deliberately not `Debug`.
pub(super) struct Endpoint {
    base: Url,
    key: Option<SecretString>,
    headers: HeaderMap,
}

/// The header that carries a provider's key.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyHeader {
    /// In lower case.
    pub(super) name: &'static str,
    /// Precedes the key.
    pub(super) prefix: &'static str,
}

impl KeyHeader {
    pub(super) const BEARER: Self = Self { name: "authorization", prefix: "Bearer " };
}

impl Endpoint {
    /// `None` if the address is not http or https, or the key is not a valid header value.
    pub(super) fn new(
        base: Url,
        key: Option<SecretString>,
        key_header: KeyHeader,
        headers: &'static [(&'static str, &'static str)],
    ) -> Option<Self> {
        if !matches!(base.scheme(), "http" | "https") {
            return None;
        }
        let fixed =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut headers: HeaderMap = fixed.collect();
        if let Some(key) = &key {
            let mut value = HeaderValue::from_str(&format!("{}{}", key_header.prefix, key.expose_secret())).ok()?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(key_header.name), value);
        }
        Some(Self { base, key, headers })
    }

    /// The URL of an API method: the base URL with more path segments. Its query is kept.
    pub(super) fn method(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("an http address has a path").pop_if_empty().extend(segments);
        url
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A provider's message for use in an error: one line of limited length, with the key masked in case the provider
    /// has echoed it.
    pub(super) fn quote(&self, text: &str) -> String {
        let text = match &self.key {
            // Before truncating, which could leave a part of the key.
            Some(key) if !key.expose_secret().is_empty() => text.replace(key.expose_secret(), "[key]"),
            _ => text.to_owned(),
        };
        // One more for the ellipsis.
        one_line(&text, MAX_QUOTE_CHARS + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(base: &str, key: &str) -> Endpoint {
        Endpoint::new(base.parse().unwrap(), Some(key.into()), KeyHeader::BEARER, &[]).unwrap()
    }

    #[test]
    fn a_method_is_added_to_the_base_path_and_keeps_the_query() {
        for base in ["https://example.com/v1", "https://example.com/v1/"] {
            let url = endpoint(base, "k").method(&["chat", "completions"]);
            assert_eq!(url.as_str(), "https://example.com/v1/chat/completions");
        }
        let url = endpoint("https://example.com/o?api-version=3", "k").method(&["chat"]);
        assert_eq!(url.as_str(), "https://example.com/o/chat?api-version=3");
    }

    #[test]
    fn a_base_url_that_is_not_http_is_rejected() {
        for base in ["ftp://example.com", "data:text/plain,x"] {
            assert!(Endpoint::new(base.parse().unwrap(), None, KeyHeader::BEARER, &[]).is_none());
        }
    }

    #[test]
    fn a_key_that_is_invalid_in_a_header_is_rejected() {
        let base = "https://example.com".parse().unwrap();
        assert!(Endpoint::new(base, Some("a\nb".into()), KeyHeader::BEARER, &[]).is_none());
    }

    #[test]
    fn a_quote_is_one_bounded_line_without_the_key_even_if_truncated() {
        let endpoint = endpoint("https://example.com", "canary-key-0123456789");
        let spaced = endpoint.quote("no\r\n\tsuch \u{7} key: canary-key-0123456789.");
        assert_eq!(spaced, "no such key: [key].");
        let long = endpoint.quote(&format!("{}canary-key-0123456789", "é".repeat(MAX_QUOTE_CHARS - 5)));
        assert!(!long.contains("canary"), "{long}");
        assert_eq!(endpoint.quote(&"é".repeat(1000)).chars().count(), MAX_QUOTE_CHARS + 1);
    }
}
