//! The event loop of a context.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::browser::CancelDownloadParams;
use chromiumoxide_cdp::cdp::browser_protocol::fetch::FailRequestParams;
use chromiumoxide_cdp::cdp::browser_protocol::network::ErrorReason;
use chromiumoxide_cdp::cdp::browser_protocol::page::HandleJavaScriptDialogParams;
use chromiumoxide_cdp::cdp::browser_protocol::target::CloseTargetParams;
use chromiumoxide_cdp::cdp::js_protocol::runtime::{RunIfWaitingForDebuggerParams, TerminateExecutionParams};
use tokio::time::Instant;
use url::Url;

use super::session_setup;
use super::state::ContextState;
use super::tabs::{OpenDialog, Tab, Tabs};
use crate::egress::Denied;
use crate::navigation::tracker::Verdict;
use crate::process::panics::or_on_panic;
use crate::settings::BrowserSettings;
use crate::trace;
use agent::files::FileName;
use agent::observation;
use agent::ports::TraceHandle;
use agent::text::shorten;
use cdp::events::{
    AttachedToTarget, DownloadProgress, DownloadWillBegin, JavascriptDialogOpening, RequestPaused, TargetInfoChanged,
};
use cdp::{Event, EventReceiver, KnownEvent, Session};

/// How long a request may be held until the tracker can decide. It takes milliseconds.
const TRACKER_DECIDES_WITHIN: Duration = Duration::from_secs(1);
/// Maximum length of a dialog's text in characters.
const MAX_DIALOG_TEXT: usize = 500;

/// Handles the context's events until the context or browser is gone. Never awaits a reply, so the queue drains as fast
/// as it fills.
pub(super) async fn dispatch(mut queue: EventReceiver, shared: Weak<ContextState>) {
    let _close_on_drop = CloseOnDrop(shared.clone());
    while let Some(event) = queue.recv().await {
        let Some(shared) = shared.upgrade() else { return };
        shared.handle(&event);
        shared.notify_changed();
    }
}

/// Closes the context when its event loop ends, even by a panic, since its tab state would be stale from then on.
struct CloseOnDrop(Weak<ContextState>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.closed.cancel();
        }
    }
}

impl ContextState {
    fn handle(self: &Arc<Self>, event: &Event) {
        let session = event.session.as_ref();
        if let Some(TraceHandle(trace)) = self.trace.get() {
            trace.record(&event.method, event.params());
        }
        match event.parse() {
            Some(KnownEvent::AttachedToTarget(attached)) => self.attached(session, attached),
            Some(KnownEvent::DetachedFromTarget(detached)) => {
                // Frames are removed by their parents' events.
                let mut tabs = self.tabs();
                if tabs.remove(&detached.session_id)
                    && let Some(tab) = tabs.active()
                {
                    tab.bring_to_front();
                }
            }
            Some(KnownEvent::TargetInfoChanged(TargetInfoChanged { target_info })) => {
                if let Some(tab) = self.tabs().by_target(&target_info.target_id) {
                    tab.url = target_info.url;
                    tab.title = target_info.title;
                }
            }
            Some(KnownEvent::DownloadWillBegin(begins)) => self.download_started(&begins),
            Some(KnownEvent::DownloadProgress(progress)) => self.download_progressed(&progress),
            Some(KnownEvent::SessionFailed(_)) => self.tabs().add_urgent_notice(
                "a page gave the browser more to tell than can be read, and its tab was closed".into(),
            ),
            Some(KnownEvent::WindowOpen(window)) => {
                if let Some(session) = session {
                    self.tabs().expect_window(session, window.url, window.user_gesture);
                }
            }
            Some(event) => {
                if let Some(session) = session {
                    self.handle_in_tab(session, event);
                }
            }
            None => {}
        }
    }

    /// Handles an event of a page or its frames.
    fn handle_in_tab(self: &Arc<Self>, id: &Arc<str>, event: KnownEvent) {
        let session = self.browser.connection.session(id);
        match event {
            KnownEvent::AuthRequired(asked) => self.answer_login(&session, &asked),
            KnownEvent::RequestPaused(paused) => self.paused(session, paused),
            KnownEvent::JavascriptDialogOpening(dialog) => self.dialog(session, dialog),
            event => {
                if let KnownEvent::FrameNavigated(navigated) = &event {
                    self.check_document(id, &navigated.frame);
                    self.document_seen(navigated.frame.document_url());
                }
                if let Some(tab) = self.tabs().of_session(id) {
                    self.apply_to_tab(tab, session, event);
                }
            }
        }
    }

