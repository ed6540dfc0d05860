//! The service as a process, run as a deployment runs it: configured by its environment, stopped by a signal.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use reqwest::{Client, Response};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::leftovers;

const READY_WITHIN: Duration = Duration::from_secs(60);
const GONE_WITHIN: Duration = Duration::from_secs(60);

/// The service's program, from this program's first argument.
///
/// # Errors
///
/// There is no argument, or it names no file.
pub fn executable_from_args() -> anyhow::Result<PathBuf> {
    let path = std::env::args_os().nth(1).context("the first argument must be the service's executable")?;
    // Absolute, as the service gets another working directory.
    std::fs::canonicalize(&path).with_context(|| format!("no executable at {}", path.display()))
}

/// A running service. It is killed when it is dropped without [`Service::stop`].
pub struct Service {
    child: Child,
    client: Client,
    /// Its URL, without a slash at the end.
    pub base: String,
    /// The API key that callers send.
    pub key: String,
    /// The only place it writes to, so that files found afterwards are its own.
    temp: TempDir,
    /// From the start of the process until it could take a run.
    pub ready_after: Duration,
}

impl Service {
    /// Starts the service on a free port and waits until it can take a run. It may visit sites on loopback.
    ///
    /// # Errors
    ///
    /// It exits, or is not ready within a minute; its log says why.
    pub async fn start(executable: &Path, log: &Path) -> anyhow::Result<Self> {
        Self::start_with(executable, log, &[]).await
    }

    /// Like [`start`](Self::start), with more environment variables.
    ///
    /// # Errors
    ///
    /// As for [`start`](Self::start).
    pub async fn start_with(executable: &Path, log: &Path, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let temp = tempfile::tempdir()?;
        let port = free_port()?;
        let key = Uuid::new_v4().to_string();
        let log_file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let started = Instant::now();
        let child = Command::new(executable)
            .env("HOST", "127.0.0.1")
            .env("PORT", port.to_string())
            .env("BROWSER_USE_INTERNAL_API_KEY", &key)
            .env("BROWSER_USE_PRIVATE_HOSTS", "127.0.0.1")
            .env("TMPDIR", temp.path())
            .envs(settings.iter().copied())
            // Not the project's, which may hold an .env file for other purposes.
            .current_dir(temp.path())
            .stdin(Stdio::null())
            .stdout(log_file.try_clone()?)
            .stderr(log_file)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", executable.display()))?;
        let base = format!("http://127.0.0.1:{port}");
        let mut service = Self { child, client: Client::new(), base, key, temp, ready_after: Duration::ZERO };
        service
            .wait_until_ready()
            .await
            .with_context(|| format!("the service did not get ready; see {}", log.display()))?;
        service.ready_after = started.elapsed();
        Ok(service)
    }

    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let mut look = tokio::time::interval(Duration::from_millis(10));
        let until = Instant::now() + READY_WITHIN;
        loop {
            look.tick().await;
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended with {status}");
            }
            let answer = self.client.get(format!("{}/ready", self.base)).send().await;
            match answer {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                _ if Instant::now() < until => {}
                Ok(answer) => bail!("after {} s it says {}", READY_WITHIN.as_secs(), answer.text().await?),
                Err(_) => bail!("after {} s it does not answer", READY_WITHIN.as_secs()),
            }
        }
    }

    /// Posts a run and returns when its stream starts.
    ///
    /// # Errors
    ///
    /// The service cannot be reached or refuses the run.
    pub async fn run(&self, request: &Value) -> anyhow::Result<Response> {
        let answer =
            self.client.post(self.stream_url()).header("X-Gateway-Key", &self.key).json(request).send().await?;
        let status = answer.status();
        if !status.is_success() {
            bail!("the service refused the run with {status}: {}", answer.text().await?);
        }
        Ok(answer)
    }

    /// Stops the service and returns how long that took.
    ///
    /// # Errors
    ///
    /// It does not stop within a minute, exits with another code than 0, or leaves processes or files behind.
    pub async fn stop(mut self) -> anyhow::Result<Duration> {
        let asked = Instant::now();
        let pid = Pid::from_raw(self.id()?.try_into()?).context("a process id is never 0")?;
        kill_process(pid, Signal::TERM)?;
        let status: ExitStatus = tokio::time::timeout(GONE_WITHIN, self.child.wait())
            .await
            .with_context(|| format!("the service did not stop within {} s", GONE_WITHIN.as_secs()))??;
        let took = asked.elapsed();
        ensure!(status.success(), "the service ended with {status}");
        let left = leftovers::find(self.temp.path()).await?;
        ensure!(left.is_empty(), "the service left behind: {}", left.join(", "));
        Ok(took)
    }

    /// Its process id.
    ///
    /// # Errors
    ///
    /// The process has ended.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.child.id().context("the service has ended already")
    }

    /// Its temp dir: the only place it writes to.
    pub fn temp(&self) -> &Path {
        self.temp.path()
    }

    /// The URL that runs are posted to.
    pub fn stream_url(&self) -> String {
        format!("{}/api/v1/browser-use/run/stream", self.base)
    }
}

/// A port that is free now. If another program takes it first, the service fails to start.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
