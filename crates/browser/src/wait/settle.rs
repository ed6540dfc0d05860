//! Waiting for what an action started, and no longer: navigations, requests, and the DOM coming to rest. Driven by
//! events; the limits only say when to stop and tell.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::context::Context;
use crate::files;
use crate::isolated_world::{Document, ScriptError, Worlds};
use crate::navigation::activity::Mark;
use agent::ports::BrowserError;
use cdp::CdpError;

/// How long a DOM that keeps changing, with nothing on the network, is waited for, in idle limits.
const RESTLESS_DOM: u32 = 10;
/// How long pictures and fonts alone are waited for, in idle limits: they change how a page looks, not what it says.
const LOOKS: u32 = 20;

/// What there was to wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    /// The main frame shows another document.
    pub(crate) new_document: bool,
    /// The URL changed within the document.
    pub(crate) moved_within: bool,
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

/// The moment before an action in one tab, to settle from.
#[derive(Clone)]
pub(crate) struct Before {
    pub(crate) tab: u32,
    mark: Mark,
    pub(crate) downloads: files::Mark,
    url: String,
    /// A frame's document that has to come to rest as well.
    also: Option<Document>,
}

impl Before {
    /// Waits for a document's DOM beside the main one's.
    pub(crate) fn also(&mut self, document: Document) {
        self.also = Some(document);
    }

