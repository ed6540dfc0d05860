//! What `GET /health/details` reports of the browser and the machine.

use crate::machine::MemoryUse;

/// What the runs depend on, inspected on each request.
pub trait Inspect: Send + Sync {
    /// None without a browser of ours.
    fn browser(&self) -> Option<BrowserDetails>;

    /// None if unknown. May read files of the kernel.
    fn memory(&self) -> Option<MemoryUse>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserDetails {
    /// Product and version of the shared browser; none while it starts.
    pub version: Option<String>,
    /// Whether Chromium's own sandbox is on.
    pub sandboxed: bool,
    /// Why it is on or off, one sentence.
    pub sandbox_reason: String,
}
