//! A run's cookies and storage, loaded before its first page and saved after its last.
//!
//! The storage of an origin is reached from an empty page of that origin, in a tab of its own. Its requests are answered here:
//! the site is not asked, and the proxy lets nothing through meanwhile.

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chromiumoxide_cdp::cdp::browser_protocol::fetch::{FailRequestParams, FulfillRequestParams, HeaderEntry};
use chromiumoxide_cdp::cdp::browser_protocol::network::{
    CookieParam, CookiePartitionKey, CookieSameSite, ErrorReason, SetBypassServiceWorkerParams, TimeSinceEpoch,
};
use chromiumoxide_cdp::cdp::browser_protocol::page::{HandleJavaScriptDialogParams, NavigateParams};
use chromiumoxide_cdp::cdp::browser_protocol::storage::{GetCookiesParams, SetCookiesParams};
use chromiumoxide_cdp::cdp::browser_protocol::target::CloseTargetParams;
use chromiumoxide_cdp::cdp::js_protocol::runtime::{EvaluateParams, TerminateExecutionParams};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::Context;
use super::state::ContextState;
use crate::error::browser_error;
use crate::process::panics::lock;
use agent::ports::BrowserError;
use agent::storage_state::{Cookie, OriginState, SameSite, SavedStorage, StorageState, StoredItem};
use cdp::events::RequestPaused;
use cdp::messages::{Evaluated, Navigated};
use cdp::{CdpError, Session};

/// See `scripts/src/storage.js`.
const SCRIPT: &str = include_str!("../../scripts/dist/storage.js");
/// An empty page, without a request for its icon.
const EMPTY_PAGE: &str = "<!doctype html><link rel=icon href='data:,'>";
/// Limit for reading or writing the storage of an origin.
const ORIGIN_TIMEOUT: Duration = Duration::from_secs(5);
/// Origins of a run that are remembered, of pages and frames.
const MAX_SEEN: usize = 2 * StorageState::MAX_ORIGINS;

/// What a context does for its run's storage.
#[derive(Default)]
pub(super) struct StorageAccess {
    /// The origins of the run's documents; none unless its storage is saved.
    seen: Option<Seen>,
    /// A tab for an empty page is about to open, or open. It does not count as one of the run's.
    is_open: bool,
    /// The session of that tab, and the origin whose page it shows.
    serves: Option<(String, String)>,
}

#[derive(Default)]
struct Seen {
    origins: Vec<String>,
    is_full: bool,
}

/// `Storage.getCookies`'s result. The generated type demands fields that Chromium no longer has.
#[derive(Deserialize)]
struct FoundCookies {
    cookies: Vec<FoundCookie>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundCookie {
    name: String,
    value: String,
    domain: String,
    path: String,
    expires: f64,
    http_only: bool,
    secure: bool,
    same_site: Option<SameSite>,
    partition_key: Option<CookiePartitionKey>,
    #[serde(default)]
    partition_key_opaque: bool,
}

/// The result of `collectStorage`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Collected {
    local_storage: Vec<StoredItem>,
    #[serde(rename = "indexedDB")]
    indexed_db: Vec<Value>,
    lost: usize,
}

impl ContextState {
    /// Answers a request of the tab for empty pages; false if it is of another tab.
    pub(super) fn serve_empty_page(&self, session: &Session, paused: &RequestPaused) -> bool {
        let storage = lock(&self.storage);
        let (Some((tab, origin)), Some(id)) = (&storage.serves, session.id()) else { return false };
        if **id != **tab {
            return false;
        }
        let asked = Url::parse(&paused.request.url).ok().and_then(|url| OriginState::origin_of(&url));
        if paused.resource_type == "Document" && asked.as_ref() == Some(origin) {
            let mut page = FulfillRequestParams::new(paused.request_id.clone(), 200);
            page.response_headers = Some(vec![HeaderEntry::new("Content-Type", "text/html")]);
            page.body = Some(STANDARD.encode(EMPTY_PAGE).into());
            session.send(page);
        } else {
            session.send(FailRequestParams::new(paused.request_id.clone(), ErrorReason::BlockedByClient));
        }
        true
    }

