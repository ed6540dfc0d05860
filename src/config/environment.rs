//! The variables by name, as text.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ConfigError;

/// Every variable that is read, in lower case. All are optional here; `config` parses them and knows the defaults.
///
/// The values stay text at this point because an error of deserializing would not say which variable it is about.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Environment {
    pub(super) host: Option<String>,
    pub(super) port: Option<String>,
    pub(super) browser_use_internal_api_key: Option<String>,
    pub(super) max_body_bytes: Option<String>,
    pub(super) body_timeout: Option<String>,
    pub(super) max_task_bytes: Option<String>,
    pub(super) keep_alive: Option<String>,
    pub(super) screenshot_format: Option<String>,
    pub(super) max_connections: Option<String>,
    pub(super) head_timeout: Option<String>,
    pub(super) max_requests_per_minute: Option<String>,

    pub(super) record_dir: Option<String>,
    pub(super) run_timeout: Option<String>,
    pub(super) run_max_steps: Option<String>,
    pub(super) run_max_tokens: Option<String>,
    pub(super) run_max_cost: Option<String>,
    pub(super) run_max_restarts: Option<String>,
    pub(super) max_concurrent_runs: Option<String>,
    pub(super) max_queued_runs: Option<String>,
    pub(super) max_runs_per_caller: Option<String>,
    pub(super) queue_timeout: Option<String>,
    pub(super) stream_stall_timeout: Option<String>,
    pub(super) run_max_detach: Option<String>,
    pub(super) stream_buffer: Option<String>,
    pub(super) streams_kept: Option<String>,
    pub(super) memory_high_water: Option<String>,
    pub(super) memory_critical: Option<String>,

    pub(super) agent_max_actions_per_step: Option<String>,
    pub(super) agent_max_failures: Option<String>,
    pub(super) agent_vision: Option<String>,
    pub(super) allow_evaluate: Option<String>,
    pub(super) agent_scripts: Option<String>,

    pub(super) model_prices: Option<String>,
    pub(super) openai_api_key: Option<String>,
    pub(super) openai_base_url: Option<String>,
    pub(super) openai_model: Option<String>,
    pub(super) anthropic_api_key: Option<String>,
    pub(super) anthropic_base_url: Option<String>,
    pub(super) anthropic_model: Option<String>,
    pub(super) gemini_api_key: Option<String>,
    pub(super) gemini_base_url: Option<String>,
    pub(super) gemini_model: Option<String>,
    pub(super) ollama_endpoint: Option<String>,
    pub(super) ollama_model: Option<String>,
    pub(super) ollama_opening_timeout: Option<String>,
    pub(super) default_provider: Option<String>,
    pub(super) fallback_provider: Option<String>,
    pub(super) fallback_model: Option<String>,
    pub(super) llm_timeout: Option<String>,
    pub(super) llm_opening_timeout: Option<String>,
    pub(super) llm_silence_timeout: Option<String>,
    pub(super) llm_connect_timeout: Option<String>,
    pub(super) llm_max_attempts: Option<String>,
    pub(super) llm_backoff_base: Option<String>,
    pub(super) llm_backoff_cap: Option<String>,
    pub(super) llm_max_response_bytes: Option<String>,

    pub(super) browser_executable: Option<String>,
    pub(super) browser_sandbox: Option<String>,
    pub(super) browser_launch_timeout: Option<String>,
    pub(super) browser_command_timeout: Option<String>,
    pub(super) browser_navigation_timeout: Option<String>,
    pub(super) browser_dialog_timeout: Option<String>,
    pub(super) browser_observe_timeout: Option<String>,
    pub(super) browser_settle_idle_timeout: Option<String>,
    pub(super) browser_settle_same_site_timeout: Option<String>,
    pub(super) browser_settle_new_site_timeout: Option<String>,
    pub(super) browser_max_age: Option<String>,
    pub(super) browser_max_memory: Option<String>,
    pub(super) renderer_max_memory: Option<String>,
    pub(super) renderer_max_cpu: Option<String>,
    pub(super) run_max_tabs: Option<String>,
    pub(super) run_max_dialogs: Option<String>,
    pub(super) screenshot_max_bytes: Option<String>,
    pub(super) browser_download_wait: Option<String>,
    pub(super) browser_max_redirects: Option<String>,
    pub(super) run_max_connections: Option<String>,
    pub(super) run_max_network_bytes: Option<String>,
    pub(super) run_max_files: Option<String>,
    pub(super) run_max_file_bytes: Option<String>,
    pub(super) run_max_files_bytes: Option<String>,
    pub(super) browser_view_tokens: Option<String>,
    pub(super) screenshot_marks: Option<String>,
    pub(super) profile_root: Option<String>,
    pub(super) browser_use_private_hosts: Option<String>,
    pub(super) browser_use_allowed_domains: Option<String>,
    pub(super) browser_use_blocked_domains: Option<String>,

    pub(super) shutdown_grace: Option<String>,
    pub(super) shutdown_timeout: Option<String>,

    pub(super) rust_log: Option<String>,
    pub(super) log_format: Option<String>,
    pub(super) browser_use_setup_logging: Option<String>,
}

impl Environment {
    pub(super) fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        // Names are matched without regard to case, so `host` beside `HOST` would be there twice.
        let known = variables
            .into_iter()
            .filter(|(name, value)| !name.bytes().any(|byte| byte.is_ascii_lowercase()) && !value.trim().is_empty());
        envy::from_iter(known).expect("every field is an optional text and no name comes twice")
    }
}

/// The process's variables, and those of `.env` that the process does not set. The process's own environment is left
/// as it is: changing it takes that no other thread reads it.
pub(super) fn of_process() -> Result<BTreeMap<String, String>, ConfigError> {
    let mut variables = BTreeMap::new();
    match dotenvy::from_path_iter(".env") {
        Ok(entries) => {
            for entry in entries {
                let (name, value) = entry.map_err(|error| unreadable(&error))?;
                variables.insert(name, value);
            }
        }
        Err(dotenvy::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(unreadable(&error)),
    }
    for (name, value) in std::env::vars_os() {
        variables.insert(name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned());
    }
    Ok(variables)
}

/// The error's own text would repeat the line, secret and all.
fn unreadable(error: &dotenvy::Error) -> ConfigError {
    let cause = match error {
        dotenvy::Error::LineParse(..) => "a line is not of the form NAME=value".to_owned(),
        dotenvy::Error::Io(error) => error.kind().to_string(),
        _ => "unknown cause".to_owned(),
    };
    ConfigError::DotEnv { cause }
}

/// Parses a variable that may be unset. `parse` says what the value must be when it is not.
pub(super) fn read_variable<T>(
    field: &str,
    value: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, ConfigError> {
    let parsed = value.map(|raw| parse(raw.trim())).transpose();
    parsed.map_err(|expected| ConfigError::Invalid { variable: field.to_ascii_uppercase(), expected })
}

/// `read!(env.run_timeout, duration)`: the parsed value of `RUN_TIMEOUT`, none when it is unset.
macro_rules! read {
    ($env:ident.$field:ident, $parse:expr) => {
        $crate::config::environment::read_variable(stringify!($field), $env.$field.as_deref(), $parse)
    };
}
pub(super) use read;
