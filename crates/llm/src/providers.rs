//! The configured providers, as the agent's `Models` port.

use std::sync::Arc;

use agent::ports::{ChatModel, ModelUnavailable, Models, Provider};

use super::client::{Client, Model};
use super::corrections::Corrections;
use super::endpoint::Endpoint;
use super::fallback::WithFallback;
use super::protocol::PROTOCOLS;
use super::settings::{FallbackSettings, LlmSettings, ProviderSettings};
use super::transport::Transport;

/// All configured providers, on one HTTP client with pooled connections.
pub struct Providers {
    clients: Vec<(Provider, Arc<Client>)>,
    default_provider: Option<Provider>,
    fallback: Option<FallbackSettings>,
}

/// Why the providers cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("the HTTP client cannot be created: {0}")]
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
        let clients = providers.into_iter().map(|settings| {
            let ProviderSettings { provider, base_url, api_key, default_model, first_byte_timeout } = settings;
            let protocol = PROTOCOLS.into_iter().find(|protocol| protocol.provider == provider);
            let protocol = protocol.ok_or(BuildError::Endpoint(provider))?;
            let endpoint = Endpoint::new(base_url, api_key, protocol.key, protocol.headers);
            let endpoint = endpoint.ok_or(BuildError::Endpoint(provider))?;
            let client = Client {
                protocol,
                transport: transport.clone(),
                endpoint,
                default_model,
                first_byte_timeout: first_byte_timeout.unwrap_or(default_timeout),
                corrections: Corrections::new(protocol.families),
            };
            Ok((provider, Arc::new(client)))
        });
        let clients = clients.collect::<Result<_, BuildError>>()?;
        let providers = Self { clients, default_provider, fallback };
        match &providers.fallback {
            Some(fallback) if providers.client(fallback.provider).is_none() => {
                Err(BuildError::Fallback(fallback.provider))
            }
            _ => Ok(providers),
        }
    }

    fn client(&self, provider: Provider) -> Option<&Arc<Client>> {
        self.clients.iter().find(|(own, _)| *own == provider).map(|(_, client)| client)
    }

    fn model(&self, provider: Provider, model: Option<&str>) -> Result<Model, ModelUnavailable> {
        let client = self.client(provider).ok_or(ModelUnavailable::NotConfigured(provider))?;
        Ok(Model::new(client.clone(), model))
    }
}

impl Models for Providers {
    fn default_provider(&self) -> Provider {
        let default = if self.client(Provider::Openai).is_some() { Provider::Openai } else { Provider::Template };
        self.default_provider.unwrap_or(default)
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
