//! Applies an event of a page or its frames to its tab.

use std::time::Duration;

use tokio::time::Instant;

use super::prompts;
use super::state::ContextState;
use super::tabs::{Chooser, Tab};
use crate::isolated_world::Document;
use crate::navigation::activity::NewRequest;
use crate::observe::DocumentResponse;
use cdp::events::FrameNavigated;
use cdp::{KnownEvent, Session};

/// How soon a download starts after its document request ended. It takes milliseconds.
const DOWNLOAD_BEGINS: Duration = Duration::from_millis(500);

impl ContextState {
    pub(super) fn apply_to_tab(&self, tab: &mut Tab, session: Session, event: KnownEvent) {
        let (main_frame, now) = (tab.target.clone(), Instant::now());
        let of_main_frame = |frame: &str| *main_frame == *frame;
        match event {
            KnownEvent::RequestWillBeSent(sent) => {
                let (kind, request) = (sent.kind.as_deref(), sent.request);
                let of_tab = sent.frame_id.as_deref().is_some_and(of_main_frame);
                if of_tab && kind == Some("Document") {
                    tab.load.requested(&request.url, &request.method, &tab.url);
                }
                let new = NewRequest {
                    id: &sent.request_id,
                    kind,
                    method: &request.method,
                    url: &request.url,
                    subframe: sent.frame_id.as_deref().filter(|_| !of_tab),
                };
                tab.activity.request_started(new, now);
            }
            KnownEvent::RequestWillBeSentExtraInfo(sent)
                if sent.headers.get("Sec-Fetch-Mode").is_some_and(|mode| mode == "no-cors") =>
            {
                tab.activity.is_report(&sent.request_id);
            }
            KnownEvent::ResponseReceived(received) => {
                let response = received.response;
                tab.activity.response_received(&received.request_id, response.length(), now);
                if received.kind == "Document" && received.frame_id.as_deref().is_some_and(of_main_frame) {
                    let response = DocumentResponse::new(response.status, response.headers);
                    tab.load.response_received(received.loader_id, response);
                }
            }
            KnownEvent::DataReceived(received) => {
                tab.activity.data_received(&received.request_id, received.data_length, now);
                tab.load.data_received(&received.request_id);
            }
            KnownEvent::LoadingFinished(finished) => {
                tab.activity.request_ended(&finished.request_id);
                tab.load.loading_finished(finished.request_id);
            }
            KnownEvent::LoadingFailed(failed) => {
                tab.activity.request_ended(&failed.request_id);
                if failed.kind == "Document" {
                    let requested = tab.requested.as_deref().unwrap_or_default();
                    tab.load.loading_failed(failed.request_id, self.egress.explain(requested, &failed.error_text));
                    if failed.canceled {
                        self.files.ledger().expect(&main_frame, now + DOWNLOAD_BEGINS);
                    }
                }
            }
            KnownEvent::FrameRequestedNavigation(requested) => {
                self.navigation_requested(tab, &requested.frame_id, &requested.url);
            }
            KnownEvent::FrameStartedNavigating(started) => {
                self.navigation_requested(tab, &started.frame_id, &started.url);
                if of_main_frame(&started.frame_id) {
                    tab.tracker.started(&started.loader_id, &started.url);
                }
            }
            KnownEvent::NavigatedWithinDocument(navigated) if of_main_frame(&navigated.frame_id) => {
                tab.url = navigated.url;
                tab.load.same_document_navigation(&tab.url);
                tab.activity.same_document_navigation();
            }
            KnownEvent::FrameNavigated(FrameNavigated { frame, kind }) => {
                if !of_main_frame(&frame.id) {
                    tab.frames.moved(&frame.id, frame.parent_id.as_deref(), session);
                    tab.frames.emptied(&frame.id);
                } else {
                    self.files.ledger().expect_nothing(&main_frame);
                    self.files.ledger().close_pdf(&main_frame);
                    tab.frames.clear();
                    tab.url = frame.address();
                    tab.title.clear();
                    tab.crashed = false;
                    tab.has_blocked_window = false;
                    tab.load.document_committed(&frame.loader_id);
                    tab.activity.document_committed(&frame.loader_id);
                    tab.tracker.committed(&frame.loader_id);
                    if kind == "BackForwardCacheRestore" {
                        // No further event reports that it is parsed.
                        tab.activity.document_parsed(&frame.loader_id, now);
                    }
                }
            }
            KnownEvent::FrameAttached(attached) => {
                tab.frames.attached(&attached.frame_id, &attached.parent_frame_id, session);
            }
            KnownEvent::FrameDetached(detached) if detached.reason != "swap" => {
                tab.frames.detached(&detached.frame_id);
            }
            KnownEvent::LifecycleEvent(reached)
                if reached.name == "DOMContentLoaded" && of_main_frame(&reached.frame_id) =>
            {
                tab.activity.document_parsed(&reached.loader_id, now);
            }
            KnownEvent::FrameStoppedLoading(stopped) if of_main_frame(&stopped.frame_id) => {
                tab.activity.loading_stopped();
            }
            KnownEvent::TargetCrashed(_) => {
                if let Some(reason) = self.browser.renderers.last_kill.reason() {
                    tab.add_urgent_notice(reason);
                }
                if tab.session.id() == session.id() {
                    tab.crashed = true;
                    tab.activity.reset();
                    // The pending document will not commit, and the page that navigated is gone.
                    tab.tracker.reset();
                }
            }
            KnownEvent::FileChooserOpened(opened) => {
                let document = Document { session, frame: opened.frame_id.into() };
                tab.chooser = Some(Chooser { document, input: opened.backend_node_id });
            }
            KnownEvent::DragIntercepted(intercepted) => tab.dragged = Some(intercepted.data),
            KnownEvent::JavascriptDialogClosed(_) => tab.dialog = None,
            _ => {}
        }
    }

    fn navigation_requested(&self, tab: &mut Tab, frame: &str, url: &str) {
        prompts::check_navigation(tab, url);
        if *tab.target == *frame {
            tab.activity.navigation_requested(url, Instant::now());
            self.files.ledger().expect_nothing(frame);
        }
    }
}
