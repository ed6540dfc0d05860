//! How much memory a process tree uses.

use std::collections::HashMap;

/// Sum of the proportional set sizes (PSS) of a process and its descendants, in bytes. None when the process is gone.
/// PSS counts shared pages in parts, so that the sum is what would be freed.
pub(crate) fn of_tree(root: u32) -> Option<u64> {
    let mut children = families();
    let mut sum = of_process(root)?;
    let mut open = children.remove(&root).unwrap_or_default();
    while let Some(pid) = open.pop() {
        // A process may end between the listing and the look.
        sum += of_process(pid).unwrap_or(0);
        open.extend(children.remove(&pid).unwrap_or_default());
    }
    Some(sum)
}

/// The children of a process.
pub(crate) fn children_of(parent: u32) -> Vec<u32> {
    families().remove(&parent).unwrap_or_default()
}

/// Every process of the system by its parent; empty where there is no `/proc`.
fn families() -> HashMap<u32, Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        if let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok())
            && let Some(parent) = parent_of(pid)
        {
            children.entry(parent).or_default().push(pid);
        }
    }
    children
}

fn of_process(pid: u32) -> Option<u64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// Field 4 of `/proc/PID/stat`; the name in field 2 may hold blanks and parentheses, so it is read from behind them.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_has_the_memory_of_its_root_and_of_its_descendants() {
        let own = std::process::id();
        let alone = of_process(own).unwrap();
        assert!(alone > 1 << 20, "{alone}");
        // `sh` waits for its child.
        let mut child = std::process::Command::new("sh")
            .args(["-c", "cat; true"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        assert!(children_of(own).contains(&child.id()));
        let tree = of_tree(child.id()).unwrap();
        assert!(tree >= 4096, "{tree}");
        assert!(of_tree(own).unwrap() > of_tree(child.id()).unwrap());
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(of_tree(child.id()), None);
    }
}
