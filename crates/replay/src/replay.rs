//! Replays a recording: a model that returns the recorded replies, and pages that are either the recorded ones or live
//! ones compared with them.

use std::sync::Arc;

use async_trait::async_trait;
use url::Url;
use uuid::Uuid;

use super::format::{End, Header, Recording};
use super::page::ReplayPage;
use super::playback::{Playback, Report};
use super::secrets::Secrets as MaskedSecrets;
use agent::files::{FileName, SentFile};
use agent::output::OutputSchema;
use agent::ports::{
    BrowserError, Browsers, ChatModel, ChatReply, ChatRequest, HeadfulUnavailable, ModelChoice, ModelError, ModelName,
    ModelUnavailable, Models, Page, PageSpec, Provider,
};
use agent::secrets::{OriginSecrets, SecretName, SecretValue, Secrets};
use agent::{AgentSettings, RequestedAction};
use url_policy::{DomainRules, PatternError, Refusal};

/// Total size of the uploaded files, which are replayed as zeros, in bytes.
const MAX_FILES_BYTES: u64 = 64 << 20;

/// A recording to be replayed, in the place of the deployment's browsers and models, and its report.
pub struct Replay {
    header: Header,
    playback: Playback,
    /// `None` for an offline replay.
    live: Option<Arc<dyn Browsers>>,
}

/// A recorded run's request. The texts are not validated, and the file may come from anyone.
pub struct RecordedRequest {
    pub task: String,
    pub max_steps: u32,
    pub model: ModelChoice,
    pub temperature: f64,
    pub start_url: Option<String>,
    pub actions: Vec<RequestedAction>,
    pub output: Option<OutputSchema>,
    /// Zeros of the recorded sizes.
    pub files: Vec<SentFile>,
    pub domains: DomainRules,
    /// The recorded names, with random values.
    pub secrets: Secrets,
}

/// Why a recording cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    #[error("the text typed into {field:?} is masked: pass it with --secret {number}=TEXT, or replay with --offline")]
    SecretMissing { number: usize, field: String },
    #[error("the recording has no secret {0}")]
    NoSuchSecret(usize),
    #[error("the run had uploaded files, which are not recorded: replay with --offline")]
    FilesMissing,
    #[error("the run had sensitiveData, which is not recorded: replay with --offline")]
    SensitiveDataMissing,
    #[error("the recording's header is invalid: {0}")]
    Header(String),
}

impl Replay {
    /// A replay on the pages of `live`, or offline. `given` are the masked secrets by their number; live pages need all
    /// of them.
    ///
    /// # Errors
    /// A secret is missing or unknown, or the replay needs data that is not recorded.
    pub fn new(
        recording: Recording,
        live: Option<Arc<dyn Browsers>>,
        given: &[(usize, String)],
    ) -> Result<Arc<Self>, ReplayError> {
        let header = recording.header.clone();
        let fields = &header.secrets;
        let mut secrets = MaskedSecrets::default();
        for (number, text) in given {
            if !(1..=fields.len()).contains(number) {
                return Err(ReplayError::NoSuchSecret(*number));
            }
            // Offline, the requests to the model must equal the recorded ones, including masks.
            if live.is_some() {
                secrets.add(*number, text);
            }
        }
        if live.is_some() {
            let missing = fields.iter().zip(1..).find(|(_, number)| !given.iter().any(|(given, _)| given == number));
            if let Some((field, number)) = missing {
                return Err(ReplayError::SecretMissing { number, field: field.clone() });
            }
            if !header.files.is_empty() {
                return Err(ReplayError::FilesMissing);
            }
            if !header.sensitive_data.is_empty() {
                return Err(ReplayError::SensitiveDataMissing);
            }
        }
        let playback = Playback::new(recording, secrets, live.is_none());
        Ok(Arc::new(Self { header, playback, live }))
    }

    /// The recorded request, with the given secrets. Budgets are not part of it: replies cost nothing.
    ///
    /// # Errors
    /// The header is not that of a valid request.
    pub fn request(&self) -> Result<RecordedRequest, ReplayError> {
        let header = &self.header;
        let reveal = |text: &str| self.playback.secrets().reveal(text);
        let invalid = |error: &dyn std::fmt::Display| ReplayError::Header(error.to_string());
        let output = header.output_schema.clone().map(OutputSchema::parse);
        Ok(RecordedRequest {
            task: reveal(&header.task),
            max_steps: header.max_steps,
            model: ModelChoice { provider: Some(header.provider), model: header.model.clone() },
            temperature: header.temperature,
            start_url: header.start_url.as_deref().map(reveal),
            actions: header.actions.iter().map(|action| action.map_text(reveal)).collect(),
            output: output.transpose().map_err(|error| invalid(&error))?,
            files: self.files()?,
            domains: self.domains().map_err(|error| invalid(&error))?,
            secrets: self.declared().map_err(|error| invalid(&*error))?,
        })
    }

