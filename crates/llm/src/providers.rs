//! The deployment's providers, as the agent opens models at them.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use agent::ports::{ChatModel, ModelUnavailable, Models, Provider};

use super::adapter::{Adapter, Model};
use super::endpoint::Endpoint;
use super::fallback::WithFallback;
use super::protocol::Protocol;
use super::settings::{FallbackSettings, HostedSettings, LlmSettings};
use super::transport::Transport;
use super::{anthropic, gemini, ollama, openai};

/// All configured providers, on one HTTP client with pooled connections. Made once for the process.
pub struct Providers {
    openai: Option<Arc<Adapter>>,
    anthropic: Option<Arc<Adapter>>,
    gemini: Option<Arc<Adapter>>,
    ollama: Arc<Adapter>,
    default_provider: Option<Provider>,
    fallback: Option<FallbackSettings>,
}

/// Why the providers cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("no HTTP client could be set up: {0}")]
    Client(#[from] reqwest::Error),
    /// The address is not http or https, or the key has characters that no header may have.
    #[error("the address or the key of {} cannot be used", .0.name())]
    Endpoint(Provider),
    #[error("the fallback's provider {} is not configured", .0.name())]
    Fallback(Provider),
}

impl Providers {
    pub fn new(settings: LlmSettings) -> Result<Self, BuildError> {
        let opening = settings.limits.opening;
        let transport = Arc::new(Transport::new(settings.limits)?);
        let adapter = |protocol: &'static Protocol, base: Url, key: Option<SecretString>, model, opening: Duration| {
            let endpoint = Endpoint::new(base, key, protocol.key, protocol.headers);
            let endpoint = endpoint.ok_or(BuildError::Endpoint(protocol.provider))?;
            Ok::<_, BuildError>(Arc::new(Adapter::new(protocol, transport.clone(), endpoint, model, opening)))
        };
        let hosted = |protocol, settings: Option<HostedSettings>| {
            let made = settings.map(|s| adapter(protocol, s.base_url, s.api_key, s.default_model, opening));
            made.transpose()
        };
        let ollama = settings.ollama;
        let providers = Self {
            openai: hosted(&openai::PROTOCOL, settings.openai)?,
            anthropic: hosted(&anthropic::PROTOCOL, settings.anthropic)?,
            gemini: hosted(&gemini::PROTOCOL, settings.gemini)?,
            ollama: adapter(&ollama::PROTOCOL, ollama.endpoint, None, ollama.default_model, ollama.opening)?,
            default_provider: settings.default_provider,
            fallback: settings.fallback,
        };
        match &providers.fallback {
            Some(fallback) if providers.adapter(fallback.provider).is_none() => {
                Err(BuildError::Fallback(fallback.provider))
            }
            _ => Ok(providers),
        }
    }

    fn adapter(&self, provider: Provider) -> Option<&Arc<Adapter>> {
        match provider {
            Provider::Openai => self.openai.as_ref(),
            Provider::Anthropic => self.anthropic.as_ref(),
            Provider::Gemini => self.gemini.as_ref(),
            Provider::Ollama => Some(&self.ollama),
            Provider::Template => None,
        }
    }

    fn model(&self, provider: Provider, model: Option<&str>) -> Result<Model, ModelUnavailable> {
        let adapter = self.adapter(provider).ok_or(ModelUnavailable::NotConfigured(provider))?;
        Ok(Model::new(adapter.clone(), model))
    }
}

impl Models for Providers {
    fn default_provider(&self) -> Provider {
        let own = if self.openai.is_some() { Provider::Openai } else { Provider::Template };
        self.default_provider.unwrap_or(own)
    }

    fn open(&self, provider: Provider, model: Option<&str>) -> Result<Arc<dyn ChatModel>, ModelUnavailable> {
        let first = self.model(provider, model)?;
        let Some(FallbackSettings { provider, model }) = &self.fallback else { return Ok(Arc::new(first)) };
        let fallback = self.model(*provider, model.as_deref())?;
        if first.name() == fallback.name() {
            return Ok(Arc::new(first));
        }
        Ok(Arc::new(WithFallback::new(Arc::new(first), Arc::new(fallback))))
    }
}
