//! The service's settings, read from the environment once at start and handed out as one struct per concern.
//!
//! A value that cannot be used stops the start, with a message that names the variable and never repeats the value,
//! which may be a secret.

mod environment;
mod models;
mod parse;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::http::settings::{HttpSettings, ServeSettings};
use crate::machine::Machine;
use crate::run::settings::{DetachTime, MaxCost, MaxSteps, MaxTokens, MemorySettings, RunSettings, Task};
use crate::shutdown::ShutdownSettings;
use crate::telemetry::{LogFormat, TelemetrySettings};
use agent::agent::{AgentSettings, Scripts, Vision};
use agent::image::ImageFormat;
use agent::usage::Prices;
use browser::settings::{BrowserSettings, FileLimits, NetworkLimits, RendererLimits, SandboxMode, SettleSettings};
use environment::{Environment, read};
use llm::settings::LlmSettings;
use parse::{choice, duration, flag, integer, key, nonzero_duration, path, percentage, size, text};
use url_policy::{DomainPattern, DomainRules, HostPattern, UrlPolicy};

const DEFAULT_PORT: u16 = 9010;
/// Callers give up on a silent stream; the contract promises a sign of life this often.
const MAX_KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Everything a deployment can set.
#[derive(Debug, Clone)]
pub struct Settings {
    pub listen: SocketAddr,
    pub http: HttpSettings,
    pub run: RunSettings,
    pub agent: AgentSettings,
    pub llm: LlmSettings,
    pub browser: BrowserSettings,
    pub policy: UrlPolicy,
    pub shutdown: ShutdownSettings,
    pub telemetry: TelemetrySettings,
    /// Where each run is recorded; none: runs are not recorded.
    pub record_dir: Option<PathBuf>,
}

/// Why the service does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("{variable} must be {expected}")]
    Invalid { variable: String, expected: String },
    #[error("HOST is {host}, which others can reach: set BROWSER_USE_INTERNAL_API_KEY or serve on a loopback address")]
    KeyRequired { host: IpAddr },
    #[error("the file .env cannot be read: {cause}")]
    DotEnv { cause: String },
}

impl Settings {
    /// From the process's environment and, for what is not set there, from a file `.env` in the working directory.
    pub fn load() -> Result<Self, ConfigError> {
        Self::from_variables(environment::of_process()?)
    }

    /// From the given variables. An empty one counts as unset.
    pub fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let env = Environment::from_variables(variables);
        let http = http(&env)?;
        Ok(Self {
            listen: listen(&env, http.api_key.is_some())?,
            http,
            run: run(&env, &Machine::this())?,
            agent: agent(&env)?,
            llm: models::llm(&env)?,
            browser: browser(&env)?,
            policy: policy(&env)?,
            shutdown: shutdown(&env)?,
            telemetry: telemetry(&env)?,
            record_dir: read!(env.record_dir, path)?,
        })
    }
}

