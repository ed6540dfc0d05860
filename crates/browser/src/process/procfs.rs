//! Memory and processor time of processes.

use std::collections::HashMap;
use std::time::Duration;

/// A process, distinguished by its start time from a later one with the same pid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ProcessId {
    pub(crate) pid: u32,
    /// Clock ticks since boot.
    started: u64,
}

impl ProcessId {
    /// None if there is no such process.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        Some(Self { pid, started: stat_field(pid, START_TIME)? })
    }

    pub(crate) fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }
}

// Fields of `/proc/PID/stat`, numbered from 1 as in proc(5).
const PARENT: usize = 4;
const USER_TIME: usize = 14;
const SYSTEM_TIME: usize = 15;
const START_TIME: usize = 22;

/// The renderers below a process.
pub(crate) fn renderers_of(root: u32) -> Vec<ProcessId> {
    descendants_of(root).into_iter().filter(|pid| is_renderer(*pid)).filter_map(ProcessId::of).collect()
}

/// A process and those below it that are no renderers.
pub(crate) fn others_of(root: u32) -> Vec<ProcessId> {
    let below = descendants_of(root).into_iter().filter(|pid| !is_renderer(*pid));
    std::iter::once(root).chain(below).filter_map(ProcessId::of).collect()
}

/// Anonymous and shared memory of a process in bytes; none if it has ended. Unlike PSS, this takes microseconds and is
/// readable for sandboxed processes.
pub(crate) fn private_memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    Some(size(&status, "RssAnon:")? + size(&status, "RssShmem:")?)
}

/// CPU time of all threads of a process; none if it has ended.
pub(crate) fn cpu_time(pid: u32) -> Option<Duration> {
    let ticks = stat_field(pid, USER_TIME)? + stat_field(pid, SYSTEM_TIME)?;
    Some(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// Sum of the PSS of a process and its descendants in bytes; none if the process has ended. PSS splits shared pages
/// among processes, so the sum is what would be freed. Where it is unreadable, as for renderers under the setuid
/// sandbox, [`private_memory`] is used.
pub(crate) fn tree_memory(root: u32) -> Option<u64> {
    let root_s = process_memory(root)?;
    // Processes may end meanwhile.
    let others: u64 = descendants_of(root).into_iter().filter_map(process_memory).sum();
    Some(root_s + others)
}

/// All descendants.
fn descendants_of(root: u32) -> Vec<u32> {
    let mut children = processes_by_parent();
    let mut found = children.remove(&root).unwrap_or_default();
    let mut next = 0;
    while let Some(pid) = found.get(next) {
        found.extend(children.remove(pid).unwrap_or_default());
        next += 1;
    }
    found
}

pub(crate) fn children_of(parent: u32) -> Vec<u32> {
    processes_by_parent().remove(&parent).unwrap_or_default()
}

/// All processes by parent; empty without `/proc`.
fn processes_by_parent() -> HashMap<u32, Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        if let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok())
            && let Some(parent) = stat_field(pid, PARENT)
        {
            children.entry(parent as u32).or_default().push(pid);
        }
    }
    children
}

fn process_memory(pid: u32) -> Option<u64> {
    pss(pid).or_else(|| private_memory(pid))
}

fn pss(pid: u32) -> Option<u64> {
    size(&std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?, "Pss:")
}

/// A size in bytes from a file in `/proc` that states it in kB.
fn size(file: &str, field: &str) -> Option<u64> {
    let line = file.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}

/// A field of `/proc/PID/stat`; field 2, the name, may contain blanks and parentheses.
fn stat_field(pid: u32, field: usize) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(field - 3)?.parse().ok()
}

/// Chromium states a process's type on its command line.
fn is_renderer(pid: u32) -> bool {
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    command.split(|byte| matches!(byte, 0 | b' ')).any(|argument| argument == b"--type=renderer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tree_memory_includes_descendants() {
        let own = std::process::id();
        let alone = process_memory(own).unwrap();
        assert!(alone > 1 << 20, "{alone}");
        // `sh` waits for its child.
        let mut child = std::process::Command::new("sh")
            .args(["-c", "cat; true"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        assert!(children_of(own).contains(&child.id()));
        let tree = tree_memory(child.id()).unwrap();
        assert!(tree >= 4096, "{tree}");
        assert!(tree_memory(own).unwrap() > tree_memory(child.id()).unwrap());
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(tree_memory(child.id()), None);
    }

    #[test]
    fn processes_without_readable_pss_are_counted() {
        if !rustix::process::geteuid().is_root() {
            // Only root can switch to a user who may not read the process.
            return;
        }
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let pid = child.id();
        let read_as_nobody = move || {
            let nobody = rustix::fs::Uid::from_raw(65_534);
            // For this thread only.
            rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
            (pss(pid), process_memory(pid))
        };
        let (pss, counted) = std::thread::spawn(read_as_nobody).join().unwrap();
        assert_eq!(pss, None);
        assert!(counted.unwrap() >= 4096, "{counted:?}");
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    #[test]
    fn processes_are_identified_by_pid_and_start_time() {
        let own = ProcessId::of(std::process::id()).unwrap();
        assert!(own.is_alive() && !ProcessId { started: own.started + 1, ..own }.is_alive());
        let held = std::hint::black_box(vec![1_u8; 2 << 20]);
        assert!(private_memory(own.pid).unwrap() > 1 << 20);
        drop(held);
        let before = cpu_time(own.pid).unwrap();
        let busy = std::time::Instant::now();
        while cpu_time(own.pid).unwrap() <= before {
            assert!(busy.elapsed() < Duration::from_secs(20), "processor time does not count");
        }
    }
}
