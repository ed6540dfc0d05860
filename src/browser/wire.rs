//! The parts of protocol messages that are read, where the generated types would read more: Chromium is newer than
//! they are, and a field nobody needs must not make an event unreadable.

use std::collections::HashMap;

use chromiumoxide_cdp::cdp::js_protocol::runtime::RemoteObject;
use serde::Deserialize;

use crate::agent::secrets::shorten;

/// `Target.attachedToTarget`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttachedToTarget {
    pub(crate) session_id: String,
    pub(crate) target_info: TargetInfo,
}

/// `Target.targetInfoChanged`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TargetInfoChanged {
    pub(crate) target_info: TargetInfo,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TargetInfo {
    pub(crate) target_id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) url: String,
    pub(crate) browser_context_id: Option<String>,
    /// Of a frame that has a target of its own.
    pub(crate) parent_frame_id: Option<String>,
}

/// `Page.frameAttached`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FrameAttached {
    pub(crate) frame_id: String,
    pub(crate) parent_frame_id: String,
}

/// `Page.frameDetached`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FrameDetached {
    pub(crate) frame_id: String,
    /// `remove`, or `swap` for a frame that goes on in another process.
    pub(crate) reason: String,
}

/// `Target.detachedFromTarget`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DetachedFromTarget {
    pub(crate) session_id: String,
}

/// `Page.frameNavigated`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FrameNavigated {
    pub(crate) frame: Frame,
    /// `Navigation`, or `BackForwardCacheRestore` for a document that comes back as it was left.
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Frame {
    pub(crate) id: String,
    pub(crate) parent_id: Option<String>,
    pub(crate) loader_id: String,
    url: String,
    /// With its `#`; not part of `url`.
    url_fragment: Option<String>,
    /// What could not be loaded, when the browser shows a page of its own instead.
    unreachable_url: Option<String>,
}

impl Frame {
    /// The document's own URL; that of the browser's own page for what could not be loaded.
    pub(crate) fn document_url(&self) -> &str {
        &self.url
    }

    /// The document's URL as an address bar shows it.
    pub(crate) fn address(&self) -> String {
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
pub(crate) struct FrameEvent {
    pub(crate) frame_id: String,
    #[serde(default)]
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) loader_id: String,
}

/// `Page.lifecycleEvent`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LifecycleEvent {
    pub(crate) frame_id: String,
    pub(crate) loader_id: String,
    pub(crate) name: String,
}

/// `Browser.downloadWillBegin`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DownloadWillBegin {
    pub(crate) frame_id: String,
    pub(crate) guid: String,
    pub(crate) suggested_filename: String,
}

/// `Browser.downloadProgress`, in bytes
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DownloadProgress {
    pub(crate) guid: String,
    /// 0 when the server did not say.
    pub(crate) total_bytes: f64,
    pub(crate) received_bytes: f64,
    /// `inProgress`, `completed` or `canceled`
    pub(crate) state: String,
}

/// `Page.fileChooserOpened`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileChooserOpened {
    pub(crate) frame_id: String,
    /// Of the input; none when a script has asked for the browser's own picker.
    pub(crate) backend_node_id: Option<i64>,
}

/// `Page.printToPDF`'s result, as a stream
#[derive(Debug, Deserialize)]
pub(crate) struct Printed {
    pub(crate) stream: String,
}

/// `IO.read`'s result
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Chunk {
    #[serde(default)]
    pub(crate) base64_encoded: bool,
    pub(crate) data: String,
    pub(crate) eof: bool,
}

/// `Page.javascriptDialogOpening`
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct DialogOpening {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) message: String,
    #[serde(default, rename = "defaultPrompt")]
    pub(crate) default_prompt: String,
}

/// `Network.requestWillBeSent`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestWillBeSent {
    pub(crate) request_id: String,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) frame_id: Option<String>,
    pub(crate) request: Request,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Request {
    pub(crate) url: String,
    pub(crate) method: String,
}

/// `Network.responseReceived`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResponseReceived {
    pub(crate) loader_id: String,
    pub(crate) frame_id: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) response: Response,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
}

/// `Network.loadingFailed`, of a document
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct LoadingFailed {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) canceled: bool,
}

