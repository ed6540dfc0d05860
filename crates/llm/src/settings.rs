//! What a deployment says about its model providers.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use agent::ports::Provider;

/// Providers with their keys, and limits common to all of them. Built by `config` from the environment.
#[derive(Debug, Clone)]
pub struct LlmSettings {
    /// None: the provider is not configured. Configured by a key or a base URL of its own; so are the next two.
    pub openai: Option<HostedSettings>,
    pub anthropic: Option<HostedSettings>,
    pub gemini: Option<HostedSettings>,
    pub ollama: OllamaSettings,
    /// Of requests that name none. None: OpenAI where it is configured, else the built-in planner.
    pub default_provider: Option<Provider>,
    pub fallback: Option<FallbackSettings>,
    pub limits: CallLimits,
}

/// A provider that is reached by key.
#[derive(Debug, Clone)]
pub struct HostedSettings {
    /// Servers of one's own often want none.
    pub api_key: Option<SecretString>,
    /// As the provider's own clients take it: `https://api.openai.com/v1`, `https://api.anthropic.com`,
    /// `https://generativelanguage.googleapis.com/v1beta`.
    pub base_url: Url,
    pub default_model: String,
}

#[derive(Debug, Clone)]
pub struct OllamaSettings {
    pub endpoint: Url,
    pub default_model: String,
    /// Instead of [`CallLimits::opening`]: a machine of one's own loads the model first and reads a long prompt slowly.
    pub opening: Duration,
}

/// The model that takes over when another fails for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FallbackSettings {
    /// A configured one, never [`Provider::Template`].
    pub provider: Provider,
    /// None: the provider's default.
    pub model: Option<String>,
}

#[derive(Debug, Clone)]
pub struct CallLimits {
    /// Tries of one call, the first included.
    pub max_attempts: u32,
    /// From sending a request to the end of its answer.
    pub timeout: Duration,
    pub connect_timeout: Duration,
    /// From sending a request to the first byte of a streamed answer.
    pub opening: Duration,
    /// Between two pieces of an answer.
    pub silence: Duration,
    /// First wait between tries; doubles each time, with full jitter.
    pub backoff_base: Duration,
    /// Longest wait between tries, also for what a `Retry-After` asks.
    pub backoff_cap: Duration,
    /// Longest answer accepted, in bytes as they come, a stream's frame included.
    pub max_response_bytes: usize,
}
