//! What a deployment says about its runs.

use std::time::Duration;

/// Built by `config` from the environment.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// From a run's admission to its end; what is not finished by then ends without success.
    pub timeout: Duration,
    /// Runs at work at the same time; at least 1.
    pub max_concurrent: usize,
    /// Runs that may wait for a place; 0 for none.
    pub max_queued: usize,
    /// Longest wait for a place.
    pub queue_timeout: Duration,
}