    /// Remembers the origin of a document, if the run's storage is saved.
    pub(super) fn document_seen(&self, url: &str) {
        let mut storage = lock(&self.storage);
        let Some(seen) = storage.seen.as_mut() else { return };
        let Some(origin) = Url::parse(url).ok().and_then(|url| OriginState::origin_of(&url)) else { return };
        if seen.origins.contains(&origin) {
            return;
        }
        if seen.origins.len() < MAX_SEEN {
            seen.origins.push(origin);
        } else {
            seen.is_full = true;
        }
    }

    pub(super) fn has_storage_tab(&self) -> bool {
        lock(&self.storage).is_open
    }
}

impl Context {
    /// Has the origins of documents remembered from now on.
    pub(crate) fn remember_origins(&self) {
        lock(&self.shared.storage).seen.get_or_insert_default();
    }

    /// Sets cookies and storage. The run's policy must not be set yet: until then the proxy refuses all connections.
    ///
    /// # Errors
    /// The browser is gone or does not respond.
    pub(crate) async fn load_storage(&self, state: &StorageState) -> Result<(), BrowserError> {
        let refused = self.set_cookies(&state.cookies).await?;
        if !refused.is_empty() {
            let named = refused.join(", ");
            self.egress()
                .add_notice(format!("The browser took no cookies of the run's storage state by the name {named}."));
        }
        if state.origins.is_empty() {
            return Ok(());
        }
        let (id, session) = self.open_storage_tab().await?;
        for origin in &state.origins {
            self.document_seen(&origin.origin);
            let json = serde_json::to_string(origin).expect("texts and JSON are JSON");
            let loaded = async {
                self.show_empty_page(id, &session, &origin.origin).await?;
                self.run_script::<usize>(&session, format!("restoreStorage({json})")).await
            };
            match loaded.await {
                Ok(0) => {}
                Ok(lost) => self.report(format!("{lost} databases of {} were not restored.", origin.origin)),
                Err(BrowserError::Lost) => return Err(BrowserError::Lost),
                Err(error) => {
                    tracing::warn!(origin = origin.origin, %error, "storage not restored");
                    self.report(format!("The storage of {} was not restored.", origin.origin));
                }
            }
        }
        self.close_storage_tab(id).await
    }

    /// Reads cookies and storage, and closes the network to the run's pages.
    ///
    /// # Errors
    /// The browser is gone or does not respond. What cannot be read of single origins is told in the result.
    pub(crate) async fn save_storage(&self) -> Result<SavedStorage, BrowserError> {
        // Sites are not asked for the pages whose storage is read.
        self.shared.egress_stop.cancel();
        // A page with a dialog or an endless loop would block others of its site.
        for tab in self.tabs().all() {
            if let Some(dialog) = tab.dialog.take() {
                dialog.session.send(HandleJavaScriptDialogParams::new(false));
            }
            tab.session.send(TerminateExecutionParams::default());
        }
        let mut saved = SavedStorage::default();
        saved.state.cookies = self.cookies(&mut saved.lost).await?;
        let seen = lock(&self.shared.storage).seen.take().unwrap_or_default();
        if seen.is_full {
            saved.lost.push(format!("only the first {MAX_SEEN} origins were looked at"));
        }
        if seen.origins.is_empty() {
            return Ok(saved);
        }
        let (id, session) = self.open_storage_tab().await?;
        let mut room = StorageState::MAX_BYTES.saturating_sub(saved.state.bytes());
        for origin in seen.origins {
            let read = async {
                self.show_empty_page(id, &session, &origin).await?;
                self.run_script::<String>(&session, format!("collectStorage({room})")).await
            };
            let collected = match read.await {
                Ok(json) => serde_json::from_str::<Collected>(&json).ok(),
                Err(BrowserError::Lost) => return Err(BrowserError::Lost),
                Err(error) => {
                    tracing::warn!(origin, %error, "storage not read");
                    None
                }
            };
            let Some(Collected { local_storage, indexed_db, lost }) = collected else {
                saved.lost.push(format!("what {origin} stores could not be read"));
                continue;
            };
            if lost > 0 {
                saved.lost.push(format!("{lost} databases of {origin} cannot be written as JSON or are too large"));
            }
            let stored = OriginState { origin, local_storage, indexed_db };
            if stored.is_empty() {
                continue;
            }
            let size = stored.bytes();
            if size > room || saved.state.origins.len() == StorageState::MAX_ORIGINS {
                saved.lost.push(format!("what {} stores is beyond the limit", stored.origin));
                continue;
            }
            room -= size;
            saved.state.origins.push(stored);
        }
        Ok(saved)
    }

