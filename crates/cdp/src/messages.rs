//! The parts of protocol messages that are read, where the generated types would read more: Chromium is newer than
//! they are, and a field nobody needs must not make an event unreadable.

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
    /// Of a frame that has a target of its own.
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
    /// `remove`, or `swap` for a frame that goes on in another process.
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
    /// `Navigation`, or `BackForwardCacheRestore` for a document that comes back as it was left.
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
    /// With its `#`; not part of `url`.
    url_fragment: Option<String>,
    /// What could not be loaded, when the browser shows a page of its own instead.
    unreachable_url: Option<String>,
}

impl Frame {
    /// The document's own URL; that of the browser's own page for what could not be loaded.
    pub fn document_url(&self) -> &str {
        &self.url
    }

    /// The document's URL as an address bar shows it.
    pub fn address(&self) -> String {
        match &self.unreachable_url {
            Some(asked) => asked.clone(),
            None => format!("{}{}", self.url, self.url_fragment.as_deref().unwrap_or_default()),
        }
    }
}

/// `Page.frameRequestedNavigation`, `Page.frameStartedNavigating`, `Page.navigatedWithinDocument`,
/// `Page.frameStoppedLoading`: what they have in common.
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
    /// 0 when the server did not say.
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
    /// Of the input; none when a script has asked for the browser's own picker.
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
    /// Of a document it is the loader's id as well.
    pub request_id: String,
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Why it failed, `net::ERR_...`.
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
    /// None for a request that the network events do not tell of: a link's download.
    pub network_id: Option<String>,
    /// Of the request that was redirected to this one.
    pub redirected_request_id: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct PausedRequest {
    pub url: String,
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
    /// Absent for `undefined` and when an exception was thrown.
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
    /// The first line of the exception's description, which a page may have made as long as it likes.
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

/// `DOMSnapshot.captureSnapshot`'s result: what tells of shadow trees. Texts are numbers of `strings`.
#[derive(Debug, Deserialize)]
pub struct Snapshot {
    /// That of the session's frame, and those in it that live in the same process.
    pub documents: Vec<SnapshotDocument>,
    pub strings: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotDocument {
    pub frame_id: i64,
    pub nodes: SnapshotNodes,
}

/// The nodes of a document, the fields of each at its place in these.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotNodes {
    /// -1 for the document itself.
    pub parent_index: Vec<i64>,
    pub backend_node_id: Vec<i64>,
    /// Of the tree that a node is in, when it is a shadow tree: `user-agent`, `open` or `closed`. Roots themselves are
    /// left out: the host is the parent.
    #[serde(default)]
    pub shadow_root_type: RareTexts,
}

/// Texts that few nodes have, beside the places of these.
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
