//! The files of a run: a folder in the browser's profile, so that it is removed with the profile.

mod ledger;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use tempfile::TempDir;
use tokio::time::Instant;

use self::ledger::Ledger;
use crate::pdf::Pdf;
use crate::process::panics::lock;
use crate::process::profile;
use crate::settings::FileLimits;
use agent::files::{FileInfo, FileName, SentFile};

pub(crate) use self::ledger::FileLimitError;

/// Files under their final names.
const KEPT: &str = "files";
/// Downloads in progress, named by GUID.
const INCOMING: &str = "incoming";

/// The folder is removed with the last handle at the latest.
#[derive(Clone)]
pub(crate) struct RunFiles {
    folder: Arc<TempDir>,
    ledger: Arc<Mutex<Ledger>>,
    /// The document that was read last.
    pdf: Arc<tokio::sync::Mutex<Option<Arc<Pdf>>>>,
}

/// Marks a moment, to find the downloads started since.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DownloadMark(u64);

/// Why files cannot be uploaded; the text goes to the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UploadError {
    #[error("name at least one file")]
    NoneNamed,
    #[error("there is no file {name:?}; there are no files")]
    OfNone { name: String },
    #[error("there is no file {name:?}; there are: {there}")]
    Unknown { name: String, there: String },
    #[error("{name:?} may hold a secret, so it is not uploaded; the files that the user sent are: {sent}")]
    NotSent { name: String, sent: String },
}

impl RunFiles {
    /// Creates an empty folder in the profile.
    pub(crate) fn create(profile: &Path, limits: FileLimits) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("run-").tempdir_in(profile)?;
        for part in [KEPT, INCOMING] {
            std::fs::create_dir(folder.path().join(part))?;
        }
        Ok(Self { folder: Arc::new(folder), ledger: Arc::new(Mutex::new(Ledger::new(limits))), pdf: Arc::default() })
    }

    /// Chromium's download folder.
    pub(crate) fn incoming(&self) -> PathBuf {
        self.folder.path().join(INCOMING)
    }

    /// Stores the caller's files.
    pub(crate) async fn add_sent(&self, sent: &[SentFile]) -> io::Result<()> {
        for file in sent {
            self.write(file.name.as_str(), file.content.clone()).await?;
            self.ledger().was_sent(file.info());
        }
        Ok(())
    }

    /// Stores a file created by the run, under a free name.
    ///
    /// # Errors
    /// The limits, or the disk.
    pub(crate) async fn keep(&self, name: &FileName, content: Vec<u8>) -> io::Result<Result<FileInfo, FileLimitError>> {
        let info = match self.ledger().take(name, content.len() as u64) {
            Ok(info) => info,
            Err(refused) => return Ok(Err(refused)),
        };
        let written = self.write(&info.name, content.into()).await;
        if written.is_err() {
            self.ledger().give_up(&info);
        }
        written.map(|()| Ok(info))
    }

    async fn write(&self, name: &str, content: Arc<[u8]>) -> io::Result<()> {
        // Keeps the folder until the write ends.
        let (files, path) = (self.clone(), self.path(name));
        let writing = move || {
            let written = std::fs::write(path, content);
            drop(files);
            written
        };
        tokio::task::spawn_blocking(writing).await.map_err(io::Error::other)?
    }

    pub(crate) fn limits(&self) -> FileLimits {
        self.ledger().limits
    }

    /// The paths of files to upload; with `only_sent`, only the caller's files.
    pub(crate) fn paths(&self, names: &[String], only_sent: bool) -> Result<Vec<PathBuf>, UploadError> {
        let ledger = self.ledger();
        if names.is_empty() {
            return Err(UploadError::NoneNamed);
        }
        let short = |name: &str| name.chars().take(100).collect();
        let listed = |files: &[FileInfo]| files.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        if let Some(unknown) = names.iter().find(|name| !ledger.has(name)) {
            let name = short(unknown);
            return Err(match ledger.files() {
                [] => UploadError::OfNone { name },
                files => UploadError::Unknown { name, there: listed(files) },
            });
        }
        match names.iter().find(|name| only_sent && !ledger.sent().iter().any(|sent| sent.name == **name)) {
            Some(made) => {
                let sent = if ledger.sent().is_empty() { "none".to_owned() } else { listed(ledger.sent()) };
                Err(UploadError::NotSent { name: short(made), sent })
            }
            None => Ok(names.iter().map(|name| self.path(name)).collect()),
        }
    }

    /// What the run has made, with the paths.
    pub(crate) fn made(&self) -> Vec<(FileInfo, PathBuf)> {
        let ledger = self.ledger();
        let made = ledger.files().iter().filter(|file| !ledger.sent().contains(file));
        made.map(|file| (file.clone(), self.path(&file.name))).collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(KEPT).join(name)
    }

    /// A download ended: the file is moved to its name, or removed.
    pub(crate) fn download_finished(&self, id: &str, is_complete: bool) {
        let incoming = self.incoming().join(id);
        let mut ledger = self.ledger();
        // Blocking, but short; events must stay in order.
        let bytes = is_complete.then(|| incoming.metadata().ok().map(|file| file.len())).flatten();
        let Some(info) = ledger.download_finished(id, bytes) else {
            // Chromium removes cancelled downloads; a file found too large afterwards is still there.
            let _ = std::fs::remove_file(incoming);
            return;
        };
        if let Err(error) = std::fs::rename(&incoming, self.path(&info.name)) {
            tracing::warn!(%error, "a download cannot be kept");
            ledger.give_up_download(&info);
        }
    }

    /// The PDF document that a frame has opened, read once; none if there is none.
    pub(crate) async fn pdf_of(&self, frame: &str, program: &Path) -> Option<Arc<Pdf>> {
        let name = self.ledger().pdf_of(frame)?.to_owned();
        let mut last = self.pdf.lock().await;
        if let Some(pdf) = last.as_ref().filter(|pdf| pdf.name == name) {
            return Some(pdf.clone());
        }
        let path = self.path(&name);
        let pdf = Arc::new(Pdf::read(name, &path, program).await);
        *last = Some(pdf.clone());
        Some(pdf)
    }

    pub(crate) fn mark(&self) -> DownloadMark {
        DownloadMark(self.ledger().begun())
    }

    /// Whether all downloads started since are finished and none is expected.
    pub(crate) fn is_idle_since(&self, mark: DownloadMark) -> bool {
        self.ledger().is_idle_since(mark.0, Instant::now())
    }

    /// When the first expected download expires.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.ledger().next_expiry(Instant::now())
    }

    /// Removes the folder.
    pub(crate) async fn remove(&self) {
        if let Err(error) = profile::remove(self.folder.path()).await {
            tracing::warn!(%error, "the run's files were not removed; they go with the browser");
        }
    }

    /// Do not hold it across an await.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}
