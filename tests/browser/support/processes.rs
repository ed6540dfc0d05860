//! Browser processes in the process table.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// A process of a browser, or its warden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) command: String,
}

impl Process {
    /// Whether it has exited, reaped or not.
    pub(crate) fn has_ended(&self) -> bool {
        command(self.pid).is_none_or(|command| command != self.command)
    }
}

/// Every process with a profile in a folder, and its descendants.
pub(crate) fn of(root: &Path) -> Vec<Process> {
    let root = format!("{}/", root.display());
    let mut all = HashMap::new();
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").unwrap() {
        let Ok(pid) = entry.unwrap().file_name().to_string_lossy().parse::<u32>() else { continue };
        // It may have exited since; a zombie has no command line.
        let (Some(command), Some(parent)) = (command(pid), parent(pid)) else { continue };
        children.entry(parent).or_default().push(pid);
        all.insert(pid, command);
    }
    let mut open: Vec<u32> = all.iter().filter(|(_, command)| command.contains(&root)).map(|(pid, _)| *pid).collect();
    let mut found = HashSet::new();
    while let Some(pid) = open.pop() {
        if found.insert(pid) {
            open.extend(children.remove(&pid).unwrap_or_default());
        }
    }
    found.into_iter().map(|pid| Process { pid, command: all[&pid].clone() }).collect()
}

/// The main process of a browser there.
pub(crate) fn browser(root: &Path) -> Option<u32> {
    browsers(root).first().copied()
}

/// The main processes of all browsers there.
pub(crate) fn browsers(root: &Path) -> Vec<u32> {
    let is_main = |process: &Process| {
        process.command.contains("--user-data-dir=")
            && !process.command.contains("--type=")
            && !process.command.contains(" warden ")
    };
    let mains: Vec<u32> = of(root).iter().filter(|process| is_main(process)).map(|process| process.pid).collect();
    // A process that is being started is a copy of the one that starts it for a moment.
    let is_copy = |pid: &u32| parent(*pid).is_some_and(|parent| mains.contains(&parent));
    mains.iter().copied().filter(|pid| !is_copy(pid)).collect()
}

pub(crate) fn warden(root: &Path) -> Option<u32> {
    wardens(root).first().copied()
}

pub(crate) fn wardens(root: &Path) -> Vec<u32> {
    let wardens = of(root).into_iter().filter(|process| process.command.contains(" warden "));
    wardens.map(|process| process.pid).collect()
}

/// Whether a signal has stopped it with every thread.
pub(crate) fn stands_still(pid: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let states: Vec<_> = threads
        // A thread may exit meanwhile.
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("stat")).ok())
        .map(|stat| stat.rsplit_once(')').unwrap().1.trim_start().chars().next())
        .collect();
    !states.is_empty() && states.iter().all(|state| *state == Some('T'))
}

pub(crate) fn renderers(root: &Path) -> Vec<u32> {
    let renderers = of(root).into_iter().filter(|process| process.command.contains("--type=renderer"));
    renderers.map(|process| process.pid).collect()
}

/// A process's anonymous memory in bytes, shared pages in part. Unlike its whole size, this does
/// not change with how many other browsers share its program's pages.
pub(crate) fn anonymous(pid: u32) -> u64 {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    kilobytes(&rollup, "Pss_Anon:")
}

/// Bytes of memory that a process has touched.
pub(crate) fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    kilobytes(&status, "VmRSS:")
}

/// A field of `/proc` in bytes; 0 for a process that has ended.
fn kilobytes(text: &str, field: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) << 10
}

pub(crate) fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}

fn command(pid: u32) -> Option<String> {
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(String::from_utf8_lossy(&command).replace('\0', " "))
}

fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
