//! `storageState`: cookies and storage as Playwright saves them. No message has a value of it.

use std::collections::HashSet;
use std::sync::Arc;

use agent::storage_state::{Cookie, OriginState, SameSite, StorageState, StoredItem};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::{Host, Url};

use super::input::{Choice, Field, Input, OneOf, Parsed, Problems, list, not_null, object, one, too_many_bytes};
use crate::http::error::Problem;

/// Chromium takes no longer ones.
const MAX_COOKIE_BYTES: usize = 4_096;
const MAX_DOMAIN_BYTES: usize = 255;
const MAX_PATH_BYTES: usize = 1_024;
const MAX_ITEMS: usize = 10_000;
const MAX_DATABASES: usize = 100;
/// 31 December 9999 in seconds since 1970.
const MAX_EXPIRES: f64 = 253_402_300_799.0;

#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
#[serde(rename_all = "camelCase")]
pub(super) struct StorageBody {
    #[schemars(length(max = StorageState::MAX_COOKIES))]
    cookies: Option<Field<Vec<Field<CookieBody>>>>,
    #[schemars(length(max = StorageState::MAX_ORIGINS))]
    origins: Option<Field<Vec<Field<OriginBody>>>>,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(inline, extend("required" = ["name", "value", "domain", "path"]))]
#[serde(rename_all = "camelCase")]
struct CookieBody {
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String", length(max = MAX_COOKIE_BYTES))]
    name: Option<Field<String>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String", length(max = MAX_COOKIE_BYTES))]
    value: Option<Field<String>>,
    /// A host, or with a leading dot a domain and its subdomains.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String", length(max = MAX_DOMAIN_BYTES))]
    domain: Option<Field<String>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String", length(max = MAX_PATH_BYTES))]
    path: Option<Field<String>>,
    /// Seconds since 1970; -1 for a cookie of the session.
    #[schemars(range(min = -1, max = MAX_EXPIRES), extend("default" = -1))]
    expires: Option<Field<f64>>,
    #[schemars(extend("default" = false))]
    http_only: Option<Field<bool>>,
    #[schemars(extend("default" = false))]
    secure: Option<Field<bool>>,
    same_site: Option<Field<OneOf<SameSite>>>,
    /// The site of the page that a partitioned cookie belongs to, such as `https://portal.example`.
    partition_key: Option<Field<String>>,
    /// As Playwright saves it beside `partitionKey`.
    #[serde(rename = "_crHasCrossSiteAncestor")]
    has_cross_site_ancestor: Option<Field<bool>>,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(inline, extend("required" = ["origin"]))]
#[serde(rename_all = "camelCase")]
struct OriginBody {
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String")]
    origin: Option<Field<String>>,
    #[schemars(length(max = MAX_ITEMS))]
    local_storage: Option<Field<Vec<Field<ItemBody>>>>,
    /// Databases as Playwright saves them.
    #[serde(rename = "indexedDB")]
    #[schemars(with = "Option<Vec<Map<String, Value>>>", length(max = MAX_DATABASES))]
    indexed_db: Option<Field<Vec<Field<Map<String, Value>>>>>,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(inline, extend("required" = ["name", "value"]))]
struct ItemBody {
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String")]
    name: Option<Field<String>>,
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String")]
    value: Option<Field<String>>,
}

macro_rules! objects {
    ($($body:ty),*) => {
        $(impl Input for $body {
            fn parse(value: Value) -> Parsed<Self> {
                object(value)
            }
        })*
    };
}
objects!(StorageBody, CookieBody, OriginBody, ItemBody);

impl Choice for SameSite {
    fn choices() -> Vec<(&'static str, Self)> {
        Self::ALL.into()
    }
}

pub(super) fn storage_state(body: StorageBody) -> Parsed<Arc<StorageState>> {
    let mut problems = Problems::default();
    let cookies =
        problems.optional("cookies", body.cookies, |cookies| list(cookies, StorageState::MAX_COOKIES, cookie));
    let origins = problems.optional("origins", body.origins, all_origins);
    let state = problems
        .finish(Some(StorageState { cookies: cookies.unwrap_or_default(), origins: origins.unwrap_or_default() }))?;
    if state.bytes() > StorageState::MAX_BYTES {
        return one(
            "too_long",
            format!("Value error, names, values and databases have more than {} bytes", StorageState::MAX_BYTES),
        );
    }
    Ok(Arc::new(state))
}

