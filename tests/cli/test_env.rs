//! A clean environment for the program.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use testkit::leftovers;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Far longer than any test here takes.
const DEADLINE: Duration = Duration::from_secs(60);

/// An empty working directory and an empty folder for browser profiles.
pub(crate) struct TestEnv {
    work: TempDir,
    browsers: TempDir,
}

impl TestEnv {
    pub(crate) fn new() -> Self {
        Self { work: tempfile::tempdir().unwrap(), browsers: tempfile::tempdir().unwrap() }
    }

    /// The working directory.
    pub(crate) fn folder(&self) -> &Path {
        self.work.path()
    }

    /// The program with these arguments and a minimal environment. It may reach loopback, where the shop is.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_browser-use-service"));
        command
            .args(arguments)
            .env_clear()
            .envs(["PATH", "BROWSER_EXECUTABLE"].iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .env("TMPDIR", self.browsers.path())
            .env("PROFILE_ROOT", self.browsers.path())
            .env("BROWSER_USE_PRIVATE_HOSTS", "127.0.0.1")
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs the program to its end.
    pub(crate) async fn output(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.program(arguments).output()).await
    }

    /// Asserts that no process or file of a browser is left.
    pub(crate) async fn assert_nothing_left(&self) {
        let left = leftovers::find(self.browsers.path()).await.unwrap();
        assert!(left.is_empty(), "{left:#?}");
    }

    /// The names of the files in a folder below the working directory, sorted.
    pub(crate) fn files(&self, folder: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder().join(folder)).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

/// The exit code and output of the program.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    async fn of(output: impl Future<Output = std::io::Result<Output>>) -> Self {
        let output = timeout(DEADLINE, output).await.expect("the program ends").unwrap();
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Waits for a running program to end.
    pub(crate) async fn wait(child: Child) -> Self {
        Self::of(child.wait_with_output()).await
    }
}

pub(crate) fn signal(child: &Child, signal: Signal) {
    let pid = child.id().expect("it still runs");
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}
