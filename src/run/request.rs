//! What a caller asks of a run, parsed at the edge: a value of these types is valid.

use std::num::NonZeroU64;
use std::time::Duration;

use url::Url;

use super::caller::CallerId;
use agent::RequestedAction;
use agent::files::SentFile;
use agent::image::ImageFormat;
use agent::output::OutputSchema;
use agent::ports::ModelChoice;
use agent::secrets::Secrets;
use url_policy::DomainRules;

/// One run to be.
#[derive(Debug, Clone)]
pub struct RunRequest {
    pub task: Task,
    pub max_steps: MaxSteps,
    pub max_tokens: Option<MaxTokens>,
    pub max_cost: Option<MaxCost>,
    pub max_time: Option<MaxTime>,
    pub model: ModelChoice,
    pub temperature: Temperature,
    pub headless: bool,
    /// Opened before the first step.
    pub start_url: Option<StartUrl>,
    /// Carried out before the first decision; without a model, all that is done.
    pub actions: Vec<RequestedAction>,
    /// What the answer has to be as data, too; needs a model.
    pub output: Option<OutputSchema>,
    /// What the run may upload, under names that each stand once.
    pub files: Vec<SentFile>,
    /// What the run may reach, within what the deployment lets it.
    pub domains: DomainRules,
    /// What it may type without its model reading it.
    pub secrets: Secrets,
    /// Format of the screenshots in step events; none for no screenshots.
    pub screenshots: Option<ImageFormat>,
    /// Whether a stream leaves out a screenshot that is the one it told last.
    pub skip_unchanged_screenshots: bool,
    /// How long the run goes on without a reader.
    pub detach: DetachTime,
    /// Whom the run is for, where the caller says so.
    pub caller: Option<CallerId>,
}

