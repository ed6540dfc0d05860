//! Settings from variables.

use std::time::Duration;

use agent::Vision;
use agent::image::ImageFormat;
use agent::ports::{ModelName, Provider};
use browser::settings::SandboxMode;
use browser_use_service::config::{ConfigError, Settings};
use browser_use_service::telemetry::LogFormat;
use secrecy::ExposeSecret;

fn load(variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    Settings::from_variables(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn settings(variables: &[(&str, &str)]) -> Settings {
    load(variables).expect("valid settings")
}

#[test]
fn without_any_variable_the_service_listens_on_loopback_only() {
    let settings = settings(&[]);
    assert_eq!(settings.listen.to_string(), "127.0.0.1:9010");
    assert!(settings.http.api_key.is_none());
    assert!(settings.llm.provider(Provider::Openai).is_none());
    assert_eq!(settings.llm.provider(Provider::Ollama).unwrap().base_url.as_str(), "http://localhost:11434/");
    assert_eq!(settings.http.screenshots, Some(ImageFormat::Png));
    assert_eq!(settings.http.max_body_bytes, 1_048_576);
    assert_eq!(settings.run.timeout, Duration::from_secs(600));
    assert!(settings.run.max_concurrent >= 1);
    assert!(settings.http.keep_alive <= Duration::from_secs(15));
    assert!(settings.shutdown.grace < settings.shutdown.timeout);
    assert!(settings.telemetry.steps);
    assert!(settings.browser.warden.is_absolute());
}

#[test]
fn with_a_key_it_listens_on_all_addresses() {
    let settings = settings(&[("BROWSER_USE_INTERNAL_API_KEY", "k")]);
    assert_eq!(settings.listen.to_string(), "0.0.0.0:9010");
    assert_eq!(settings.http.api_key.unwrap().expose_secret(), "k");
}

#[test]
fn without_a_key_a_public_address_is_rejected() {
    for host in ["0.0.0.0", "::", "192.168.1.1"] {
        assert!(matches!(load(&[("HOST", host)]), Err(ConfigError::KeyRequired { .. })), "{host}");
        assert!(load(&[("HOST", host), ("BROWSER_USE_INTERNAL_API_KEY", "k")]).is_ok(), "{host}");
    }
    for host in ["127.0.0.1", "127.0.0.9", "::1", "localhost"] {
        assert!(load(&[("HOST", host)]).is_ok(), "{host}");
    }
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let settings = settings(&[
        ("BROWSER_USE_INTERNAL_API_KEY", ""),
        ("OPENAI_API_KEY", " "),
        ("PORT", ""),
        ("RUN_TIMEOUT", ""),
        ("BROWSER_EXECUTABLE", ""),
    ]);
    assert!(settings.http.api_key.is_none() && settings.llm.provider(Provider::Openai).is_none());
    assert_eq!((settings.listen.port(), settings.run.timeout), (9010, Duration::from_secs(600)));
    assert_eq!(settings.browser.executable, None);
}

#[test]
fn every_setting_is_read_from_its_variable() {
    let settings = settings(&[
        ("PORT", "8080"),
        ("RUN_TIMEOUT", "90"),
        ("RUN_MAX_STEPS", "30"),
        ("RUN_MAX_TOKENS", "100000"),
        ("RUN_MAX_COST", "0.25"),
        ("MODEL_PRICES", "openai/gpt-x=1/0.5/2, ollama/q:7b=0/0/0"),
        ("MAX_CONCURRENT_RUNS", "3"),
        ("MAX_QUEUED_RUNS", "0"),
        ("QUEUE_TIMEOUT", "5s"),
        ("RUN_MAX_RESTARTS", "0"),
        ("MAX_BODY_BYTES", "2MiB"),
        ("SCREENSHOT_FORMAT", "none"),
        ("AGENT_MAX_ACTIONS_PER_STEP", "2"),
        ("AGENT_MAX_FAILURES", "4"),
        ("AGENT_VISION", "never"),
        ("OPENAI_MODEL", "gpt-x"),
        ("OPENAI_API_KEY", "sk-1"),
        ("OLLAMA_ENDPOINT", "http://ollama:11434"),
        ("LLM_TIMEOUT", "1m"),
        ("LLM_MAX_ATTEMPTS", "1"),
        ("BROWSER_EXECUTABLE", "/opt/chromium"),
        ("BROWSER_SANDBOX", "off"),
        ("BROWSER_COMMAND_TIMEOUT", "3s"),
        ("BROWSER_MAX_AGE", "2h"),
        ("BROWSER_MAX_MEMORY", "1GiB"),
        ("PROFILE_ROOT", "/var/tmp/x"),
        ("SHUTDOWN_GRACE", "1s"),
        ("SHUTDOWN_TIMEOUT", "3s"),
        ("LOG_FORMAT", "json"),
        ("RUST_LOG", "debug"),
        ("BROWSER_USE_SETUP_LOGGING", "False"),
    ]);
    assert_eq!(settings.listen.port(), 8080);
    assert_eq!(settings.run.timeout, Duration::from_secs(90));
    assert_eq!(settings.run.max_steps, 30);
    assert_eq!(settings.run.max_tokens, Some(100_000));
    assert_eq!(settings.run.max_cost, Some(0.25));
    let priced = |provider: &str, model: &str| {
        settings.agent.prices.of(&ModelName { provider: provider.into(), model: model.into() }).is_some()
    };
    assert!(priced("openai", "gpt-x") && priced("ollama", "q:7b") && !priced("openai", "q:7b"));
    assert_eq!((settings.run.max_concurrent, settings.run.max_queued), (3, 0));
    assert_eq!(settings.run.queue_timeout, Duration::from_secs(5));
    assert_eq!(settings.run.max_restarts, 0);
    assert_eq!((settings.http.max_body_bytes, settings.http.screenshots), (2 << 20, None));
    assert_eq!((settings.agent.max_actions_per_step, settings.agent.max_failures), (2, 4));
    assert_eq!(settings.agent.vision, Vision::Never);
    let openai = settings.llm.provider(Provider::Openai).unwrap();
    assert_eq!((openai.default_model.as_str(), openai.base_url.as_str()), ("gpt-x", "https://api.openai.com/v1"));
    assert_eq!(settings.llm.provider(Provider::Ollama).unwrap().base_url.host_str(), Some("ollama"));
    assert_eq!((settings.llm.limits.timeout, settings.llm.limits.max_attempts), (Duration::from_secs(60), 1));
    assert_eq!(settings.browser.executable.unwrap().to_str(), Some("/opt/chromium"));
    assert_eq!(settings.browser.profile_root.to_str(), Some("/var/tmp/x"));
    assert_eq!(settings.browser.sandbox, SandboxMode::Off);
    assert_eq!(settings.browser.command_timeout, Duration::from_secs(3));
    assert_eq!((settings.browser.max_age, settings.browser.max_memory), (Duration::from_secs(7200), 1 << 30));
    assert_eq!(settings.shutdown.grace, Duration::from_secs(1));
    assert_eq!((settings.telemetry.format, settings.telemetry.filter.as_deref()), (LogFormat::Json, Some("debug")));
    assert!(!settings.telemetry.steps);
}

#[test]
fn a_base_url_alone_configures_openai() {
    let settings = settings(&[("OPENAI_BASE_URL", "http://vllm:8000/v1")]);
    let openai = settings.llm.provider(Provider::Openai).unwrap();
    assert!(openai.api_key.is_none());
    assert_eq!(openai.base_url.as_str(), "http://vllm:8000/v1");
}

#[test]
fn each_provider_is_configured_by_its_key() {
    let settings = settings(&[("ANTHROPIC_API_KEY", "a"), ("GEMINI_API_KEY", "g"), ("GEMINI_MODEL", "gemini-x")]);
    assert!(settings.llm.provider(Provider::Openai).is_none());
    let (anthropic, gemini) =
        (settings.llm.provider(Provider::Anthropic).unwrap(), settings.llm.provider(Provider::Gemini).unwrap());
    assert_eq!(anthropic.api_key.as_ref().unwrap().expose_secret(), "a");
    assert_eq!(anthropic.base_url.as_str(), "https://api.anthropic.com/");
    assert_eq!(gemini.base_url.as_str(), "https://generativelanguage.googleapis.com/v1beta");
    assert_eq!(gemini.default_model, "gemini-x");
}

#[test]
fn the_default_provider_is_a_configured_one() {
    let default = |variables| settings(variables).llm.default_provider;
    assert_eq!(default(&[]), None);
    assert_eq!(default(&[("DEFAULT_PROVIDER", "template")]), Some(Provider::Template));
    assert_eq!(default(&[("DEFAULT_PROVIDER", "gemini"), ("GEMINI_API_KEY", "k")]), Some(Provider::Gemini));
    let error = load(&[("DEFAULT_PROVIDER", "gemini")]).unwrap_err().to_string();
    assert!(error.starts_with("DEFAULT_PROVIDER"), "{error}");
}

#[test]
fn a_fallback_is_a_configured_provider() {
    let fallback = |variables| settings(variables).llm.fallback.map(|fallback| (fallback.provider, fallback.model));
    assert_eq!(fallback(&[]), None);
    assert_eq!(fallback(&[("FALLBACK_PROVIDER", "ollama")]), Some((Provider::Ollama, None)));
    assert_eq!(
        fallback(&[("FALLBACK_PROVIDER", "Gemini"), ("FALLBACK_MODEL", "m"), ("GEMINI_API_KEY", "k")]),
        Some((Provider::Gemini, Some("m".to_owned())))
    );
    for (variables, named) in [
        (&[("FALLBACK_PROVIDER", "gemini")][..], "FALLBACK_PROVIDER"),
        (&[("FALLBACK_PROVIDER", "template")], "FALLBACK_PROVIDER"),
        (&[("FALLBACK_MODEL", "m")], "FALLBACK_MODEL"),
    ] {
        assert!(load(variables).unwrap_err().to_string().starts_with(named), "{variables:?}");
    }
}

#[test]
fn a_model_call_has_opening_and_silence_timeouts() {
    let limits = settings(&[("LLM_OPENING_TIMEOUT", "5s"), ("LLM_SILENCE_TIMEOUT", "7s")]).llm.limits;
    assert_eq!((limits.first_byte_timeout, limits.idle_timeout), (Duration::from_secs(5), Duration::from_secs(7)));
    let defaults = settings(&[]).llm;
    assert!(
        defaults.limits.first_byte_timeout < defaults.limits.timeout
            && defaults.limits.idle_timeout < defaults.limits.timeout
    );
    assert!(
        defaults.provider(Provider::Ollama).unwrap().first_byte_timeout.unwrap() > defaults.limits.first_byte_timeout
    );
}

#[test]
fn streams_are_bounded_in_time_and_memory() {
    let run = settings(&[
        ("STREAM_STALL_TIMEOUT", "5s"),
        ("RUN_MAX_DETACH", "0"),
        ("STREAM_BUFFER", "1MiB"),
        ("STREAMS_KEPT", "0"),
    ])
    .run;
    assert_eq!((run.stall_timeout, run.max_detach), (Duration::from_secs(5), Duration::ZERO));
    assert_eq!((run.stream_buffer, run.streams_kept), (1 << 20, 0));
    for (name, value) in
        [("STREAM_STALL_TIMEOUT", "0"), ("RUN_MAX_DETACH", "25h"), ("STREAM_BUFFER", "1KiB"), ("STREAMS_KEPT", "-1")]
    {
        assert!(load(&[(name, value)]).unwrap_err().to_string().starts_with(name), "{name}");
    }
}

#[test]
fn private_hosts_are_allowed_by_name() {
    let settings = settings(&[("BROWSER_USE_PRIVATE_HOSTS", "127.0.0.1:8080, intranet")]);
    assert!(settings.policy.check_url(&"http://127.0.0.1:8080/".parse().unwrap()).is_ok());
    assert!(settings.policy.check_url(&"http://127.0.0.1:8081/".parse().unwrap()).is_err());
}

#[test]
fn domain_lists_restrict_runs() {
    let settings = settings(&[
        ("BROWSER_USE_ALLOWED_DOMAINS", "example.com, *.example.org:8443"),
        ("BROWSER_USE_BLOCKED_DOMAINS", "ads.example.com"),
    ]);
    let allows = |url: &str| settings.policy.check_url(&url.parse().unwrap()).is_ok();
    assert!(allows("https://www.example.com/") && allows("https://www.example.org:8443/"));
    assert!(
        !allows("https://ads.example.com/") && !allows("https://www.example.org/") && !allows("https://example.net/")
    );
}

#[test]
fn the_network_use_of_a_run_is_bounded() {
    let limits = settings(&[("RUN_MAX_NETWORK_BYTES", "10MiB"), ("RUN_MAX_CONNECTIONS", "7")]).browser.network;
    assert_eq!((limits.bytes, limits.connections), (10 << 20, 7));
    let defaults = settings(&[]).browser.network;
    assert_eq!((defaults.connections, defaults.bytes, defaults.redirects), (100, 1 << 30, 20));
}

#[test]
fn an_invalid_value_is_an_error_with_the_variable_but_not_the_value() {
    for (name, value) in [
        ("PORT", "hunter2"),
        ("BROWSER_USE_ALLOWED_DOMAINS", "hunter2.example,*"),
        ("BROWSER_USE_ALLOWED_DOMAINS", ","),
        ("BROWSER_USE_BLOCKED_DOMAINS", "https://hunter2.example"),
        ("RUN_MAX_CONNECTIONS", "0"),
        ("RUN_MAX_NETWORK_BYTES", "1"),
        ("PORT", "70000"),
        ("HOST", "hunter2"),
        ("RUN_TIMEOUT", "hunter2"),
        ("RUN_TIMEOUT", "0"),
        ("RUN_MAX_STEPS", "201"),
        ("RUN_MAX_TOKENS", "0"),
        ("RUN_MAX_COST", "hunter2"),
        ("MODEL_PRICES", "hunter2"),
        ("MAX_CONCURRENT_RUNS", "0"),
        ("MAX_QUEUED_RUNS", "-1"),
        ("MAX_BODY_BYTES", "hunter2"),
        ("KEEP_ALIVE", "20s"),
        ("SCREENSHOT_FORMAT", "hunter2"),
        ("AGENT_VISION", "hunter2"),
        ("OPENAI_API_KEY", "hunter2 with a blank"),
        ("BROWSER_USE_INTERNAL_API_KEY", "hunter2\nü"),
        ("ANTHROPIC_API_KEY", "hunter2 with a blank"),
        ("GEMINI_API_KEY", "hunter2\u{7}"),
        ("DEFAULT_PROVIDER", "hunter2"),
        ("FALLBACK_PROVIDER", "hunter2"),
        ("LLM_SILENCE_TIMEOUT", "0"),
        ("OPENAI_BASE_URL", "ftp://u:hunter2@x"),
        ("OLLAMA_ENDPOINT", "hunter2"),
        ("LLM_MAX_ATTEMPTS", "0"),
        ("BROWSER_SANDBOX", "hunter2"),
        ("BROWSER_MAX_MEMORY", "hunter2"),
        ("BROWSER_USE_PRIVATE_HOSTS", "good,*.hunter2"),
        ("LOG_FORMAT", "hunter2"),
        ("BROWSER_USE_SETUP_LOGGING", "hunter2"),
        ("SHUTDOWN_GRACE", "1h"),
    ] {
        let message = load(&[(name, value)]).expect_err(name).to_string();
        assert!(message.starts_with(name), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[test]
fn an_invalid_value_is_an_error_with_the_form_and_an_example() {
    for (name, value, message) in [
        ("RUN_TIMEOUT", "soon", "RUN_TIMEOUT must be a duration above zero, for example 10m"),
        ("MAX_BODY_BYTES", "1", "MAX_BODY_BYTES must be a size from 1KiB to 1GiB, for example 1MiB"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT must be text or json, for example text"),
        ("RUN_MAX_COST", "0", "RUN_MAX_COST must be a number above zero, for example 0.5"),
        ("OPENAI_API_KEY", "a b", "OPENAI_API_KEY must be visible ASCII characters"),
    ] {
        assert_eq!(load(&[(name, value)]).unwrap_err().to_string(), message);
    }
}

#[test]
fn settings_do_not_show_secrets_when_printed() {
    let settings = settings(&[
        ("BROWSER_USE_INTERNAL_API_KEY", "hunter2"),
        ("OPENAI_API_KEY", "hunter2"),
        ("ANTHROPIC_API_KEY", "hunter2"),
        ("GEMINI_API_KEY", "hunter2"),
    ]);
    assert!(!format!("{settings:?}").contains("hunter2"));
}
