//! The program that reads the text of a PDF document.
//!
//! It is this executable with [`ARGUMENT`] as its first argument: a parser of untrusted documents may run in circles, use up
//! the memory or overflow its stack, which ends a process. It reads the document from stdin and writes a [`PdfText`] as
//! JSON to stdout.

use std::io::Read;
use std::process::ExitCode;

use agent::text::shorten;
use anyhow::{Context, ensure};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

/// The command line is `pdf-text`.
pub(super) const ARGUMENT: &str = "pdf-text";

/// Largest document that is read, in bytes.
const MAX_BYTES: u64 = 32 << 20;
/// Address space in bytes; documents are compressed.
const MAX_MEMORY: u64 = 1 << 30;
/// CPU time in seconds.
const MAX_CPU: u64 = 5;
/// Maximum length of the text in characters, as of a page.
const MAX_TEXT: usize = 100_000;

/// The text of a document.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PdfText {
    pub(super) pages: usize,
    pub(super) text: String,
    /// Characters of the whole text.
    pub(super) total: usize,
}

/// Reads a document if the command line says so. Call it early in `main`.
pub fn run_if_requested() -> Option<ExitCode> {
    if std::env::args_os().nth(1)? != ARGUMENT {
        return None;
    }
    // Nobody reads the reason.
    Some(if read().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read() -> anyhow::Result<()> {
    for (resource, most) in [(Resource::As, MAX_MEMORY), (Resource::Cpu, MAX_CPU), (Resource::Core, 0)] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).context("no limit")?;
    }
    let mut document = Vec::new();
    std::io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut document)?;
    ensure!(document.len() as u64 <= MAX_BYTES, "too large");
    let pages = pdf_extract::extract_text_from_mem_by_pages(&document)?;
    ensure!(!pages.is_empty(), "no pages");
    // The layout is guessed from positions, with many empty lines.
    let lines = pages.iter().flat_map(|page| page.lines()).map(str::trim).filter(|line| !line.is_empty());
    let text = lines.collect::<Vec<_>>().join("\n");
    let read = PdfText { pages: pages.len(), total: text.chars().count(), text: shorten(&text, MAX_TEXT) };
    Ok(serde_json::to_writer(std::io::stdout().lock(), &read)?)
}
