//! HTTP, shutdown and logs.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use super::ConfigError;
use super::form::{Form, choice, duration, duration_up_to, flag, integer, key, nonzero_duration, size, text};
use super::variables::Variables;
use crate::http::settings::{HttpSettings, ServeSettings};
use crate::shutdown::ShutdownSettings;
use crate::telemetry::{LogFormat, TelemetrySettings};

/// Clients close a silent stream. The API promises to send something at least this often.
const MAX_KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) fn listen_and_http(variables: &mut Variables) -> Result<(SocketAddr, HttpSettings), ConfigError> {
    variables.section("Access");
    let api_key = variables.optional(
        "BROWSER_USE_INTERNAL_API_KEY",
        "",
        key(),
        "The secret that callers send as `X-Gateway-Key`. Without a key, only this machine has access. Create one with \
         `openssl rand -hex 32`.",
    )?;
    let listen = listen(variables, api_key.is_some())?;
    let max_requests = variables.optional(
        "MAX_REQUESTS_PER_MINUTE",
        "60",
        integer(1..=1_000_000),
        "Maximum number of run requests per minute, per `X-Caller-Id`, or for all callers that send none. More \
         are rejected with 429. Default: no limit.",
    )?;

    variables.section("Requests");
    let http = HttpSettings {
        api_key: api_key.map(Into::into),
        max_requests_per_minute: max_requests.and_then(NonZeroU32::new),
        max_body_bytes: variables.read("MAX_BODY_BYTES", "1MiB", size(1024..=1 << 30), "Maximum size of a body.")?
            as usize,
        body_timeout: variables.read("BODY_TIMEOUT", "10s", nonzero_duration(), "Time for a body to arrive.")?,
        serve: ServeSettings {
            max_connections: variables.read(
                "MAX_CONNECTIONS",
                "1024",
                integer(1..=1_000_000),
                "Maximum number of open connections. Further ones wait to be accepted.",
            )?,
            head_timeout: variables.read(
                "HEAD_TIMEOUT",
                "30s",
                nonzero_duration(),
                "Time for a request's head to arrive, and for a connection to stay idle.",
            )?,
        },
        keep_alive: variables.read(
            "KEEP_ALIVE",
            "10s",
            duration_up_to(MAX_KEEP_ALIVE),
            "Interval of the comments on a stream without events.",
        )?,
        screenshots: variables.read(
            "SCREENSHOT_FORMAT",
            "png",
            choice(HttpSettings::SCREENSHOT_FORMATS),
            "Format of screenshots for requests that specify none.",
        )?,
    };
    Ok((listen, http))
}

fn listen(variables: &mut Variables, has_key: bool) -> Result<SocketAddr, ConfigError> {
    let default = if has_key { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
    let host = variables.optional(
        "HOST",
        "127.0.0.1",
        address(),
        "The address to listen on. An address that other machines can reach requires a key. Default: 0.0.0.0 with a \
         key, 127.0.0.1 without.",
    )?;
    let host = host.unwrap_or(IpAddr::V4(default));
    let port = variables.read("PORT", "9010", integer(0..=u16::MAX), "The port to listen on.")?;
    if !has_key && !host.is_loopback() {
        return Err(ConfigError::KeyRequired { host });
    }
    Ok(SocketAddr::new(host, port))
}

pub(super) fn shutdown(variables: &mut Variables) -> Result<ShutdownSettings, ConfigError> {
    variables.section("Shutdown");
    let timeout = variables.read(
        "SHUTDOWN_TIMEOUT",
        "30s",
        nonzero_duration(),
        "Time from SIGTERM to the end of the process. `docker-compose.yml` kills after 45s.",
    )?;
    let grace = variables.optional(
        "SHUTDOWN_GRACE",
        "20s",
        duration(),
        "The part of it for which runs may continue before they are cancelled. Default: two thirds.",
    )?;
    // Runs report their end and browsers close in the remaining time.
    let grace = grace.unwrap_or(timeout * 2 / 3);
    if grace >= timeout {
        let expected = "shorter than SHUTDOWN_TIMEOUT".to_owned();
        return Err(ConfigError::Invalid { variable: "SHUTDOWN_GRACE", expected });
    }
    Ok(ShutdownSettings { grace, timeout })
}

pub(super) fn telemetry(variables: &mut Variables) -> Result<TelemetrySettings, ConfigError> {
    variables.section("Logs");
    Ok(TelemetrySettings {
        filter: variables.optional(
            "RUST_LOG",
            "info,browser_use_service=debug",
            text(),
            "What is logged, as directives of `tracing`. Default: info.",
        )?,
        format: variables.read(
            "LOG_FORMAT",
            "text",
            choice([("text", LogFormat::Text), ("json", LogFormat::Json)]),
            "The format of log lines.",
        )?,
        steps: variables.read("BROWSER_USE_SETUP_LOGGING", "true", flag(), "Whether each step of a run is logged.")?,
    })
}

fn address() -> Form<IpAddr> {
    Form::new("an IP address or localhost", |raw| match raw {
        "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
        _ => raw.parse().ok(),
    })
}
