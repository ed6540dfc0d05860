//! `run`: a single run, shown on the terminal.

use std::io::{self, IsTerminal, Stdout};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::value_parser;
use futures::Stream;
use tokio::time::{Instant, interval};

use super::screen::Screen;
use super::{FAILED, INTERRUPTED, LOG_FILTER, exit_code};
use crate::app::App;
use crate::config::Settings;
use crate::run::{RunEventKind, RunRequest, RunStream, StartUrl, Task};
use crate::{shutdown, telemetry};
use agent::image::{Image, ImageFormat};
use agent::output::OutputSchema;
use agent::ports::{ModelChoice, Provider};
use agent::report::LogLevel;
use replay::Destination;

/// Interval at which a terminal updates the elapsed time.
const TICK: Duration = Duration::from_secs(1);

/// `run "TASK"` on the command line.
#[derive(clap::Args)]
pub struct RunArgs {
    /// What to do, in plain language
    #[arg(value_parser = |raw: &str| Task::parse(raw))]
    task: Task,
    /// Page to open before the first step (http or https)
    #[arg(long, value_name = "URL", value_parser = |raw: &str| StartUrl::parse(raw))]
    start_url: Option<StartUrl>,
    /// Show the browser's window
    #[arg(long)]
    headful: bool,
    /// Save a screenshot of the page after each step: step-01.png, step-02.png ...
    #[arg(long, value_name = "DIR")]
    save_screenshots: Option<PathBuf>,
    /// Record the run in a file for `replay`
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Maximum number of steps, 1 to 200 [default: 20]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=RunRequest::MAX_STEPS.into()))]
    max_steps: Option<u32>,
    /// JSON Schema for structured output; requires a model
    #[arg(long, value_name = "FILE", value_parser = output_schema)]
    output_schema: Option<OutputSchema>,
    /// Model provider [default: as in the service, openai if configured, else the built-in planner (template)]
    #[arg(long, value_parser = provider())]
    provider: Option<Provider>,
    /// Model of the provider [default: the provider's default model]
    #[arg(long)]
    model: Option<String>,
}

/// Exit codes.
const SUCCESS: u8 = 0;
/// The agent reports that it did not succeed.
const NO_SUCCESS: u8 = 1;

/// Runs one task and shows its progress on standard output. Exit codes: 0 if the agent reports success, 1 if it does not,
/// 2 for an error, 130 after a signal.
pub fn run(args: RunArgs) -> ExitCode {
    exit_code(execute(args))
}

async fn execute(args: RunArgs) -> anyhow::Result<u8> {
    let mut settings = Settings::load()?;
    // A terminal may be paused for reading.
    settings.run.stall_timeout = settings.run.timeout;
    // A headful run starts its own browser.
    settings.browser.start_ahead = !args.headful;
    let _last_lines = telemetry::init(&settings.telemetry, LOG_FILTER)?;
    if let Some(folder) = &args.save_screenshots {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let request = RunRequest {
        max_steps: args.max_steps.unwrap_or(RunRequest::DEFAULT_STEPS),
        model: ModelChoice { provider: args.provider, model: args.model },
        headless: !args.headful,
        start_url: args.start_url,
        output: args.output_schema,
        screenshots: args.save_screenshots.as_ref().map(|_| ImageFormat::Png),
        ..RunRequest::plain(args.task)
    };
    let mut stop = pin!(shutdown::signals()?);
    let app = match args.record {
        Some(file) => {
            let what = format!("cannot write {}", file.display());
            App::recording(settings, Some(Destination::file(file).context(what)?))?
        }
        None => App::build(settings)?,
    };
    let stdout = io::stdout();
    let terminal = stdout.is_terminal();
    let output =
        Output { screen: Screen::new(stdout, terminal, request.max_steps), screenshots: args.save_screenshots };
    let ended = match app.runs().start(request) {
        Ok(stream) => output.follow(stream, &mut stop).await,
        Err(refused) => Err(refused.into()),
    };
    // Also after an error: it closes the browser.
    app.close(&mut stop).await;
    ended
}

/// Shows a run.
struct Output {
    screen: Screen<Stdout>,
    /// Folder for the steps' screenshots.
    screenshots: Option<PathBuf>,
}

impl Output {
    /// Shows the run to its end. The run is cancelled on `stop`, or if output fails.
    async fn follow(mut self, stream: RunStream, stop: &mut (impl Stream<Item = ()> + Unpin)) -> anyhow::Result<u8> {
        let started = Instant::now();
        tokio::select! {
            code = self.show(stream, started) => code,
            () = shutdown::requested(stop) => {
                self.screen.interrupted(started.elapsed())?;
                Ok(INTERRUPTED)
            }
        }
    }

    async fn show(&mut self, mut stream: RunStream, started: Instant) -> anyhow::Result<u8> {
        let mut ticks = interval(TICK);
        let mut code = FAILED;
        loop {
            let event = tokio::select! {
                event = stream.next() => event,
                _ = ticks.tick() => {
                    self.screen.waiting(started.elapsed())?;
                    continue;
                }
            };
            // The stream ends after the terminal event and the run's cleanup.
            let Some(event) = event else { return Ok(code) };
            let elapsed = started.elapsed();
            match &event.kind {
                RunEventKind::Started { provider, model, .. } => {
                    self.screen.started(provider.name(), model.as_deref())?;
                }
                // Not from here: the command line has no human input.
                RunEventKind::Asked(_) => {}
                RunEventKind::Log { level, message, .. } => self.screen.log(elapsed, *level, message)?,
                RunEventKind::Gap { from, to, .. } => {
                    let message = format!("{} events were skipped because they came too fast", to - from + 1);
                    self.screen.log(elapsed, LogLevel::Warning, &message)?;
                }
                RunEventKind::Step(step) => {
                    self.screen.step(elapsed, step)?;
                    if let (Some(folder), Some(image)) = (&self.screenshots, &step.screenshot) {
                        save_screenshot(folder, step.step, image).await?;
                    }
                }
                RunEventKind::Finished { result, .. } => {
                    self.screen.finished(elapsed, result)?;
                    code = if result.success { SUCCESS } else { NO_SUCCESS };
                }
                RunEventKind::Failed { failure, tally, .. } => {
                    self.screen.failed(elapsed, &failure.to_string(), &tally.usage)?;
                }
            }
        }
    }
}

/// Writes `step-01.png` and so on, overwriting earlier files.
async fn save_screenshot(folder: &Path, step: u32, image: &Image) -> anyhow::Result<()> {
    let file = folder.join(format!("step-{step:02}.{}", image.format.extension()));
    let bytes = STANDARD.decode(image.base64.as_bytes()).context("a screenshot is not base64")?;
    tokio::fs::write(&file, bytes).await.with_context(|| format!("cannot write {}", file.display()))
}

fn output_schema(file: &str) -> anyhow::Result<OutputSchema> {
    let text = std::fs::read_to_string(file)?;
    let schema = serde_json::from_str(&text).context("it is not JSON")?;
    OutputSchema::parse(schema).context("it is not a supported JSON Schema")
}

fn provider() -> impl TypedValueParser<Value = Provider> {
    PossibleValuesParser::new(Provider::ALL.map(Provider::name)).map(|name| {
        let named = Provider::ALL.into_iter().find(|provider| provider.name() == name);
        named.expect("only the names of providers are possible values")
    })
}
