//! A caller's request for a run.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::caller::CallerId;
use agent::files::SentFile;
use agent::image::ImageFormat;
use agent::output::OutputSchema;
use agent::ports::ModelChoice;
use agent::secrets::Secrets;
use agent::storage_state::StorageState;
use agent::{Human, RequestedAction};
use url_policy::DomainRules;

/// A request for a run.
#[derive(Debug, Clone)]
pub struct RunRequest {
    pub task: Task,
    /// 1 to [`MAX_STEPS`](Self::MAX_STEPS).
    pub max_steps: u32,
    /// Of all model calls, prompts and answers together; at least 1.
    pub max_tokens: Option<u64>,
    /// Of all model calls, in the currency of the deployment's prices; above zero.
    pub max_cost: Option<f64>,
    /// From admission; above zero and at most [`MAX_SECONDS`](Self::MAX_SECONDS).
    pub max_time: Option<Duration>,
    pub model: ModelChoice,
    /// 0 to [`MAX_TEMPERATURE`](Self::MAX_TEMPERATURE).
    pub temperature: f64,
    pub headless: bool,
    /// Opened before the first step.
    pub start_url: Option<StartUrl>,
    /// Carried out before the first decision; without a model they are the whole run.
    pub actions: Vec<RequestedAction>,
    /// The schema of the answer as data; needs a model.
    pub output: Option<OutputSchema>,
    /// The files that the run may upload, with unique names.
    pub files: Vec<SentFile>,
    /// The domains that the run may reach, within those of the deployment.
    pub domains: DomainRules,
    /// Values to type that no model sees.
    pub secrets: Secrets,
    /// Whether there is a person to ask, and about what. Then the secrets are open to more.
    pub human: Option<Human>,
    /// Cookies and storage of an earlier run.
    pub storage: Option<Arc<StorageState>>,
    /// Whether the terminal event has the run's cookies and storage.
    pub returns_storage: bool,
    /// Whether its console messages and requests are kept for its caller.
    pub trace: bool,
    /// Whether the files that it downloads and saves are kept for its caller.
    pub keep_files: bool,
    /// Format of the screenshots in step events; none for no screenshots.
    pub screenshots: Option<ImageFormat>,
    /// Whether a stream omits a screenshot that is identical to the last one sent.
    pub skip_unchanged_screenshots: bool,
    /// How long the run continues without a reader; at most [`MAX_SECONDS`](Self::MAX_SECONDS).
    pub detach: Duration,
    /// The caller's name, if it gave one.
    pub caller: Option<CallerId>,
}

impl RunRequest {
    pub const MAX_STEPS: u32 = 200;
    pub const DEFAULT_STEPS: u32 = 20;
    pub const MAX_TEMPERATURE: f64 = 2.0;
    pub const DEFAULT_TEMPERATURE: f64 = 0.1;
    /// Maximum of the times in a request, in seconds.
    pub const MAX_SECONDS: u32 = 86_400;

    /// A task with the defaults of all other fields, and without screenshots.
    pub fn plain(task: Task) -> Self {
        Self {
            task,
            max_steps: Self::DEFAULT_STEPS,
            max_tokens: None,
            max_cost: None,
            max_time: None,
            model: ModelChoice::default(),
            temperature: Self::DEFAULT_TEMPERATURE,
            headless: true,
            start_url: None,
            actions: Vec::new(),
            output: None,
            files: Vec::new(),
            domains: DomainRules::default(),
            secrets: Secrets::default(),
            human: None,
            storage: None,
            returns_storage: false,
            keep_files: false,
            trace: false,
            screenshots: None,
            skip_unchanged_screenshots: false,
            detach: Duration::ZERO,
            caller: None,
        }
    }
}

/// What to do, in plain language; trimmed, never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    #[error("the task is empty")]
    Empty,
    #[error("the task is longer than {} bytes", Task::MAX_BYTES)]
    TooLong,
}

impl Task {
    pub const MAX_BYTES: usize = 32_768;

    pub fn parse(raw: &str) -> Result<Self, TaskError> {
        match raw.trim() {
            "" => Err(TaskError::Empty),
            task if task.len() > Self::MAX_BYTES => Err(TaskError::TooLong),
            task => Ok(Self(task.to_owned())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Identifies a request, so that sending it again does not start another run: printable ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Box<str>);

impl IdempotencyKey {
    pub const MAX_BYTES: usize = 255;

    /// None if it is empty, too long, or has other characters.
    pub fn parse(raw: &[u8]) -> Option<Self> {
        let printable = raw.iter().all(|byte| matches!(byte, b' '..=b'~'));
        let key = std::str::from_utf8(raw).ok().filter(|_| printable)?;
        (1..=Self::MAX_BYTES).contains(&key.len()).then(|| Self(key.into()))
    }
}

/// An http or https URL. The URL policy is checked when it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartUrl(Url);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartUrlError {
    #[error("longer than {} bytes", StartUrl::MAX_BYTES)]
    TooLong,
    #[error(transparent)]
    NotAUrl(#[from] url::ParseError),
    #[error("neither http nor https")]
    Scheme,
}

impl StartUrl {
    pub const MAX_BYTES: usize = 8_192;

    pub fn parse(raw: &str) -> Result<Self, StartUrlError> {
        if raw.len() > Self::MAX_BYTES {
            return Err(StartUrlError::TooLong);
        }
        let url = Url::parse(raw)?;
        match url.scheme() {
            "http" | "https" => Ok(Self(url)),
            _ => Err(StartUrlError::Scheme),
        }
    }

    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_trimmed_and_bounded() {
        assert_eq!(Task::parse("  buy milk\n").unwrap().as_str(), "buy milk");
        assert_eq!(Task::parse(" \n\t"), Err(TaskError::Empty));
        assert!(Task::parse(&"x".repeat(Task::MAX_BYTES)).is_ok());
        assert_eq!(Task::parse(&"ü".repeat(Task::MAX_BYTES / 2 + 1)), Err(TaskError::TooLong));
    }

    #[test]
    fn an_idempotency_key_is_short_and_printable() {
        for key in ["a", "order 7/retry~", &"x".repeat(255)] {
            assert!(IdempotencyKey::parse(key.as_bytes()).is_some(), "{key:?}");
        }
        for key in ["", "a\tb", "a\nb", "ü", "\u{7f}", &"x".repeat(256)] {
            assert!(IdempotencyKey::parse(key.as_bytes()).is_none(), "{key:?}");
        }
        assert!(IdempotencyKey::parse(b"\xff").is_none());
    }

    #[test]
    fn a_start_url_is_http_or_https() {
        assert!(StartUrl::parse("https://example.com").is_ok());
        assert_eq!(StartUrl::parse("file:///etc/passwd"), Err(StartUrlError::Scheme));
        assert!(matches!(StartUrl::parse("example.com"), Err(StartUrlError::NotAUrl(_))));
        assert_eq!(StartUrl::parse(&format!("http://a/{}", "x".repeat(9_000))), Err(StartUrlError::TooLong));
    }
}
