//! Replays a recording: a model that returns the recorded replies, and pages that are either the recorded ones or live
//! ones compared with them.

use std::sync::Arc;

use async_trait::async_trait;
use url::Url;

use super::format::{Header, Recording};
use super::page::ReplayPage;
use super::playback::Playback;
use super::secrets::Secrets;
use agent::AgentSettings;
use agent::ports::{
    BrowserError, Browsers, ChatModel, ChatReply, ChatRequest, HeadfulUnavailable, ModelError, ModelName,
    ModelUnavailable, Models, Page, PageSpec, Provider,
};
use url_policy::{DomainRules, Refusal};

/// A recording that replaces the deployment's browsers and models, and the report of its replay.
pub struct Replay {
    header: Header,
    /// What is replayed, and the divergences so far.
    pub playback: Playback,
    /// `None` for an offline replay.
    live: Option<Arc<dyn Browsers>>,
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
    #[error("the run had httpCredentials, whose passwords are not recorded: replay with --offline")]
    HttpCredentialsMissing,
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
        let mut secrets = Secrets::default();
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
            if !header.http_credentials.is_empty() {
                return Err(ReplayError::HttpCredentialsMissing);
            }
        }
        let playback = Playback::new(recording, secrets, live.is_none());
        Ok(Arc::new(Self { header, playback, live }))
    }

    /// The recorded request. Its texts are not validated, and the file may come from an untrusted source. It
    /// has no budgets, since replies cost nothing.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// A text of the header with the given secrets in place of their masks.
    pub fn reveal(&self, text: &str) -> String {
        self.playback.secrets().reveal(text)
    }

    /// The recorded settings of the agent. Recorded JavaScript runs in live pages only if this deployment allows
    /// JavaScript, because the file may come from an untrusted source.
    pub fn agent(&self, own: &AgentSettings) -> AgentSettings {
        let recorded = self.header.agent.clone();
        let allow_evaluate = recorded.allow_evaluate && (self.live.is_none() || own.allow_evaluate);
        AgentSettings { allow_evaluate, ..recorded }
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