impl RunRequest {
    /// A task, and nothing said about how: no pictures either.
    pub fn plain(task: Task) -> Self {
        Self {
            task,
            max_steps: MaxSteps::default(),
            max_tokens: None,
            max_cost: None,
            max_time: None,
            model: ModelChoice::default(),
            temperature: Temperature::default(),
            headless: true,
            start_url: None,
            actions: Vec::new(),
            output: None,
            files: Vec::new(),
            domains: DomainRules::default(),
            secrets: Secrets::default(),
            screenshots: None,
            skip_unchanged_screenshots: false,
            detach: DetachTime::default(),
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

/// How many steps a run may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MaxSteps(u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MaxStepsError {
    #[error("fewer steps than {}", MaxSteps::MIN)]
    TooFew,
    #[error("more steps than {}", MaxSteps::MAX)]
    TooMany,
}

impl MaxSteps {
    pub const MIN: u32 = 1;
    pub const MAX: u32 = 200;

    pub fn parse(raw: i64) -> Result<Self, MaxStepsError> {
        if raw < i64::from(Self::MIN) {
            return Err(MaxStepsError::TooFew);
        }
        match u32::try_from(raw) {
            Ok(steps) if steps <= Self::MAX => Ok(Self(steps)),
            _ => Err(MaxStepsError::TooMany),
        }
    }

    pub fn most() -> Self {
        Self(Self::MAX)
    }

    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for MaxSteps {
    fn default() -> Self {
        Self(20)
    }
}

/// How many tokens a run may take, prompts and answers together; at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MaxTokens(NonZeroU64);

impl MaxTokens {
    /// None below 1.
    pub fn parse(raw: i64) -> Option<Self> {
        u64::try_from(raw).ok().and_then(NonZeroU64::new).map(Self)
    }

    pub fn get(self) -> u64 {
        self.0.get()
    }
}

/// What a run's model calls may cost, in the currency of the deployment's prices; above zero.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct MaxCost(f64);

impl MaxCost {
    /// None for what is not a finite number above zero.
    pub fn parse(raw: f64) -> Option<Self> {
        (raw.is_finite() && raw > 0.0).then_some(Self(raw))
    }

    pub fn get(self) -> f64 {
        self.0
    }
}

/// How long a run may take from its admission on; above zero, and at most [`MaxTime::MAX_SECONDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MaxTime(Duration);

impl MaxTime {
    pub const MAX_SECONDS: u32 = 86_400;

    /// None for what is out of range.
    pub fn parse(seconds: f64) -> Option<Self> {
        let limit = Duration::try_from_secs_f64(seconds).ok()?;
        (!limit.is_zero() && limit <= Duration::from_secs(Self::MAX_SECONDS.into())).then_some(Self(limit))
    }

    pub fn get(self) -> Duration {
        self.0
    }
}

/// How long a run goes on when its stream broke; at most [`DetachTime::MAX_SECONDS`], zero when nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DetachTime(Duration);

impl DetachTime {
    /// What a deployment may allow.
    pub const MAX_SECONDS: u32 = 86_400;

    /// None for what is out of range.
    pub fn parse(seconds: i64) -> Option<Self> {
        let seconds = u32::try_from(seconds).ok().filter(|seconds| *seconds <= Self::MAX_SECONDS)?;
        Some(Self(Duration::from_secs(seconds.into())))
    }

    pub fn get(self) -> Duration {
        self.0
    }
}

/// A caller's name for one request, so that sending it again does not do it again: printable ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Box<str>);

impl IdempotencyKey {
    pub const MAX_BYTES: usize = 255;

    /// None when it is empty, too long, or has other characters.
    pub fn parse(raw: &[u8]) -> Option<Self> {
        let printable = raw.iter().all(|byte| matches!(byte, b' '..=b'~'));
        let key = std::str::from_utf8(raw).ok().filter(|_| printable)?;
        (1..=Self::MAX_BYTES).contains(&key.len()).then(|| Self(key.into()))
    }
}

/// How freely a model answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Temperature(f64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemperatureError {
    #[error("not a finite number")]
    NotFinite,
    #[error("below {}", Temperature::MIN)]
    TooLow,
    #[error("above {}", Temperature::MAX)]
    TooHigh,
}

impl Temperature {
    pub const MIN: f64 = 0.0;
    pub const MAX: f64 = 2.0;

    pub fn parse(raw: f64) -> Result<Self, TemperatureError> {
        if !raw.is_finite() {
            Err(TemperatureError::NotFinite)
        } else if raw < Self::MIN {
            Err(TemperatureError::TooLow)
        } else if raw > Self::MAX {
            Err(TemperatureError::TooHigh)
        } else {
            Ok(Self(raw))
        }
    }

    pub fn get(self) -> f64 {
        self.0
    }
}

impl Default for Temperature {
    fn default() -> Self {
        Self(0.1)
    }
}

/// An http or https URL. Whether the run may reach it is the URL policy's question, asked when it is opened.
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
    fn steps_are_one_to_two_hundred() {
        assert_eq!(MaxSteps::parse(1).map(MaxSteps::get), Ok(1));
        assert_eq!(MaxSteps::parse(200).map(MaxSteps::get), Ok(200));
        assert_eq!(MaxSteps::parse(0), Err(MaxStepsError::TooFew));
        assert_eq!(MaxSteps::parse(i64::MIN), Err(MaxStepsError::TooFew));
        assert_eq!(MaxSteps::parse(201), Err(MaxStepsError::TooMany));
        assert_eq!(MaxSteps::parse(i64::MAX), Err(MaxStepsError::TooMany));
    }

    #[test]
    fn budgets_are_above_zero() {
        assert_eq!(MaxTokens::parse(1).map(MaxTokens::get), Some(1));
        assert_eq!((MaxTokens::parse(0), MaxTokens::parse(i64::MIN)), (None, None));
        assert_eq!(MaxCost::parse(0.001).map(MaxCost::get), Some(0.001));
        assert_eq!((MaxCost::parse(0.0), MaxCost::parse(-1.0)), (None, None));
        assert_eq!((MaxCost::parse(f64::INFINITY), MaxCost::parse(f64::NAN)), (None, None));
        assert_eq!(MaxTime::parse(0.5).map(MaxTime::get), Some(Duration::from_millis(500)));
        for seconds in [0.0, -1.0, 1e-12, 86_401.0, f64::INFINITY, f64::NAN] {
            assert_eq!(MaxTime::parse(seconds), None, "{seconds}");
        }
    }

    #[test]
    fn detach_seconds_are_limited_to_a_day() {
        assert_eq!(DetachTime::parse(90).map(DetachTime::get), Some(Duration::from_secs(90)));
        assert_eq!(DetachTime::parse(0), Some(DetachTime::default()));
        assert!(DetachTime::parse(86_400).is_some());
        for seconds in [-1, 86_401, i64::MIN, i64::MAX] {
            assert_eq!(DetachTime::parse(seconds), None, "{seconds}");
        }
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
    fn temperatures_are_zero_to_two() {
        assert!(Temperature::parse(0.0).is_ok() && Temperature::parse(2.0).is_ok());
        assert_eq!(Temperature::parse(-0.1), Err(TemperatureError::TooLow));
        assert_eq!(Temperature::parse(2.1), Err(TemperatureError::TooHigh));
        assert_eq!(Temperature::parse(f64::NAN), Err(TemperatureError::NotFinite));
    }

    #[test]
    fn a_start_url_is_http_or_https() {
        assert!(StartUrl::parse("https://example.com").is_ok());
        assert_eq!(StartUrl::parse("file:///etc/passwd"), Err(StartUrlError::Scheme));
        assert!(matches!(StartUrl::parse("example.com"), Err(StartUrlError::NotAUrl(_))));
        assert_eq!(StartUrl::parse(&format!("http://a/{}", "x".repeat(9_000))), Err(StartUrlError::TooLong));
    }
}
