//! Waits until the effects of an action have settled: navigations, requests and DOM changes. Driven by events; limits
//! only bound the wait.

use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::dom::{GetBoxModelParams, GetFrameOwnerParams};
use chromiumoxide_cdp::cdp::browser_protocol::page::FrameId;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use crate::context::Context;
use crate::files;
use crate::isolated_world::{Document, IsolatedWorlds, ScriptError};
use crate::navigation::activity::{Activity, ActivityCounts};
use crate::wait::capture::EarlyCapture;
use agent::ports::BrowserError;
use cdp::CdpError;

/// Limit for a DOM that keeps changing without network activity, in idle limits.
const DOM_LIMIT: u32 = 10;
/// Limit for pictures and fonts, in idle limits.
const APPEARANCE_LIMIT: u32 = 20;
/// How many idle limits to wait for requests that a new document sends once it is parsed: most bring its content, and
/// the others are polls.
const LATE_REQUEST_LIMIT: u32 = 80;
/// How many idle limits to wait for the first content of a new document that has scripts and shows nothing.
const MOUNT_LIMIT: u32 = 40;
/// How many idle limits to wait for more of a heavy application that shows little.
const DRAWING_LIMIT: u32 = 80;
/// How long looking at the element of a frame may take.
const FRAME_CHECK: Duration = Duration::from_secs(1);

/// What happened while settling.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    /// The main frame committed another document.
    pub(crate) new_document: bool,
    /// The main frame navigated within its document.
    pub(crate) navigated_in_document: bool,
    /// What was still going on at the limit.
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

/// A tab's state before an action.
#[derive(Clone)]
pub(crate) struct Baseline {
    pub(crate) tab: u32,
    counts: ActivityCounts,
    pub(crate) downloads: files::DownloadMark,
    url: String,
    /// A frame's document that must settle as well.
    also: Option<Document>,
}

impl Baseline {
    pub(crate) fn also_wait_for(&mut self, document: Document) {
        self.also = Some(document);
    }

    pub(crate) fn counts(&self) -> ActivityCounts {
        self.counts
    }
}

#[derive(Deserialize)]
struct DomSettled {
    still: bool,
    same: bool,
}

/// Captures the active tab's state before an action.
pub(crate) fn baseline(context: &Context) -> Option<Baseline> {
    let downloads = context.files().mark();
    let mut tabs = context.tabs();
    let tab = tabs.active()?;
    Some(Baseline { tab: tab.id, counts: tab.activity.counts(), downloads, url: tab.url.clone(), also: None })
}

/// The baseline for the active tab if the action switched tabs: from the start of a new tab, or from now on.
pub(crate) fn baseline_of_new_tab(context: &Context, baseline: &Baseline) -> Option<Baseline> {
    let now = self::baseline(context).filter(|now| now.tab != baseline.tab)?;
    let is_new = now.tab > baseline.tab;
    Some(if is_new { Baseline { counts: ActivityCounts::default(), ..now } } else { now })
}

/// Waits until everything in the baseline's tab that started since is finished. A tab that closes, crashes or is
/// blocked by a dialog is settled. Captures it meanwhile, if asked to.
///
/// # Errors
/// Only when the browser is gone.
pub(crate) async fn settle(
    context: &Context,
    worlds: &IsolatedWorlds,
    baseline: &Baseline,
    early: Option<&EarlyCapture>,
) -> Result<Settled, BrowserError> {
    if let Some(early) = early {
        early.discard();
    }
    let limits = &context.browser().settings.settle;
    let started = Instant::now();
    let mut settled = Settled::default();
    // The limit depends on the destination, which may become known only while waiting.
    let deadline = |state: &TabState| started + limits.limit(&baseline.url, &state.url);
    loop {
        let Some(state) = tab_state(context, baseline, started) else { return Ok(settled) };
        if let Err(unfinished) = network_settled(context, baseline, started, deadline(&state)).await? {
            if tab_state(context, baseline, started).is_some_and(|state| Instant::now() < deadline(&state)) {
                continue;
            }
            settled.update(&state, baseline);
            settled.unfinished = unfinished;
            return Ok(settled);
        }
        let Some(version) = tab_state(context, baseline, started).map(|state| state.counts) else { return Ok(settled) };
        let is_new = version.documents != baseline.counts.documents;
        let mut dom = dom_settled(context, worlds, baseline, is_new, early).await?;
        if matches!(dom, DomState::Unknown) && tab_state(context, baseline, started).is_some() {
            // The document was replaced while its world was being made. The next one is read soon, so it must settle too.
            dom = dom_settled(context, worlds, baseline, is_new, early).await?;
        }
        if matches!(dom, DomState::Gone) {
            // The session's end is known before the tab's.
            let gone = context.wait_until(|tabs| tabs.by_id(baseline.tab).is_none().then_some(()));
            if let Ok(reached) = tokio::time::timeout(limits.idle * DOM_LIMIT, gone).await {
                reached?;
            }
        }
        // What the pause brought up: a timer's request, a scripted navigation, another document.
        let Some(state) = tab_state(context, baseline, started) else { return Ok(settled) };
        settled.update(&state, baseline);
        let moved_on = state.navigating || state.content > 0 || state.counts.documents != version.documents;
        if moved_on && Instant::now() < deadline(&state) {
            continue;
        }
        if let Some(early) = early.filter(|_| matches!(dom, DomState::Quiet { same: true }) && !moved_on) {
            early.confirm(version.documents);
        }
        settled.unfinished = match dom {
            _ if moved_on => Some(state.unfinished()),
            DomState::Busy => Some(Unfinished::Dom),
            DomState::Quiet { .. } | DomState::Gone | DomState::Unknown => None,
        };
        return Ok(settled);
    }
}

