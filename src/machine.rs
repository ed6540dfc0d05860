//! The memory and processors of the machine or container, and how much of the memory is in use.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

/// A browser context with a page of moderate size, its share of the browser, and room for the page to grow.
const MEMORY_PER_RUN: u64 = 512 << 20;
/// Runs mostly wait for a model or a site.
const RUNS_PER_CORE: usize = 4;
/// If unknown.
const ASSUMED_MEMORY: u64 = 2 << 30;

/// The kernel's files about memory.
#[derive(Debug, Clone)]
pub struct Machine {
    proc: PathBuf,
    cgroups: PathBuf,
}

/// Memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryUse {
    /// Without cached files, which the kernel can free.
    pub used: u64,
    /// Beyond this, the kernel kills processes.
    pub limit: u64,
}

/// A memory control group.
struct Group {
    folder: PathBuf,
    names: &'static Names,
}

/// File names of a cgroup version.
struct Names {
    limit: &'static str,
    used: &'static str,
    /// In `memory.stat`: cached files not used recently.
    cache: &'static str,
}

const VERSION_1: Names =
    Names { limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes", cache: "total_inactive_file" };
const VERSION_2: Names = Names { limit: "memory.max", used: "memory.current", cache: "inactive_file" };

impl MemoryUse {
    /// 0.0 to 1.0, or briefly above.
    pub fn fraction(&self) -> f64 {
        self.used as f64 / self.limit.max(1) as f64
    }
}

impl Machine {
    /// The machine of this process.
    pub fn this() -> Self {
        Self { proc: "/proc".into(), cgroups: "/sys/fs/cgroup".into() }
    }

    /// How many concurrent runs fit; at least one.
    pub fn room_for_runs(&self) -> usize {
        // Takes a container's processor quota and the process's affinity into account.
        room_for_runs(self.memory(), available_parallelism().map_or(1, usize::from))
    }

    /// The machine's memory or the tightest limit around the process, whichever is less; in bytes.
    fn memory(&self) -> u64 {
        let limits = self.groups().filter_map(|group| group.limit());
        limits.chain(self.meminfo("MemTotal:")).min().unwrap_or(ASSUMED_MEMORY)
    }

    /// Memory use of the control group with the least memory left, or of the machine if no group has a limit.
    pub fn memory_use(&self) -> Option<MemoryUse> {
        let total = self.meminfo("MemTotal:");
        // Version 1 has a limit that no machine reaches if none is set.
        let within = |limit: &u64| total.is_none_or(|total| *limit < total);
        let tightest = self
            .groups()
            .filter_map(|group| Some(MemoryUse { limit: group.limit().filter(within)?, used: group.used()? }))
            .min_by_key(|found| found.limit.saturating_sub(found.used));
        tightest.or_else(|| {
            let limit = total?;
            Some(MemoryUse { limit, used: limit.saturating_sub(self.meminfo("MemAvailable:")?) })
        })
    }

    fn meminfo(&self, field: &str) -> Option<u64> {
        let text = fs::read_to_string(self.proc.join("meminfo")).ok()?;
        let line = text.lines().find(|line| line.starts_with(field))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib << 10)
    }

    /// The process's groups and their ancestors. In a container, the path may be the host's and not exist; the root is then
    /// the container's group.
    fn groups(&self) -> impl Iterator<Item = Group> {
        let listed = fs::read_to_string(self.proc.join("self/cgroup")).unwrap_or_default();
        let mut groups = Vec::new();
        // Version 2 has one line `0::/path`, version 1 one per controller.
        for line in listed.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (root, path, names) = match (parts.next(), parts.next()) {
                (Some(""), Some(path)) => (self.cgroups.clone(), path, &VERSION_2),
                (Some("memory"), Some(path)) => (self.cgroups.join("memory"), path, &VERSION_1),
                _ => continue,
            };
            let folders = Path::new(path.trim_start_matches('/')).ancestors().map(|above| root.join(above));
            groups.extend(folders.map(|folder| Group { folder, names }));
        }
        groups.into_iter()
    }
}

