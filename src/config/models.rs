//! Model providers and the limits of calls to them.

use std::time::Duration;

use url::Url;

use super::ConfigError;
use super::environment::{Environment, read};
use super::parse::{choice, duration, http_url, integer, key, nonzero_duration, size, text};
use agent::ports::Provider;
use llm::settings::{CallLimits, FallbackSettings, LlmSettings, ProviderSettings};

const PROVIDERS: [(&str, Provider); 5] = [
    ("openai", Provider::Openai),
    ("anthropic", Provider::Anthropic),
    ("gemini", Provider::Gemini),
    ("ollama", Provider::Ollama),
    ("template", Provider::Template),
];
const FALLBACKS: [(&str, Provider); 4] = [
    ("openai", Provider::Openai),
    ("anthropic", Provider::Anthropic),
    ("gemini", Provider::Gemini),
    ("ollama", Provider::Ollama),
];

pub(super) fn llm(env: &Environment) -> Result<LlmSettings, ConfigError> {
    let hosted = [
        hosted(
            Provider::Openai,
            read!(env.openai_api_key, key)?,
            read!(env.openai_base_url, http_url)?,
            read!(env.openai_model, text)?,
            ("https://api.openai.com/v1", "gpt-4.1-mini"),
        ),
        hosted(
            Provider::Anthropic,
            read!(env.anthropic_api_key, key)?,
            read!(env.anthropic_base_url, http_url)?,
            read!(env.anthropic_model, text)?,
            ("https://api.anthropic.com", "claude-sonnet-5-5"),
        ),
        hosted(
            Provider::Gemini,
            read!(env.gemini_api_key, key)?,
            read!(env.gemini_base_url, http_url)?,
            read!(env.gemini_model, text)?,
            ("https://generativelanguage.googleapis.com/v1beta", "gemini-flash-latest"),
        ),
    ];
    let ollama = ProviderSettings {
        provider: Provider::Ollama,
        base_url: read!(env.ollama_endpoint, http_url)?.unwrap_or_else(|| constant_url("http://localhost:11434")),
        api_key: None,
        default_model: read!(env.ollama_model, text)?.unwrap_or_else(|| "qwen2.5vl".to_owned()),
        first_byte_timeout: Some(
            read!(env.ollama_opening_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(120)),
        ),
    };
    let settings = LlmSettings {
        providers: hosted.into_iter().flatten().chain([ollama]).collect(),
        default_provider: read!(env.default_provider, choice(&PROVIDERS))?,
        fallback: fallback(env)?,
        limits: limits(env)?,
    };
    let configured = |provider| provider == Provider::Template || settings.provider(provider).is_some();
    let named = [
        ("DEFAULT_PROVIDER", settings.default_provider),
        ("FALLBACK_PROVIDER", settings.fallback.as_ref().map(|fallback| fallback.provider)),
    ];
    match named.into_iter().find(|(_, provider)| provider.is_some_and(|provider| !configured(provider))) {
        Some((variable, _)) => Err(ConfigError::Invalid {
            variable: variable.to_owned(),
            expected: "a provider that is configured as well".to_owned(),
        }),
        None => Ok(settings),
    }
}

/// `None` if neither a key nor a base URL is set.
fn hosted(
    provider: Provider,
    api_key: Option<String>,
    base_url: Option<Url>,
    model: Option<String>,
    (default_url, default_model): (&str, &str),
) -> Option<ProviderSettings> {
    (api_key.is_some() || base_url.is_some()).then(|| ProviderSettings {
        provider,
        base_url: base_url.unwrap_or_else(|| constant_url(default_url)),
        api_key: api_key.map(Into::into),
        default_model: model.unwrap_or_else(|| default_model.to_owned()),
        first_byte_timeout: None,
    })
}

fn fallback(env: &Environment) -> Result<Option<FallbackSettings>, ConfigError> {
    let model = read!(env.fallback_model, text)?;
    match (read!(env.fallback_provider, choice(&FALLBACKS))?, model) {
        (Some(provider), model) => Ok(Some(FallbackSettings { provider, model })),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(ConfigError::Invalid {
            variable: "FALLBACK_MODEL".to_owned(),
            expected: "set together with FALLBACK_PROVIDER".to_owned(),
        }),
    }
}

fn limits(env: &Environment) -> Result<CallLimits, ConfigError> {
    Ok(CallLimits {
        max_attempts: read!(env.llm_max_attempts, integer(1..=20))?.unwrap_or(4),
        timeout: read!(env.llm_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(120)),
        connect_timeout: read!(env.llm_connect_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(10)),
        first_byte_timeout: read!(env.llm_opening_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(30)),
        idle_timeout: read!(env.llm_silence_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(20)),
        backoff_base: read!(env.llm_backoff_base, duration)?.unwrap_or(Duration::from_millis(500)),
        backoff_cap: read!(env.llm_backoff_cap, duration)?.unwrap_or(Duration::from_secs(30)),
        // A stream takes some 300 bytes a token.
        max_response_bytes: read!(env.llm_max_response_bytes, size(1024..=1 << 30))?.unwrap_or(16 << 20),
    })
}

fn constant_url(url: &str) -> Url {
    url.parse().expect("the constant is a URL")
}
