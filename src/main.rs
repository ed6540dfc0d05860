//! The binary: settings, telemetry, the service; or one of the modes without a server.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use browser::{pdf, warden};
use browser_use_service::app::App;
use browser_use_service::config::{self, Settings};
use browser_use_service::{cli, shutdown, telemetry};
use clap::{Parser, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;

/// Far more than a service with many runs uses. Not the maximum: a container's limit may be a billion, and some programs
/// close all possible descriptors when they start, which would then take minutes.
const OPEN_FILES: u64 = 65_536;

/// Runs browser agents and streams their progress. Reads its settings from environment variables and the file .env.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve HTTP until a signal arrives (the default)
    Serve,
    /// Run one task without a server and show its progress
    Run(cli::RunArgs),
    /// Replay a recorded run without a model and report the differences
    Replay(cli::ReplayArgs),
    /// Check whether the service on this machine is alive, and set the exit code
    Health,
    /// Print all settings as the lines of an `.env` file
    #[command(hide = true)]
    Settings {
        /// Print them as the page `docs/SETTINGS.md`
        #[arg(long)]
        markdown: bool,
    },
}

fn main() -> ExitCode {
    // Must come first: these are separate programs in the same executable.
    if let Some(ended) = warden::run_if_requested().or_else(pdf::run_if_requested) {
        return ended;
    }
    open_many_files();
    let result = match Cli::parse().command.unwrap_or(Command::Serve) {
        Command::Serve => shutdown::run_to_end(serve()),
        Command::Run(args) => return cli::run(args),
        Command::Replay(args) => return cli::replay(args),
        Command::Health => cli::health(),
        Command::Settings { markdown } => {
            let page = if markdown { config::markdown() } else { config::env_example() };
            io::stdout().write_all(page.as_bytes()).context("cannot write to standard output")
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln`, which panics if standard error is closed.
            let _ = writeln!(io::stderr(), "browser-use-service: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Raises the limit of open files, up to [`OPEN_FILES`]. Each connection of a run's pages needs two descriptors, and the
/// usual limit is low because of programs that use `select`. Browsers inherit the limit.
fn open_many_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(OPEN_FILES, |most| most.min(OPEN_FILES));
    if current.is_some_and(|now| now < wanted) {
        // If it fails, the limit stays lower.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

async fn serve() -> anyhow::Result<()> {
    let settings = Settings::load()?;
    let _last_lines = telemetry::init(&settings.telemetry, "info")?;
    let stop = shutdown::signals()?;
    let listener =
        TcpListener::bind(settings.listen).await.with_context(|| format!("cannot listen on {}", settings.listen))?;
    Ok(App::build(settings)?.run(listener, stop).await?)
}
