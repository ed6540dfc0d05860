//! The memory that the service and its browsers use.

use std::collections::{HashMap, HashSet};
use std::fs;

/// The proportional set size of a process and all that it started, in bytes. What several of them share is counted once.
///
/// # Errors
/// The process table cannot be read.
pub(crate) fn of_tree(root: u32) -> anyhow::Result<u64> {
    Ok(tree(root)?.into_iter().filter_map(proportional_set_size).sum())
}

/// A process and all that it started.
///
/// # Errors
/// The process table cannot be read.
pub(crate) fn tree(root: u32) -> anyhow::Result<HashSet<u32>> {
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

/// None for a process that has just ended.
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it is in parentheses and may hold anything, blanks and parentheses too.
    let (_, after_name) = stat.rsplit_once(") ")?;
    after_name.split(' ').nth(1)?.parse().ok()
}

fn proportional_set_size(pid: u32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = rollup.lines().find(|line| line.starts_with("Pss:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? << 10)
}
