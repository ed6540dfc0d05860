//! Profile folders: one for each browser process, named so that one that was left behind is found.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::warden::LOCK_FILE;

/// Folders that begin like this are ours.
const PREFIX: &str = "browser-use-service-";
/// A folder without a lock file may be one whose warden is just starting.
const STARTING: Duration = Duration::from_secs(60);

/// Makes an empty folder that only this user can read.
pub(crate) fn create(root: &Path) -> io::Result<PathBuf> {
    // A short random name: Chromium puts a socket below, and a socket's path ends at 107 bytes.
    Ok(tempfile::Builder::new().prefix(PREFIX).rand_bytes(8).tempdir_in(root)?.keep())
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
