//! Pending navigations. From the request of a document until its first byte, Chromium answers nothing for the page, so
//! nothing can be read or done in it.

use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use crate::context::Context;
use crate::context::tabs::{Tab, Tabs};
use crate::settings::SettleSettings;
use agent::ports::BrowserError;

impl SettleSettings {
    /// How long an action that navigates between these URLs may take to settle.
    pub(crate) fn limit(&self, from: &str, to: &str) -> Duration {
        if host(from) == host(to) { self.same_site } else { self.new_site }
    }
}

fn host(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

/// Waits for the active tab's pending navigation within the settle limit; returns its URL on timeout.
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

/// Waits until the active tab has a pending navigation that exceeds the settle limit, possibly for ever; returns its
/// URL.
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

/// The active tab's pending navigation: its URL and deadline.
fn pending_in_active_tab(context: &Context, tabs: &mut Tabs) -> Option<(String, Instant)> {
    let settle = &context.browser().settings.settle;
    let due = |tab: &Tab| {
        let pending = tab.activity.pending_navigation()?;
        Some((pending.url.clone(), pending.since + settle.limit(&tab.url, &pending.url)))
    };
    tabs.active().filter(|tab| !tab.crashed && tab.dialog.is_none()).and_then(|tab| due(tab))
}
