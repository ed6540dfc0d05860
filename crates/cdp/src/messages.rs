//! The fields that are read of results. The generated types read all of them, and Chromium is newer: a changed field
//! that nobody needs must not make a result unreadable.

use chromiumoxide_cdp::cdp::js_protocol::runtime::RemoteObjectId;
use serde::Deserialize;

/// `Page.navigate`'s result
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Navigated {
    pub loader_id: Option<String>,
    pub error_text: Option<String>,
    #[serde(default)]
    pub is_download: bool,
}

/// `Runtime.evaluate`'s and `Runtime.callFunctionOn`'s result
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluated<T> {
    pub result: RemoteObject<T>,
    pub exception_details: Option<ExceptionDetails>,
}

/// A value, or a reference to an object
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoteObject<T> {
    #[serde(rename = "type")]
    pub kind: String,
    /// Absent for `undefined` and exceptions.
    pub value: Option<T>,
    /// `NaN`, `-0` or a BigInt.
    pub unserializable_value: Option<String>,
    pub description: Option<String>,
    pub object_id: Option<RemoteObjectId>,
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
