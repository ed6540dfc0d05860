//! The deployment's providers, as the agent opens models at them.

use std::sync::Arc;

use agent::ports::{ChatModel, ModelUnavailable, Models, Provider};

use super::adapter::{Adapter, Model};
use super::endpoint::Endpoint;
use super::fallback::WithFallback;
use super::protocol::Protocol;
use super::settings::{FallbackSettings, LlmSettings, ProviderSettings};
use super::transport::Transport;
use super::{anthropic, gemini, ollama, openai};

/// Every provider's API.
const PROTOCOLS: [&Protocol; 4] = [&openai::PROTOCOL, &anthropic::PROTOCOL, &gemini::PROTOCOL, &ollama::PROTOCOL];

/// All configured providers, on one HTTP client with pooled connections.
pub struct Providers {
    adapters: Vec<(Provider, Arc<Adapter>)>,
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
    /// # Errors
    /// An address or a key is unusable, or the fallback's provider is not configured.
    pub fn new(settings: LlmSettings) -> Result<Self, BuildError> {
        let LlmSettings { providers, default_provider, fallback, limits } = settings;
        let default_timeout = limits.first_byte_timeout;
        let transport = Arc::new(Transport::new(limits)?);
        let adapters = providers.into_iter().map(|settings| {
            let ProviderSettings { provider, base_url, api_key, default_model, first_byte_timeout } = settings;
            let protocol = PROTOCOLS.into_iter().find(|protocol| protocol.provider == provider);
            let protocol = protocol.ok_or(BuildError::Endpoint(provider))?;
            let endpoint = Endpoint::new(base_url, api_key, protocol.key, protocol.headers);
            let endpoint = endpoint.ok_or(BuildError::Endpoint(provider))?;
            let first_byte_timeout = first_byte_timeout.unwrap_or(default_timeout);
            let adapter = Adapter::new(protocol, transport.clone(), endpoint, default_model, first_byte_timeout);
            Ok((provider, Arc::new(adapter)))
        });
        let adapters = adapters.collect::<Result<_, BuildError>>()?;
        let providers = Self { adapters, default_provider, fallback };
        match &providers.fallback {
            Some(fallback) if providers.adapter(fallback.provider).is_none() => {
                Err(BuildError::Fallback(fallback.provider))
            }
            _ => Ok(providers),
        }
    }

    fn adapter(&self, provider: Provider) -> Option<&Arc<Adapter>> {
        self.adapters.iter().find(|(own, _)| *own == provider).map(|(_, adapter)| adapter)
    }

    fn model(&self, provider: Provider, model: Option<&str>) -> Result<Model, ModelUnavailable> {
        let adapter = self.adapter(provider).ok_or(ModelUnavailable::NotConfigured(provider))?;
        Ok(Model::new(adapter.clone(), model))
    }
}

impl Models for Providers {
    fn default_provider(&self) -> Provider {
        let own = if self.adapter(Provider::Openai).is_some() { Provider::Openai } else { Provider::Template };
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