/// Waits for downloads that started since, within a limit.
///
/// # Errors
/// Only when the browser is gone.
pub(crate) async fn wait_for_downloads(context: &Context, baseline: &Baseline) -> Result<(), BrowserError> {
    let files = context.files();
    let deadline = Instant::now() + context.browser().settings.download_wait;
    while !files.is_idle_since(baseline.downloads) {
        let quiet = context.wait_until(|_| files.is_idle_since(baseline.downloads).then_some(()));
        // No event reports that an expected download does not start.
        let next_check = files.next_expiry().map_or(deadline, |given_up| given_up.min(deadline));
        match tokio::time::timeout_at(next_check, quiet).await {
            Ok(reached) => return reached,
            Err(_) if next_check < deadline => {}
            Err(_) => break,
        }
    }
    Ok(())
}

/// Waits until the tab is neither navigating nor has relevant pending requests; returns what is unfinished at the
/// deadline.
async fn network_settled(
    context: &Context,
    baseline: &Baseline,
    started: Instant,
    deadline: Instant,
) -> Result<Result<(), Option<Unfinished>>, BrowserError> {
    let idle = context.browser().settings.settle.idle;
    let pictures = (started + idle * APPEARANCE_LIMIT).min(deadline);
    let windows = (started + idle * DOM_LIMIT).min(deadline);
    let late = (started + idle * LATE_REQUEST_LIMIT).min(deadline);
    loop {
        drop_unseen_frames(context, baseline).await?;
        let now = Instant::now();
        let next_over = context.tabs().by_id(baseline.tab).and_then(|tab| tab.activity.next_over(now));
        let settled = context.wait_until(|tabs| {
            let window_expected = tabs.expects_window() && now < windows;
            let tab = match tabs.by_id(baseline.tab) {
                Some(tab) if !tab.crashed && tab.dialog.is_none() => tab,
                _ => return Some(true),
            };
            let content = pending_content(&tab.activity, baseline, started, idle);
            let (_, all) = tab.activity.pending_since(baseline.counts, Instant::now());
            let waiting = tab.activity.is_navigating() || content > 0 || (all > 0 && now < pictures) || window_expected;
            let look_again = tab.activity.next_over(now) != next_over || !tab.activity.unchecked_frames().is_empty();
            if waiting { look_again.then_some(false) } else { Some(true) }
        });
        // Several limits apply, so check again at each.
        let moments = next_over.into_iter().chain([windows, pictures, late]);
        let next_check = moments.filter(|moment| *moment > now).min().unwrap_or(deadline).min(deadline);
        match tokio::time::timeout_at(next_check, settled).await {
            Ok(reached) => {
                if reached? {
                    return Ok(Ok(()));
                }
            }
            Err(_) if next_check < deadline => {}
            Err(_) => return Ok(Err(tab_state(context, baseline, started).map(|state| state.unfinished()))),
        }
    }
}

/// Pending requests for content that are worth waiting for.
fn pending_content(activity: &Activity, baseline: &Baseline, started: Instant, idle: Duration) -> usize {
    let now = Instant::now();
    let is_new = activity.counts().documents != baseline.counts.documents;
    if is_new && now >= started + idle * LATE_REQUEST_LIMIT {
        return activity.pending_from_parsing(baseline.counts, now);
    }
    activity.pending_since(baseline.counts, now).0
}

