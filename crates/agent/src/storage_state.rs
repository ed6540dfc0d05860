//! What a browser keeps between runs: cookies, localStorage and IndexedDB, in the form in which Playwright saves it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

/// A browser's cookies and storage. It holds logins: its `Debug` form shows only how much there is.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StorageState {
    pub cookies: Vec<Cookie>,
    pub origins: Vec<OriginState>,
}

impl StorageState {
    pub const MAX_COOKIES: usize = 1_000;
    pub const MAX_ORIGINS: usize = 100;
    /// Bytes of names, values and databases together.
    pub const MAX_BYTES: usize = 4 << 20;

    pub fn is_empty(&self) -> bool {
        self.cookies.is_empty() && self.origins.is_empty()
    }

    /// Bytes of names, values and databases.
    pub fn bytes(&self) -> usize {
        let cookies: usize = self.cookies.iter().map(Cookie::bytes).sum();
        cookies + self.origins.iter().map(OriginState::bytes).sum::<usize>()
    }
}

impl fmt::Debug for StorageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StorageState({} cookies, {} origins)", self.cookies.len(), self.origins.len())
    }
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cookie {
    pub name: String,
    pub value: String,
    /// A host, or with a leading dot a domain and its subdomains.
    pub domain: String,
    pub path: String,
    /// Seconds since 1970; -1 for a cookie of the session.
    pub expires: f64,
    pub http_only: bool,
    pub secure: bool,
    pub same_site: SameSite,
    /// The site of the page that a partitioned cookie belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_key: Option<String>,
    /// Of a partitioned cookie: whether the page's frame is in one of another site.
    #[serde(rename = "_crHasCrossSiteAncestor", default, skip_serializing_if = "Option::is_none")]
    pub has_cross_site_ancestor: Option<bool>,
}

impl Cookie {
    /// The host, if the cookie is of this host only.
    pub fn host(&self) -> Option<&str> {
        Some(self.domain.as_str()).filter(|domain| !domain.starts_with('.'))
    }

    /// A URL that the cookie is sent to.
    pub fn url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}{}", self.domain.trim_start_matches('.'), self.path)
    }

    fn bytes(&self) -> usize {
        self.name.len() + self.value.len() + self.domain.len() + self.path.len() + size_of::<Self>()
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cookie({} of {})", self.name, self.domain)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SameSite {
    Strict,
    Lax,
    None,
}

impl SameSite {
    pub const ALL: [(&'static str, Self); 3] = [("Strict", Self::Strict), ("Lax", Self::Lax), ("None", Self::None)];
}

/// What the pages of an origin have stored.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OriginState {
    /// `https://shop.example:8443`
    pub origin: String,
    pub local_storage: Vec<StoredItem>,
    /// Databases as Playwright writes them.
    #[serde(rename = "indexedDB", default, skip_serializing_if = "Vec::is_empty")]
    pub indexed_db: Vec<Value>,
}

impl OriginState {
    /// The origin of a URL as a state names it; none unless it is http or https.
    pub fn origin_of(url: &Url) -> Option<String> {
        matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
    }

    pub fn is_empty(&self) -> bool {
        self.local_storage.is_empty() && self.indexed_db.is_empty()
    }

    pub fn bytes(&self) -> usize {
        let items = self.local_storage.iter().map(|item| item.name.len() + item.value.len() + size_of::<StoredItem>());
        let databases = self.indexed_db.iter().map(|database| database.to_string().len());
        items.chain(databases).sum::<usize>() + self.origin.len() + size_of::<Self>()
    }
}

impl fmt::Debug for OriginState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OriginState({})", self.origin)
    }
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredItem {
    pub name: String,
    pub value: String,
}

/// What was saved, and a sentence for each part that could not be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SavedStorage {
    pub state: StorageState,
    pub lost: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_written_as_playwright_writes_it() {
        let json = serde_json::json!({
            "cookies": [{
                "name": "sid", "value": "s3cret", "domain": ".shop.example", "path": "/", "expires": -1.0,
                "httpOnly": true, "secure": true, "sameSite": "None", "partitionKey": "https://portal.example",
                "_crHasCrossSiteAncestor": true
            }],
            "origins": [{
                "origin": "https://shop.example",
                "localStorage": [{ "name": "token", "value": "s3cret" }],
                "indexedDB": [{ "name": "auth", "version": 1, "stores": [] }]
            }]
        });
        let state: StorageState = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&state).unwrap(), json);
        assert!(!format!("{state:?} {:?} {:?}", state.cookies, state.origins).contains("s3cret"));
    }
}
