//! `replay`: repeats a recorded run.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;

use anyhow::{Context, bail};
use futures::Stream;

use super::plain::plain_line;
use super::{INTERRUPTED, LOG_FILTER, MAX_LINE, exit_code};
use crate::app::App;
use crate::config::Settings;
use crate::run::{RunEventKind, RunStream};
use crate::{recording, shutdown, telemetry};
use replay::{Recording, Replay, Report};

/// More than a recording may have, so that longer files are rejected.
const MAX_READ: u64 = 64 << 20;

/// `replay FILE` on the command line.
#[derive(clap::Args)]
pub struct ReplayArgs {
    /// A recording, written by `run --record` or the setting RECORD_DIR
    file: PathBuf,
    /// Use the recorded page views instead of a browser
    #[arg(long)]
    offline: bool,
    /// Show the browser's window
    #[arg(long, conflicts_with = "offline")]
    headful: bool,
    /// A masked text of the recording, by its number
    #[arg(long, value_name = "NUMBER=TEXT", value_parser = secret)]
    secret: Vec<(usize, String)>,
}

/// Replays a recording and prints the divergences. Exit codes: 0 without divergences, 1 with some, 2 for an error, 130
/// after a signal.
pub fn replay(args: ReplayArgs) -> ExitCode {
    exit_code(execute(args))
}

async fn execute(args: ReplayArgs) -> anyhow::Result<u8> {
    let settings = Settings::load()?;
    let _last_lines = telemetry::init(&settings.telemetry, LOG_FILTER)?;
    let recorded = Recording::parse(&read(&args.file)?).with_context(|| args.file.display().to_string())?;
    let mut stop = pin!(shutdown::signals()?);
    let (app, replay) = App::replaying(settings, recorded, args.offline, &args.secret)?;
    let ended = match start(&app, &replay, !args.headful) {
        Ok(stream) => follow(stream, &replay, &mut stop).await,
        Err(error) => Err(error),
    };
    // Also after an error: it closes the browser.
    app.close(&mut stop).await;
    match ended? {
        false => Ok(INTERRUPTED),
        true => print_report(&replay.playback.report()),
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let cannot = || format!("cannot read {}", file.display());
    let mut bytes = Vec::new();
    File::open(file).with_context(cannot)?.take(MAX_READ).read_to_end(&mut bytes).with_context(cannot)?;
    Ok(bytes)
}

fn start(app: &App, replay: &Replay, headless: bool) -> anyhow::Result<RunStream> {
    Ok(app.runs().start(recording::request(replay, headless)?)?)
}

/// Replays until the recording ends or the run diverges too far. Returns false if interrupted.
async fn follow(
    mut stream: RunStream,
    replay: &Replay,
    stop: &mut (impl Stream<Item = ()> + Unpin),
) -> anyhow::Result<bool> {
    loop {
        let event = tokio::select! {
            event = stream.next() => event,
            () = replay.playback.stopped() => return Ok(true),
            () = shutdown::requested(stop) => return Ok(false),
        };
        let Some(event) = event else { return Ok(true) };
        match &event.kind {
            RunEventKind::Step(step) => print_line(&format!("{} {}", step.step, step.description))?,
            kind if kind.is_terminal() => {
                // For instance, no browser could be started.
                if let (RunEventKind::Failed { failure, .. }, false) = (kind, replay.playback.has_started()) {
                    bail!("{failure}");
                }
                if let Some(end) = recording::end_of(kind) {
                    replay.playback.end(&end);
                }
            }
            _ => {}
        }
    }
}

/// Prints the report and returns the exit code.
fn print_report(report: &Report) -> anyhow::Result<u8> {
    for note in &report.notes {
        print_line(&format!("note: {note}"))?;
    }
    for divergence in &report.divergences {
        print_line(&divergence.to_string())?;
    }
    let steps = report.steps;
    match report.divergences.len() {
        0 => print_line(&format!("no divergence in {steps} steps"))?,
        count => print_line(&format!("diverged: {count} {}", if count == 1 { "difference" } else { "differences" }))?,
    }
    Ok((!report.divergences.is_empty()).into())
}

/// Prints a line that may quote pages and models.
fn print_line(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{}", plain_line(line, MAX_LINE))
}

fn secret(raw: &str) -> Result<(usize, String), String> {
    let pair = raw.split_once('=').and_then(|(number, text)| Some((number.parse().ok()?, text.to_owned())));
    pair.ok_or_else(|| "not of the form NUMBER=TEXT".to_owned())
}
