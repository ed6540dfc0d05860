//! The files that runs downloaded or saved, kept for their callers.
//!
//! They have no names on the disk, so that nothing is left of them, however the service ends.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tracing::warn;
use url::Url;

use agent::action::Action;
use agent::files::FileInfo;
use agent::image::Image;
use agent::observation::Observation;
use agent::ports::{ActionError, ActionOutcome, BrowserError, Page};
use agent::report::{LogLevel, Reporter};
use agent::secrets::Secrets;

/// Files of all runs: each has a descriptor.
const MAX_FILES: usize = 1_000;
/// Longest name in a message, in characters.
const MAX_NAME: usize = 100;

/// The room for the files of all runs.
pub(super) struct FileStore {
    folder: PathBuf,
    limit: u64,
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    files: usize,
    bytes: u64,
}

/// A file, which takes room as long as somebody has it.
pub struct KeptFile {
    pub name: String,
    pub bytes: u64,
    content: Arc<File>,
    _room: TakenRoom,
}

struct TakenRoom {
    store: Arc<FileStore>,
    bytes: u64,
}

#[derive(Debug, thiserror::Error)]
enum NotKept {
    #[error("there is no room for it")]
    Full,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The files of one run, in the order in which it got them.
pub(super) struct RunFiles {
    store: Arc<FileStore>,
    files: Mutex<Files>,
}

#[derive(Default)]
struct Files {
    all: Vec<Arc<KeptFile>>,
    /// Names of those that no step has told.
    new: Vec<String>,
}

impl FileStore {
    pub(super) fn new(folder: PathBuf, limit: u64) -> Arc<Self> {
        Arc::new(Self { folder, limit, used: Mutex::default() })
    }

    fn take(self: &Arc<Self>, bytes: u64) -> Result<TakenRoom, NotKept> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = used.bytes.checked_add(bytes).filter(|sum| *sum <= self.limit && used.files < MAX_FILES);
        used.bytes = sum.ok_or(NotKept::Full)?;
        used.files += 1;
        Ok(TakenRoom { store: self.clone(), bytes })
    }

    /// Copies a file. Blocking.
    fn keep(self: &Arc<Self>, name: String, path: &Path) -> Result<KeptFile, NotKept> {
        let mut source = File::open(path)?;
        let bytes = source.metadata()?.len();
        let room = self.take(bytes)?;
        let mut content = tempfile::tempfile_in(&self.folder)?;
        // It may have grown meanwhile.
        let bytes = io::copy(&mut io::Read::take(&mut source, bytes), &mut content)?;
        Ok(KeptFile { name, bytes, content: Arc::new(content), _room: room })
    }
}

impl FileStore {
    fn keep_bytes(self: &Arc<Self>, name: String, bytes: &[u8]) -> Result<KeptFile, NotKept> {
        let length = bytes.len() as u64;
        let room = self.take(length)?;
        let mut content = tempfile::tempfile_in(&self.folder)?;
        io::Write::write_all(&mut content, bytes)?;
        Ok(KeptFile { name, bytes: length, content: Arc::new(content), _room: room })
    }
}

impl Drop for TakenRoom {
    fn drop(&mut self) {
        let mut used = self.store.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.bytes -= self.bytes;
        used.files -= 1;
    }
}

impl KeptFile {
    pub fn info(&self) -> FileInfo {
        FileInfo { name: self.name.clone(), bytes: self.bytes }
    }

    /// At most `length` bytes from an offset on; fewer only at the end.
    ///
    /// # Errors
    /// The disk's.
    pub async fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let content = self.content.clone();
        let reading = move || {
            let mut bytes = vec![0; length];
            let mut filled = 0;
            while filled < length {
                match content.read_at(&mut bytes[filled..], offset + filled as u64)? {
                    0 => break,
                    read => filled += read,
                }
            }
            bytes.truncate(filled);
            Ok(bytes)
        };
        tokio::task::spawn_blocking(reading).await.map_err(io::Error::other)?
    }
}

impl fmt::Debug for KeptFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeptFile({:?}, {} bytes)", self.name, self.bytes)
    }
}

impl RunFiles {
    pub(super) fn new(store: Arc<FileStore>) -> Self {
        Self { store, files: Mutex::default() }
    }

    pub(super) fn list(&self) -> Vec<Arc<KeptFile>> {
        self.files().all.clone()
    }

