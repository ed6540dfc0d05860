//! Waiting for what an action started, and no longer: navigations, requests, and the DOM coming to rest. Driven by
//! events; the limits only say when to stop and tell.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::context::Context;
use crate::files;
use crate::isolated_world::{Document, IsolatedWorlds, ScriptError};
use crate::navigation::activity::ActivityCounts;
use agent::ports::BrowserError;
use cdp::CdpError;

/// How long a DOM that keeps changing, with nothing on the network, is waited for, in idle limits.
const DOM_LIMIT: u32 = 10;
/// How long pictures and fonts alone are waited for, in idle limits: they change how a page looks, not what it says.
const APPEARANCE_LIMIT: u32 = 20;

/// What there was to wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    /// The main frame shows another document.
    pub(crate) new_document: bool,
    /// The URL changed within the document.
    pub(crate) navigated_in_document: bool,
    /// Something was still going on when the limit was reached.
    pub(crate) unfinished: Option<Unfinished>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfinished {
    Navigation,
    Requests(usize),
    Dom,
}

impl std::fmt::Display for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Navigation => write!(f, "the next page is still loading"),
            Self::Requests(count) => write!(f, "{count} requests are still pending"),
            Self::Dom => write!(f, "the page keeps changing"),
        }
    }
}

/// The moment baseline an action in one tab, to settle from.
#[derive(Clone)]
pub(crate) struct Baseline {
    pub(crate) tab: u32,
    counts: ActivityCounts,
    pub(crate) downloads: files::DownloadMark,
    url: String,
    /// A frame's document that has to come to rest as well.
    also: Option<Document>,
}

impl Baseline {
    /// Waits for a document's DOM beside the main one's.
    pub(crate) fn also_wait_for(&mut self, document: Document) {
        self.also = Some(document);
    }

    pub(crate) fn counts(&self) -> ActivityCounts {
        self.counts
    }
}

#[derive(Serialize)]
struct SettledArguments {
    quiet: u64,
    limit: u64,
}

#[derive(Deserialize)]
struct DomSettled {
    still: bool,
}

/// Notes the active tab's state; to be called baseline the action.
pub(crate) fn baseline(context: &Context) -> Option<Baseline> {
    let downloads = context.files().mark();
    let mut tabs = context.tabs();
    let tab = tabs.active()?;
    Some(Baseline { tab: tab.id, counts: tab.activity.counts(), downloads, url: tab.url.clone(), also: None })
}

/// The moment baseline anything in the active tab, when that is one that was opened since; otherwise now.
pub(crate) fn baseline_of_new_tab(context: &Context, baseline: &Baseline) -> Option<Baseline> {
    let now = self::baseline(context).filter(|now| now.tab != baseline.tab)?;
    let is_new = now.tab > baseline.tab;
    Some(if is_new { Baseline { counts: ActivityCounts::default(), ..now } } else { now })
}

/// Waits in the tab of `baseline` until nothing that started since moves any more. A tab that closes or crashes, or that a
/// dialog blocks, is settled.
///
/// # Errors
/// Only when the browser is gone.
pub(crate) async fn settle(
    context: &Context,
    worlds: &IsolatedWorlds,
    baseline: &Baseline,
) -> Result<Settled, BrowserError> {
    let limits = &context.browser().settings.settle;
    let started = Instant::now();
    let mut settled = Settled::default();
    // The limit depends on where the tab is going, which may show only while waiting.
    let deadline = |state: &TabState| started + limits.limit(&baseline.url, &state.url);
    loop {
        let Some(state) = tab_state(context, baseline) else { return Ok(settled) };
        if let Err(unfinished) = network_settled(context, baseline, started, deadline(&state)).await? {
            if tab_state(context, baseline).is_some_and(|state| Instant::now() < deadline(&state)) {
                continue;
            }
            settled.update(&state, baseline);
            settled.unfinished = unfinished;
            return Ok(settled);
        }
        let Some(version) = tab_state(context, baseline).map(|state| state.counts) else { return Ok(settled) };
        let dom = dom_settled(context, worlds, baseline, limits.idle, limits.idle * DOM_LIMIT).await?;
        if matches!(dom, DomState::Gone) {
            // The session's end is known baseline the tab's.
            let gone = context.wait_until(|tabs| tabs.by_id(baseline.tab).is_none().then_some(()));
            if let Ok(reached) = tokio::time::timeout(limits.idle * DOM_LIMIT, gone).await {
                reached?;
            }
        }
        // What the quiet moment brought up: a timer's request, a navigation by script, another document.
        let Some(state) = tab_state(context, baseline) else { return Ok(settled) };
        settled.update(&state, baseline);
        let moved_on = state.navigating || state.content > 0 || state.counts.documents != version.documents;
        if moved_on && Instant::now() < deadline(&state) {
            continue;
        }
        settled.unfinished = match dom {
            _ if moved_on => Some(state.unfinished()),
            DomState::Busy => Some(Unfinished::Dom),
            DomState::Quiet | DomState::Gone | DomState::Unknown => None,
        };
        return Ok(settled);
    }
}