fn cookie(body: CookieBody) -> Parsed<Cookie> {
    let mut problems = Problems::default();
    let name = problems.required("name", body.name, |name| cookie_text(name, "=;"));
    let value = problems.required("value", body.value, |value| cookie_text(value, ";"));
    let domain = problems.required("domain", body.domain, domain);
    let path = problems.required("path", body.path, path);
    let expires = problems.optional("expires", body.expires, expires);
    let http_only = problems.optional("httpOnly", body.http_only, Ok);
    let secure = problems.optional("secure", body.secure, Ok);
    let same_site = problems.optional("sameSite", body.same_site, |OneOf(same_site)| Ok(same_site));
    let partition_key = problems.optional("partitionKey", body.partition_key, site);
    let has_cross_site_ancestor = problems.optional("_crHasCrossSiteAncestor", body.has_cross_site_ancestor, Ok);
    problems.finish(name.zip(value).zip(domain.zip(path)).map(|((name, value), (domain, path))| Cookie {
        name,
        value,
        domain,
        path,
        expires: expires.unwrap_or(-1.0),
        http_only: http_only.unwrap_or(false),
        secure: secure.unwrap_or(false),
        same_site: same_site.unwrap_or(SameSite::Lax),
        partition_key,
        has_cross_site_ancestor,
    }))
}

fn cookie_text(text: String, separators: &str) -> Parsed<String> {
    if text.len() > MAX_COOKIE_BYTES {
        return too_many_bytes(MAX_COOKIE_BYTES);
    }
    if text.chars().any(|c| c.is_control() || separators.contains(c)) {
        return one("value_error", "Value error, it has characters that no cookie can have");
    }
    Ok(text)
}

fn domain(domain: String) -> Parsed<String> {
    if domain.len() > MAX_DOMAIN_BYTES {
        return too_many_bytes(MAX_DOMAIN_BYTES);
    }
    let (dot, host) = domain.strip_prefix('.').map_or(("", domain.as_str()), |host| (".", host));
    match Host::parse(host) {
        Ok(host) if dot.is_empty() || matches!(host, Host::Domain(_)) => Ok(format!("{dot}{host}")),
        _ => one("value_error", "Value error, not a host such as shop.example, or a domain such as .shop.example"),
    }
}

fn path(path: String) -> Parsed<String> {
    if path.len() > MAX_PATH_BYTES {
        return too_many_bytes(MAX_PATH_BYTES);
    }
    if !path.starts_with('/') || path.chars().any(|c| c.is_control() || c == ';') {
        return one("value_error", "Value error, not a path such as /");
    }
    Ok(path)
}

fn expires(seconds: f64) -> Parsed<f64> {
    // What Playwright takes, and 0, which has passed.
    if seconds == -1.0 || (0.0..=MAX_EXPIRES).contains(&seconds) {
        return Ok(seconds);
    }
    one("value_error", "Value error, neither -1 nor seconds since 1970")
}

fn site(site: String) -> Parsed<String> {
    match http_url(&site) {
        Some(url) => Ok(url.origin().ascii_serialization()),
        None => one("value_error", "Value error, not a site such as https://portal.example"),
    }
}

fn http_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

fn all_origins(bodies: Vec<Field<OriginBody>>) -> Parsed<Vec<OriginState>> {
    let all = list(bodies, StorageState::MAX_ORIGINS, origin_state)?;
    let mut known = HashSet::new();
    for (index, one) in all.iter().enumerate() {
        if !known.insert(&one.origin) {
            let problem = Problem::new("value_error", "Value error, another entry is of this origin");
            return Err(vec![problem.within("origin").within(index)]);
        }
    }
    Ok(all)
}

