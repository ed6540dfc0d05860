//! What Linux says about a process and its descendants.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::time::Duration;

/// The unit of processor times in `/proc`, on every architecture that we support.
const TICK: Duration = Duration::from_millis(10);
/// Fields of `/proc/PID/stat` after the process's name: its user and system time, and those of the children that it has
/// waited for.
const CPU_TIMES: std::ops::RangeInclusive<usize> = 11..=14;

/// The proportional set size (PSS) of a process and its descendants, in bytes. Shared pages count once.
///
/// # Errors
///
/// The process table cannot be read.
pub fn memory(root: u32) -> io::Result<u64> {
    Ok(tree(root)?.into_iter().filter_map(proportional_set_size).sum())
}

/// The processor time that a process and its descendants have used, including descendants that have ended.
///
/// # Errors
///
/// The process table cannot be read.
pub fn cpu_time(root: u32) -> io::Result<Duration> {
    Ok(TICK * tree(root)?.into_iter().filter_map(ticks).sum::<u32>())
}

/// A process and its descendants.
///
/// # Errors
///
/// The process table cannot be read.
pub fn tree(root: u32) -> io::Result<HashSet<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let Ok(pid) = entry?.file_name().to_string_lossy().parse() else { continue };
        if let Some(parent) = parent(pid) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut tree = HashSet::new();
    let mut found = vec![root];
    while let Some(pid) = found.pop() {
        if tree.insert(pid) {
            found.extend(children.remove(&pid).unwrap_or_default());
        }
    }
    Ok(tree)
}

/// A process's arguments, separated by spaces; empty for a zombie, none when the process has ended. Some of Chromium's
/// processes rewrite theirs with spaces, so both forms read alike.
pub fn command(pid: u32) -> Option<String> {
    let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(String::from_utf8_lossy(&command).replace('\0', " "))
}

/// A process's parent; none when the process has ended.
pub fn parent(pid: u32) -> Option<u32> {
    stat(pid)?.get(1)?.parse().ok()
}

/// Whether these arguments are those of a browser's main process, as opposed to its helpers and its warden.
pub fn is_browser(command: &str) -> bool {
    command.contains("--user-data-dir=") && !command.contains("--type=") && !command.contains(" warden ")
}

/// Whether these arguments are those of a process that renders pages.
pub fn is_renderer(command: &str) -> bool {
    command.contains("--type=renderer")
}

fn ticks(pid: u32) -> Option<u32> {
    stat(pid)?.get(CPU_TIMES)?.iter().map(|field| field.parse::<u32>().ok()).sum()
}

/// The fields of `/proc/PID/stat` after the process's name. The name is in parentheses and may hold anything.
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn proportional_set_size(pid: u32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = rollup.lines().find(|line| line.starts_with("Pss:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? << 10)
}