fn listen(env: &Environment, has_key: bool) -> Result<SocketAddr, ConfigError> {
    let default = if has_key { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
    let host = read!(env.host, address)?.unwrap_or(IpAddr::V4(default));
    if !has_key && !host.is_loopback() {
        return Err(ConfigError::KeyRequired { host });
    }
    Ok(SocketAddr::new(host, read!(env.port, integer(0..=u16::MAX))?.unwrap_or(DEFAULT_PORT)))
}

fn http(env: &Environment) -> Result<HttpSettings, ConfigError> {
    Ok(HttpSettings {
        api_key: read!(env.browser_use_internal_api_key, key)?.map(Into::into),
        max_body_bytes: read!(env.max_body_bytes, size(1024..=1 << 30))?.unwrap_or(1 << 20),
        body_timeout: read!(env.body_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(10)),
        max_task_bytes: read!(env.max_task_bytes, size(1..=Task::MAX_BYTES))?.unwrap_or(Task::MAX_BYTES),
        keep_alive: read!(env.keep_alive, keep_alive)?.unwrap_or(Duration::from_secs(10)),
        screenshots: read!(env.screenshot_format, choice(&SCREENSHOT_FORMATS))?.unwrap_or(Some(ImageFormat::Png)),
        max_requests_per_minute: read!(env.max_requests_per_minute, integer(1..=1_000_000))?.and_then(NonZeroU32::new),
        serve: ServeSettings {
            max_connections: read!(env.max_connections, integer(1..=1_000_000))?.unwrap_or(1_024),
            head_timeout: read!(env.head_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(30)),
            // The run gives up first, so that it is told why it ended; then its connection is of no use.
            patience: 2 * stall_timeout(env)?,
        },
    })
}

fn run(env: &Environment, machine: &Machine) -> Result<RunSettings, ConfigError> {
    let max_concurrent = read!(env.max_concurrent_runs, integer(1..=10_000))?;
    Ok(RunSettings {
        timeout: read!(env.run_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(600)),
        max_steps: read!(env.run_max_steps, max_steps)?.unwrap_or_else(MaxSteps::most),
        max_tokens: read!(env.run_max_tokens, max_tokens)?,
        max_cost: read!(env.run_max_cost, max_cost)?,
        max_concurrent: max_concurrent.unwrap_or_else(|| machine.room_for_runs()),
        max_queued: read!(env.max_queued_runs, integer(0..=10_000))?.unwrap_or(8),
        max_per_caller: read!(env.max_runs_per_caller, integer(1..=10_000))?,
        queue_timeout: read!(env.queue_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(30)),
        max_restarts: read!(env.run_max_restarts, integer(0..=10))?.unwrap_or(1),
        stall_timeout: stall_timeout(env)?,
        max_detach: read!(env.run_max_detach, max_detach)?.unwrap_or(Duration::from_secs(300)),
        stream_buffer: read!(env.stream_buffer, size(64 << 10..=1 << 30))?.unwrap_or(8 << 20),
        streams_kept: read!(env.streams_kept, size(0..=1 << 40))?.unwrap_or(64 << 20),
        memory: memory(env)?,
    })
}

fn memory(env: &Environment) -> Result<MemorySettings, ConfigError> {
    let critical = read!(env.memory_critical, percentage)?.unwrap_or(0.95);
    let high_water = read!(env.memory_high_water, percentage)?.unwrap_or(0.85);
    if high_water > critical {
        let expected = "no more than MEMORY_CRITICAL".to_owned();
        return Err(ConfigError::Invalid { variable: "MEMORY_HIGH_WATER".to_owned(), expected });
    }
    Ok(MemorySettings { high_water, critical })
}

fn stall_timeout(env: &Environment) -> Result<Duration, ConfigError> {
    Ok(read!(env.stream_stall_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(60)))
}

fn agent(env: &Environment) -> Result<AgentSettings, ConfigError> {
    let mut settings = AgentSettings::default();
    if let Some(actions) = read!(env.agent_max_actions_per_step, integer(1..=50))? {
        settings.max_actions_per_step = actions;
    }
    if let Some(failures) = read!(env.agent_max_failures, integer(1..=100))? {
        settings.max_failures = failures;
    }
    if let Some(vision) = read!(env.agent_vision, choice(&VISION))? {
        settings.vision = vision;
    }
    if let Some(prices) = read!(env.model_prices, prices)? {
        settings.prices = prices;
    }
    if let Some(allowed) = read!(env.allow_evaluate, flag)? {
        settings.allow_evaluate = allowed;
    }
    if let Some(scripts) = read!(env.agent_scripts, choice(&SCRIPTS))? {
        settings.scripts = scripts;
    }
    Ok(settings)
}

fn browser(env: &Environment) -> Result<BrowserSettings, ConfigError> {
    Ok(BrowserSettings {
        executable: read!(env.browser_executable, path)?,
        // Ourselves, also after an upgrade has replaced or removed the file we were started from.
        warden: "/proc/self/exe".into(),
        profile_root: read!(env.profile_root, path)?.unwrap_or_else(std::env::temp_dir),
        sandbox: read!(env.browser_sandbox, choice(&SANDBOX))?.unwrap_or(SandboxMode::Auto),
        start_ahead: true,
        launch_timeout: read!(env.browser_launch_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(20)),
        command_timeout: read!(env.browser_command_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(15)),
        navigation_timeout: read!(env.browser_navigation_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(30)),
        dialog_timeout: read!(env.browser_dialog_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(60)),
        observe_timeout: read!(env.browser_observe_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(10)),
        settle: SettleSettings {
            idle: read!(env.browser_settle_idle_timeout, duration)?.unwrap_or(Duration::from_millis(50)),
            same_site: read!(env.browser_settle_same_site_timeout, duration)?.unwrap_or(Duration::from_secs(3)),
            new_site: read!(env.browser_settle_new_site_timeout, duration)?.unwrap_or(Duration::from_secs(8)),
        },
        max_age: read!(env.browser_max_age, nonzero_duration)?.unwrap_or(Duration::from_secs(3600)),
        max_memory: read!(env.browser_max_memory, size(64 << 20..=1 << 50))?.unwrap_or(2 << 30) as u64,
        renderers: RendererLimits {
            memory: read!(env.renderer_max_memory, size(64 << 20..=1 << 50))?.unwrap_or(1 << 30) as u64,
            cpu: read!(env.renderer_max_cpu, nonzero_duration)?.unwrap_or(Duration::from_secs(50)),
        },
        max_tabs: read!(env.run_max_tabs, integer(1..=1_000))?.unwrap_or(20),
        max_dialogs: read!(env.run_max_dialogs, integer(1..=10_000))?.unwrap_or(50),
        max_screenshot_bytes: read!(env.screenshot_max_bytes, size(16 << 10..=32 << 20))?.unwrap_or(4 << 20),
        files: FileLimits {
            count: read!(env.run_max_files, integer(0..=10_000))?.unwrap_or(20),
            file_bytes: read!(env.run_max_file_bytes, size(0..=1 << 40))?.unwrap_or(50 << 20) as u64,
            run_bytes: read!(env.run_max_files_bytes, size(0..=1 << 40))?.unwrap_or(200 << 20) as u64,
        },
        network: NetworkLimits {
            connections: read!(env.run_max_connections, integer(1..=10_000))?.unwrap_or(100),
            bytes: read!(env.run_max_network_bytes, size(1 << 10..=1 << 50))?.unwrap_or(1 << 30) as u64,
            redirects: read!(env.browser_max_redirects, integer(0..=20))?.unwrap_or(20),
        },
        download_wait: read!(env.browser_download_wait, duration)?.unwrap_or(Duration::from_secs(10)),
        view_token_budget: read!(env.browser_view_tokens, integer(200..=200_000))?.unwrap_or(8_000),
        screenshot_marks: read!(env.screenshot_marks, flag)?.unwrap_or(false),
    })
}

fn policy(env: &Environment) -> Result<UrlPolicy, ConfigError> {
    let policy = UrlPolicy::new(read!(env.browser_use_private_hosts, hosts)?.unwrap_or_default());
    Ok(policy.narrowed(&DomainRules {
        allowed: read!(env.browser_use_allowed_domains, domains)?,
        blocked: read!(env.browser_use_blocked_domains, domains)?.unwrap_or_default(),
    }))
}

fn shutdown(env: &Environment) -> Result<ShutdownSettings, ConfigError> {
    let timeout = read!(env.shutdown_timeout, nonzero_duration)?.unwrap_or(Duration::from_secs(30));
    // What is left after the grace is for runs to tell their end and browsers to close.
    let grace = read!(env.shutdown_grace, duration)?.unwrap_or(timeout * 2 / 3);
    if grace >= timeout {
        let expected = "shorter than SHUTDOWN_TIMEOUT".to_owned();
        return Err(ConfigError::Invalid { variable: "SHUTDOWN_GRACE".to_owned(), expected });
    }
    Ok(ShutdownSettings { grace, timeout })
}

fn telemetry(env: &Environment) -> Result<TelemetrySettings, ConfigError> {
    Ok(TelemetrySettings {
        filter: read!(env.rust_log, text)?,
        format: read!(env.log_format, choice(&LOG_FORMATS))?.unwrap_or(LogFormat::Text),
        steps: read!(env.browser_use_setup_logging, flag)?.unwrap_or(true),
    })
}

const SCREENSHOT_FORMATS: [(&str, Option<ImageFormat>); 4] = [
    ("png", Some(ImageFormat::Png)),
    ("jpeg", Some(ImageFormat::Jpeg)),
    ("webp", Some(ImageFormat::Webp)),
    ("none", None),
];
const VISION: [(&str, Vision); 3] = [("auto", Vision::Auto), ("always", Vision::Always), ("never", Vision::Never)];
const SCRIPTS: [(&str, Scripts); 3] = [("auto", Scripts::Auto), ("on", Scripts::On), ("off", Scripts::Off)];
const SANDBOX: [(&str, SandboxMode); 3] =
    [("auto", SandboxMode::Auto), ("on", SandboxMode::On), ("off", SandboxMode::Off)];
const LOG_FORMATS: [(&str, LogFormat); 2] = [("text", LogFormat::Text), ("json", LogFormat::Json)];

fn hosts(raw: &str) -> Result<Vec<HostPattern>, String> {
    HostPattern::parse_list(raw).map_err(|_| "a comma-separated list of host, host:port or *".to_owned())
}

fn domains(raw: &str) -> Result<Arc<[DomainPattern]>, String> {
    let patterns = DomainPattern::parse_list(raw).map_err(|_| {
        format!(
            "a comma-separated list of at most {} domains such as example.com, *.example.com or example.com:8443",
            DomainPattern::MAX
        )
    })?;
    Ok(patterns.into())
}

fn address(raw: &str) -> Result<IpAddr, String> {
    match raw {
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        _ => raw.parse().map_err(|_| "an IP address such as 0.0.0.0".to_owned()),
    }
}

fn prices(raw: &str) -> Result<Prices, String> {
    Prices::parse(raw).map_err(|_| {
        "a comma-separated list of provider/model=prompt/cached/completion, as openai/x=0.4/0.1/1.6".to_owned()
    })
}

fn max_steps(raw: &str) -> Result<MaxSteps, String> {
    let steps = raw.parse().ok().and_then(|steps| MaxSteps::parse(steps).ok());
    steps.ok_or_else(|| format!("a whole number from {} to {}", MaxSteps::MIN, MaxSteps::MAX))
}

fn max_tokens(raw: &str) -> Result<MaxTokens, String> {
    raw.parse().ok().and_then(MaxTokens::parse).ok_or_else(|| "a whole number above zero".to_owned())
}

fn max_cost(raw: &str) -> Result<MaxCost, String> {
    raw.parse().ok().and_then(MaxCost::parse).ok_or_else(|| "a number above zero".to_owned())
}

fn max_detach(raw: &str) -> Result<Duration, String> {
    let most = Duration::from_secs(DetachTime::MAX_SECONDS.into());
    duration(raw).ok().filter(|limit| *limit <= most).ok_or_else(|| "a duration of at most a day, or 0".to_owned())
}

fn keep_alive(raw: &str) -> Result<Duration, String> {
    nonzero_duration(raw)
        .ok()
        .filter(|interval| *interval <= MAX_KEEP_ALIVE)
        .ok_or_else(|| format!("a duration of at most {}s", MAX_KEEP_ALIVE.as_secs()))
}
