//! What the machine, or the container around the process, has to offer.

use std::fs;
use std::path::Path;
use std::thread::available_parallelism;

/// A run's browser context with a page of some size, its share of the browser, and what the page may grow to.
const MEMORY_PER_RUN: u64 = 512 << 20;
/// A run mostly waits for a model or a site.
const RUNS_PER_CORE: usize = 4;
/// Taken when nothing can be found out.
const ASSUMED_MEMORY: u64 = 2 << 30;

#[derive(Debug, Clone, Copy)]
pub(super) struct Machine {
    /// In bytes.
    memory: u64,
    cores: usize,
}

impl Machine {
    pub(super) fn detect() -> Self {
        Self {
            memory: memory(Path::new("/proc"), Path::new("/sys/fs/cgroup")),
            // Counts a container's processor quota and the process's affinity in.
            cores: available_parallelism().map_or(1, usize::from),
        }
    }

    /// How many runs fit at once; at least one.
    pub(super) fn room_for_runs(&self) -> usize {
        let by_memory = usize::try_from(self.memory / MEMORY_PER_RUN).unwrap_or(usize::MAX);
        by_memory.min(self.cores * RUNS_PER_CORE).max(1)
    }
}

/// The machine's memory or the tightest limit around the process, whichever is less.
fn memory(proc: &Path, cgroups: &Path) -> u64 {
    let total = fs::read_to_string(proc.join("meminfo")).ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib << 10)
    });
    let groups = fs::read_to_string(proc.join("self/cgroup")).unwrap_or_default();
    // Version 2 has one line `0::/path`; version 1 one for each controller.
    let limits = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        match (parts.next()?, parts.next()?) {
            ("", path) => limit_above(cgroups, path, "memory.max"),
            ("memory", path) => limit_above(&cgroups.join("memory"), path, "memory.limit_in_bytes"),
            _ => None,
        }
    });
    limits.chain(total).min().unwrap_or(ASSUMED_MEMORY)
}

/// The least limit of the group and of those it is in. Inside a container the path may be that of the host and not be
/// there; the root then is the container's own.
fn limit_above(root: &Path, group: &str, file: &str) -> Option<u64> {
    let group = Path::new(group.trim_start_matches('/'));
    group
        .ancestors()
        .filter_map(|ancestor| fs::read_to_string(root.join(ancestor).join(file)).ok()?.trim().parse().ok())
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    fn memory_with(files: &[(&str, &str)]) -> u64 {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), files);
        memory(&root.path().join("proc"), &root.path().join("cgroup"))
    }

    const MEMINFO: (&str, &str) = ("proc/meminfo", "MemTotal:       8388608 kB\nMemFree: 1 kB\n");

    #[test]
    fn without_limits_the_memory_is_the_machines() {
        assert_eq!(memory_with(&[MEMINFO, ("proc/self/cgroup", "0::/\n"), ("cgroup/memory.max", "max\n")]), 8 << 30);
        assert_eq!(memory_with(&[]), ASSUMED_MEMORY);
    }

    #[test]
    fn the_tightest_limit_around_the_process_counts() {
        let files = [
            MEMINFO,
            ("proc/self/cgroup", "0::/pod/app\n"),
            ("cgroup/pod/memory.max", "1073741824\n"),
            ("cgroup/pod/app/memory.max", "2147483648\n"),
        ];
        assert_eq!(memory_with(&files), 1 << 30);
        let older = [
            MEMINFO,
            ("proc/self/cgroup", "5:cpu:/x\n4:memory:/host/path\n"),
            ("cgroup/memory/memory.limit_in_bytes", "536870912\n"),
        ];
        assert_eq!(memory_with(&older), 512 << 20);
    }

    #[test]
    fn there_is_always_room_for_one_run() {
        assert_eq!(Machine { memory: 1 << 20, cores: 8 }.room_for_runs(), 1);
        assert_eq!(Machine { memory: 8 << 30, cores: 2 }.room_for_runs(), 8);
        assert_eq!(Machine { memory: 2 << 30, cores: 8 }.room_for_runs(), 4);
    }
}