    fn attached(self: &Arc<Self>, by: Option<&Arc<str>>, attached: AttachedToTarget) {
        let session = self.browser.connection.session(&attached.session_id);
        let target = attached.target_info;
        let mut tabs = self.tabs();
        match (target.kind.as_str(), by) {
            ("page", _) if tabs.len() >= self.browser.settings.max_tabs && !self.has_storage_tab() => {
                self.browser.connection.root().send(CloseTargetParams::new(target.target_id));
                tabs.reject_window(self.browser.settings.max_tabs);
            }
            // It would stay empty, in front of the page.
            ("page", _) if tabs.expects_program() => {
                self.browser.connection.root().send(CloseTargetParams::new(target.target_id));
                tabs.reject_program();
            }
            ("page", _) => {
                tabs.add(session.clone(), &target.target_id, target.url);
                session_setup::set_up_page(&session);
                if tabs.len() > 1
                    && let Some(tab) = tabs.active()
                {
                    tab.bring_to_front();
                }
            }
            ("iframe", Some(parent)) => {
                if let Some(tab) = tabs.of_session(parent) {
                    tab.frames.moved(&target.target_id, target.parent_frame_id.as_deref(), session.clone());
                }
                self.browser.connection.route(&attached.session_id, self.events.clone());
                session_setup::set_up_frame(&session);
            }
            // Workers are not observed, only traced.
            ("worker" | "shared_worker" | "service_worker", Some(_)) if self.trace.get().is_some() => {
                self.browser.connection.route(&attached.session_id, self.events.clone());
                trace::set_up(&session);
            }
            _ => {}
        }
        if self.trace.get().is_some() && matches!(target.kind.as_str(), "page" | "iframe") {
            trace::set_up(&session);
        }
        session.send(RunIfWaitingForDebuggerParams::default());
    }

    /// Accepts alerts and `beforeunload` at once and leaves other dialogs to the model until they time out.
    fn dialog(self: &Arc<Self>, session: Session, dialog: JavascriptDialogOpening) {
        let Some(id) = session.id().cloned() else { return };
        let message = shorten(&dialog.message, MAX_DIALOG_TEXT);
        let mut tabs = self.tabs();
        let Some(tab) = tabs.of_session(&id) else { return };
        tab.dialogs += 1;
        let BrowserSettings { max_dialogs: most, dialog_timeout, .. } = *self.browser.settings;
        if tab.dialogs > most {
            session.send(HandleJavaScriptDialogParams::new(false));
            // Ends a loop that opens dialogs.
            session.send(TerminateExecutionParams::default());
            if tab.dialogs == most + 1 {
                self.close(tab);
                tabs.add_urgent_notice(format!("a page opened more than {most} dialogs, and its tab was closed"));
            }
            return;
        }
        match dialog.kind.as_str() {
            "beforeunload" => session.send(HandleJavaScriptDialogParams::new(true)),
            "alert" => {
                session.send(HandleJavaScriptDialogParams::new(true));
                tab.add_notice(format!("an alert said {message:?} and was accepted"));
            }
            _ => {
                let number = self.dialogs.fetch_add(1, Ordering::Relaxed);
                let proposal = shorten(&dialog.default_prompt, MAX_DIALOG_TEXT);
                let shown = observation::Dialog { kind: dialog.kind, message, proposal };
                tab.dialog = Some(OpenDialog { number, session: session.clone(), shown });
                session.connection().fail_blocked(&id);
                self.browser.tasks.spawn(dismiss_after(Arc::downgrade(self), id, number, dialog_timeout));
            }
        }
    }

    /// Whether a request belongs to a navigation that would return the run to a page it has left.
    async fn is_stale_navigation(&self, session: &Session, paused: &RequestPaused) -> bool {
        let (Some(loader), "Document") = (&paused.network_id, paused.resource_type.as_str()) else { return false };
        let mut changes = self.changes.subscribe();
        let known = async {
            loop {
                changes.borrow_and_update();
                let bearing = session.id().and_then(|id| {
                    let mut tabs = self.tabs();
                    let tab = tabs.of_session(id).filter(|tab| *tab.target == *paused.frame_id)?;
                    Some(tab.tracker.verdict(loader))
                });
                match bearing {
                    Some(Verdict::Undecided) => {}
                    bearing => return bearing == Some(Verdict::Stale),
                }
                if changes.changed().await.is_err() {
                    return false;
                }
            }
        };
        // Chromium reports the run's own navigation before it starts another.
        tokio::time::timeout(TRACKER_DECIDES_WITHIN, known).await.unwrap_or(false)
    }

    /// Closes the tab of a page that floods dialogs. Navigating it would race with the page.
    fn close(&self, tab: &Tab) {
        // Commands to the page would wait forever.
        if let Some(page) = tab.session.id() {
            self.browser.connection.fail_blocked(page);
        }
        self.browser.connection.root().send(CloseTargetParams::new(tab.target.to_string()));
    }

    fn download_started(&self, begins: &DownloadWillBegin) {
        let is_ours = self.tabs().has_frame(&begins.frame_id);
        // A download of an unknown frame belongs to another run, or to a frame beyond the limit of tracked ones.
        // Chromium cancels it only if it is in this context.
        let name = FileName::tamed(&begins.suggested_filename);
        let goes_on = is_ours && self.files.ledger().download_started(&begins.frame_id, &begins.guid, name).is_ok();
        if !goes_on {
            self.cancel_download(&begins.guid);
        }
    }