/// Stops waiting for the documents of frames without a size, such as those that count visits.
///
/// # Errors
/// Only when the browser is gone.
async fn drop_unseen_frames(context: &Context, baseline: &Baseline) -> Result<(), BrowserError> {
    let unchecked: Vec<_> = {
        let mut tabs = context.tabs();
        let Some(tab) = tabs.by_id(baseline.tab) else { return Ok(()) };
        let parent = |frame: &String| {
            let session = tab.frames.parent_of(frame).and_then(|(_, session)| session);
            session.unwrap_or_else(|| tab.session.clone())
        };
        tab.activity.unchecked_frames().into_iter().map(|frame| (parent(&frame), frame)).collect()
    };
    for (session, frame) in unchecked {
        let is_seen = async {
            let ask = GetFrameOwnerParams::new(FrameId::new(frame.clone()));
            let node = session.call_within(ask, FRAME_CHECK).await?.backend_node_id;
            let ask = GetBoxModelParams::builder().backend_node_id(node).build();
            let model = session.call_within(ask, FRAME_CHECK).await?.model;
            Ok(model.width > 1 && model.height > 1)
        };
        let is_seen = match is_seen.await {
            Ok(is_seen) => is_seen,
            Err(CdpError::Closed) => return Err(BrowserError::Lost),
            // What is not rendered has no box.
            Err(CdpError::Refused { .. }) => false,
            Err(_) => true,
        };
        if let Some(tab) = context.tabs().by_id(baseline.tab) {
            tab.activity.frame_checked(&frame, is_seen);
        }
    }
    Ok(())
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
    /// The current or pending URL.
    url: String,
}

impl TabState {
    fn unfinished(&self) -> Unfinished {
        if self.navigating { Unfinished::Navigation } else { Unfinished::Requests(self.pending) }
    }
}

/// The tab's state; none if it is gone, crashed or blocked by a dialog.
fn tab_state(context: &Context, baseline: &Baseline, started: Instant) -> Option<TabState> {
    let mut tabs = context.tabs();
    let tab = tabs.by_id(baseline.tab).filter(|tab| !tab.crashed && tab.dialog.is_none())?;
    let (_, pending) = tab.activity.pending_since(baseline.counts, Instant::now());
    let content = pending_content(&tab.activity, baseline, started, context.browser().settings.settle.idle);
    Some(TabState {
        counts: tab.activity.counts(),
        navigating: tab.activity.is_navigating(),
        content,
        pending,
        url: tab.activity.pending_navigation().map_or(&tab.url, |pending| &pending.url).clone(),
    })
}

enum DomState {
    /// It has come to rest, or was the `same` from the start.
    Quiet {
        same: bool,
    },
    Busy,
    Gone,
    /// The document was replaced, or a dialog opened.
    Unknown,
}

async fn dom_settled(
    context: &Context,
    worlds: &IsolatedWorlds,
    baseline: &Baseline,
    is_new: bool,
    early: Option<&EarlyCapture>,
) -> Result<DomState, BrowserError> {
    let idle = context.browser().settings.settle.idle;
    let bare = if is_new { idle * MOUNT_LIMIT } else { Duration::ZERO };
    let sparse = if is_new { idle * DRAWING_LIMIT } else { Duration::ZERO };
    let (document, is_in_front) = {
        let mut tabs = context.tabs();
        let is_in_front = tabs.active().is_some_and(|active| active.id == baseline.tab);
        (tabs.by_id(baseline.tab).map(|tab| tab.document()), is_in_front)
    };
    let Some(document) = document else { return Ok(DomState::Gone) };
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let limit = idle * DOM_LIMIT;
    let arguments =
        json!({ "quiet": millis(idle), "limit": millis(limit), "bare": millis(bare), "sparse": millis(sparse) });
    // The page's timers enforce the limits; this one is for unresponsive pages.
    let patience = bare + sparse + limit * 2;
    let also = baseline.also.as_ref().filter(|also| also.frame != document.frame);
    let frame = async {
        if let Some(frame) = also {
            // A frame that is gone or busy does not extend the wait.
            let _rested = worlds.call::<DomSettled>(frame, "domSettled", &arguments, patience).await;
        }
    };
    let captured = match early {
        // The document is watched from before the capture. A tab in the background does not paint.
        Some(early) if is_in_front && worlds.enter(&document, limit).await.is_ok() => Some(early),
        _ => None,
    };
    let capture = async {
        if let Some(early) = captured {
            early.request(&document);
        }
    };
    let called = worlds.call::<DomSettled>(&document, "domSettled", &arguments, patience);
    let (called, (), ()) = tokio::join!(called, capture, frame);
    Ok(match called {
        Ok((_, DomSettled { still: false, same })) => DomState::Quiet { same },
        Ok((_, DomSettled { still: true, .. })) | Err(ScriptError::Cdp(CdpError::TimedOut { .. })) => DomState::Busy,
        Err(ScriptError::Cdp(CdpError::Closed)) => return Err(BrowserError::Lost),
        Err(ScriptError::Cdp(CdpError::Detached)) => DomState::Gone,
        Err(_) => DomState::Unknown,
    })
}
