//! The deployment's providers, as the agent opens models at them.

use std::sync::Arc;

use crate::agent::ports::{ChatModel, ModelName, ModelUnavailable, Models, Provider};

use super::endpoint::Endpoint;
use super::ollama::{Ollama, OllamaModel};
use super::openai::{OpenAi, OpenAiModel};
use super::settings::LlmSettings;
use super::transport::Transport;

/// All configured providers, on one HTTP client with pooled connections. Made once for the process.
pub struct Providers {
    openai: Option<Arc<OpenAi>>,
    ollama: Arc<Ollama>,
}

/// Why the providers cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("no HTTP client could be set up: {0}")]
    Client(#[from] reqwest::Error),
    /// The address is not http or https, or the key has characters that no header may have.
    #[error("the address or the key of {} cannot be used", .0.name())]
    Endpoint(Provider),
}

impl Providers {
    pub fn new(settings: LlmSettings) -> Result<Self, BuildError> {
        let transport = Arc::new(Transport::new(settings.limits)?);
        let openai = settings
            .openai
            .map(|openai| {
                let endpoint =
                    Endpoint::new(openai.base_url, openai.api_key).ok_or(BuildError::Endpoint(Provider::Openai))?;
                Ok::<_, BuildError>(Arc::new(OpenAi::new(transport.clone(), endpoint, openai.default_model)))
            })
            .transpose()?;
        let endpoint = Endpoint::new(settings.ollama.endpoint, None).ok_or(BuildError::Endpoint(Provider::Ollama))?;
        let ollama = Arc::new(Ollama::new(transport, endpoint, settings.ollama.default_model));
        Ok(Self { openai, ollama })
    }
}

impl Models for Providers {
    fn default_provider(&self) -> Provider {
        if self.openai.is_some() { Provider::Openai } else { Provider::Template }
    }

    fn open(&self, provider: Provider, model: Option<&str>) -> Result<Arc<dyn ChatModel>, ModelUnavailable> {
        match provider {
            Provider::Openai => {
                let openai = self.openai.clone().ok_or(ModelUnavailable::NotConfigured(provider))?;
                Ok(Arc::new(OpenAiModel::new(openai, model)))
            }
            Provider::Ollama => Ok(Arc::new(OllamaModel::new(self.ollama.clone(), model))),
            Provider::Anthropic | Provider::Gemini | Provider::Template => {
                Err(ModelUnavailable::NotConfigured(provider))
            }
        }
    }
}

/// Longest model name taken from a caller, in characters; it is repeated in errors and log lines. No model has a longer
/// one, so what is cut off would not have been found either.
const MAX_MODEL_CHARS: usize = 200;

/// The model that a request asks for, or the deployment's default.
pub(super) fn chosen(provider: Provider, model: Option<&str>, default: &str) -> ModelName {
    let model = model.map(str::trim).filter(|model| !model.is_empty()).unwrap_or(default);
    let model = model.chars().filter(|c| !c.is_control()).take(MAX_MODEL_CHARS).collect();
    ModelName { provider: provider.name().to_owned(), model }
}
