//! Applies an event of a page or its frames to its tab.

use std::sync::Arc;
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::input::EventDragIntercepted;
use chromiumoxide_cdp::cdp::browser_protocol::inspector::EventTargetCrashed;
use chromiumoxide_cdp::cdp::browser_protocol::network::{
    EventDataReceived, EventLoadingFailed, EventLoadingFinished, EventRequestWillBeSent,
    EventRequestWillBeSentExtraInfo, EventResponseReceived,
};
use chromiumoxide_cdp::cdp::browser_protocol::page::{
    EventFrameAttached, EventFrameDetached, EventFrameNavigated, EventFrameRequestedNavigation,
    EventFrameStartedNavigating, EventFrameStoppedLoading, EventJavascriptDialogClosed, EventLifecycleEvent,
    EventNavigatedWithinDocument,
};
use tokio::time::Instant;

use super::prompts;
use crate::context::tabs::Tab;
use crate::egress::Egress;
use crate::files::RunFiles;
use crate::navigation::activity::NewRequest;
use crate::observe::DocumentResponse;
use cdp::{Connection, Event, messages};

/// How soon a download starts after its document request ended. It takes milliseconds.
const DOWNLOAD_BEGINS: Duration = Duration::from_millis(500);

pub(super) fn apply_tab_event(
    connection: &Connection,
    tab: &mut Tab,
    session: &Arc<str>,
    event: &Event,
    files: &RunFiles,
    egress: &Egress,
) {
    let main_frame = tab.target.clone();
    let of_main_frame = |frame: &str| *main_frame == *frame;
    match event.method.as_str() {
        EventRequestWillBeSent::IDENTIFIER => {
            if let Some(request) = event.parse::<messages::RequestWillBeSent>() {
                let of_tab = request.frame_id.as_deref().is_some_and(of_main_frame);
                if of_tab && request.kind.as_deref() == Some("Document") {
                    tab.load.requested(&request.request.url, &request.request.method, &tab.url);
                }
                let new = NewRequest {
                    id: &request.request_id,
                    kind: request.kind.as_deref(),
                    method: &request.request.method,
                    url: &request.request.url,
                    subframe: request.frame_id.as_deref().filter(|_| !of_tab),
                };
                tab.activity.request_started(new, Instant::now());
            }
        }
        EventRequestWillBeSentExtraInfo::IDENTIFIER => {
            if let Some(sent) = event.parse::<messages::RequestHeaders>()
                && sent.headers.get("Sec-Fetch-Mode").is_some_and(|mode| mode == "no-cors")
            {
                tab.activity.is_report(&sent.request_id);
            }
        }
        EventResponseReceived::IDENTIFIER => {
            if let Some(received) = event.parse::<messages::ResponseReceived>() {
                tab.activity.response_received(&received.request_id, received.response.length(), Instant::now());
                if received.kind == "Document" && received.frame_id.as_deref().is_some_and(of_main_frame) {
                    let messages::Response { status, headers } = received.response;
                    tab.load.response_received(received.loader_id, DocumentResponse::new(status, headers));
                }
            }
        }
        EventDataReceived::IDENTIFIER => {
            if let Some(received) = event.parse::<messages::DataReceived>() {
                tab.activity.data_received(&received.request_id, received.data_length, Instant::now());
            }
        }
        EventLoadingFinished::IDENTIFIER | EventLoadingFailed::IDENTIFIER => {
            if let Some(ended) = event.parse::<messages::LoadingEnded>() {
                tab.activity.request_ended(&ended.request_id);
                if let Some(cause) = ended.error_text.filter(|_| ended.kind == "Document") {
                    let cause = egress.explain(tab.requested.as_deref().unwrap_or_default(), &cause);
                    tab.load.loading_failed(ended.request_id, cause);
                }
            }
            if event.method == EventLoadingFailed::IDENTIFIER
                && event.parse::<messages::LoadingFailed>().is_some_and(|it| it.canceled && it.kind == "Document")
            {
                files.expect(&main_frame, Instant::now() + DOWNLOAD_BEGINS);
            }
        }
        EventFrameRequestedNavigation::IDENTIFIER | EventFrameStartedNavigating::IDENTIFIER => {
            let Some(frame) = event.parse::<messages::FrameEvent>() else { return };
            prompts::check_navigation(tab, &frame.url);
            if of_main_frame(&frame.frame_id) {
                tab.activity.navigation_requested(&frame.url, Instant::now());
                if event.method == EventFrameStartedNavigating::IDENTIFIER {
                    tab.tracker.started(&frame.loader_id, &frame.url);
                }
                files.expect_nothing(&main_frame);
            }
        }
        EventNavigatedWithinDocument::IDENTIFIER => {
            if let Some(frame) = event.parse::<messages::FrameEvent>().filter(|frame| of_main_frame(&frame.frame_id)) {
                tab.url = frame.url;
                tab.load.same_document_navigation(&tab.url);
                tab.activity.same_document_navigation();
            }
        }
        EventFrameNavigated::IDENTIFIER => {
            let Some(messages::FrameNavigated { frame, kind }) = event.parse() else { return };
            if !of_main_frame(&frame.id) {
                tab.frames.moved(&frame.id, frame.parent_id.as_deref(), connection.session(session));
                tab.frames.emptied(&frame.id);
            } else {
                files.expect_nothing(&main_frame);
                tab.frames.clear();
                tab.url = frame.address();
                tab.title.clear();
                tab.crashed = false;
                tab.load.document_committed(&frame.loader_id);
                tab.activity.document_committed(&frame.loader_id);
                tab.tracker.committed(&frame.loader_id);
                if kind == "BackForwardCacheRestore" {
                    // No further event reports that it is parsed.
                    tab.activity.document_parsed(&frame.loader_id, Instant::now());
                }
            }
        }
        EventFrameAttached::IDENTIFIER => {
            if let Some(attached) = event.parse::<messages::FrameAttached>() {
                tab.frames.attached(&attached.frame_id, &attached.parent_frame_id, connection.session(session));
            }
        }
        EventFrameDetached::IDENTIFIER => {
            if let Some(detached) =
                event.parse::<messages::FrameDetached>().filter(|detached| detached.reason != "swap")
            {
                tab.frames.detached(&detached.frame_id);
            }
        }
        EventLifecycleEvent::IDENTIFIER => {
            if let Some(reached) = event.parse::<messages::LifecycleEvent>()
                && reached.name == "DOMContentLoaded"
                && of_main_frame(&reached.frame_id)
            {
                tab.activity.document_parsed(&reached.loader_id, Instant::now());
            }
        }
        EventFrameStoppedLoading::IDENTIFIER if is_about_main_frame(event, tab) => tab.activity.loading_stopped(),
        EventTargetCrashed::IDENTIFIER if tab.is_session(session) => {
            tab.crashed = true;
            tab.activity.reset();
            // The pending document will not commit, and the page that navigated is gone.
            tab.tracker.reset();
        }
        EventDragIntercepted::IDENTIFIER => {
            tab.dragged = event.parse::<EventDragIntercepted>().map(|intercepted| intercepted.data);
        }
        EventJavascriptDialogClosed::IDENTIFIER => tab.dialog = None,
        _ => {}
    }
}

fn is_about_main_frame(event: &Event, tab: &Tab) -> bool {
    event.parse::<messages::FrameEvent>().is_some_and(|frame| *tab.target == *frame.frame_id)
}
