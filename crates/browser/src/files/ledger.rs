//! The state of a run's files and downloads, and what to report about them. Pure.

use std::collections::HashMap;

use tokio::time::Instant;

use crate::settings::FileLimits;
use agent::files::{FileInfo, FileName, Size};

/// Maximum number of notices kept.
const MAX_NOTICES: usize = 8;
/// Maximum number of expected downloads.
const MAX_EXPECTED: usize = 50;

pub(crate) struct Ledger {
    pub(super) limits: FileLimits,
    /// All files that can be uploaded, in order of arrival.
    files: Vec<FileInfo>,
    /// The first of them are the caller's.
    sent: usize,
    coming: HashMap<String, Download>,
    /// Frames that requested a download, and when to stop expecting it.
    expected: Vec<(String, Instant)>,
    /// Number of downloads started.
    begun: u64,
    /// Files the run has created or started.
    made: usize,
    /// Their size, as far as they are complete.
    bytes: u64,
    /// The PDF document that each frame opened last, by its file's name.
    pdfs: HashMap<String, String>,
    notices: Vec<String>,
    new_files: Vec<FileInfo>,
}

struct Download {
    number: u64,
    frame: String,
    name: FileName,
    received: u64,
    /// 0 if unknown.
    total: u64,
    /// It is being cancelled; its events are ignored.
    refused: bool,
}

/// Why a file is not kept; the text goes to the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileLimitError {
    #[error("a run may make {max} files")]
    Count { max: usize },
    #[error("a file may have {}", Size(*.max))]
    FileSize { max: u64 },
    #[error("the files of a run may have {} together", Size(*.max))]
    RunSize { max: u64 },
}

impl Ledger {
    pub(super) fn new(limits: FileLimits) -> Self {
        Self {
            limits,
            files: Vec::new(),
            sent: 0,
            coming: HashMap::new(),
            expected: Vec::new(),
            begun: 0,
            made: 0,
            bytes: 0,
            pdfs: HashMap::new(),
            notices: Vec::new(),
            new_files: Vec::new(),
        }
    }

    pub(super) fn files(&self) -> &[FileInfo] {
        &self.files
    }

