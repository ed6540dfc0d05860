//! Settings of the model providers.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use agent::ports::Provider;

/// The configured providers, and the limits common to all of them.
#[derive(Debug, Clone)]
pub struct LlmSettings {
    /// At most one entry per provider.
    pub providers: Vec<ProviderSettings>,
    /// For requests that name none. `None`: OpenAI where it is configured, else the built-in planner.
    pub default_provider: Option<Provider>,
    pub fallback: Option<FallbackSettings>,
    pub limits: CallLimits,
}

impl LlmSettings {
    /// The settings of a provider; `None` if it is not configured.
    pub fn provider(&self, provider: Provider) -> Option<&ProviderSettings> {
        self.providers.iter().find(|settings| settings.provider == provider)
    }
}

#[derive(Debug, Clone)]
pub struct ProviderSettings {
    pub provider: Provider,
    /// As the provider's own clients take it: `https://api.openai.com/v1`, `https://api.anthropic.com`,
    /// `https://generativelanguage.googleapis.com/v1beta`, `http://localhost:11434`.
    pub base_url: Url,
    pub api_key: Option<SecretString>,
    pub default_model: String,
    /// Overrides [`CallLimits::first_byte_timeout`] for servers that load a model first or read long prompts slowly.
    pub first_byte_timeout: Option<Duration>,
}

/// The model that takes over when another fails permanently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FallbackSettings {
    /// Never [`Provider::Template`].
    pub provider: Provider,
    /// `None`: the provider's default.
    pub model: Option<String>,
}

#[derive(Debug, Clone)]
pub struct CallLimits {
    /// Attempts per call, including the first.
    pub max_attempts: u32,
    /// From sending a request to the end of the response.
    pub timeout: Duration,
    pub connect_timeout: Duration,
    /// From sending a request to the first byte of a streamed response.
    pub first_byte_timeout: Duration,
    /// Between two chunks of a response.
    pub idle_timeout: Duration,
    /// Delay before the first retry; doubles for each further one, with full jitter.
    pub backoff_base: Duration,
    /// Upper bound of the delay. A longer `Retry-After` ends the attempts.
    pub backoff_cap: Duration,
    /// Longest response accepted, in bytes on the wire, including a stream's framing.
    pub max_response_bytes: usize,
}