    fn download_progressed(&self, progress: &DownloadProgress) {
        let DownloadProgress { guid, total_bytes, received_bytes, state } = progress;
        match state.as_str() {
            // The cast saturates.
            "inProgress" => {
                if self.files.ledger().download_progressed(guid, *received_bytes as u64, *total_bytes as u64).is_err() {
                    self.cancel_download(guid);
                }
            }
            state => self.files.download_finished(guid, state == "completed"),
        }
    }

    fn cancel_download(&self, guid: &str) {
        let mut cancel = CancelDownloadParams::new(guid);
        cancel.browser_context_id = Some(self.id.clone().into());
        self.browser.connection.root().send(cancel);
    }

    /// Decides about a request outside the event loop, since a name may have to be resolved.
    fn paused(self: &Arc<Self>, session: Session, paused: RequestPaused) {
        if self.serve_empty_page(&session, &paused) {
            return;
        }
        if is_download(&paused) && paused.redirected_request_id.is_none() {
            // The next event is the start of the download, once the server has responded.
            self.files.ledger().expect(&paused.frame_id, Instant::now() + self.browser.settings.download_wait);
        }
        if let Some(tab) = tab_of(&mut self.tabs(), &session, &paused) {
            tab.requested = Some(paused.request.url.clone());
        }
        let place = match self.egress.reserve(&paused.request.url) {
            Ok(place) => place,
            Err(reason) => {
                session.send(FailRequestParams::new(paused.request_id.clone(), ErrorReason::BlockedByClient));
                self.forget_download(&paused);
                if let Some(tab) = tab_of(&mut self.tabs(), &session, &paused) {
                    tab.refused = Some((paused.request.url, reason));
                }
                return;
            }
        };
        let (shared, undecided) = (self.clone(), (session.clone(), paused.request_id.clone()));
        let decision = async move {
            let _place = place;
            tokio::select! {
                // Biased, so that finished decisions cannot start others. Chromium drops the requests with the context.
                biased;
                () = shared.egress_stop.cancelled() => {}
                () = shared.decide(session, paused) => {}
            }
        };
        // The page would wait for it.
        let refuse = move || undecided.0.send(FailRequestParams::new(undecided.1, ErrorReason::Failed));
        self.browser.tasks.spawn(or_on_panic(decision, refuse));
    }

    async fn decide(&self, session: Session, paused: RequestPaused) {
        if self.is_stale_navigation(&session, &paused).await {
            tracing::debug!("stale navigation failed");
            session.send(FailRequestParams::new(paused.request_id, ErrorReason::Aborted));
            return;
        }
        let Some(denied) = self.egress.decide(&session, &paused).await else { return };
        self.forget_download(&paused);
        tracing::debug!(kind = paused.resource_type, ?denied, "request refused");
        let Denied::Forbidden(reason) = denied else { return };
        match tab_of(&mut self.tabs(), &session, &paused) {
            Some(tab) => tab.refused = Some((paused.request.url, reason)),
            None => {
                let url = Url::parse(&paused.request.url).ok();
                // What Chromium asks of its own extensions and pages is not asked by the page.
                if url.as_ref().is_some_and(|url| matches!(url.scheme(), "chrome" | "chrome-extension")) {
                    return;
                }
                self.egress.report_refused(url.as_ref().and_then(Url::host_str).unwrap_or("nobody"), &reason);
            }
        }
    }

    /// Stops expecting a download whose request was refused.
    fn forget_download(&self, paused: &RequestPaused) {
        if is_download(paused) {
            self.files.ledger().expect_nothing(&paused.frame_id);
            self.notify_changed();
        }
    }
}

fn is_download(paused: &RequestPaused) -> bool {
    paused.resource_type == "Document" && paused.network_id.is_none()
}

/// The tab whose main document is requested.
fn tab_of<'a>(tabs: &'a mut Tabs, session: &Session, paused: &RequestPaused) -> Option<&'a mut Tab> {
    let tab = tabs.of_session(session.id()?)?;
    (paused.resource_type == "Document" && *tab.target == *paused.frame_id).then_some(tab)
}

/// Dismisses a dialog that was not answered in time.
async fn dismiss_after(shared: Weak<ContextState>, session: Arc<str>, number: u64, limit: Duration) {
    // A timeout, not a pause; an answered dialog is gone by then.
    tokio::time::sleep(limit).await;
    let Some(shared) = shared.upgrade() else { return };
    let mut tabs = shared.tabs();
    if let Some(tab) = tabs.of_session(&session)
        && let Some(dialog) = tab.dialog.take_if(|dialog| dialog.number == number)
    {
        dialog.session.send(HandleJavaScriptDialogParams::new(false));
        tab.add_notice(format!("the {} was dismissed, as it was not answered in time", dialog.shown.kind));
    }
}