    pub(super) fn sent(&self) -> &[FileInfo] {
        &self.files[..self.sent]
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.name == name)
    }

    /// Adds a file sent by the caller; only the request limits these.
    pub(super) fn was_sent(&mut self, file: FileInfo) {
        self.files.insert(self.sent, file);
        self.sent += 1;
    }

    /// Adds a file created by the run under a free name.
    pub(super) fn take(&mut self, name: &FileName, bytes: u64) -> Result<FileInfo, FileLimitError> {
        self.room_for_another()?;
        self.room_for(bytes, 0)?;
        self.made += 1;
        Ok(self.add(name, bytes))
    }

    fn add(&mut self, name: &FileName, bytes: u64) -> FileInfo {
        self.bytes += bytes;
        let info = FileInfo { name: self.free(name).as_str().to_owned(), bytes };
        self.files.push(info.clone());
        info
    }

    /// Removes a file that could not be written.
    pub(super) fn give_up(&mut self, file: &FileInfo) {
        self.files.retain(|known| known.name != file.name);
        self.bytes -= file.bytes;
        self.made -= 1;
    }

    /// Expects a download of a frame until then.
    pub(crate) fn expect(&mut self, frame: &str, until: Instant) {
        if self.expected.len() < MAX_EXPECTED {
            self.expected.push((frame.to_owned(), until));
        }
    }

    /// The frame navigated otherwise.
    pub(crate) fn expect_nothing(&mut self, frame: &str) {
        self.expected.retain(|(expecting, _)| expecting != frame);
    }

    /// A download started. On an error, the caller cancels it.
    pub(crate) fn download_started(&mut self, frame: &str, id: &str, name: FileName) -> Result<(), FileLimitError> {
        if let Some(at) = self.expected.iter().position(|(expecting, _)| expecting == frame) {
            self.expected.remove(at);
        }
        self.begun += 1;
        let room = self.room_for_another();
        let refused = room.is_err();
        if refused && self.coming.values().filter(|download| download.refused).count() >= MAX_EXPECTED {
            // It is cancelled as well, but not remembered.
            return room;
        }
        if let Err(reason) = &room {
            self.add_notice(format!("the download of {:?} was cancelled: {reason}", name.as_str()));
        } else {
            self.made += 1;
        }
        let frame = frame.to_owned();
        let download = Download { number: self.begun, frame, name, received: 0, total: 0, refused };
        self.coming.insert(id.to_owned(), download);
        room
    }

    /// A download progressed. On an error, the caller cancels it.
    pub(crate) fn download_progressed(&mut self, id: &str, received: u64, total: u64) -> Result<(), FileLimitError> {
        let Some(download) = self.coming.get_mut(id).filter(|download| !download.refused) else { return Ok(()) };
        (download.received, download.total) = (received, total);
        // The announced size counts at once.
        let (size, name) = (received.max(total), download.name.as_str().to_owned());
        let others = self.coming.iter().filter(|(other, download)| *other != id && !download.refused);
        let others = others.map(|(_, download)| download.received).sum();
        let room = self.room_for(size, others);
        if let Err(reason) = &room {
            self.add_notice(format!("the download of {name:?} was cancelled: {reason}"));
            self.refuse(id);
        }
        room
    }

    /// Ends a download; `bytes` is the size of a complete file. Returns the file if it is kept.
    pub(super) fn download_finished(&mut self, id: &str, bytes: Option<u64>) -> Option<FileInfo> {
        let Download { name, frame, refused, .. } = self.coming.remove(id)?;
        if refused {
            return None;
        }
        let Some(bytes) = bytes else {
            self.made -= 1;
            self.add_notice(format!("the download of {:?} failed", name.as_str()));
            return None;
        };
        // A fast download reports no progress.
        if let Err(reason) = self.room_for(bytes, 0) {
            self.made -= 1;
            self.add_notice(format!("the download of {:?} was not kept: {reason}", name.as_str()));
            return None;
        }
        let info = self.add(&name, bytes);
        if info.name.to_ascii_lowercase().ends_with(".pdf") && self.pdfs.len() < MAX_EXPECTED {
            self.pdfs.insert(frame, info.name.clone());
        }
        self.new_files.push(info.clone());
        self.add_notice(format!("downloaded {info}"));
        Some(info)
    }

    /// The PDF document that a frame has opened since its own document.
    pub(crate) fn pdf_of(&self, frame: &str) -> Option<&str> {
        self.pdfs.get(frame).map(String::as_str)
    }

    /// The frame shows another document.
    pub(crate) fn close_pdf(&mut self, frame: &str) {
        self.pdfs.remove(frame);
    }

    /// Like [`Self::give_up`], for a download that was already reported.
    pub(super) fn give_up_download(&mut self, file: &FileInfo) {
        self.give_up(file);
        self.pdfs.retain(|_, name| *name != file.name);
        self.new_files.retain(|known| known.name != file.name);
        self.notices.retain(|told| *told != format!("downloaded {file}"));
        self.add_notice(format!("the download of {:?} could not be saved", file.name));
    }

    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    pub(super) fn is_idle_since(&self, begun: u64, now: Instant) -> bool {
        let comes = |download: &Download| download.number > begun && !download.refused;
        !self.coming.values().any(comes) && self.next_expiry(now).is_none()
    }

    pub(super) fn next_expiry(&self, now: Instant) -> Option<Instant> {
        self.expected.iter().map(|(_, until)| *until).filter(|until| *until > now).min()
    }

    /// Whether there is anything to report about downloads.
    pub(crate) fn has_news(&self) -> bool {
        !self.notices.is_empty() || self.in_progress().is_some()
    }

    pub(crate) fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// The files downloaded since the last call.
    pub(crate) fn new_files(&mut self) -> Vec<FileInfo> {
        std::mem::take(&mut self.new_files)
    }

    /// The downloads in progress, in one sentence.
    pub(crate) fn in_progress(&self) -> Option<String> {
        let mut coming: Vec<&Download> = self.coming.values().filter(|download| !download.refused).collect();
        coming.sort_by_key(|download| download.number);
        let shown = coming.iter().take(MAX_NOTICES).map(|download| {
            let (name, received) = (download.name.as_str(), Size(download.received));
            match download.total {
                0 => format!("{name} ({received} so far)"),
                total => format!("{name} ({received} of {})", Size(total)),
            }
        });
        let shown: Vec<String> = shown.collect();
        (!shown.is_empty()).then(|| format!("still downloading {}", shown.join(", ")))
    }

    fn refuse(&mut self, id: &str) {
        if let Some(download) = self.coming.get_mut(id) {
            download.refused = true;
            self.made -= 1;
        }
    }

    fn room_for_another(&self) -> Result<(), FileLimitError> {
        let max = self.limits.count;
        if self.made >= max { Err(FileLimitError::Count { max }) } else { Ok(()) }
    }

    fn room_for(&self, bytes: u64, coming: u64) -> Result<(), FileLimitError> {
        let FileLimits { file_bytes, run_bytes, .. } = self.limits;
        if bytes > file_bytes {
            return Err(FileLimitError::FileSize { max: file_bytes });
        }
        if self.bytes.saturating_add(coming).saturating_add(bytes) > run_bytes {
            return Err(FileLimitError::RunSize { max: run_bytes });
        }
        Ok(())
    }

    /// The name, numbered if it is taken.
    fn free(&self, name: &FileName) -> FileName {
        let numbered = (2..).map(|number| name.numbered(number));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        candidates.find(|name| !self.has(name.as_str())).expect("there are more numbers than files")
    }

    fn add_notice(&mut self, notice: String) {
        if self.notices.len() < MAX_NOTICES {
            self.notices.push(notice);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn ledger() -> Ledger {
        Ledger::new(FileLimits { count: 3, file_bytes: 1_000, run_bytes: 1_500 })
    }

    fn download(ledger: &mut Ledger, id: &str, name: &str, bytes: u64) -> Option<FileInfo> {
        let _ = ledger.download_started("frame", id, FileName::tamed(name));
        let _ = ledger.download_progressed(id, bytes, bytes);
        ledger.download_finished(id, Some(bytes))
    }

    #[test]
    fn files_with_the_same_name_are_numbered() {
        let mut ledger = ledger();
        ledger.was_sent(FileInfo { name: "report.pdf".into(), bytes: 9_000 });
        assert_eq!(
            download(&mut ledger, "1", "report.pdf", 10),
            Some(FileInfo { name: "report (2).pdf".into(), bytes: 10 })
        );
        assert_eq!(ledger.take(&FileName::tamed("report.pdf"), 5).unwrap().name, "report (3).pdf");
        assert_eq!(ledger.take_notices(), ["downloaded report (2).pdf (10 B)"]);
        assert_eq!((ledger.new_files().len(), ledger.new_files().len()), (1, 0));
        assert_eq!(ledger.sent(), [FileInfo { name: "report.pdf".into(), bytes: 9_000 }]);
    }

    #[test]
    fn oversized_files_are_refused_when_announced_and_when_complete() {
        let mut ledger = ledger();
        ledger.download_started("frame", "1", FileName::tamed("a")).unwrap();
        assert_eq!(ledger.download_progressed("1", 0, 1_001), Err(FileLimitError::FileSize { max: 1_000 }));
        // Further progress is not reported.
        assert_eq!(ledger.download_progressed("1", 500, 1_001), Ok(()));
        assert_eq!(ledger.download_finished("1", Some(1_001)), None);
        assert_eq!(ledger.take_notices(), ["the download of \"a\" was cancelled: a file may have 1 kB"]);
        ledger.download_started("frame", "2", FileName::tamed("b")).unwrap();
        assert_eq!(ledger.download_finished("2", Some(1_001)), None);
        assert_eq!(ledger.take_notices(), ["the download of \"b\" was not kept: a file may have 1 kB"]);
        assert!(ledger.files().is_empty());
    }

    #[test]
    fn files_together_are_bounded_in_bytes_and_number() {
        let mut ledger = ledger();
        download(&mut ledger, "1", "a", 900);
        assert_eq!(ledger.take(&FileName::tamed("b"), 700), Err(FileLimitError::RunSize { max: 1_500 }));
        ledger.download_started("frame", "2", FileName::tamed("c")).unwrap();
        ledger.download_progressed("2", 400, 0).unwrap();
        ledger.download_started("frame", "3", FileName::tamed("d")).unwrap();
        assert_eq!(
            ledger.download_progressed("3", 250, 0),
            Err(FileLimitError::RunSize { max: 1_500 }),
            "what is coming counts"
        );
        assert_eq!(ledger.download_finished("2", Some(400)), Some(FileInfo { name: "c".into(), bytes: 400 }));
        ledger.take(&FileName::tamed("e"), 1).unwrap();
        assert_eq!(ledger.download_started("frame", "4", FileName::tamed("f")), Err(FileLimitError::Count { max: 3 }));
        assert_eq!(ledger.download_finished("4", None), None);
    }

    #[test]
    fn failed_downloads_free_their_space() {
        let mut ledger = ledger();
        for id in 0..10 {
            ledger.download_started("frame", &id.to_string(), FileName::tamed("a")).unwrap();
            assert_eq!(ledger.download_finished(&id.to_string(), None), None);
        }
        assert_eq!(ledger.take_notices().len(), MAX_NOTICES);
    }

    #[test]
    fn downloads_of_other_runs_are_ignored() {
        let mut ledger = ledger();
        assert_eq!(ledger.download_progressed("theirs", 1 << 40, 1 << 40), Ok(()));
        assert_eq!(ledger.download_finished("theirs", Some(1)), None);
        assert!(ledger.take_notices().is_empty() && ledger.new_files().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_idle_without_running_or_expected_downloads() {
        let mut ledger = ledger();
        let now = Instant::now();
        assert!(ledger.is_idle_since(0, now));
        ledger.expect("frame", now + Duration::from_secs(1));
        assert!(!ledger.is_idle_since(0, now));
        assert!(ledger.is_idle_since(0, now + Duration::from_secs(1)), "it is given up");
        ledger.download_started("other", "1", FileName::tamed("a")).unwrap();
        assert_eq!(ledger.next_expiry(now), Some(now + Duration::from_secs(1)));
        ledger.download_started("frame", "2", FileName::tamed("b")).unwrap();
        assert_eq!(ledger.next_expiry(now), None);
        ledger.download_progressed("2", 10, 20).unwrap();
        assert_eq!(ledger.in_progress().unwrap(), "still downloading a (0 B so far), b (10 B of 20 B)");
        assert!(!ledger.is_idle_since(0, now) && ledger.is_idle_since(2, now), "earlier ones are not waited for");
        ledger.download_finished("1", None);
        ledger.download_finished("2", Some(20));
        assert!(ledger.is_idle_since(0, now));
        ledger.expect("frame", now + Duration::from_secs(1));
        ledger.expect_nothing("frame");
        assert!(ledger.is_idle_since(0, now));
    }
}
