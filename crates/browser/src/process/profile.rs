//! Profile folders: one for each browser process, named so that one that was left behind is found.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, kill_process};

use crate::process::warden::LOCK_FILE;

/// Folders that begin like this are ours.
const PREFIX: &str = "browser-use-service-";
/// Random characters that tell one from another.
const RANDOM: usize = 8;
/// A folder without a lock file may be one whose warden is just starting.
const STARTING: Duration = Duration::from_secs(60);
/// How long processes that were killed may take to be gone. It is a matter of milliseconds.
const GONE_WITHIN: Duration = Duration::from_secs(1);

/// Makes an empty folder that only this user can read.
pub(crate) fn create(root: &Path) -> io::Result<PathBuf> {
    let mut folder = tempfile::Builder::new();
    folder.prefix(PREFIX).rand_bytes(RANDOM).permissions(Permissions::from_mode(0o700));
    Ok(folder.tempdir_in(root)?.keep())
}

/// Removes a folder; one that is gone already is fine.
pub(crate) async fn remove(profile: &Path) -> io::Result<()> {
    match tokio::fs::remove_dir_all(profile).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes the folders that nobody uses any more: those whose warden was killed together with us. Returns how many.
pub(crate) fn sweep(root: &Path) -> io::Result<usize> {
    let mut removed = 0;
    for entry in std::fs::read_dir(root)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
            && abandoned(&entry.path())
        {
            kill_processes_in(&entry.path());
            match std::fs::remove_dir_all(entry.path()) {
                Ok(()) => removed += 1,
                // Another user's, or another service's sweep was faster.
                Err(error) => tracing::debug!(%error, profile = %entry.path().display(), "not swept"),
            }
        }
    }
    Ok(removed)
}

/// The kernel frees a warden's lock with its process, so a lock to be had is a warden that is gone. What cannot be told is
/// left alone.
fn abandoned(profile: &Path) -> bool {
    match File::open(profile.join(LOCK_FILE)) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => profile
            .metadata()
            .and_then(|folder| folder.modified())
            .is_ok_and(|modified| SystemTime::now().duration_since(modified).is_ok_and(|age| age > STARTING)),
        Err(_) => false,
    }
}

