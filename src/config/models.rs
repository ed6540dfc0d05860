//! Model providers and the limits of calls to them.

use std::time::Duration;

use agent::ports::Provider;
use llm::settings::{CallLimits, FallbackSettings, LlmSettings, ProviderSettings};
use url::Url;

use super::ConfigError;
use super::form::{choice, duration, http_url, integer, key, nonzero_duration, size, text};
use super::variables::Variables;

/// Ollama may have to load the model first.
const OLLAMA_FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(120);

pub(super) fn llm(variables: &mut Variables) -> Result<LlmSettings, ConfigError> {
    variables.section("Models");
    let hosted = [
        hosted(
            variables,
            Provider::Openai,
            ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL"],
            ["https://api.openai.com/v1", "gpt-4.1-mini"],
        )?,
        hosted(
            variables,
            Provider::Anthropic,
            ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL"],
            ["https://api.anthropic.com", "claude-sonnet-5-5"],
        )?,
        hosted(
            variables,
            Provider::Gemini,
            ["GEMINI_API_KEY", "GEMINI_BASE_URL", "GEMINI_MODEL"],
            ["https://generativelanguage.googleapis.com/v1beta", "gemini-flash-latest"],
        )?,
    ];
    let ollama = ollama(variables)?;
    let settings = LlmSettings {
        providers: hosted.into_iter().flatten().chain([ollama]).collect(),
        default_provider: variables.optional(
            "DEFAULT_PROVIDER",
            "template",
            choice(Provider::ALL.map(named)),
            "The provider of requests that specify none. Default: openai if configured, else the built-in planner \
             (template).",
        )?,
        fallback: fallback(variables)?,
        limits: limits(variables)?,
    };
    let is_configured = |provider| provider == Provider::Template || settings.provider(provider).is_some();
    for (variable, provider) in [
        ("DEFAULT_PROVIDER", settings.default_provider),
        ("FALLBACK_PROVIDER", settings.fallback.as_ref().map(|fallback| fallback.provider)),
    ] {
        if provider.is_some_and(|provider| !is_configured(provider)) {
            return Err(ConfigError::Invalid { variable, expected: "a configured provider".to_owned() });
        }
    }
    Ok(settings)
}

fn named(provider: Provider) -> (&'static str, Provider) {
    (provider.name(), provider)
}

/// None if neither a key nor a base URL is set.
fn hosted(
    variables: &mut Variables,
    provider: Provider,
    [key_name, url_name, model_name]: [&'static str; 3],
    [default_url, default_model]: [&'static str; 2],
) -> Result<Option<ProviderSettings>, ConfigError> {
    let api_key = variables.optional(key_name, "", key(), "The provider's key. It configures the provider.")?;
    let base_url = variables.optional(
        url_name,
        default_url,
        http_url(),
        "The base URL of the provider's API, or of a compatible server. If set, it configures the provider, with \
         or without a key. Default: the provider's own endpoint.",
    )?;
    let default_model = variables.read(model_name, default_model, text(), "The provider's default model.")?;
    let is_configured = api_key.is_some() || base_url.is_some();
    Ok(is_configured.then(|| ProviderSettings {
        provider,
        base_url: base_url.unwrap_or_else(|| Url::parse(default_url).expect("the constant is a URL")),
        api_key: api_key.map(Into::into),
        default_model,
        first_byte_timeout: None,
    }))
}

fn ollama(variables: &mut Variables) -> Result<ProviderSettings, ConfigError> {
    Ok(ProviderSettings {
        provider: Provider::Ollama,
        base_url: variables.read("OLLAMA_ENDPOINT", "http://localhost:11434", http_url(), "Ollama needs no key.")?,
        api_key: None,
        default_model: variables.read("OLLAMA_MODEL", "qwen2.5vl", text(), "The provider's default model.")?,
        first_byte_timeout: Some(OLLAMA_FIRST_BYTE_TIMEOUT),
    })
}

fn fallback(variables: &mut Variables) -> Result<Option<FallbackSettings>, ConfigError> {
    let provider = variables.optional(
        "FALLBACK_PROVIDER",
        "ollama",
        choice([Provider::Openai, Provider::Anthropic, Provider::Gemini, Provider::Ollama].map(named)),
        "The provider that a run switches to when its own model fails permanently. Default: none.",
    )?;
    let model = variables.optional(
        "FALLBACK_MODEL",
        "qwen2.5vl",
        text(),
        "The model to fall back to. Default: the provider's.",
    )?;
    match (provider, model) {
        (Some(provider), model) => Ok(Some(FallbackSettings { provider, model })),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(ConfigError::Invalid {
            variable: "FALLBACK_MODEL",
            expected: "set together with FALLBACK_PROVIDER".to_owned(),
        }),
    }
}

fn limits(variables: &mut Variables) -> Result<CallLimits, ConfigError> {
    Ok(CallLimits {
        timeout: variables.read(
            "LLM_TIMEOUT",
            "2m",
            nonzero_duration(),
            "Time of one model call, from the request to the end of the answer.",
        )?,
        connect_timeout: variables.read(
            "LLM_CONNECT_TIMEOUT",
            "10s",
            nonzero_duration(),
            "Time for connecting to a provider.",
        )?,
        first_byte_timeout: variables.read(
            "LLM_OPENING_TIMEOUT",
            "30s",
            nonzero_duration(),
            "Time from the request to the first byte of the answer.",
        )?,
        idle_timeout: variables.read(
            "LLM_SILENCE_TIMEOUT",
            "20s",
            nonzero_duration(),
            "Time between two chunks of an answer.",
        )?,
        max_attempts: variables.read(
            "LLM_MAX_ATTEMPTS",
            "4",
            integer(1..=20),
            "Maximum number of attempts of one call, including the first.",
        )?,
        backoff_base: variables.read(
            "LLM_BACKOFF_BASE",
            "500ms",
            duration(),
            "The delay before a retry is random and below this; it doubles with each retry.",
        )?,
        backoff_cap: variables.read(
            "LLM_BACKOFF_CAP",
            "30s",
            duration(),
            "Maximum delay before a retry, including one that the provider requests.",
        )?,
        max_response_bytes: variables.read(
            "LLM_MAX_RESPONSE_BYTES",
            "16MiB",
            size(1024..=1 << 30),
            "Maximum size of an answer as sent; a stream takes about 300 bytes per token.",
        )? as usize,
    })
}