/// Waits until the downloads that began since are over, or a while.
///
/// # Errors
/// Only when the browser is gone.
pub(crate) async fn wait_for_downloads(context: &Context, baseline: &Baseline) -> Result<(), BrowserError> {
    let files = context.files();
    let deadline = Instant::now() + context.browser().settings.download_wait;
    while !files.is_idle_since(baseline.downloads) {
        let quiet = context.wait_until(|_| files.is_idle_since(baseline.downloads).then_some(()));
        // That nothing comes of one that was expected is no event.
        let next_check = files.next_expiry().map_or(deadline, |given_up| given_up.min(deadline));
        match tokio::time::timeout_at(next_check, quiet).await {
            Ok(reached) => return reached,
            Err(_) if next_check < deadline => {}
            Err(_) => break,
        }
    }
    Ok(())
}

/// Waits until the tab navigates nowhere and no request is pending that matters; or tells what is, at the deadline.
async fn network_settled(
    context: &Context,
    baseline: &Baseline,
    started: Instant,
    deadline: Instant,
) -> Result<Result<(), Option<Unfinished>>, BrowserError> {
    let idle = context.browser().settings.settle.idle;
    let pictures = (started + idle * APPEARANCE_LIMIT).min(deadline);
    let windows = (started + idle * DOM_LIMIT).min(deadline);
    loop {
        let now = Instant::now();
        let settled = context.wait_until(|tabs| {
            let window_expected = tabs.expects_window() && now < windows;
            let tab = match tabs.by_id(baseline.tab) {
                Some(tab) if !tab.crashed && tab.dialog.is_none() => tab,
                _ => return Some(()),
            };
            let (content, all) = tab.activity.pending_since(baseline.counts);
            let waiting = tab.activity.is_navigating() || content > 0 || (all > 0 && now < pictures) || window_expected;
            (!waiting).then_some(())
        });
        // Some things are waited for less long than others, so there are several moments at which to look again.
        let next_check = [windows, pictures, deadline].into_iter().find(|moment| *moment > now).unwrap_or(deadline);
        match tokio::time::timeout_at(next_check, settled).await {
            Ok(reached) => return Ok(Ok(reached?)),
            Err(_) if next_check < deadline => {}
            Err(_) => return Ok(Err(tab_state(context, baseline).map(|state| state.unfinished()))),
        }
    }
}

impl Settled {
    fn update(&mut self, state: &TabState, baseline: &Baseline) {
        self.new_document = state.counts.documents != baseline.counts.documents;
        self.navigated_in_document = state.counts.same_document != baseline.counts.same_document;
    }
}

struct TabState {
    counts: ActivityCounts,
    navigating: bool,
    content: usize,
    pending: usize,
    /// Where the tab is or where it is going.
    url: String,
}

impl TabState {
    fn unfinished(&self) -> Unfinished {
        if self.navigating { Unfinished::Navigation } else { Unfinished::Requests(self.pending) }
    }
}

/// The tab as it is now; none when it is gone, crashed or blocked by a dialog.
fn tab_state(context: &Context, baseline: &Baseline) -> Option<TabState> {
    let mut tabs = context.tabs();
    let tab = tabs.by_id(baseline.tab).filter(|tab| !tab.crashed && tab.dialog.is_none())?;
    let (content, pending) = tab.activity.pending_since(baseline.counts);
    Some(TabState {
        counts: tab.activity.counts(),
        navigating: tab.activity.is_navigating(),
        content,
        pending,
        url: tab.activity.pending_navigation().map_or(&tab.url, |pending| &pending.url).clone(),
    })
}

enum DomState {
    Quiet,
    Busy,
    /// Its session ended.
    Gone,
    /// It did not say: the document went away, or a dialog opened.
    Unknown,
}

async fn dom_settled(
    context: &Context,
    worlds: &IsolatedWorlds,
    baseline: &Baseline,
    quiet: Duration,
    limit: Duration,
) -> Result<DomState, BrowserError> {
    let document = context.tabs().by_id(baseline.tab).map(|tab| tab.document());
    let Some(document) = document else { return Ok(DomState::Gone) };
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let arguments = SettledArguments { quiet: millis(quiet), limit: millis(limit) };
    // The page's own timer keeps the limit; ours is for a page that does not get to it.
    let patience = limit + context.browser().settings.settle.idle * DOM_LIMIT;
    let also = baseline.also.as_ref().filter(|also| also.frame != document.frame);
    let frame = async {
        if let Some(frame) = also {
            // A frame that is gone or restless is no reason to wait on.
            let _rested = worlds.call::<DomSettled>(frame, "domSettled", &arguments, patience).await;
        }
    };
    let (called, ()) = tokio::join!(worlds.call::<DomSettled>(&document, "domSettled", &arguments, patience), frame);
    Ok(match called {
        Ok((_, DomSettled { still: false })) => DomState::Quiet,
        Ok((_, DomSettled { still: true })) | Err(ScriptError::Cdp(CdpError::TimedOut { .. })) => DomState::Busy,
        Err(ScriptError::Cdp(CdpError::Closed)) => return Err(BrowserError::Lost),
        Err(ScriptError::Cdp(CdpError::Detached)) => DomState::Gone,
        Err(_) => DomState::Unknown,
    })
}
