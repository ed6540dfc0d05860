//! What a deployment says about its model providers.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

/// Providers with their keys, and limits common to all of them. Built by `config` from the environment.
#[derive(Debug, Clone)]
pub struct LlmSettings {
    /// None: the provider `openai` is not configured. Configured by a key or a base URL of its own.
    pub openai: Option<OpenAiSettings>,
    pub ollama: OllamaSettings,
    pub limits: CallLimits,
}

#[derive(Debug, Clone)]
pub struct OpenAiSettings {
    /// Servers of one's own often want none.
    pub api_key: Option<SecretString>,
    /// Up to and including the version, `https://api.openai.com/v1`.
    pub base_url: Url,
    pub default_model: String,
}

#[derive(Debug, Clone)]
pub struct OllamaSettings {
    pub endpoint: Url,
    pub default_model: String,
}

#[derive(Debug, Clone)]
pub struct CallLimits {
    /// Tries of one call, the first included.
    pub max_attempts: u32,
    /// From sending a request to the end of its answer.
    pub timeout: Duration,
    pub connect_timeout: Duration,
    /// First wait between tries; doubles each time, with full jitter.
    pub backoff_base: Duration,
    /// Longest wait between tries, also for what a `Retry-After` asks.
    pub backoff_cap: Duration,
    /// Longest answer accepted, in bytes.
    pub max_response_bytes: usize,
}
