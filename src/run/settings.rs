//! What a deployment says about its runs.

use std::time::Duration;

// Limits of deployments are what limits of requests are.
pub use super::request::{DetachTime, MaxCost, MaxSteps, MaxTokens, Task};

/// Built by `config` from the environment.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// From a run's admission to its end; what is not finished by then ends without success.
    pub timeout: Duration,
    /// Steps, tokens and costs of one run, whatever its request allows; costs in the currency of the prices.
    pub max_steps: MaxSteps,
    pub max_tokens: Option<MaxTokens>,
    pub max_cost: Option<MaxCost>,
    /// Runs at work at the same time; at least 1.
    pub max_concurrent: usize,
    /// Runs that may wait for a place; 0 for none.
    pub max_queued: usize,
    /// Runs of one named caller, at work and waiting; none: as many as there are places.
    pub max_per_caller: Option<usize>,
    /// Longest wait for a place.
    pub queue_timeout: Duration,
    /// How often a run whose browser is lost goes on in another one.
    pub max_restarts: u32,
    /// How long something may wait for a run's reader that takes nothing; then the run ends.
    pub stall_timeout: Duration,
    /// How long a run may go on, and what it told be kept, without a reader; zero: not at all.
    pub max_detach: Duration,
    /// Memory for the events of one run, in bytes.
    pub stream_buffer: usize,
    /// Memory for the events of runs that are over and whose readers may come back, in bytes, of all together. Those that are
    /// being read have as much as the runs at work.
    pub streams_kept: usize,
    /// When memory gets short.
    pub memory: MemorySettings,
}

/// Parts of the memory there is, above 0 and at most 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemorySettings {
    /// From here on no run begins, until use has fallen well below.
    pub high_water: f64,
    /// From here on the page that uses most is ended.
    pub critical: f64,
}
