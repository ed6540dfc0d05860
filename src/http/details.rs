//! What the machine and the browser are like, as far as it is told to those who have the key.

use serde::Serialize;

/// What stands behind the runs. Looked at when it is asked for.
pub trait Inspect: Send + Sync {
    /// None where there is no browser of ours.
    fn browser(&self) -> Option<BrowserDetails>;

    /// None where it cannot be found out. May read files of the system's.
    fn memory(&self) -> Option<MemoryDetails>;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BrowserDetails {
    /// Product and version of the shared browser; none while it is being started.
    pub version: Option<String>,
    pub sandbox: SandboxDetails,
}

/// Chromium's own sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SandboxDetails {
    pub enabled: bool,
    /// Why it is on or off, one sentence.
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryDetails {
    pub used_bytes: u64,
    pub limit_bytes: u64,
}