fn origin_state(body: OriginBody) -> Parsed<OriginState> {
    let mut problems = Problems::default();
    let origin = problems.required("origin", body.origin, |origin| {
        let only_origin = |url: &Url| url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        match http_url(&origin).filter(|url| only_origin(url) && url.username().is_empty()) {
            Some(url) => Ok(url.origin().ascii_serialization()),
            None => one("value_error", "Value error, not an origin such as https://shop.example:8443"),
        }
    });
    let local_storage = problems.optional("localStorage", body.local_storage, |items| list(items, MAX_ITEMS, item));
    let databases = |databases| list(databases, MAX_DATABASES, |database| Ok(Value::Object(database)));
    let indexed_db = problems.optional("indexedDB", body.indexed_db, databases);
    problems.finish(origin.map(|origin| OriginState {
        origin,
        local_storage: local_storage.unwrap_or_default(),
        indexed_db: indexed_db.unwrap_or_default(),
    }))
}

fn item(body: ItemBody) -> Parsed<StoredItem> {
    let mut problems = Problems::default();
    let name = problems.required("name", body.name, Ok);
    let value = problems.required("value", body.value, Ok);
    problems.finish(name.zip(value).map(|(name, value)| StoredItem { name, value }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(state: Value) -> Result<Arc<StorageState>, String> {
        let parsed = StorageBody::parse(state).and_then(storage_state);
        parsed.map_err(|problems| serde_json::to_string(&problems).unwrap())
    }

    #[test]
    fn what_is_wrong_is_located_and_quotes_no_value() {
        let cookie = |field: &str, value: Value| {
            let mut cookie = json!({ "name": "sid", "value": "s3cret", "domain": "shop.example", "path": "/" });
            cookie[field] = value;
            json!({ "cookies": [cookie] })
        };
        let origin = |fields: Value| json!({ "origins": [fields] });
        assert!(parse(cookie("expires", json!(-1))).is_ok());
        assert_eq!(parse(cookie("domain", json!(".SHOP.example"))).unwrap().cookies[0].domain, ".shop.example");
        for (wrong, place) in [
            (cookie("value", json!("s3cret;")), r#"["cookies",0,"value"]"#),
            (cookie("value", json!("s3cret".repeat(1_000))), r#"["cookies",0,"value"]"#),
            (cookie("name", json!(7)), r#"["cookies",0,"name"]"#),
            (cookie("domain", json!("s3cret/")), r#"["cookies",0,"domain"]"#),
            (cookie("domain", json!(".127.0.0.1")), r#"["cookies",0,"domain"]"#),
            (cookie("path", json!("s3cret")), r#"["cookies",0,"path"]"#),
            (cookie("expires", json!(-2)), r#"["cookies",0,"expires"]"#),
            (cookie("sameSite", json!("s3cret")), r#"["cookies",0,"sameSite"]"#),
            (cookie("partitionKey", json!("s3cret")), r#"["cookies",0,"partitionKey"]"#),
            (json!({ "cookies": [{ "name": "sid", "value": "s3cret", "path": "/" }] }), r#"["cookies",0,"domain"]"#),
            (json!({ "cookies": "s3cret" }), r#"["cookies"]"#),
            (json!({ "origins": [{ "localStorage": [] }] }), r#"["origins",0,"origin"]"#),
            (origin(json!({ "origin": "https://shop.example/s3cret" })), r#"["origins",0,"origin"]"#),
            (origin(json!({ "origin": "file:///s3cret" })), r#"["origins",0,"origin"]"#),
            (
                origin(json!({ "origin": "https://a.example", "localStorage": [{ "name": "s3cret" }] })),
                r#"["origins",0,"localStorage",0,"value"]"#,
            ),
            (
                origin(json!({ "origin": "https://a.example", "indexedDB": ["s3cret"] })),
                r#"["origins",0,"indexedDB",0]"#,
            ),
            (
                json!({ "origins": [{ "origin": "https://a.example" }, { "origin": "https://A.example:443/" }] }),
                r#"["origins",1,"origin"]"#,
            ),
            (
                origin(json!({
                    "origin": "https://a.example",
                    "localStorage": [{ "name": "x", "value": "s3cret".repeat(1 << 20) }]
                })),
                "[]",
            ),
        ] {
            let problem = parse(wrong).unwrap_err();
            assert!(problem.contains(&format!("\"loc\":{place}")) && !problem.contains("s3cret"), "{place}: {problem}");
        }
    }
}
