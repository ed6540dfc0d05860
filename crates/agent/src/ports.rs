//! The traits through which the agent reaches models and pages. Adapters point inward: `llm` and `browser` import this
//! module, never the other way round.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::IntoStaticStr;
use tokio::time::Instant;
use url::Url;

use crate::action::Action;
use crate::files::{FileInfo, SentFile};
use crate::image::{Image, ImageFormat};
use crate::locator::Locator;
use crate::observation::Observation;
use crate::secrets::Secrets;
use crate::storage_state::{SavedStorage, StorageState};
use url_policy::{DomainRules, Refusal};

// ---------------------------------------------------------------- models

/// A provider's chat model, which answers in JSON of a given schema.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// The provider and model in log lines and the `starting` event. With a fallback: the current one.
    fn name(&self) -> ModelName;

    /// One call. Retries transient errors (429, 5xx, connection errors, silence) within the request's deadline.
    /// Dropping the future aborts the call.
    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError>;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelName {
    /// `openai`, `ollama` ...
    pub provider: String,
    pub model: String,
}

/// The input of one call, in the order in which it is sent. `system` and the earlier messages are the same in each
/// call, so that a provider's prefix cache hits.
#[derive(Clone, Copy)]
pub struct ChatRequest<'a> {
    pub system: &'a str,
    pub messages: &'a [Message],
    /// The number of messages that later requests will begin with, too: what a provider may cache.
    pub stable: usize,
    /// JSON Schema the answer must fit, in the strict subset (every property required, no additional ones).
    pub schema: &'a serde_json::Value,
    /// A name for the schema, `[a-z_]+`.
    pub schema_name: &'a str,
    pub temperature: f64,
    /// When the caller gives up: no longer wait is started.
    pub deadline: Option<Instant>,
    /// Hears about retries while they are pending: a caller never waits in silence.
    pub notices: &'a dyn Notices,
}

/// Receives messages about a call that takes longer: one sentence each, without secrets.
pub trait Notices: Send + Sync {
    fn notice(&self, message: String);
}

impl<F: Fn(String) + Send + Sync> Notices for F {
    fn notice(&self, message: String) {
        self(message);
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub role: Role,
    pub text: String,
    /// Sent beside the text; user messages only.
    pub image: Option<Image>,
}

impl Message {
    pub(crate) fn user(text: String) -> Self {
        Self { role: Role::User, text, image: None }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    User,
    Assistant,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatReply {
    /// The raw answer, meant to be JSON.
    pub text: String,
    pub usage: Usage,
}

/// Tokens of one or more calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Usage {
    pub calls: u32,
    pub prompt_tokens: u64,
    /// Part of `prompt_tokens` that the provider served from its cache.
    pub cached_tokens: u64,
    /// Part of `prompt_tokens` that the provider wrote into its cache, if it bills that separately.
    pub cache_written_tokens: u64,
    pub completion_tokens: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.prompt_tokens += other.prompt_tokens;
        self.cached_tokens += other.cached_tokens;
        self.cache_written_tokens += other.cache_written_tokens;
        self.completion_tokens += other.completion_tokens;
    }
}

/// Why a model call failed. Messages never contain a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ModelError {
    #[error("{provider} rejected the key for the model {model}")]
    Unauthorized { provider: String, model: String },
    #[error("{provider} does not know the model {model}")]
    UnknownModel { provider: String, model: String },
    #[error("{provider} rejected the request to the model {model}: {detail}")]
    Rejected { provider: String, model: String, detail: String },
    #[error("{provider} limits the rate of calls")]
    RateLimited { provider: String, retry_after: Option<Duration> },
    #[error("{provider} answered with status {status}")]
    Unavailable { provider: String, status: u16 },
    #[error("{provider} cannot be reached")]
    Unreachable { provider: String },
    /// Nothing at all, no end, or silence in the middle.
    #[error("{provider} did not answer in time")]
    TimedOut { provider: String },
    #[error("{provider} broke off in the middle of its answer")]
    Interrupted { provider: String },
    /// The messages have to become fewer or shorter.
    #[error("the request is too long for {provider}'s model {model}")]
    ContextTooLong { provider: String, model: String },
    #[error("{provider} sent an answer that is not of its API")]
    Malformed { provider: String },
    #[error("{provider} gave an empty answer")]
    Empty { provider: String },
    /// The model's own decision.
    #[error("{provider} refused to answer: {reason}")]
    Refused { provider: String, reason: String },
    /// A filter in front of the model or behind it; the reason is the provider's name for it.
    #[error("{provider}'s content filter stopped the answer: {reason}")]
    Filtered { provider: String, reason: String },
    #[error("{provider} cut the answer off at its length limit")]
    CutOff { provider: String },
}