impl Group {
    fn limit(&self) -> Option<u64> {
        self.number(self.names.limit)
    }

    fn used(&self) -> Option<u64> {
        let stat = fs::read_to_string(self.folder.join("memory.stat")).unwrap_or_default();
        let cache = stat
            .lines()
            .find_map(|line| line.strip_prefix(self.names.cache)?.strip_prefix(' ')?.trim().parse::<u64>().ok());
        Some(self.number(self.names.used)?.saturating_sub(cache.unwrap_or(0)))
    }

    fn number(&self, file: &str) -> Option<u64> {
        fs::read_to_string(self.folder.join(file)).ok()?.trim().parse().ok()
    }
}

fn room_for_runs(memory: u64, cores: usize) -> usize {
    let by_memory = usize::try_from(memory / MEMORY_PER_RUN).unwrap_or(usize::MAX);
    by_memory.min(cores * RUNS_PER_CORE).max(1)
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

    fn with<T>(files: &[(&str, &str)], look: impl FnOnce(&Machine) -> T) -> T {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), files);
        look(&Machine { proc: root.path().join("proc"), cgroups: root.path().join("cgroup") })
    }

    fn memory_with(files: &[(&str, &str)]) -> u64 {
        with(files, Machine::memory)
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
        assert_eq!(room_for_runs(1 << 20, 8), 1);
        assert_eq!(room_for_runs(8 << 30, 2), 8);
        assert_eq!(room_for_runs(2 << 30, 8), 4);
    }

    #[test]
    fn usage_is_that_of_the_tightest_group_without_page_cache() {
        let files = [
            MEMINFO,
            ("proc/self/cgroup", "0::/pod/app\n"),
            ("cgroup/pod/memory.max", "1000\n"),
            ("cgroup/pod/memory.current", "950\n"),
            ("cgroup/pod/memory.stat", "anon 500\ninactive_file 150\nactive_file 9\n"),
            ("cgroup/pod/app/memory.max", "900\n"),
            ("cgroup/pod/app/memory.current", "300\n"),
        ];
        assert_eq!(with(&files, Machine::memory_use), Some(MemoryUse { used: 800, limit: 1000 }));
        let older = [
            MEMINFO,
            ("proc/self/cgroup", "4:memory:/host/path\n"),
            ("cgroup/memory/memory.limit_in_bytes", "1000\n"),
            ("cgroup/memory/memory.usage_in_bytes", "500\n"),
            ("cgroup/memory/memory.stat", "cache 77\ninactive_file 1\ntotal_inactive_file 100\n"),
        ];
        let seen = with(&older, Machine::memory_use).unwrap();
        assert_eq!((seen, seen.fraction()), (MemoryUse { used: 400, limit: 1000 }, 0.4));
    }

    #[test]
    fn without_limits_usage_is_that_of_the_machine() {
        let meminfo = ("proc/meminfo", "MemTotal: 8388608 kB\nMemFree: 1 kB\nMemAvailable: 6291456 kB\n");
        let unlimited = [
            meminfo,
            ("proc/self/cgroup", "4:memory:/\n0::/\n"),
            ("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("cgroup/memory/memory.usage_in_bytes", "500\n"),
            ("cgroup/memory.max", "max\n"),
            ("cgroup/memory.current", "5\n"),
        ];
        let machine = Some(MemoryUse { used: 2 << 30, limit: 8 << 30 });
        assert_eq!(with(&unlimited, Machine::memory_use), machine);
        assert_eq!(with(&[meminfo], Machine::memory_use), machine);
        assert_eq!(with(&[], Machine::memory_use), None);
    }

    #[test]
    fn this_machine_reports_its_usage() {
        let MemoryUse { used, limit } = Machine::this().memory_use().unwrap();
        assert!(used > 0 && used < limit, "{used} of {limit}");
    }
}
