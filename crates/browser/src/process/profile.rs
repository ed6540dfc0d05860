//! Profile folders, one per browser process, named so that abandoned ones are recognized.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, kill_process};

use crate::process::warden::LOCK_FILE;

/// Prefix of our folders.
const PREFIX: &str = "browser-use-service-";
const RANDOM: usize = 8;
/// A folder without a lock file may belong to a warden that is just starting.
const STARTING: Duration = Duration::from_secs(60);
/// Limit for killed processes to end. It takes milliseconds.
const GONE_WITHIN: Duration = Duration::from_secs(1);

/// Blocks URLs of other programs: Chromium would ask whether to open them, in a prompt that nobody sees. What Chromium
/// shows itself is checked elsewhere. PDF documents are downloads: Chromium's viewer for them is an extension, whose page
/// has no text to read.
const PREFERENCES: &str = r#"{"plugins": {"always_open_pdf_externally": true}, "policy": {"url_blocklist": ["*"], "url_allowlist": [
    "http://*", "https://*", "about:*", "blob:*", "data:*", "file://*", "filesystem:*", "chrome://*", "devtools://*",
    "chrome-extension://*", "chrome-untrusted://*", "javascript:*", "view-source:*"
]}}"#;

/// Creates a folder readable only by this user, with the preferences that a browser starts with.
pub(crate) fn create(root: &Path) -> io::Result<PathBuf> {
    let mut folder = tempfile::Builder::new();
    folder.prefix(PREFIX).rand_bytes(RANDOM).permissions(Permissions::from_mode(0o700));
    let folder = folder.tempdir_in(root)?;
    let profile = folder.path().join("Default");
    std::fs::create_dir(&profile)?;
    std::fs::write(profile.join("Preferences"), PREFERENCES)?;
    Ok(folder.keep())
}

/// Removes a folder if it exists.
pub(crate) async fn remove(profile: &Path) -> io::Result<()> {
    match tokio::fs::remove_dir_all(profile).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes abandoned folders, whose warden was killed, and returns their number.
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
                // Another user's, or another sweep was faster.
                Err(error) => tracing::debug!(%error, profile = %entry.path().display(), "not swept"),
            }
        }
    }
    Ok(removed)
}

/// The kernel releases a warden's lock with its process. In doubt a folder counts as used.
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

/// Kills the processes of a profile whose warden is gone, and waits for them: they could write into the folder while it
/// is removed.
pub(crate) fn kill_processes_in(profile: &Path) {
    let begun = Instant::now();
    while begun.elapsed() < GONE_WITHIN {
        let processes = processes_in(profile);
        if processes.is_empty() {
            return;
        }
        for process in processes {
            // It may end at this moment.
            let _ = kill_process(process, Signal::KILL);
        }
        // There is no event for the end of processes that are not our children.
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Finds them by their arguments: Chromium passes its profile to its helpers, crash handlers included.
fn processes_in(profile: &Path) -> Vec<Pid> {
    let Some(folder) = profile.file_name() else { return Vec::new() };
    let is_there = |option: &[u8]| {
        let mut names = option.split(|byte| matches!(byte, b'=' | b'/'));
        option.starts_with(b"--") && names.any(|name| name == folder.as_encoded_bytes())
    };
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let started_there = processes.filter_map(|process| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        // A zombie has no command line. Chromium separates some arguments by blanks.
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
    fn folders_are_readable_only_by_their_user() {
        let root = tempfile::tempdir().unwrap();
        let (one, two) = (create(root.path()).unwrap(), create(root.path()).unwrap());
        assert_ne!(one, two);
        assert_eq!(one.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn folders_of_dead_wardens_are_swept() {
        let root = tempfile::tempdir().unwrap();
        let abandoned = folder_with_lock(root.path());
        assert_eq!(sweep(root.path()).unwrap(), 1);
        assert!(!abandoned.exists());
    }

    #[test]
    fn only_processes_of_an_abandoned_folder_are_killed() {
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
    fn folders_of_running_wardens_are_kept() {
        let root = tempfile::tempdir().unwrap();
        let used = folder_with_lock(root.path());
        let lock = File::open(used.join(LOCK_FILE)).unwrap();
        lock.try_lock().unwrap();
        age(&used, STARTING * 100);
        assert_eq!(sweep(root.path()).unwrap(), 0);
        assert!(used.join("Cookies").exists());
    }

    #[test]
    fn unlocked_folders_are_kept_for_a_while() {
        let root = tempfile::tempdir().unwrap();
        let (starting, failed) = (create(root.path()).unwrap(), create(root.path()).unwrap());
        age(&failed, STARTING * 2);
        let from_the_future = create(root.path()).unwrap();
        File::open(&from_the_future).unwrap().set_modified(SystemTime::now() + STARTING).unwrap();
        assert_eq!(sweep(root.path()).unwrap(), 1);
        assert!(starting.exists() && from_the_future.exists() && !failed.exists());
    }

    #[test]
    fn other_folders_are_kept() {
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
    fn a_missing_root_is_an_error() {
        assert!(sweep(Path::new("/no/such/folder")).is_err());
        assert!(create(Path::new("/no/such/folder")).is_err());
    }

    #[tokio::test]
    async fn removing_a_folder_is_idempotent() {
        let root = tempfile::tempdir().unwrap();
        let profile = folder_with_lock(root.path());
        remove(&profile).await.unwrap();
        remove(&profile).await.unwrap();
        assert!(!profile.exists());
    }
}
