//! What a deployment says about its HTTP interface.

use std::num::NonZeroU32;
use std::time::Duration;

use secrecy::SecretString;

pub use super::serve::ServeSettings;
use agent::image::ImageFormat;

/// Built by `config` from the environment.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The secret callers share with this service; without one everybody who reaches it may call.
    pub api_key: Option<SecretString>,
    pub max_body_bytes: usize,
    /// From the end of a request's head to the end of its body.
    pub body_timeout: Duration,
    /// Of a request's task, [`Task::MAX_BYTES`](crate::run::Task::MAX_BYTES) or less.
    pub max_task_bytes: usize,
    /// Longest silence on an event stream.
    pub keep_alive: Duration,
    /// Format of the screenshots of a request that names none; none for no screenshots.
    pub screenshots: Option<ImageFormat>,
    /// Requests for runs a minute, of one caller or of all that name none; none: without limit.
    pub max_requests_per_minute: Option<NonZeroU32>,
    pub serve: ServeSettings,
}
