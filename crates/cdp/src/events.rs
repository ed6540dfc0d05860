//! The events of the browser that are read, and the parameters that are read of each. The generated types read all of
//! them, and Chromium is newer: a changed parameter that nobody needs must not make an event unreadable.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use chromiumoxide_cdp::cdp::browser_protocol::dom::BackendNodeId;
use chromiumoxide_cdp::cdp::browser_protocol::input::DragData;
use serde::Deserialize;
use tokio::sync::mpsc;

pub type EventReceiver = mpsc::Receiver<Event>;

/// An event with unparsed parameters.
#[derive(Debug, Clone)]
pub struct Event {
    pub session: Option<Arc<str>>,
    pub method: String,
    pub(super) params: Bytes,
}

impl Event {
    /// The parameters as they came, in JSON.
    pub fn params(&self) -> &[u8] {
        &self.params
    }

    /// Parses the parameters; none if nobody reads such an event. Mismatches are logged and skipped: an unknown event
    /// must not end a run.
    pub fn parse(&self) -> Option<KnownEvent> {
        let parsed = KnownEvent::parse(&self.method, &self.params)?;
        parsed.inspect_err(|error| tracing::debug!(self.method, %error, "unexpected event parameters")).ok()
    }
}

/// Declares a type per event, by method, and the enum of them.
macro_rules! known_events {
    ($($method:pat_param => $name:ident { $($(#[$meta:meta])* $field:ident: $type:ty),* $(,)? })*) => {
        /// An event that is read.
        #[derive(Debug, Clone)]
        pub enum KnownEvent {
            $($name($name),)*
        }

        impl KnownEvent {
            fn parse(method: &str, params: &[u8]) -> Option<serde_json::Result<Self>> {
                match method {
                    $($method => Some(serde_json::from_slice(params).map(Self::$name)),)*
                    _ => None,
                }
            }
        }

        $(
            #[derive(Debug, Clone, Deserialize)]
            #[serde(rename_all = "camelCase")]
            pub struct $name {
                $($(#[$meta])* pub $field: $type,)*
            }
        )*
    };
}

/// The method of a failed session's last event. Not Chromium's.
pub const SESSION_FAILED: &str = "session failed";

known_events! {
    SESSION_FAILED => SessionFailed {}

    "Target.attachedToTarget" => AttachedToTarget { session_id: String, target_info: TargetInfo }
    "Target.targetInfoChanged" => TargetInfoChanged { target_info: TargetInfo }
    "Target.detachedFromTarget" => DetachedFromTarget { session_id: String }
    "Inspector.targetCrashed" => TargetCrashed {}

    "Page.frameAttached" => FrameAttached { frame_id: String, parent_frame_id: String }
    "Page.frameDetached" => FrameDetached {
        frame_id: String,
        /// `remove`, or `swap` if the frame moves to another process.
        reason: String,
    }
    "Page.frameRequestedNavigation" => FrameRequestedNavigation { frame_id: String, url: String }
    "Page.frameStartedNavigating" => FrameStartedNavigating { frame_id: String, loader_id: String, url: String }
    "Page.frameNavigated" => FrameNavigated {
        frame: Frame,
        /// `Navigation` or `BackForwardCacheRestore`.
        #[serde(rename = "type", default)]
        kind: String,
    }
    "Page.navigatedWithinDocument" => NavigatedWithinDocument { frame_id: String, url: String }
    "Page.frameStoppedLoading" => FrameStoppedLoading { frame_id: String }
    "Page.lifecycleEvent" => LifecycleEvent { frame_id: String, loader_id: String, name: String }
    "Page.windowOpen" => WindowOpen {
        url: String,
        /// Whether a user has pressed something just before.
        user_gesture: bool,
    }
    "Page.fileChooserOpened" => FileChooserOpened {
        frame_id: String,
        /// The input; none for `showOpenFilePicker`.
        backend_node_id: Option<BackendNodeId>,
    }
    "Page.javascriptDialogOpening" => JavascriptDialogOpening {
        #[serde(rename = "type")]
        kind: String,
        message: String,
        #[serde(default)]
        default_prompt: String,
    }
    "Page.javascriptDialogClosed" => JavascriptDialogClosed {}
    "Input.dragIntercepted" => DragIntercepted { data: DragData }

    "Browser.downloadWillBegin" => DownloadWillBegin { frame_id: String, guid: String, suggested_filename: String }
    "Browser.downloadProgress" => DownloadProgress {
        guid: String,
        /// 0 if unknown.
        total_bytes: f64,
        received_bytes: f64,
        /// `inProgress`, `completed` or `canceled`
        state: String,
    }

    "Network.requestWillBeSent" => RequestWillBeSent {
        request_id: String,
        #[serde(rename = "type")]
        kind: Option<String>,
        frame_id: Option<String>,
        request: Request,
    }
    "Network.requestWillBeSentExtraInfo" => RequestWillBeSentExtraInfo {
        request_id: String,
        headers: HashMap<String, String>,
    }
    "Network.responseReceived" => ResponseReceived {
        request_id: String,
        loader_id: String,
        frame_id: Option<String>,
        #[serde(rename = "type")]
        kind: String,
        response: Response,
    }
    "Network.dataReceived" => DataReceived {
        request_id: String,
        /// Bytes, decoded.
        data_length: u64,
    }
    "Network.loadingFinished" => LoadingFinished { request_id: String }
    "Network.loadingFailed" => LoadingFailed {
        /// For a document also its loader id.
        request_id: String,
        #[serde(rename = "type")]
        kind: String,
        /// `net::ERR_...`.
        error_text: String,
        #[serde(default)]
        canceled: bool,
    }

    "Fetch.requestPaused" => RequestPaused {
        request_id: String,
        request: Request,
        frame_id: String,
        resource_type: String,
        /// None if there are no network events, as for a link's download.
        network_id: Option<String>,
        /// The request that was redirected here.
        redirected_request_id: Option<String>,
    }
    "Fetch.authRequired" => AuthRequired {
        request_id: String,
        request: Request,
        frame_id: String,
        resource_type: String,
        auth_challenge: AuthChallenge,
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetInfo {
    pub target_id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub url: String,
    pub browser_context_id: Option<String>,
    /// Of an out-of-process frame.
    pub parent_frame_id: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    pub id: String,
    pub parent_id: Option<String>,
    pub loader_id: String,
    url: String,
    /// Including `#`; not part of `url`.
    url_fragment: Option<String>,
    /// The URL that failed to load, on an error page.
    unreachable_url: Option<String>,
}

impl Frame {
    /// The document's own URL; `chrome-error:` for an error page.
    pub fn document_url(&self) -> &str {
        &self.url
    }

    /// The URL as an address bar shows it.
    pub fn address(&self) -> String {
        match &self.unreachable_url {
            Some(asked) => asked.clone(),
            None => format!("{}{}", self.url, self.url_fragment.as_deref().unwrap_or_default()),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    pub url: String,
    pub method: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Response {
    pub status: u16,
    pub headers: HashMap<String, String>,
}

impl Response {
    /// Bytes of the body as scripts read it, if the server said how many.
    pub fn length(&self) -> Option<u64> {
        let header = |name: &str| {
            self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
        };
        header("content-length").filter(|_| header("content-encoding").is_none())?.parse().ok()
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct AuthChallenge {
    /// `Server` or `Proxy`.
    pub source: Option<String>,
    pub origin: String,
    pub realm: String,
}