/// Which model a request asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelChoice {
    /// None: the deployment's default.
    pub provider: Option<Provider>,
    pub model: Option<String>,
}

/// Who decides in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Provider {
    Openai,
    Anthropic,
    Gemini,
    Ollama,
    /// The built-in planner, no model.
    Template,
}

impl Provider {
    pub const ALL: [Self; 5] = [Self::Openai, Self::Anthropic, Self::Gemini, Self::Ollama, Self::Template];

    /// As the wire writes it.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The deployment's model providers.
pub trait Models: Send + Sync {
    /// The provider used when a request names none.
    fn default_provider(&self) -> Provider;

    /// The model behind a choice; never called for [`Provider::Template`].
    fn open(&self, provider: Provider, model: Option<&str>) -> Result<Arc<dyn ChatModel>, ModelUnavailable>;
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelUnavailable {
    #[error("the provider {} is not configured here", .0.name())]
    NotConfigured(Provider),
}

// ---------------------------------------------------------------- pages

/// The deployment's browsers.
#[async_trait]
pub trait Browsers: Send + Sync {
    /// An isolated context with one blank tab. Cancel by dropping the future; nothing stays behind.
    async fn open(&self, spec: PageSpec) -> Result<Arc<dyn Page>, BrowserError>;

    /// Whether a run with this setting can be served, checked before its stream starts.
    fn supports(&self, headless: bool) -> Result<(), HeadfulUnavailable>;

    /// Whether the domain lists allow a run to open a URL, checked before its stream starts.
    fn permits(&self, url: &Url, domains: &DomainRules) -> Result<(), Refusal>;

    /// An empty trace for [`PageSpec::trace`]; none if these browsers tell nothing.
    fn trace(&self) -> Option<TraceHandle> {
        None
    }

    /// Whether a browser is up, for readiness.
    fn ready(&self) -> Result<(), BrowserError>;
}

/// The browser settings of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct PageSpec {
    pub headless: bool,
    /// Format of the screenshots in observations; none for no screenshots.
    pub screenshots: Option<ImageFormat>,
    /// Files for [`Action::Upload`].
    pub files: Vec<SentFile>,
    /// The run's domain lists, within the deployment's.
    pub domains: DomainRules,
    /// Values that [`Action::Input`] may type by name. Screenshots do not show them.
    pub secrets: Secrets,
    /// Cookies and storage from before, loaded ahead of the first page.
    pub storage: Option<Arc<StorageState>>,
    /// Whether [`Page::storage`] will be asked for.
    pub saves_storage: bool,
    /// Who is told of consoles and requests.
    pub trace: Option<TraceHandle>,
}

impl PageSpec {
    /// Without a window, files, lists or secrets.
    pub fn plain(screenshots: Option<ImageFormat>) -> Self {
        let (domains, secrets) = (DomainRules::default(), Secrets::default());
        let (storage, saves_storage) = (None, false);
        Self { headless: true, screenshots, files: Vec::new(), domains, secrets, storage, saves_storage, trace: None }
    }
}

/// What the browsers of one run tell of consoles and requests, within limits.
pub trait Trace: Send + Sync {
    /// An event as a browser reports it.
    fn record(&self, method: &str, params: &[u8]);

    /// Everything so far, without headers that let somebody in, but not without the run's other secrets.
    fn files(&self) -> TraceFiles;
}

/// A trace as it is kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TraceFiles {
    /// Console messages, errors of pages and failed requests.
    pub lines: Vec<Value>,
    /// All requests, as HAR 1.2.
    pub har: Value,
}

/// Where a page's browser tells its events.
#[derive(Clone)]
pub struct TraceHandle(pub Arc<dyn Trace>);

impl fmt::Debug for TraceHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TraceHandle")
    }
}

impl PartialEq for TraceHandle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a visible browser cannot be shown here: {reason}")]
pub struct HeadfulUnavailable {
    pub reason: String,
}

