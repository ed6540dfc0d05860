//! The processor time that the service and its browsers take.

use std::fs;
use std::time::Duration;

use super::memory::tree;

/// In which Linux counts processor time, on all that this is built for.
const TICK: Duration = Duration::from_millis(10);
/// Where it counts: in user mode and in the kernel, a process's own and that of the children it has waited for. From
/// the first field after the process's name on.
const COUNTS: std::ops::RangeInclusive<usize> = 11..=14;

/// What a process and all that it started have taken so far; those too that have ended.
///
/// # Errors
/// The process table cannot be read.
pub(crate) fn of_tree(root: u32) -> anyhow::Result<Duration> {
    Ok(TICK * tree(root)?.into_iter().filter_map(ticks).sum::<u32>())
}

/// None for a process that has just ended; its parent has its time.
fn ticks(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may hold anything, blanks and parentheses too.
    let (_, after_name) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = after_name.split(' ').collect();
    fields.get(COUNTS)?.iter().map(|field| field.parse::<u32>().ok()).sum()
}
