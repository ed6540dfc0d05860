//! Settings of runs.

use std::path::PathBuf;
use std::time::Duration;

/// Built by `config` from the environment.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// From admission to the end; a run that takes longer ends without success.
    pub timeout: Duration,
    /// Limits of one run, whatever its request allows; the cost is in the currency of the prices.
    pub max_steps: u32,
    pub max_tokens: Option<u64>,
    pub max_cost: Option<f64>,
    /// Concurrent runs; at least 1.
    pub max_concurrent: usize,
    /// Queued runs; 0 for no queue.
    pub max_queued: usize,
    /// Running and queued runs per named caller; none: no limit.
    pub max_per_caller: Option<usize>,
    /// Maximum time in the queue.
    pub queue_timeout: Duration,
    /// Maximum time of a pause; then the run continues.
    pub max_pause: Duration,
    /// How long a question to a person stays open.
    pub input_timeout: Duration,
    /// How often a run that lost its browser continues in another one.
    pub max_restarts: u32,
    /// How long events may wait for a reader that takes nothing; then the run ends.
    pub stall_timeout: Duration,
    /// Maximum time that a run continues, and its events are kept, without a reader; zero: not at all.
    pub max_detach: Duration,
    /// Memory for the events of one run, in bytes.
    pub stream_buffer: usize,
    /// Memory for the events of all finished runs without a reader, in bytes. Those with a reader have as much as the running
    /// ones.
    pub streams_kept: usize,
    /// Room for the files that runs keep for their callers, in bytes of the disk, and where.
    pub files_kept: u64,
    pub files_folder: PathBuf,
    /// Thresholds of memory use.
    pub memory: MemorySettings,
}

/// Fractions of the memory, above 0 and at most 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemorySettings {
    /// No run starts above this, until use is well below.
    pub high_water: f64,
    /// The largest page is killed above this.
    pub critical: f64,
}