/// One run's browser context, with its tabs. All methods act on the active tab.
#[async_trait]
pub trait Page: Send + Sync {
    /// Reads the page: text and, when the spec asks for one, a screenshot, in one pass. A page that cannot be read in
    /// time yields an observation that says so and offers no elements.
    async fn observe(&self) -> Result<Observation, BrowserError>;

    /// As [`observe`](Self::observe), without a screenshot.
    async fn read(&self) -> Result<Observation, BrowserError>;

    /// Carries out one action, never `done` or `script`, and waits for what it started. Waits for the elements that the
    /// action names by selector.
    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError>;

    /// A picture for the model, of limited size.
    async fn picture(&self) -> Result<Image, BrowserError>;

    /// What the run has downloaded and saved, and where it lies until the page is closed. Only the browser's own pages know.
    async fn files(&self) -> Vec<(FileInfo, PathBuf)> {
        Vec::new()
    }

    /// The viewport as it is now, in this format unless secrets or marks require PNG, also during another call. Only the
    /// browser's own pages take it.
    async fn snapshot(&self, _format: ImageFormat) -> Result<Image, BrowserError> {
        Err(BrowserError::Protocol { cause: "this page has no snapshots".into() })
    }

    /// Opens a URL before the first step. As `Action::Navigate`, but with a parsed URL.
    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError>;

    /// The cookies and storage of the context, if the spec announced it. The network is closed to the run's pages
    /// before, so nothing can be done after it.
    async fn storage(&self) -> Result<SavedStorage, BrowserError> {
        Err(BrowserError::Protocol { cause: "this page is no browser's, so it stores nothing".into() })
    }

    /// Disposes of the context and its files. Idempotent; returns when nothing is left.
    async fn close(&self);
}

/// What an action did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ActionOutcome {
    /// What was done, with the element's label instead of its index: "Click 'Add to cart'".
    pub description: String,
    /// Effects for the model: what changed, what appeared, what is still pending. May be empty.
    pub effect: String,
    /// The text that `extract` has read.
    pub extracted: Option<String>,
    /// The following actions would meet another document or tab.
    pub page_changed: bool,
}

/// Why an action failed. The model gets the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ActionError {
    /// The index names nothing, or nothing any more.
    #[error("element {index} is not on the page any more; look at the current list")]
    ElementGone { index: Locator },
    /// The index's element has become something else since it was shown.
    #[error("element {index} has changed since it was shown ({was} is now {now}); look at the current list")]
    ElementChanged { index: Locator, was: String, now: String },
    #[error("element {index} is covered by {by}")]
    Covered { index: Locator, by: String },
    /// The action does not fit the element or the page; the text says what would.
    #[error("{0}")]
    NotPossible(String),
    /// A navigation failed; the text names the cause (`net::ERR_NAME_NOT_RESOLVED` and the like).
    #[error("{url} could not be opened: {cause}")]
    Navigation { url: String, cause: String },
    /// The URL policy forbids it.
    #[error("{url} may not be opened: {reason}")]
    Forbidden { url: String, reason: String },
    #[error("{what} took longer than {} s", limit.as_secs_f32())]
    TimedOut { what: String, limit: Duration },
    /// The browser was lost meanwhile and has been replaced.
    #[error("the browser was lost meanwhile: whether this took effect is not known, so look before you do it again")]
    Interrupted,
    /// The browser's fault, not the action's.
    #[error(transparent)]
    Browser(#[from] BrowserError),
}

/// An error of the browser itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum BrowserError {
    /// No browser could be started; the text says why, for the log.
    #[error("no browser could be started")]
    NotStarted { cause: String },
    /// The browser process or its connection is gone. Ends the run.
    #[error("the browser is gone")]
    Lost,
    /// The tab's renderer crashed; navigating again revives it.
    #[error("the page crashed")]
    PageCrashed,
    /// The page does not answer.
    #[error("the page did not answer within {} s", limit.as_secs_f32())]
    Unresponsive { limit: Duration },
    /// The browser refused a command; the text is for the log.
    #[error("the browser refused a command")]
    Protocol { cause: String },
}

impl BrowserError {
    /// Whether the run cannot go on: every further call would fail in the same way.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::NotStarted { .. } | Self::Lost)
    }
}
