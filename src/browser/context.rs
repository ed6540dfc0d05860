//! One run's browser context: its tabs, its sessions, and the pump that keeps track of both.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::browser::{
    BrowserContextId, SetDownloadBehaviorBehavior, SetDownloadBehaviorParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::emulation::{
    SetDeviceMetricsOverrideParams, SetFocusEmulationEnabledParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::fetch::{self, EventRequestPaused};
use chromiumoxide_cdp::cdp::browser_protocol::input::EventDragIntercepted;
use chromiumoxide_cdp::cdp::browser_protocol::inspector::{self, EventTargetCrashed};
use chromiumoxide_cdp::cdp::browser_protocol::network::{
    self, EventLoadingFailed, EventLoadingFinished, EventRequestWillBeSent, EventResponseReceived,
};
use chromiumoxide_cdp::cdp::browser_protocol::page::{
    self, EventFrameAttached, EventFrameDetached, EventFrameNavigated, EventFrameRequestedNavigation,
    EventFrameStartedNavigating, EventFrameStoppedLoading, EventJavascriptDialogClosed, EventJavascriptDialogOpening,
    EventLifecycleEvent, EventNavigatedWithinDocument, EventWindowOpen, HandleJavaScriptDialogParams,
    SetLifecycleEventsEnabledParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::target::{
    CloseTargetParams, CreateBrowserContextParams, CreateTargetParams, DisposeBrowserContextParams,
    EventAttachedToTarget, EventDetachedFromTarget, EventTargetInfoChanged, SetAutoAttachParams, TargetId,
};
use chromiumoxide_cdp::cdp::js_protocol::runtime::RunIfWaitingForDebuggerParams;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::cdp::{CdpError, Connection, Event, EventReceiver, Session};
use super::guard::{Denied, Guard};
use super::observe::Answer;
use super::process::Browser;
use super::tabs::{OpenDialog, Tab, Tabs};
use super::wire;
use super::world::Document;
use crate::agent::observation;
use crate::agent::ports::BrowserError;
use crate::policy::UrlPolicy;

/// The viewport, CSS pixels. A window of this size alone would leave 143 pixels less for the page.
pub(crate) const VIEWPORT: (i64, i64) = (1280, 900);
/// Tabs a run may have open; what a page opens beyond is closed at once.
const MAX_TABS: usize = 20;
/// Characters of a dialog's text that are passed on.
const MAX_DIALOG_TEXT: usize = 500;

/// A context and everything in it. Disposing of it is explicit; a context whose connection drops is disposed of by the
/// browser (`disposeOnDetach`).
pub(crate) struct Context {
    id: String,
    browser: Arc<Browser>,
    shared: Arc<Shared>,
    changed: watch::Receiver<u64>,
}

/// What the pump writes and the rest reads.
struct Shared {
    connection: Connection,
    tabs: Mutex<Tabs>,
    changes: watch::Sender<u64>,
    guard: Guard,
    tasks: TaskTracker,
    /// The pump's queue, for the sessions of frames: they are announced by their parents' sessions.
    events: mpsc::Sender<Event>,
    /// Dialogs left to the model so far.
    dialogs: AtomicU64,
    dialog_timeout: Duration,
}

impl Context {
    /// A new context with one blank tab. Made to its end although nobody waits for it any more, since only then is it
    /// known what to dispose of.
    pub(crate) async fn open(browser: Arc<Browser>, policy: Arc<UrlPolicy>) -> Result<Self, BrowserError> {
        let tasks = browser.tasks.clone();
        // An error to join is a panic in the making, which was told where it happened.
        tasks.spawn(Self::make(browser, policy)).await.unwrap_or(Err(BrowserError::Lost))
    }

    async fn make(browser: Arc<Browser>, policy: Arc<UrlPolicy>) -> Result<Self, BrowserError> {
        let root = browser.connection.root();
        let created = root.call(CreateBrowserContextParams::builder().dispose_on_detach(true).build()).await?;
        let id = created.browser_context_id.inner().clone();
        let (changes, changed) = watch::channel(0);
        let (events, queue) = Connection::event_queue();
        let shared = Arc::new(Shared {
            connection: browser.connection.clone(),
            tabs: Mutex::default(),
            changes,
            guard: Guard::new(policy),
            tasks: browser.tasks.clone(),
            events: events.clone(),
            dialogs: AtomicU64::new(0),
            dialog_timeout: browser.settings.dialog_timeout,
        });
        browser.register(&id, events);
        browser.tasks.spawn(pump(queue, Arc::downgrade(&shared)));
        // From here on the drop of `context` disposes, whatever fails.
        let context = Self { id: id.clone(), browser: browser.clone(), shared, changed };
        root.tell(
            SetDownloadBehaviorParams::builder()
                .behavior(SetDownloadBehaviorBehavior::Deny)
                .browser_context_id(BrowserContextId::new(id))
                .build()
                .expect("the behaviour is set"),
        );
        context.open_tab().await?;
        Ok(context)
    }

    /// Opens a blank tab, makes it the active one and returns its id.
    pub(crate) async fn open_tab(&self) -> Result<u32, BrowserError> {
        let blank = CreateTargetParams::builder()
            .url("about:blank")
            .browser_context_id(BrowserContextId::new(self.id.clone()))
            .build()
            .expect("the URL is set");
        let target = self.browser.connection.root().call(blank).await?.target_id;
        let limit = self.browser.settings.command_timeout;
        let attached = self.until(|tabs| tabs.by_target(target.inner()).map(|tab| tab.id));
        tokio::time::timeout(limit, attached).await.map_err(|_| BrowserError::Unresponsive { limit })?
    }

    /// Waits until the tabs are in some state. Fails when the browser is gone.
    pub(crate) async fn until<T>(&self, mut reached: impl FnMut(&mut Tabs) -> Option<T>) -> Result<T, BrowserError> {
        let mut changed = self.changed.clone();
        loop {
            changed.borrow_and_update();
            if let Some(value) = reached(&mut self.tabs()) {
                return Ok(value);
            }
            tokio::select! {
                result = changed.changed() => result.map_err(|_| BrowserError::Lost)?,
                () = self.browser.connection.closed() => return Err(BrowserError::Lost),
            }
        }
    }

    /// The tabs, for a look. Never hold it over an await.
    pub(crate) fn tabs(&self) -> MutexGuard<'_, Tabs> {
        self.shared.tabs()
    }

    /// The documents of the frames directly in a frame of any tab.
    pub(crate) fn frames_of(&self, parent: &Document) -> Vec<Document> {
        let mut tabs = self.tabs();
        let tab = parent.session.id().and_then(|session| tabs.of_session(session));
        tab.map(|tab| tab.frames.of(&parent.frame)).unwrap_or_default()
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.shared.guard
    }

    pub(crate) fn browser(&self) -> &Arc<Browser> {
        &self.browser
    }

    /// Closes every tab with its storage and waits until the browser says so.
    pub(crate) async fn dispose(&self) {
        if !self.browser.unregister(&self.id) {
            return;
        }
        let dispose = DisposeBrowserContextParams::new(BrowserContextId::new(self.id.clone()));
        match self.browser.connection.root().call(dispose).await {
            Ok(_) | Err(CdpError::Closed) => {}
            Err(error) => {
                // A context that cannot be removed would hold its pages for as long as the browser lives.
                tracing::warn!(%error, "browser context not disposed of, giving the browser up");
                self.browser.retire();
            }
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if self.browser.unregister(&self.id) && !self.browser.connection.is_closed() {
            let dispose = DisposeBrowserContextParams::new(BrowserContextId::new(self.id.clone()));
            self.browser.connection.root().tell(dispose);
        }
    }
}

impl Shared {
    fn tabs(&self) -> MutexGuard<'_, Tabs> {
        self.tabs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bump(&self) {
        self.changes.send_modify(|version| *version += 1);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Nobody tells of the frames of a page that is gone: their routes would stay, and the pump with them.
        self.connection.unroute(&self.events);
    }
}

/// Reads the context's events until the context or the browser is gone. Never waits for a reply, so that the queue
/// drains as fast as it fills.
async fn pump(mut queue: EventReceiver, shared: Weak<Shared>) {
    while let Some(event) = queue.recv().await {
        let Some(shared) = shared.upgrade() else { return };
        shared.take(&shared.connection, &event);
        shared.bump();
    }
}

impl Shared {
    fn take(self: &Arc<Self>, connection: &Connection, event: &Event) {
        match event.method.as_str() {
            EventAttachedToTarget::IDENTIFIER => {
                if let Some(attached) = event.parse::<wire::AttachedToTarget>() {
                    self.attached(connection, event, &attached);
                }
            }
            EventDetachedFromTarget::IDENTIFIER => {
                if let Some(detached) = event.parse::<wire::DetachedFromTarget>() {
                    // A frame's end, or its return to its parent's process, is told by its parent.
                    self.tabs().remove(&detached.session_id);
                }
            }
            EventTargetInfoChanged::IDENTIFIER => {
                if let Some(wire::TargetInfoChanged { target_info: info }) = event.parse()
                    && let Some(tab) = self.tabs().by_target(&info.target_id)
                {
                    tab.url = info.url;
                    tab.title = info.title;
                }
            }
            EventRequestPaused::IDENTIFIER => {
                if let (Some(paused), Some(session)) = (event.parse(), &event.session) {
                    self.paused(connection.session(session), paused);
                }
            }
            EventWindowOpen::IDENTIFIER => self.tabs().expect_another(),
            EventJavascriptDialogOpening::IDENTIFIER => {
                if let (Some(dialog), Some(session)) = (event.parse(), &event.session) {
                    self.dialog(connection.session(session), dialog);
                }
            }
            _ => {
                if let Some(session) = &event.session
                    && let Some(tab) = self.tabs().of_session(session)
                {
                    take_tab_event(connection, tab, session, event);
                }
            }
        }
    }

    fn attached(self: &Arc<Self>, connection: &Connection, event: &Event, attached: &wire::AttachedToTarget) {
        let session = connection.session(&attached.session_id);
        let info = &attached.target_info;
        let mut tabs = self.tabs();
        match (info.kind.as_str(), &event.session) {
            ("page", _) if tabs.len() >= MAX_TABS => {
                connection.root().tell(CloseTargetParams::new(TargetId::new(info.target_id.clone())));
            }
            ("page", _) => {
                tabs.add(session.clone(), &info.target_id, info.url.clone());
                set_up_page(&session);
            }
            ("iframe", Some(parent)) => {
                if let Some(tab) = tabs.of_session(parent) {
                    tab.frames.moved(&info.target_id, info.parent_frame_id.as_deref(), session.clone());
                }
                connection.route(&attached.session_id, self.events.clone());
                set_up_frame(&session);
            }
            // Workers: nothing of them is read.
            _ => {}
        }
        session.tell(RunIfWaitingForDebuggerParams::default());
    }

    /// An open dialog blocks its page. What only informs or only lets go is accepted as it opens; what asks for a decision
    /// is left to the model for a while.
    fn dialog(self: &Arc<Self>, session: Session, dialog: wire::DialogOpening) {
        let Some(id) = session.id().cloned() else { return };
        let message: String = dialog.message.chars().take(MAX_DIALOG_TEXT).collect();
        let mut tabs = self.tabs();
        let Some(tab) = tabs.of_session(&id) else { return };
        match dialog.kind.as_str() {
            "beforeunload" => session.tell(HandleJavaScriptDialogParams::new(true)),
            "alert" => {
                session.tell(HandleJavaScriptDialogParams::new(true));
                tab.tell(format!("an alert said {message:?} and was accepted"));
            }
            _ => {
                let number = self.dialogs.fetch_add(1, Ordering::Relaxed);
                let proposal = dialog.default_prompt.chars().take(MAX_DIALOG_TEXT).collect();
                let shown = observation::Dialog { kind: dialog.kind, message, proposal };
                tab.dialog = Some(OpenDialog { number, session: session.clone(), shown });
                session.connection().fail_blocked(&id);
                self.tasks.spawn(dismiss_in_time(Arc::downgrade(self), id, number, self.dialog_timeout));
            }
        }
    }

    /// Decides on a request outside the pump, since a name may have to be resolved.
    fn paused(self: &Arc<Self>, session: Session, paused: wire::RequestPaused) {
        let shared = self.clone();
        self.tasks.spawn(async move {
            let Some(denied) = shared.guard.decide(&session, &paused).await else { return };
            tracing::debug!(kind = paused.resource_type, ?denied, "request refused");
            if let (Denied::Forbidden(reason), Some(id)) = (denied, session.id())
                && let Some(tab) = shared.tabs().of_session(id)
                && *tab.target == *paused.frame_id
                && paused.resource_type == "Document"
            {
                tab.refused = Some((paused.request.url, reason));
            }
        });
    }
}

/// Dismisses a dialog that nobody has answered by then.
async fn dismiss_in_time(shared: Weak<Shared>, session: Arc<str>, number: u64, limit: Duration) {
    tokio::time::sleep(limit).await;
    let Some(shared) = shared.upgrade() else { return };
    let mut tabs = shared.tabs();
    if let Some(tab) = tabs.of_session(&session)
        && let Some(dialog) = tab.dialog.take_if(|dialog| dialog.number == number)
    {
        dialog.session.tell(HandleJavaScriptDialogParams::new(false));
        tab.tell(format!("the {} was dismissed, as it was not answered in time", dialog.shown.kind));
    }
}

fn set_up_page(session: &Session) {
    session.tell(SetDeviceMetricsOverrideParams::new(VIEWPORT.0, VIEWPORT.1, 1.0, false));
    // Pages in tabs that are not in front would stop their animation frames and give no screenshots.
    session.tell(SetFocusEmulationEnabledParams::new(true));
    session.tell(inspector::EnableParams::default());
    set_up_frame(session);
}

fn set_up_frame(session: &Session) {
    session.tell(page::EnableParams::default());
    session.tell(SetLifecycleEventsEnabledParams::new(true));
    session.tell(network::EnableParams::default());
    session.tell(fetch::EnableParams::default());
    session.tell(
        SetAutoAttachParams::builder()
            .auto_attach(true)
            .wait_for_debugger_on_start(true)
            .flatten(true)
            .build()
            .expect("both flags are set"),
    );
}

fn take_tab_event(connection: &Connection, tab: &mut Tab, session: &Arc<str>, event: &Event) {
    let main_frame = tab.target.clone();
    let of_main_frame = |frame: &str| *main_frame == *frame;
    match event.method.as_str() {
        EventRequestWillBeSent::IDENTIFIER => {
            if let Some(request) = event.parse::<wire::RequestWillBeSent>() {
                let of_tab = request.frame_id.as_deref().is_some_and(of_main_frame);
                if of_tab && request.kind.as_deref() == Some("Document") {
                    tab.arrival.requested(&request.request.url, &request.request.method, &tab.url);
                }
                tab.activity.request_started(request.request_id, request.kind.as_deref());
            }
        }
        EventResponseReceived::IDENTIFIER => {
            if let Some(received) = event.parse::<wire::ResponseReceived>()
                && received.kind == "Document"
                && received.frame_id.as_deref().is_some_and(of_main_frame)
            {
                let wire::Response { status, headers } = received.response;
                tab.arrival.answered(received.loader_id, Answer::new(status, headers));
            }
        }
        EventLoadingFinished::IDENTIFIER | EventLoadingFailed::IDENTIFIER => {
            if let Some(ended) = event.parse::<wire::LoadingEnded>() {
                tab.activity.request_ended(&ended.request_id);
                if let Some(cause) = ended.error_text.filter(|_| ended.kind == "Document") {
                    tab.arrival.failed(ended.request_id, cause);
                }
            }
        }
        EventFrameRequestedNavigation::IDENTIFIER | EventFrameStartedNavigating::IDENTIFIER => {
            if let Some(frame) = event.parse::<wire::FrameEvent>().filter(|frame| of_main_frame(&frame.frame_id)) {
                tab.activity.navigation_requested(&frame.url, Instant::now());
            }
        }
        EventNavigatedWithinDocument::IDENTIFIER => {
            if let Some(frame) = event.parse::<wire::FrameEvent>().filter(|frame| of_main_frame(&frame.frame_id)) {
                tab.url = frame.url;
                tab.arrival.moved_within_document(&tab.url);
                tab.activity.moved_within_document();
            }
        }
        EventFrameNavigated::IDENTIFIER => {
            let Some(wire::FrameNavigated { frame, kind }) = event.parse() else { return };
            if !of_main_frame(&frame.id) {
                tab.frames.moved(&frame.id, frame.parent_id.as_deref(), connection.session(session));
                tab.frames.emptied(&frame.id);
            } else {
                tab.frames.clear();
                tab.url = frame.address();
                tab.title.clear();
                tab.crashed = false;
                tab.arrival.document_committed(&frame.loader_id);
                tab.activity.document_committed(&frame.loader_id);
                if kind == "BackForwardCacheRestore" {
                    // It was parsed when it was first here; no event will say so again.
                    tab.activity.document_parsed(&frame.loader_id);
                }
            }
        }
        EventFrameAttached::IDENTIFIER => {
            if let Some(attached) = event.parse::<wire::FrameAttached>() {
                tab.frames.attached(&attached.frame_id, &attached.parent_frame_id, connection.session(session));
            }
        }
        EventFrameDetached::IDENTIFIER => {
            if let Some(detached) = event.parse::<wire::FrameDetached>().filter(|detached| detached.reason != "swap") {
                tab.frames.detached(&detached.frame_id);
            }
        }
        EventLifecycleEvent::IDENTIFIER => {
            if let Some(reached) = event.parse::<wire::LifecycleEvent>()
                && reached.name == "DOMContentLoaded"
                && of_main_frame(&reached.frame_id)
            {
                tab.activity.document_parsed(&reached.loader_id);
            }
        }
        EventFrameStoppedLoading::IDENTIFIER if is_about_main_frame(event, tab) => tab.activity.loading_stopped(),
        EventTargetCrashed::IDENTIFIER if tab.is_session(session) => {
            tab.crashed = true;
            tab.activity.reset();
        }
        EventDragIntercepted::IDENTIFIER => {
            tab.dragged = event.parse::<EventDragIntercepted>().map(|intercepted| intercepted.data);
        }
        EventJavascriptDialogClosed::IDENTIFIER => tab.dialog = None,
        _ => {}
    }
}

fn is_about_main_frame(event: &Event, tab: &Tab) -> bool {
    event.parse::<wire::FrameEvent>().is_some_and(|frame| *tab.target == *frame.frame_id)
}