    fn domains(&self) -> Result<DomainRules, PatternError> {
        let parsed = |patterns: &[String]| patterns.iter().map(|pattern| pattern.parse()).collect::<Result<_, _>>();
        let allowed = self.header.allowed_domains.as_deref().map(parsed).transpose()?;
        Ok(DomainRules { allowed, blocked: parsed(&self.header.blocked_domains)? })
    }

    /// The declared secrets with random values: offline, nothing is typed.
    fn declared(&self) -> Result<Secrets, Box<dyn std::error::Error>> {
        let mut secrets = Vec::new();
        for (origin, names) in &self.header.sensitive_data {
            let mut values = Vec::new();
            for name in names {
                values.push((SecretName::parse(name)?, SecretValue::parse(&Uuid::new_v4().to_string())?));
            }
            secrets.push(OriginSecrets { origin: origin.parse()?, values });
        }
        Ok(Secrets::new(secrets)?)
    }

    fn files(&self) -> Result<Vec<SentFile>, ReplayError> {
        let files = &self.header.files;
        let bytes = files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.bytes));
        if bytes > MAX_FILES_BYTES {
            return Err(ReplayError::Header("its files are too large".into()));
        }
        let file = |name: &str, bytes: u64| {
            let name = FileName::parse(name).map_err(|error| ReplayError::Header(error.to_string()))?;
            Ok(SentFile { name, content: vec![0; usize::try_from(bytes).unwrap_or(0)].into() })
        };
        files.iter().map(|info| file(&info.name, info.bytes)).collect()
    }

    /// The recorded settings of the agent. Recorded JavaScript runs in live pages only if this deployment allows
    /// JavaScript, as the file may come from anyone.
    pub fn agent(&self, own: &AgentSettings) -> AgentSettings {
        let recorded = self.header.agent.clone();
        let allow_evaluate = recorded.allow_evaluate && (self.live.is_none() || own.allow_evaluate);
        AgentSettings { allow_evaluate, ..recorded }
    }

    /// Returns when the replay has diverged so far that it cannot continue. The run is then to be cancelled.
    pub async fn stopped(&self) {
        self.playback.stopped().await;
    }

    /// Compares the end of the run.
    pub fn end(&self, end: &End) {
        self.playback.end(end);
    }

    /// Whether any entry was replayed; if not, nothing was compared.
    pub fn has_started(&self) -> bool {
        self.playback.has_started()
    }

    pub fn report(&self) -> Report {
        self.playback.report()
    }
}

impl Models for Replay {
    fn default_provider(&self) -> Provider {
        self.header.provider
    }

    fn open(&self, provider: Provider, model: Option<&str>) -> Result<Arc<dyn ChatModel>, ModelUnavailable> {
        let name = ModelName { provider: provider.name().to_owned(), model: model.unwrap_or_default().to_owned() };
        Ok(Arc::new(ReplayModel { name, playback: self.playback.clone() }))
    }
}

#[async_trait]
impl Browsers for Replay {
    async fn open(&self, spec: PageSpec) -> Result<Arc<dyn Page>, BrowserError> {
        let live = match &self.live {
            Some(browsers) => Some(browsers.open(spec).await?),
            None => None,
        };
        Ok(Arc::new(ReplayPage::new(self.playback.clone(), live)))
    }

    fn supports(&self, headless: bool) -> Result<(), HeadfulUnavailable> {
        self.live.as_ref().map_or(Ok(()), |browsers| browsers.supports(headless))
    }

    fn permits(&self, url: &Url, domains: &DomainRules) -> Result<(), Refusal> {
        self.live.as_ref().map_or(Ok(()), |browsers| browsers.permits(url, domains))
    }

    fn ready(&self) -> Result<(), BrowserError> {
        self.live.as_ref().map_or(Ok(()), |browsers| browsers.ready())
    }
}

/// Returns the recorded replies.
struct ReplayModel {
    name: ModelName,
    playback: Playback,
}

#[async_trait]
impl ChatModel for ReplayModel {
    fn name(&self) -> ModelName {
        self.name.clone()
    }

    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        let reply = self.playback.call(request).await?;
        Ok(ChatReply { text: self.playback.secrets().reveal_in_json(&reply.text), ..reply })
    }
}
