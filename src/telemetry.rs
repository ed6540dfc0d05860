//! Sets up logging.

mod lines;

use std::io::{self, IsTerminal, Write};
use std::panic;

use anyhow::Context;
use tracing::error;
use tracing_subscriber::filter::{Directive, ParseError};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

pub use self::lines::LastLines;
use self::lines::Lines;
use crate::run::STEP_LOG_TARGET;
use agent::secrets::mask_log_line;

/// Built by `config` from the environment.
#[derive(Debug, Clone)]
pub struct TelemetrySettings {
    /// In the syntax of `RUST_LOG`; none for the command's default.
    pub filter: Option<String>,
    pub format: LogFormat,
    /// Whether each step of a run is logged.
    pub steps: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// Sends log lines and panics to standard error until the process ends. `default_filter` applies if the settings have none.
/// Dropping the result waits briefly for the last lines.
///
/// # Errors
/// The filter is invalid, logging was set up before, or no thread can be started.
pub fn init(settings: &TelemetrySettings, default_filter: &str) -> anyhow::Result<LastLines> {
    let filter = filter(settings, default_filter)
        .context("RUST_LOG must be a list of directives such as info or browser_use_service=debug")?;
    let (lines, last_lines) = Lines::to(io::stderr()).context("cannot start a thread for the log")?;
    let writer = move || MaskedWriter(lines.clone());
    let layer = match settings.format {
        LogFormat::Text => fmt::layer().with_writer(writer).with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => fmt::layer().with_writer(writer).json().flatten_event(true).boxed(),
    };
    registry().with(layer.with_filter(filter)).try_init().context("logging was set up before")?;
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        error!(location, message = panic.payload_as_str().unwrap_or("no message"), "panicked");
    }));
    Ok(last_lines)
}

/// Masks the secrets of all current runs in log lines.
pub struct MaskedWriter<W>(pub W);

impl<W: Write> Write for MaskedWriter<W> {
    /// The subscriber writes a whole line at a time.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(mask_log_line(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn filter(settings: &TelemetrySettings, default: &str) -> Result<EnvFilter, ParseError> {
    let filter = EnvFilter::builder().parse(settings.filter.as_deref().unwrap_or(default))?;
    if settings.steps {
        return Ok(filter);
    }
    Ok(filter.add_directive(format!("{STEP_LOG_TARGET}=off").parse::<Directive>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(filter: Option<&str>, steps: bool) -> TelemetrySettings {
        TelemetrySettings { filter: filter.map(str::to_owned), format: LogFormat::Text, steps }
    }

    #[test]
    fn a_filter_that_does_not_parse_is_an_error() {
        assert!(filter(&settings(Some("info,hyper=warn"), true), "info").is_ok());
        assert!(filter(&settings(Some("a=b=c"), true), "info").is_err());
    }

    #[test]
    fn the_default_is_taken_when_nothing_is_set() {
        assert_eq!(filter(&settings(None, true), "error").unwrap().to_string(), "error");
        assert_eq!(filter(&settings(Some("debug"), true), "error").unwrap().to_string(), "debug");
    }

    #[test]
    fn step_lines_can_be_silenced_separately() {
        let quiet = filter(&settings(None, false), "info").unwrap().to_string();
        assert!(quiet.contains(&format!("{STEP_LOG_TARGET}=off")), "{quiet}");
        assert!(!filter(&settings(None, true), "info").unwrap().to_string().contains(STEP_LOG_TARGET));
    }
}
