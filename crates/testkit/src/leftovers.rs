//! What a stopped service must not leave behind.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// A browser's helpers end a moment after the browser itself.
const GRACE: Duration = Duration::from_secs(5);

/// What a service left in its temp dir `temp`: processes with a profile there, and files.
///
/// # Errors
///
/// The folder or the process table cannot be read.
pub async fn find(temp: &Path) -> anyhow::Result<Vec<String>> {
    let mut look = tokio::time::interval(Duration::from_millis(50));
    let until = tokio::time::Instant::now() + GRACE;
    loop {
        look.tick().await;
        let mut left = processes(temp)?;
        left.extend(entries(temp)?);
        if left.is_empty() || tokio::time::Instant::now() >= until {
            return Ok(left);
        }
    }
}

fn processes(temp: &Path) -> anyhow::Result<Vec<String>> {
    let profile = format!("--user-data-dir={}/", temp.display());
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let folder = entry?.path();
        // Not a process, or one that has just exited.
        let Ok(command) = fs::read(folder.join("cmdline")) else { continue };
        let command = String::from_utf8_lossy(&command);
        if command.contains(&profile) {
            found.push(format!("process {}", folder.display()));
        }
    }
    Ok(found)
}

fn entries(temp: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(temp)? {
        found.push(format!("in the temp dir {}", entry?.path().display()));
    }
    Ok(found)
}