    pub(crate) fn mark(&self) -> Mark {
        self.mark
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

/// Notes the active tab's state; to be called before the action.
pub(crate) fn before(context: &Context) -> Option<Before> {
    let downloads = context.files().mark();
    let mut tabs = context.tabs();
    let tab = tabs.active()?;
    Some(Before { tab: tab.id, mark: tab.activity.mark(), downloads, url: tab.url.clone(), also: None })
}

/// The moment before anything in the active tab, when that is one that was opened since; otherwise now.
pub(crate) fn before_other_tab(context: &Context, before: &Before) -> Option<Before> {
    let now = self::before(context).filter(|now| now.tab != before.tab)?;
    let is_new = now.tab > before.tab;
    Some(if is_new { Before { mark: Mark::default(), ..now } } else { now })
}

/// Waits in the tab of `before` until nothing that started since moves any more. A tab that closes or crashes, or that a
/// dialog blocks, is settled.
///
/// # Errors
/// Only when the browser is gone.
pub(crate) async fn settle(context: &Context, worlds: &Worlds, before: &Before) -> Result<Settled, BrowserError> {
    let limits = &context.browser().settings.settle;
    let started = Instant::now();
    let mut settled = Settled::default();
    // The limit depends on where the tab is going, which may show only while waiting.
    let deadline = |view: &View| started + limits.limit(&before.url, &view.url);
    loop {
        let Some(view) = look(context, before) else { return Ok(settled) };
        if let Err(unfinished) = network_settled(context, before, started, deadline(&view)).await? {
            if look(context, before).is_some_and(|view| Instant::now() < deadline(&view)) {
                continue;
            }
            settled.see(&view, before);
            settled.unfinished = unfinished;
            return Ok(settled);
        }
        let Some(version) = look(context, before).map(|view| view.mark) else { return Ok(settled) };
        let dom = dom_settled(context, worlds, before, limits.idle, limits.idle * RESTLESS_DOM).await?;
        if matches!(dom, Dom::Gone) {
            // The session's end is known before the tab's.
            let gone = context.until(|tabs| tabs.by_id(before.tab).is_none().then_some(()));
            if let Ok(reached) = tokio::time::timeout(limits.idle * RESTLESS_DOM, gone).await {
                reached?;
            }
        }
        // What the quiet moment brought up: a timer's request, a navigation by script, another document.
        let Some(view) = look(context, before) else { return Ok(settled) };
        settled.see(&view, before);
        let moved_on = view.navigating || view.content > 0 || view.mark.documents != version.documents;
        if moved_on && Instant::now() < deadline(&view) {
            continue;
        }
        settled.unfinished = match dom {
            _ if moved_on => Some(view.unfinished()),
            Dom::Restless => Some(Unfinished::Dom),
            Dom::Quiet | Dom::Gone | Dom::Silent => None,
        };
        return Ok(settled);
    }
}

/// Waits until the downloads that began since are over, or a while.
///
/// # Errors
/// Only when the browser is gone.
pub(crate) async fn downloads(context: &Context, before: &Before) -> Result<(), BrowserError> {
    let files = context.files();
    let deadline = Instant::now() + context.browser().settings.download_wait;
    while !files.is_quiet_since(before.downloads) {
        let quiet = context.until(|_| files.is_quiet_since(before.downloads).then_some(()));
        // That nothing comes of one that was expected is no event.
        let next_look = files.next_given_up().map_or(deadline, |given_up| given_up.min(deadline));
        match tokio::time::timeout_at(next_look, quiet).await {
            Ok(reached) => return reached,
            Err(_) if next_look < deadline => {}
            Err(_) => break,
        }
    }
    Ok(())
}

/// Waits until the tab navigates nowhere and no request is pending that matters; or tells what is, at the deadline.
async fn network_settled(
    context: &Context,
    before: &Before,
    started: Instant,
    deadline: Instant,
) -> Result<Result<(), Option<Unfinished>>, BrowserError> {
    let idle = context.browser().settings.settle.idle;
    let pictures = (started + idle * LOOKS).min(deadline);
    let windows = (started + idle * RESTLESS_DOM).min(deadline);
    loop {
        let now = Instant::now();
        let settled = context.until(|tabs| {
            let window_expected = tabs.expects_another() && now < windows;
            let tab = match tabs.by_id(before.tab) {
                Some(tab) if !tab.crashed && tab.dialog.is_none() => tab,
                _ => return Some(()),
            };
            let (content, all) = tab.activity.pending_since(before.mark);
            let waiting = tab.activity.is_navigating() || content > 0 || (all > 0 && now < pictures) || window_expected;
            (!waiting).then_some(())
        });
        // Some things are waited for less long than others, so there are several moments at which to look again.
        let next_look = [windows, pictures, deadline].into_iter().find(|moment| *moment > now).unwrap_or(deadline);
        match tokio::time::timeout_at(next_look, settled).await {
            Ok(reached) => return Ok(Ok(reached?)),
            Err(_) if next_look < deadline => {}
            Err(_) => return Ok(Err(look(context, before).map(|view| view.unfinished()))),
        }
    }
}

impl Settled {
    fn see(&mut self, view: &View, before: &Before) {
        self.new_document = view.mark.documents != before.mark.documents;
        self.moved_within = view.mark.same_document != before.mark.same_document;
    }
}

struct View {
    mark: Mark,
    navigating: bool,
    content: usize,
    pending: usize,
    /// Where the tab is or where it is going.
    url: String,
}

impl View {
    fn unfinished(&self) -> Unfinished {
        if self.navigating { Unfinished::Navigation } else { Unfinished::Requests(self.pending) }
    }
}

/// The tab as it is now; none when it is gone, crashed or blocked by a dialog.
fn look(context: &Context, before: &Before) -> Option<View> {
    let mut tabs = context.tabs();
    let tab = tabs.by_id(before.tab).filter(|tab| !tab.crashed && tab.dialog.is_none())?;
    let (content, pending) = tab.activity.pending_since(before.mark);
    Some(View {
        mark: tab.activity.mark(),
        navigating: tab.activity.is_navigating(),
        content,
        pending,
        url: tab.activity.departure().map_or(&tab.url, |departure| &departure.url).clone(),
    })
}

enum Dom {
    Quiet,
    Restless,
    /// Its session ended.
    Gone,
    /// It did not say: the document went away, or a dialog opened.
    Silent,
}

async fn dom_settled(
    context: &Context,
    worlds: &Worlds,
    before: &Before,
    quiet: Duration,
    limit: Duration,
) -> Result<Dom, BrowserError> {
    let document = context.tabs().by_id(before.tab).map(|tab| tab.document());
    let Some(document) = document else { return Ok(Dom::Gone) };
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let arguments = SettledArguments { quiet: millis(quiet), limit: millis(limit) };
    // The page's own timer keeps the limit; ours is for a page that does not get to it.
    let patience = limit + context.browser().settings.settle.idle * RESTLESS_DOM;
    let also = before.also.as_ref().filter(|also| also.frame != document.frame);
    let frame = async {
        if let Some(frame) = also {
            // A frame that is gone or restless is no reason to wait on.
            let _rested = worlds.call::<DomSettled>(frame, "hands.settled", &arguments, patience).await;
        }
    };
    let (called, ()) = tokio::join!(worlds.call::<DomSettled>(&document, "hands.settled", &arguments, patience), frame);
    Ok(match called {
        Ok((_, DomSettled { still: false })) => Dom::Quiet,
        Ok((_, DomSettled { still: true })) | Err(ScriptError::Cdp(CdpError::TimedOut { .. })) => Dom::Restless,
        Err(ScriptError::Cdp(CdpError::Closed)) => return Err(BrowserError::Lost),
        Err(ScriptError::Cdp(CdpError::Detached)) => Dom::Gone,
        Err(_) => Dom::Silent,
    })
}