    /// Those since the last call.
    pub(super) fn take_new(&self) -> Vec<FileInfo> {
        let mut files = self.files();
        let new = std::mem::take(&mut files.new);
        files.all.iter().filter(|file| new.contains(&file.name)).map(|file| file.info()).collect()
    }

    /// Keeps a copy of a file under this name. Errors are returned as a sentence.
    pub(super) async fn keep(&self, name: String, path: PathBuf) -> Result<(), String> {
        self.keep_by(name, move |store, name| store.keep(name, &path)).await
    }

    /// Keeps what this writes.
    pub(super) async fn keep_written(
        &self,
        name: &str,
        write: impl FnOnce() -> Vec<u8> + Send + 'static,
    ) -> Result<(), String> {
        self.keep_by(name.to_owned(), move |store, name| store.keep_bytes(name, &write())).await
    }

    async fn keep_by(
        &self,
        name: String,
        keep: impl FnOnce(&Arc<FileStore>, String) -> Result<KeptFile, NotKept> + Send + 'static,
    ) -> Result<(), String> {
        let (store, called) = (self.store.clone(), name.clone());
        let copied = tokio::task::spawn_blocking(move || keep(&store, called)).await;
        let kept = copied.unwrap_or_else(|panicked| Err(io::Error::other(panicked).into()));
        let shown = agent::text::one_line(&name, MAX_NAME);
        let file = kept.map_err(|error| format!("{shown:?} is not kept: {error}"))?;
        let mut files = self.files();
        files.all.retain(|known| known.name != name);
        files.all.push(Arc::new(file));
        files.new.push(name);
        Ok(())
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A page whose files are kept as soon as it has them.
pub(super) struct KeepingPage {
    page: Arc<dyn Page>,
    files: Arc<RunFiles>,
    secrets: Secrets,
    reporter: Arc<dyn Reporter>,
    /// Files that were kept, or could not be.
    seen: Mutex<Vec<FileInfo>>,
}

impl KeepingPage {
    pub(super) fn new(
        page: Arc<dyn Page>,
        files: Arc<RunFiles>,
        secrets: Secrets,
        reporter: Arc<dyn Reporter>,
    ) -> Self {
        Self { page, files, secrets, reporter, seen: Mutex::default() }
    }

    async fn keep_new(&self) {
        for (file, path) in self.page.files().await {
            if !self.is_new(&file) {
                continue;
            }
            // Callers know it by the name that events have.
            let name = super::supervisor::masked(&file.name, &self.secrets);
            if let Err(problem) = self.files.keep(name, path).await {
                warn!("a file of the run is not kept");
                self.reporter.log(LogLevel::Warning, problem).await;
            }
        }
    }

    fn is_new(&self, file: &FileInfo) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !seen.contains(file);
        if is_new {
            seen.push(file.clone());
        }
        is_new
    }
}

#[async_trait]
impl Page for KeepingPage {
    async fn observe(&self) -> Result<Observation, BrowserError> {
        let seen = self.page.observe().await;
        self.keep_new().await;
        seen
    }

    async fn read(&self) -> Result<Observation, BrowserError> {
        let seen = self.page.read().await;
        self.keep_new().await;
        seen
    }

    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        let done = self.page.act(action).await;
        self.keep_new().await;
        done
    }

    async fn picture(&self) -> Result<Image, BrowserError> {
        self.page.picture().await
    }

    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError> {
        self.page.open(url).await
    }

    async fn close(&self) {
        self.page.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_take_room_as_long_as_somebody_has_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, b"0123456789").unwrap();
        let store = FileStore::new(folder.path().to_owned(), 25);
        let (first, second) = (RunFiles::new(store.clone()), RunFiles::new(store.clone()));
        first.keep("a".into(), path.clone()).await.unwrap();
        second.keep("b".into(), path.clone()).await.unwrap();
        let problem = second.keep("c".into(), path.clone()).await.unwrap_err();
        assert_eq!(problem, "\"c\" is not kept: there is no room for it");
        let read = first.list().remove(0);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it has no name");
        assert_eq!(read.read(2, 3).await.unwrap(), b"234");
        assert_eq!(read.read(8, 9).await.unwrap(), b"89");
        drop(first);
        let used = || {
            let used = store.used.lock().unwrap();
            (used.files, used.bytes)
        };
        assert_eq!(used(), (2, 20), "a reader still has it");
        drop(read);
        drop(second);
        assert_eq!(used(), (0, 0));
    }
}
