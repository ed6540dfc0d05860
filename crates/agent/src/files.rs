//! The files of a run: the caller's, and those that the run has downloaded or saved. Their names are unique, without
//! folders.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::prompt::fence::is_hidden;

/// A longer part after the last dot is not an extension.
const MAX_ENDING: usize = 16;

/// A plain file name: no path, no invisible characters, at most [`FileName::MAX_BYTES`] long.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileName(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileNameError {
    #[error("the name is empty")]
    Empty,
    #[error("the name is longer than {} bytes", FileName::MAX_BYTES)]
    TooLong,
    #[error("not a plain file name")]
    NotPlain,
}

impl FileName {
    /// File systems allow 255; the rest is for a number.
    pub const MAX_BYTES: usize = 200;

    /// A name that must be valid as it is.
    pub fn parse(raw: &str) -> Result<Self, FileNameError> {
        if raw.is_empty() {
            return Err(FileNameError::Empty);
        }
        if raw.len() > Self::MAX_BYTES {
            return Err(FileNameError::TooLong);
        }
        let is_path = matches!(raw, "." | "..") || raw.contains(['/', '\\']);
        if is_path || raw.trim() != raw || raw.chars().any(is_unseen) {
            return Err(FileNameError::NotPlain);
        }
        Ok(Self(raw.to_owned()))
    }

    /// The valid part of a name that a page or server proposes.
    pub fn tamed(proposed: &str) -> Self {
        let last = proposed.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).unwrap_or_default();
        let plain: String = last.chars().filter(|character| !is_unseen(*character)).collect();
        // A name that begins with a dot would be a hidden file, or the parent folder.
        let plain = plain.trim_start_matches(|c: char| c == '.' || c.is_whitespace()).trim_end();
        if plain.is_empty() {
            return Self("download".to_owned());
        }
        let (stem, ending) = split(plain);
        Self(format!("{}{ending}", cut(stem, Self::MAX_BYTES - ending.len()).trim_end()))
    }

    /// A name from a title.
    pub fn titled(title: &str, ending: &str) -> Self {
        let title: String =
            title.chars().map(|character| if matches!(character, '/' | '\\') { '-' } else { character }).collect();
        let title = cut(title.trim(), Self::MAX_BYTES / 2);
        Self::tamed(&format!("{}.{ending}", if title.is_empty() { "page" } else { title }))
    }

    /// The nth file of the same name: `report (2).pdf`.
    pub fn numbered(&self, number: usize) -> Self {
        let (stem, ending) = split(&self.0);
        Self(format!("{stem} ({number}){ending}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character disguises a name: it is invisible or changes the writing direction.
fn is_unseen(character: char) -> bool {
    character.is_control() || is_hidden(character) || character == '\u{200c}'
}

/// The name, and its extension with the dot, which may be empty.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && name.len() - at <= MAX_ENDING => name.split_at(at),
        _ => (name, ""),
    }
}

/// At most `bytes` bytes of a text, in whole characters.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// A file from the caller.
#[derive(Clone, PartialEq, Eq)]
pub struct SentFile {
    pub name: FileName,
    pub content: Arc<[u8]>,
}

impl SentFile {
    pub fn info(&self) -> FileInfo {
        FileInfo { name: self.name.as_str().to_owned(), bytes: self.content.len() as u64 }
    }
}

/// Without its content.
impl fmt::Debug for SentFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SentFile({:?}, {} bytes)", self.name.0, self.content.len())
    }
}

/// Name and size of a file, displayed as `cv.pdf (12 kB)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileInfo {
    pub name: String,
    pub bytes: u64,
}

impl fmt::Display for FileInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, Size(self.bytes))
    }
}

/// A number of bytes in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes @ 0..1_000 => write!(f, "{bytes} B"),
            bytes @ 1_000..1_000_000 => write!(f, "{} kB", bytes.div_ceil(1_000)),
            bytes => write!(f, "{:.1} MB", bytes as f64 / 1e6),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_caller_supplied_name_is_plain_or_rejected() {
        for name in ["cv.pdf", "Grüße an alle.txt", ".env", "a..b", "no ending"] {
            assert_eq!(FileName::parse(name).map(|name| name.0), Ok(name.to_owned()));
        }
        assert_eq!(FileName::parse(""), Err(FileNameError::Empty));
        assert!(FileName::parse(&"x".repeat(FileName::MAX_BYTES)).is_ok());
        assert_eq!(FileName::parse(&"x".repeat(FileName::MAX_BYTES + 1)), Err(FileNameError::TooLong));
        for name in [
            ".",
            "..",
            "../x",
            "a/b",
            "a\\b",
            "/",
            "a\0",
            "a\nb",
            "\u{202e}fdp.exe",
            "a\u{200b}b",
            " a",
            "a ",
            "\u{7f}",
        ] {
            assert_eq!(FileName::parse(name), Err(FileNameError::NotPlain), "{name:?}");
        }
    }

    #[test]
    fn a_proposed_name_is_sanitized() {
        for (proposed, name) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\a b.txt", "a b.txt"),
            ("folder/", "folder"),
            ("..", "download"),
            ("", "download"),
            (" \t", "download"),
            (".htaccess", "htaccess"),
            ("...", "download"),
            ("a\u{202e}fdp.exe", "afdp.exe"),
            ("x\r\ny\0.txt", "xy.txt"),
        ] {
            assert_eq!(FileName::tamed(proposed).as_str(), name, "{proposed:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = FileName::tamed(&format!("{}.pdf", "ü".repeat(400)));
        assert!(name.as_str().ends_with("ü.pdf"));
        assert!(name.as_str().len() <= FileName::MAX_BYTES);
        assert!(FileName::tamed(&format!("a.{}", "x".repeat(500))).as_str().len() <= FileName::MAX_BYTES);
    }

    proptest! {
        /// Whatever is proposed, what comes of it is a name that a caller could have sent, and has room for a number.
        #[test]
        fn any_proposed_name_becomes_a_plain_name(proposed in "[a./\\\\ \u{0}\n\u{85}\u{202e}\u{200b}é\u{1f600}-]{0,300}|.{0,300}") {
            for name in [FileName::tamed(&proposed), FileName::titled(&proposed, "pdf")] {
                prop_assert_eq!(FileName::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(name.numbered(999_999).as_str().len() < 255);
            }
        }
    }

    #[test]
    fn files_with_the_same_name_are_numbered_before_the_extension() {
        let numbered = |name| FileName::tamed(name).numbered(2).0;
        assert_eq!(numbered("report.pdf"), "report (2).pdf");
        assert_eq!(numbered("archive.tar.gz"), "archive.tar (2).gz");
        assert_eq!(numbered("README"), "README (2)");
    }

    #[test]
    fn a_title_becomes_a_file_name() {
        assert_eq!(FileName::titled("Invoice 3/2026 – Lamps", "pdf").as_str(), "Invoice 3-2026 – Lamps.pdf");
        assert_eq!(FileName::titled("  ", "pdf").as_str(), "page.pdf");
    }

    #[test]
    fn sizes_are_rounded() {
        for (bytes, text) in [(0, "0 B"), (999, "999 B"), (1_001, "2 kB"), (12_000, "12 kB"), (3_250_000, "3.2 MB")] {
            assert_eq!(Size(bytes).to_string(), text);
        }
        assert_eq!(FileInfo { name: "cv.pdf".into(), bytes: 12_000 }.to_string(), "cv.pdf (12 kB)");
    }
}
