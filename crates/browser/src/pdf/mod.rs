//! The text of PDF documents, which are downloads.

mod reader;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;

use self::reader::{ARGUMENT, PdfText};
use agent::text::shorten;

pub use self::reader::run_if_requested;

/// How long reading a document may take.
const LIMIT: Duration = Duration::from_secs(6);
/// More than the reader writes, in bytes.
const MAX_OUTPUT: u64 = 1 << 20;

/// A document that a page has opened.
pub(crate) struct Pdf {
    pub(crate) name: String,
    /// None if it cannot be read.
    text: Option<PdfText>,
}

impl Pdf {
    /// Reads a file in a process of its own, of this program.
    pub(crate) async fn read(name: String, file: &Path, program: &Path) -> Self {
        let text = tokio::time::timeout(LIMIT, text_of(file, program)).await.ok().flatten();
        if text.is_none() {
            tracing::debug!(name, "the text of a PDF cannot be read");
        }
        Self { name, text }
    }

    /// The text under a line with the name and the number of pages; at most so many characters of it.
    pub(crate) fn shown(&self, limit: usize) -> String {
        let name = &self.name;
        match &self.text {
            None => format!("PDF {name}: its text cannot be read"),
            Some(PdfText { pages, total: 0, .. }) => format!("PDF {name}, {pages} pages without text"),
            Some(PdfText { pages, text, total }) => {
                let shown = shorten(text, limit);
                let rest = if *total > limit { "\n... more of it, use extract" } else { "" };
                format!("PDF {name}, {pages} pages:\n{shown}{rest}")
            }
        }
    }
}

/// None if the reader fails, for whatever reason.
async fn text_of(file: &Path, program: &Path) -> Option<PdfText> {
    let document = tokio::fs::File::open(file).await.ok()?.into_std().await;
    let mut reader = Command::new(program);
    reader.arg(ARGUMENT).env_clear().stdin(document).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut reader = reader.spawn().ok()?;
    let mut output = Vec::new();
    reader.stdout.take()?.take(MAX_OUTPUT).read_to_end(&mut output).await.ok()?;
    let ended = reader.wait().await.ok()?;
    if ended.success() { serde_json::from_slice(&output).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_shown_with_its_pages_and_the_start_of_its_text() {
        let pdf = |text| Pdf { name: "a.pdf".into(), text };
        let text = |text: &str| Some(PdfText { pages: 2, text: text.into(), total: text.chars().count() });
        assert_eq!(pdf(None).shown(10), "PDF a.pdf: its text cannot be read");
        assert_eq!(pdf(text("")).shown(10), "PDF a.pdf, 2 pages without text");
        assert_eq!(pdf(text("Total 42")).shown(10), "PDF a.pdf, 2 pages:\nTotal 42");
        let long = pdf(text(&"x".repeat(20))).shown(10);
        assert!(long.starts_with("PDF a.pdf, 2 pages:\nxxxxxxxxx") && long.ends_with("use extract"), "{long}");
    }
}