    fn document_seen(&self, url: &str) {
        self.shared.document_seen(url);
    }

    fn report(&self, notice: String) {
        self.egress().add_notice(notice);
    }

    /// Sets cookies and returns the names of those that the browser refuses, without repetitions.
    async fn set_cookies(&self, cookies: &[Cookie]) -> Result<Vec<String>, BrowserError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let valid = cookies.iter().filter(|cookie| cookie.expires < 0.0 || cookie.expires > now);
        let params: Vec<CookieParam> = valid.map(param).collect();
        let set = |cookies| SetCookiesParams { cookies, browser_context_id: Some(self.shared.id.clone().into()) };
        let root = self.browser().connection.root();
        if params.is_empty() {
            return Ok(Vec::new());
        }
        match root.call(set(params.clone())).await {
            Ok(_) => return Ok(Vec::new()),
            // One that is refused leads to none being set.
            Err(CdpError::Refused { .. }) => {}
            Err(error) => return Err(browser_error(error)),
        }
        let mut refused = Vec::new();
        for param in params {
            let name = param.name.clone();
            match root.call(set(vec![param])).await {
                Ok(_) => {}
                Err(CdpError::Refused { .. }) if refused.contains(&name) => {}
                Err(CdpError::Refused { .. }) => refused.push(name),
                Err(error) => return Err(browser_error(error)),
            }
        }
        Ok(refused)
    }

    async fn cookies(&self, lost: &mut Vec<String>) -> Result<Vec<Cookie>, BrowserError> {
        let asked = GetCookiesParams { browser_context_id: Some(self.shared.id.clone().into()) };
        let root = self.browser().connection.root();
        let found: FoundCookies =
            root.call_as(asked, self.browser().settings.command_timeout).await.map_err(browser_error)?;
        let (mut cookies, mut room) = (Vec::new(), StorageState::MAX_BYTES);
        let mut left_out = HashSet::new();
        // Nobody else could use a partition of an opaque origin.
        for found in found.cookies.into_iter().filter(|cookie| !cookie.partition_key_opaque) {
            let cookie = found.into_cookie();
            let size = cookie.name.len() + cookie.value.len() + cookie.domain.len() + cookie.path.len();
            if cookies.len() == StorageState::MAX_COOKIES || size > room {
                left_out.insert(cookie.domain);
                continue;
            }
            room -= size;
            cookies.push(cookie);
        }
        if !left_out.is_empty() {
            lost.push(format!("cookies of {} domains are beyond the limit", left_out.len()));
        }
        Ok(cookies)
    }

    async fn open_storage_tab(&self) -> Result<(u32, Session), BrowserError> {
        lock(&self.shared.storage).is_open = true;
        let id = self.open_tab().await?;
        let session = self.tabs().by_id(id).map(|tab| tab.session.clone()).ok_or(BrowserError::PageCrashed)?;
        // A worker of the site would answer in place of the empty page.
        session.send(SetBypassServiceWorkerParams::new(true));
        Ok((id, session))
    }

    async fn close_storage_tab(&self, id: u32) -> Result<(), BrowserError> {
        let Some(target) = self.tabs().by_id(id).map(|tab| tab.target.to_string()) else { return Ok(()) };
        self.browser().connection.root().call(CloseTargetParams::new(target)).await.map_err(browser_error)?;
        let limit = self.browser().settings.command_timeout;
        let gone = self.wait_within(limit, |tabs| tabs.by_id(id).is_none().then_some(())).await?;
        gone.ok_or(BrowserError::Unresponsive { limit })?;
        let mut storage = lock(&self.shared.storage);
        (storage.is_open, storage.serves) = (false, None);
        drop(storage);
        self.tabs().forget_last();
        Ok(())
    }

    /// Shows an empty page of an origin.
    async fn show_empty_page(&self, id: u32, session: &Session, origin: &str) -> Result<(), BrowserError> {
        let url = Url::parse(origin).map_err(|error| BrowserError::Protocol { cause: error.to_string() })?;
        let tab = session.id().map(|id| id.to_string()).unwrap_or_default();
        lock(&self.shared.storage).serves = Some((tab, origin.to_owned()));
        let went: Navigated =
            session.call_as(NavigateParams::new(url.as_str()), ORIGIN_TIMEOUT).await.map_err(browser_error)?;
        if let Some(cause) = went.error_text {
            return Err(BrowserError::Protocol { cause });
        }
        let wanted = url.origin();
        let shown = self
            .wait_within(ORIGIN_TIMEOUT, |tabs| {
                let tab = tabs.by_id(id)?;
                (tab.origin.as_ref() == Some(&wanted)).then_some(())
            })
            .await?;
        shown.ok_or(BrowserError::Unresponsive { limit: ORIGIN_TIMEOUT })
    }

    async fn run_script<R: DeserializeOwned>(&self, session: &Session, call: String) -> Result<R, BrowserError> {
        let evaluate = EvaluateParams::builder()
            .expression(format!("{SCRIPT}\n{call}"))
            .await_promise(true)
            .return_by_value(true)
            .build()
            .expect("the expression is set");
        let done: Evaluated<R> = session.call_as(evaluate, ORIGIN_TIMEOUT).await.map_err(browser_error)?;
        // Not the exception's text, which may quote a value.
        let failed = || BrowserError::Protocol { cause: "the storage script failed".into() };
        if done.exception_details.is_some() { Err(failed()) } else { done.result.value.ok_or_else(failed) }
    }
}

