//! The cookies and storage that a run brings along and returns.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::time::timeout;
use tracing::warn;
use url::Url;

use super::event::{ReturnedStorage, RunEventKind};
use super::request::RunRequest;
use super::stream::Channel;
use agent::ports::{Browsers, Page};
use agent::report::LogLevel;
use agent::secrets::Mask;
use agent::storage_state::StorageState;

/// Limit for reading what a run leaves. A page takes some 20 ms for each origin.
const LIMIT: Duration = Duration::from_secs(10);
/// Hosts that a message names.
const MAX_NAMED: usize = 5;

/// The request's storage state without what the run cannot reach, and a message that says so. Cookies of a whole domain stay,
/// since they may be those of a subdomain that the run can reach.
pub(super) fn within_reach(
    request: &RunRequest,
    browsers: &dyn Browsers,
) -> (Option<Arc<StorageState>>, Option<String>) {
    let Some(state) = &request.storage else { return (None, None) };
    let may_reach = |url: &str| Url::parse(url).is_ok_and(|url| browsers.permits(&url, &request.domains).is_ok());
    let mut left_out = BTreeSet::new();
    let mut kept = (**state).clone();
    kept.cookies.retain(|cookie| {
        let is_kept = cookie.host().is_none() || may_reach(&cookie.url());
        if !is_kept {
            left_out.insert(cookie.domain.clone());
        }
        is_kept
    });
    kept.origins.retain(|stored| {
        let is_kept = may_reach(&stored.origin);
        if !is_kept {
            left_out.insert(stored.origin.clone());
        }
        is_kept
    });
    let message = (!left_out.is_empty()).then(|| {
        let named: Vec<_> = left_out.iter().take(MAX_NAMED).map(String::as_str).collect();
        let more = if left_out.len() > MAX_NAMED { " and others" } else { "" };
        format!("left out of storageState, as the run may not reach them: {}{more}", named.join(", "))
    });
    (Some(Arc::new(kept)), message)
}

/// What the run leaves, with a `log` event for each part that cannot be returned.
pub(super) async fn returned(request: &RunRequest, page: Option<&Arc<dyn Page>>, events: &Channel) -> ReturnedStorage {
    let warn_of = |text: String| {
        let mut event = RunEventKind::log(LogLevel::Warning, format!("storageState is incomplete: {text}"));
        if let Some(masker) = request.secrets.masker() {
            event.mask(&masker);
        }
        events.push(event);
    };
    let Some(page) = page else {
        warn_of("the run had no browser yet".into());
        return ReturnedStorage(None);
    };
    let saved = match timeout(LIMIT, AssertUnwindSafe(page.storage()).catch_unwind()).await {
        Ok(Ok(Ok(saved))) => saved,
        Ok(Ok(Err(error))) => {
            warn!(%error, cause = ?error, "the storage state cannot be read");
            warn_of(format!("it cannot be read, {error}"));
            return ReturnedStorage(None);
        }
        Ok(Err(_panic)) => {
            warn_of("it cannot be read for an internal reason".into());
            return ReturnedStorage(None);
        }
        Err(_elapsed) => {
            warn_of(format!("it was not read within {} s", LIMIT.as_secs()));
            return ReturnedStorage(None);
        }
    };
    saved.lost.into_iter().for_each(warn_of);
    ReturnedStorage(Some(Arc::new(saved.state)))
}
