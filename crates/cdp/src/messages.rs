//! The fields we read of protocol messages. The generated types read all of them, and Chromium is newer: a changed
//! field that nobody needs must not make a message unreadable.

use std::collections::HashMap;

use chromiumoxide_cdp::cdp::js_protocol::runtime::RemoteObject;
use serde::Deserialize;

/// `Target.attachedToTarget`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttachedToTarget {
    pub session_id: String,
    pub target_info: TargetInfo,
}

/// `Target.targetInfoChanged`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetInfoChanged {
    pub target_info: TargetInfo,
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

/// `Page.frameAttached`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FrameAttached {
    pub frame_id: String,
    pub parent_frame_id: String,
}

/// `Page.frameDetached`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FrameDetached {
    pub frame_id: String,
    /// `remove`, or `swap` if the frame moves to another process.
    pub reason: String,
}

/// `Target.detachedFromTarget`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DetachedFromTarget {
    pub session_id: String,
}

/// `Page.frameNavigated`
#[derive(Debug, Clone, Deserialize)]
pub struct FrameNavigated {
    pub frame: Frame,
    /// `Navigation` or `BackForwardCacheRestore`.
    #[serde(rename = "type", default)]
    pub kind: String,
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

/// The common part of `Page.frameRequestedNavigation`, `Page.frameStartedNavigating`, `Page.navigatedWithinDocument`
/// and `Page.frameStoppedLoading`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FrameEvent {
    pub frame_id: String,
    #[serde(default)]
    pub url: String,
    #[serde(default)]
    pub loader_id: String,
}

/// `Page.lifecycleEvent`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LifecycleEvent {
    pub frame_id: String,
    pub loader_id: String,
    pub name: String,
}

/// `Browser.downloadWillBegin`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DownloadWillBegin {
    pub frame_id: String,
    pub guid: String,
    pub suggested_filename: String,
}

/// `Browser.downloadProgress`, in bytes
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DownloadProgress {
    pub guid: String,
    /// 0 if unknown.
    pub total_bytes: f64,
    pub received_bytes: f64,
    /// `inProgress`, `completed` or `canceled`
    pub state: String,
}

/// `Page.fileChooserOpened`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileChooserOpened {
    pub frame_id: String,
    /// The input; none for `showOpenFilePicker`.
    pub backend_node_id: Option<i64>,
}

/// `Page.printToPDF`'s result, as a stream
#[derive(Debug, Deserialize)]
pub struct Printed {
    pub stream: String,
}

/// `IO.read`'s result
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chunk {
    #[serde(default)]
    pub base64_encoded: bool,
    pub data: String,
    pub eof: bool,
}

/// `Page.javascriptDialogOpening`
#[derive(Debug, Clone, Deserialize)]
pub struct DialogOpening {
    #[serde(rename = "type")]
    pub kind: String,
    pub message: String,
    #[serde(default, rename = "defaultPrompt")]
    pub default_prompt: String,
}

/// `Network.requestWillBeSent`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestWillBeSent {
    pub request_id: String,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub frame_id: Option<String>,
    pub request: Request,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    pub url: String,
    pub method: String,
}

/// `Network.responseReceived`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResponseReceived {
    pub request_id: String,
    pub loader_id: String,
    pub frame_id: Option<String>,
    #[serde(rename = "type")]
    pub kind: String,
    pub response: Response,
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

/// `Network.dataReceived`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataReceived {
    pub request_id: String,
    /// Bytes, decoded.
    pub data_length: u64,
}

/// `Network.requestWillBeSentExtraInfo`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestHeaders {
    pub request_id: String,
    pub headers: HashMap<String, String>,
}

/// `Network.loadingFailed`, of a document
#[derive(Debug, Clone, Deserialize)]
pub struct LoadingFailed {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub canceled: bool,
}

/// `Network.loadingFinished` and `Network.loadingFailed`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadingEnded {
    /// For a document also its loader id.
    pub request_id: String,
    #[serde(default, rename = "type")]
    pub kind: String,
    /// `net::ERR_...`.
    pub error_text: Option<String>,
}

