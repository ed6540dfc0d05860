//! The binary: settings, telemetry, the service; or one of the modes without a server.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use browser::warden;
use browser_use_service::app::App;
use browser_use_service::config::{self, Settings};
use browser_use_service::{cli, shutdown, telemetry};
use clap::{Parser, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;

/// Many times what the limits of a service with many runs can use. Programs that walk through all that there may be, as older
/// ones do when they start, would take minutes where a container's limit is a thousand million.
const OPEN_FILES: u64 = 65_536;

/// Runs browser agents and streams what they do. Settings are environment variables, or lines of a file .env.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve HTTP until a signal comes (the default)
    Serve,
    /// Carry out one task here, without a server, and show how it goes
    Run(cli::RunArgs),
    /// Run a recorded run again, without a model, and tell what differs
    Replay(cli::ReplayArgs),
    /// Tell by the exit code whether the service of this machine is alive
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
    // Before anything else: a warden is another program in the same file.
    if let Some(ended) = warden::run_if_requested() {
        return ended;
    }
    open_many_files();
    let ended = match Cli::parse().command.unwrap_or(Command::Serve) {
        Command::Serve => shutdown::run_to_its_end(serve()),
        Command::Run(args) => return cli::run(args),
        Command::Replay(args) => return cli::replay(args),
        Command::Health => cli::health(),
        Command::Settings { markdown } => {
            let page = if markdown { config::markdown() } else { config::env_example() };
            io::stdout().write_all(page.as_bytes()).context("cannot write to standard output")
        }
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not the macro, which panics when nobody is there to read it.
            let _ = writeln!(io::stderr(), "browser-use-service: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Takes as many open files as may be had, up to [`OPEN_FILES`]: each connection of a run's pages is two, and the usual limit
/// is one for programs that wait in `select`. What we start has the same, browsers too.
fn open_many_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(OPEN_FILES, |most| most.min(OPEN_FILES));
    if current.is_some_and(|now| now < wanted) {
        // It is allowed to everybody; where it is not, there are fewer.
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
