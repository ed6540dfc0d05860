//! Clients written against the contract: two in Python, one in a browser.
//!
//! They check what they read themselves; the tests only start them. The Python ones need
//! `target/venv`, which `make test` makes.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

pub(crate) use browser::read_in_browser;

mod browser;

/// Far longer than any run of the tests.
const DEADLINE: Duration = Duration::from_secs(120);

/// The Python clients, each with its way of splitting lines.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Python {
    /// Bytes are passed on as they arrive and split at the end of the chain.
    HttpxBytes,
    /// httpx splits the lines.
    HttpxLines,
    /// aiohttp splits the lines, with its default limit of 131,072 bytes.
    AiohttpLines,
    /// Lines of any length.
    AiohttpChunks,
}

impl Python {
    pub(crate) const ALL: [Self; 4] = [Self::HttpxBytes, Self::HttpxLines, Self::AiohttpLines, Self::AiohttpChunks];

    /// Lets the client run a task at the service. `fields` are the request's other fields.
    ///
    /// # Errors
    /// The problems that the client found.
    pub(crate) async fn read(
        self,
        base_url: &str,
        key: &str,
        task: &str,
        fields: &Value,
    ) -> Result<Vec<Value>, String> {
        let (script, how) = match self {
            Self::HttpxBytes => ("gateway_httpx.py", "bytes"),
            Self::HttpxLines => ("gateway_httpx.py", "lines"),
            Self::AiohttpLines => ("collector_aiohttp.py", "lines"),
            Self::AiohttpChunks => ("collector_aiohttp.py", "chunks"),
        };
        let python = root().join("target/venv/bin/python");
        assert!(python.exists(), "there is no {}: run `make test-setup` once", python.display());
        let client = Command::new(python)
            // No __pycache__ beside the sources.
            .arg("-B")
            .arg(folder().join(script))
            .args([how, base_url, key, task, &fields.to_string()])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(DEADLINE, client)
            .await
            .map_err(|_| format!("{self:?} did not end within {} s", DEADLINE.as_secs()))?
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let report: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
        Ok(events(&report))
    }
}

fn events(report: &Value) -> Vec<Value> {
    report["events"].as_array().cloned().unwrap_or_default()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> PathBuf {
    root().join("tests/clients")
}