/// `Fetch.requestPaused`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestPaused {
    pub request_id: String,
    pub request: PausedRequest,
    pub frame_id: String,
    pub resource_type: String,
    /// None if there are no network events, as for a link's download.
    pub network_id: Option<String>,
    /// The request that was redirected here.
    pub redirected_request_id: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct PausedRequest {
    pub url: String,
}

/// `Fetch.authRequired`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthRequired {
    pub request_id: String,
    pub request: PausedRequest,
    pub frame_id: String,
    pub resource_type: String,
    pub auth_challenge: AuthChallenge,
}

#[derive(Debug, Clone, Deserialize)]
pub struct AuthChallenge {
    pub realm: String,
}

/// `Page.navigate`'s result
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Navigated {
    pub loader_id: Option<String>,
    pub error_text: Option<String>,
    #[serde(default)]
    pub is_download: bool,
}

/// `Runtime.evaluate`'s and `Runtime.callFunctionOn`'s result, by value
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluated<T> {
    pub result: ByValue<T>,
    pub exception_details: Option<ExceptionDetails>,
}

/// `Runtime.evaluate`'s result, by reference
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Installed {
    pub result: RemoteObject,
    pub exception_details: Option<ExceptionDetails>,
}

#[derive(Debug, Deserialize)]
pub struct ByValue<T> {
    /// Absent for `undefined` and exceptions.
    #[serde(default = "Option::default")]
    pub value: Option<T>,
}

#[derive(Debug, Deserialize)]
pub struct ExceptionDetails {
    pub text: String,
    pub exception: Option<ExceptionObject>,
}

#[derive(Debug, Deserialize)]
pub struct ExceptionObject {
    pub description: Option<String>,
}

impl ExceptionDetails {
    /// The first line of the exception's description, of any length.
    pub fn first_line(&self) -> &str {
        let description = self.exception.as_ref().and_then(|exception| exception.description.as_deref());
        description.unwrap_or(&self.text).lines().next().unwrap_or_default()
    }
}

/// `DOMDebugger.getEventListeners`'s result
#[derive(Debug, Deserialize)]
pub struct Listeners {
    pub listeners: Vec<Listener>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    #[serde(rename = "type")]
    pub event: String,
    pub backend_node_id: Option<i64>,
}

/// `DOM.getFrameOwner`'s result
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FrameOwner {
    pub backend_node_id: i64,
}

/// `DOM.describeNode`'s result
#[derive(Debug, Deserialize)]
pub struct Described {
    pub node: DescribedNode,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribedNode {
    pub backend_node_id: i64,
    #[serde(default)]
    pub shadow_roots: Vec<ShadowRoot>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShadowRoot {
    pub backend_node_id: i64,
    /// `user-agent`, `open` or `closed`
    pub shadow_root_type: String,
}

/// The part of `DOMSnapshot.captureSnapshot`'s result about shadow trees. Strings are indices of `strings`.
#[derive(Debug, Deserialize)]
pub struct Snapshot {
    /// The session's frame and its frames in the same process.
    pub documents: Vec<SnapshotDocument>,
    pub strings: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotDocument {
    pub frame_id: i64,
    pub nodes: SnapshotNodes,
}

/// Fields of a document's nodes, by node index.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotNodes {
    /// -1 for the document.
    pub parent_index: Vec<i64>,
    pub backend_node_id: Vec<i64>,
    /// For nodes in shadow trees: `user-agent`, `open` or `closed`. Shadow roots are not listed: the parent is the
    /// host.
    #[serde(default)]
    pub shadow_root_type: RareTexts,
}

/// Values of the few nodes that have one, by node index.
#[derive(Debug, Default, Deserialize)]
pub struct RareTexts {
    pub index: Vec<usize>,
    pub value: Vec<i64>,
}

/// `Page.captureScreenshot`'s result
#[derive(Debug, Deserialize)]
pub struct Screenshot {
    pub data: std::sync::Arc<str>,
}