/// `Network.loadingFinished` and `Network.loadingFailed`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoadingEnded {
    /// Of a document it is the loader's id as well.
    pub(crate) request_id: String,
    #[serde(default, rename = "type")]
    pub(crate) kind: String,
    /// Why it failed, `net::ERR_...`.
    pub(crate) error_text: Option<String>,
}

/// `Fetch.requestPaused`
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestPaused {
    pub(crate) request_id: String,
    pub(crate) request: PausedRequest,
    pub(crate) frame_id: String,
    pub(crate) resource_type: String,
    /// None for a request that the network events do not tell of: a link's download.
    pub(crate) network_id: Option<String>,
    /// Of the request that was redirected to this one.
    pub(crate) redirected_request_id: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PausedRequest {
    pub(crate) url: String,
}

/// `Page.navigate`'s result
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Navigated {
    pub(crate) loader_id: Option<String>,
    pub(crate) error_text: Option<String>,
    #[serde(default)]
    pub(crate) is_download: bool,
}

/// `Runtime.evaluate`'s and `Runtime.callFunctionOn`'s result, by value
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Evaluated<T> {
    pub(crate) result: ByValue<T>,
    pub(crate) exception_details: Option<ExceptionDetails>,
}

/// `Runtime.evaluate`'s result, by reference
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Installed {
    pub(crate) result: RemoteObject,
    pub(crate) exception_details: Option<ExceptionDetails>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ByValue<T> {
    /// Absent for `undefined` and when an exception was thrown.
    #[serde(default = "Option::default")]
    pub(crate) value: Option<T>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ExceptionDetails {
    pub(crate) text: String,
    pub(crate) exception: Option<ExceptionObject>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ExceptionObject {
    pub(crate) description: Option<String>,
}

impl ExceptionDetails {
    /// The exception's first line, for the log.
    pub(crate) fn summary(&self) -> String {
        let description = self.exception.as_ref().and_then(|exception| exception.description.as_deref());
        shorten(description.unwrap_or(&self.text).lines().next().unwrap_or_default(), 300)
    }
}

/// `DOMDebugger.getEventListeners`'s result
#[derive(Debug, Deserialize)]
pub(crate) struct Listeners {
    pub(crate) listeners: Vec<Listener>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listener {
    #[serde(rename = "type")]
    pub(crate) event: String,
    pub(crate) backend_node_id: Option<i64>,
}

/// `DOM.getFrameOwner`'s result
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FrameOwner {
    pub(crate) backend_node_id: i64,
}

/// `DOM.describeNode`'s result
#[derive(Debug, Deserialize)]
pub(crate) struct Described {
    pub(crate) node: DescribedNode,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribedNode {
    pub(crate) backend_node_id: i64,
    #[serde(default)]
    pub(crate) shadow_roots: Vec<ShadowRoot>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShadowRoot {
    pub(crate) backend_node_id: i64,
    /// `user-agent`, `open` or `closed`
    pub(crate) shadow_root_type: String,
}

/// `DOMSnapshot.captureSnapshot`'s result: what tells of shadow trees. Texts are numbers of `strings`.
#[derive(Debug, Deserialize)]
pub(crate) struct Snapshot {
    /// That of the session's frame, and those in it that live in the same process.
    pub(crate) documents: Vec<SnapshotDocument>,
    pub(crate) strings: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SnapshotDocument {
    pub(crate) frame_id: i64,
    pub(crate) nodes: SnapshotNodes,
}

/// The nodes of a document, the fields of each at its place in these.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SnapshotNodes {
    /// -1 for the document itself.
    pub(crate) parent_index: Vec<i64>,
    pub(crate) backend_node_id: Vec<i64>,
    /// Of the tree that a node is in, when it is a shadow tree: `user-agent`, `open` or `closed`. Roots themselves are
    /// left out: the host is the parent.
    #[serde(default)]
    pub(crate) shadow_root_type: RareTexts,
}

/// Texts that few nodes have, beside the places of these.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct RareTexts {
    pub(crate) index: Vec<usize>,
    pub(crate) value: Vec<i64>,
}

/// `Page.captureScreenshot`'s result
#[derive(Debug, Deserialize)]
pub(crate) struct Screenshot {
    pub(crate) data: std::sync::Arc<str>,
}