/// Kills what still works in a folder whose warden is gone, which is a browser that stands still or has not come to its end
/// yet, and waits until it is gone: it could write into the folder while that is removed, and make it anew.
pub(crate) fn kill_processes_in(profile: &Path) {
    let begun = Instant::now();
    while begun.elapsed() < GONE_WITHIN {
        let processes = processes_in(profile);
        if processes.is_empty() {
            return;
        }
        for process in processes {
            // It may end in this moment.
            let _ = kill_process(process, Signal::KILL);
        }
        // Nothing tells the end of processes that are nobody's children here.
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// By the options that they were started with: Chromium tells its helpers, those that report crashes too, where it works.
fn processes_in(profile: &Path) -> Vec<Pid> {
    let Some(folder) = profile.file_name() else { return Vec::new() };
    let is_there = |option: &[u8]| {
        let mut names = option.split(|byte| matches!(byte, b'=' | b'/'));
        option.starts_with(b"--") && names.any(|name| name == folder.as_encoded_bytes())
    };
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let started_there = processes.filter_map(|process| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        // One that has ended has none, also when nobody has asked how it ended. Chromium writes blanks between some.
        let command = std::fs::read(process.path().join("cmdline")).ok()?;
        command.split(|byte| matches!(byte, 0 | b' ')).any(is_there).then(|| Pid::from_raw(pid))?
    });
    started_there.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir, write};
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    fn folder_with_lock(root: &Path) -> PathBuf {
        let profile = create(root).unwrap();
        write(profile.join(LOCK_FILE), "").unwrap();
        write(profile.join("Cookies"), "secret").unwrap();
        profile
    }

    fn age(folder: &Path, by: Duration) {
        File::open(folder).unwrap().set_modified(SystemTime::now() - by).unwrap();
    }

    #[test]
    fn a_folder_is_readable_by_its_user_alone() {
        let root = tempfile::tempdir().unwrap();
        let (one, two) = (create(root.path()).unwrap(), create(root.path()).unwrap());
        assert_ne!(one, two);
        assert_eq!(one.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_folder_whose_warden_is_gone_is_swept_with_what_is_in_it() {
        let root = tempfile::tempdir().unwrap();
        let abandoned = folder_with_lock(root.path());
        assert_eq!(sweep(root.path()).unwrap(), 1);
        assert!(!abandoned.exists());
    }

    #[test]
    fn what_stands_still_in_an_abandoned_folder_is_ended_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let (abandoned, used) = (folder_with_lock(root.path()), folder_with_lock(root.path()));
        let lock = File::open(used.join(LOCK_FILE)).unwrap();
        lock.try_lock().unwrap();
        let started = |option: &str, folder: &Path| {
            let option = format!("{option}{}/more", folder.display());
            Command::new("sh").args(["-c", "read line; true", &option]).stdin(Stdio::piped()).spawn().unwrap()
        };
        let ended = [started("--user-data-dir=", &abandoned), started("--type=x --database=", &abandoned)];
        let mut others = [started("--user-data-dir=", &used), started("", &abandoned)];
        kill_process(Pid::from_child(&ended[0]), Signal::STOP).unwrap();
        assert_eq!(sweep(root.path()).unwrap(), 1);
        for mut process in ended {
            let ended = process.try_wait().unwrap().expect("it has ended when its folder is gone");
            assert_eq!(ended.signal(), Some(Signal::KILL.as_raw()));
        }
        for process in &mut others {
            // It reads to the end of its input.
            drop(process.stdin.take());
            assert!(process.wait().unwrap().success(), "it was none of a browser that lost its warden");
        }
    }

    #[test]
    fn a_folder_whose_warden_lives_stays_whatever_its_age() {
        let root = tempfile::tempdir().unwrap();
        let used = folder_with_lock(root.path());
        let lock = File::open(used.join(LOCK_FILE)).unwrap();
        lock.try_lock().unwrap();
        age(&used, STARTING * 100);
        assert_eq!(sweep(root.path()).unwrap(), 0);
        assert!(used.join("Cookies").exists());
    }

    #[test]
    fn a_folder_that_no_warden_has_locked_yet_stays_for_a_while() {
        let root = tempfile::tempdir().unwrap();
        let (starting, failed) = (create(root.path()).unwrap(), create(root.path()).unwrap());
        age(&failed, STARTING * 2);
        let from_the_future = create(root.path()).unwrap();
        File::open(&from_the_future).unwrap().set_modified(SystemTime::now() + STARTING).unwrap();
        assert_eq!(sweep(root.path()).unwrap(), 1);
        assert!(starting.exists() && from_the_future.exists() && !failed.exists());
    }

    #[test]
    fn what_is_not_ours_stays() {
        let root = tempfile::tempdir().unwrap();
        let other = root.path().join("another-program");
        create_dir(&other).unwrap();
        write(other.join(LOCK_FILE), "").unwrap();
        let file = root.path().join(format!("{PREFIX}file"));
        write(&file, "").unwrap();
        let link = root.path().join(format!("{PREFIX}link"));
        std::os::unix::fs::symlink(&other, &link).unwrap();
        for folder in [&other, root.path()] {
            age(folder, STARTING * 2);
        }
        assert_eq!(sweep(root.path()).unwrap(), 0);
        assert!(other.join(LOCK_FILE).exists() && file.exists() && link.exists());
    }

    #[test]
    fn a_root_that_is_not_there_is_an_error() {
        assert!(sweep(Path::new("/no/such/folder")).is_err());
        assert!(create(Path::new("/no/such/folder")).is_err());
    }

    #[tokio::test]
    async fn removing_a_folder_twice_is_removing_it_once() {
        let root = tempfile::tempdir().unwrap();
        let profile = folder_with_lock(root.path());
        remove(&profile).await.unwrap();
        remove(&profile).await.unwrap();
        assert!(!profile.exists());
    }
}