impl FoundCookie {
    fn into_cookie(self) -> Cookie {
        let partition = self.partition_key;
        Cookie {
            name: self.name,
            value: self.value,
            domain: self.domain,
            path: self.path,
            expires: self.expires,
            http_only: self.http_only,
            secure: self.secure,
            // What Chromium does without the attribute.
            same_site: self.same_site.unwrap_or(SameSite::Lax),
            has_cross_site_ancestor: partition.as_ref().map(|key| key.has_cross_site_ancestor),
            partition_key: partition.map(|key| key.top_level_site),
        }
    }
}

/// The parameters that set a cookie. A URL without a domain makes a cookie of the host only.
fn param(cookie: &Cookie) -> CookieParam {
    let mut param = CookieParam::new(cookie.name.clone(), cookie.value.clone());
    match cookie.host() {
        Some(_) => param.url = Some(cookie.url()),
        None => param.domain = Some(cookie.domain.clone()),
    }
    param.path = Some(cookie.path.clone());
    param.secure = Some(cookie.secure);
    param.http_only = Some(cookie.http_only);
    param.same_site = Some(match cookie.same_site {
        SameSite::Strict => CookieSameSite::Strict,
        SameSite::Lax => CookieSameSite::Lax,
        SameSite::None => CookieSameSite::None,
    });
    param.expires = (cookie.expires >= 0.0).then(|| TimeSinceEpoch::new(cookie.expires));
    param.partition_key = cookie.partition_key.clone().map(|site| {
        // Without the mark: as a frame of another site has it, which is what partitions are for.
        CookiePartitionKey::new(site, cookie.has_cross_site_ancestor.unwrap_or(true))
    });
    param
}
