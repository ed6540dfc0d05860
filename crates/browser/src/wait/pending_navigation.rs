//! A tab on its way from one document to the next. From the request of a document to its first byte the browser passes
//! nothing on to the page, so that nothing can be read or done in it: whoever tries waits for the server.

use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use crate::context::Context;
use crate::context::tabs::{Tab, Tabs};
use crate::settings::SettleSettings;
use agent::ports::BrowserError;
use agent::text::shorten;

/// Characters.
const MAX_URL: usize = 200;

impl SettleSettings {
    /// How long an action that goes from one URL to another may take to settle.
    pub(crate) fn limit(&self, from: &str, to: &str) -> Duration {
        if host(from) == host(to) { self.same_site } else { self.new_site }
    }
}

/// As much of a URL as a sentence bears.
pub(crate) fn short_url(url: &str) -> String {
    shorten(url, MAX_URL)
}

fn host(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

/// Waits while the active tab is on its way, for as long as an action would; answers where to when it still is by then.
///
/// # Errors
/// Only when the browser is gone.
pub(crate) async fn overdue_navigation(context: &Context) -> Result<Option<String>, BrowserError> {
    loop {
        let Some((url, due)) = pending_in_active_tab(context, &mut context.tabs()) else { return Ok(None) };
        let there = context.wait_until(|tabs| {
            let is_same = pending_in_active_tab(context, tabs).is_some_and(|(_, now)| now == due);
            (!is_same).then_some(())
        });
        match tokio::time::timeout_at(due, there).await {
            Ok(reached) => reached?,
            Err(_) => return Ok(Some(url)),
        }
    }
}

/// Waits until the active tab is on its way for longer than an action would wait for it, if it ever is; answers where to.
///
/// # Errors
/// Only when the browser is gone.
pub(crate) async fn wait_until_overdue(context: &Context) -> Result<String, BrowserError> {
    loop {
        context.wait_until(|tabs| pending_in_active_tab(context, tabs).map(|_| ())).await?;
        if let Some(url) = overdue_navigation(context).await? {
            return Ok(url);
        }
    }
}

/// Where the active tab is going and until when that is waited for, while nothing has come of it.
fn pending_in_active_tab(context: &Context, tabs: &mut Tabs) -> Option<(String, Instant)> {
    let settle = &context.browser().settings.settle;
    let due = |tab: &Tab| {
        let pending = tab.activity.pending_navigation()?;
        Some((pending.url.clone(), pending.since + settle.limit(&tab.url, &pending.url)))
    };
    tabs.active().filter(|tab| !tab.crashed && tab.dialog.is_none()).and_then(|tab| due(tab))
}
