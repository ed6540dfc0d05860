//! Screenshots of pages that may show secrets: each is painted over.
//!
//! Values are searched here, in the texts that the page returns, so a page cannot learn one from being captured.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use serde::Deserialize;
use serde_json::json;

use crate::isolated_world::{Document, ScriptError};
use crate::observe::frame_reader::{FrameReader, MAX_DEPTH};
use crate::page::overlay::{self, OverlayError};
use crate::wait::capture::capture;
use agent::image::{Image, ImageFormat};
use agent::secrets::{Masker, run_blocking};
use cdp::CdpError;

/// Maximum text of a document; no screenshot is taken of a longer one.
const MAX_TEXT: usize = 2_000_000;
/// Maximum text of a frame; a longer one is masked as a whole.
const MAX_FRAME_TEXT: usize = 200_000;
/// Maximum number of searched frames; others are masked.
const MAX_FRAMES: usize = 100;
/// Maximum number of secrets masked one by one.
const MAX_RANGES: usize = 2_000;
/// Limit for a frame to return its text; a slower one is masked.
const FRAME_LIMIT: Duration = Duration::from_secs(1);
/// Attempts to take a screenshot while masked areas keep moving.
const ATTEMPTS: u32 = 3;

/// The text's number, start and end, in UTF-16 units.
type TextRange = (usize, usize, usize);

/// `[x, y, width, height]` in the viewport.
type Rect = [i32; 4];

#[derive(Debug, thiserror::Error)]
pub(crate) enum ScreenshotError {
    #[error(transparent)]
    Cdp(#[from] CdpError),
    #[error(transparent)]
    Drawing(#[from] OverlayError),
    #[error("its texts cannot be read: {0}")]
    Unknown(ScriptError),
    #[error("the page shows a secret that keeps moving")]
    Moving,
    #[error("the page shows a secret in a way that may not be covered entirely")]
    Uncertain,
    #[error("the page has too much text to look for secrets")]
    TooMuch,
}

impl From<ScriptError> for ScreenshotError {
    fn from(error: ScriptError) -> Self {
        match error {
            ScriptError::Cdp(error) => Self::Cdp(error),
            error @ ScriptError::Threw(_) => Self::Unknown(error),
        }
    }
}

#[derive(Deserialize)]
struct Texts {
    texts: Option<Vec<String>>,
    /// All of the document's text without gaps, in which values are whole that are split between its parts.
    running: Vec<String>,
}

#[derive(Deserialize)]
struct Cover {
    boxes: Vec<Rect>,
    /// Nothing of the covered text is painted elsewhere, such as by a shadow.
    certain: bool,
    /// The running text that is not covered.
    running: Vec<String>,
}

/// The secrets that a document shows.
enum Shown {
    /// They are in these areas, and nowhere else.
    Within(Vec<Rect>),
    /// There may be some elsewhere.
    Uncertain,
    /// There is too much text or there are too many secrets.
    TooMuch,
}

#[derive(Deserialize)]
struct Boxes {
    boxes: Vec<Rect>,
}

/// A PNG without the secrets in the page's texts and fields.
///
/// # Errors
/// No screenshot could be taken, or none that is known to be free of secrets.
pub(crate) async fn capture_redacted(
    reader: FrameReader<'_>,
    main: &Document,
    masker: &Arc<Masker>,
) -> Result<Image, ScreenshotError> {
    for _ in 0..ATTEMPTS {
        let before = boxes(reader, main, masker).await?;
        let picture = capture(&main.session, ImageFormat::Png, reader.limit).await?;
        if boxes(reader, main, masker).await? == before {
            return if before.is_empty() { Ok(picture) } else { Ok(overlay::mask(picture, before).await?) };
        }
    }
    Err(ScreenshotError::Moving)
}

/// The areas to mask: single texts in the main document, whole frames elsewhere.
async fn boxes(reader: FrameReader<'_>, main: &Document, masker: &Arc<Masker>) -> Result<Vec<Rect>, ScreenshotError> {
    let mut all = match shown(reader, main, masker, MAX_TEXT).await? {
        Shown::Within(boxes) => boxes,
        Shown::Uncertain => return Err(ScreenshotError::Uncertain),
        Shown::TooMuch => return Err(ScreenshotError::TooMuch),
    };
    let frames = reader.context.frames_of(main);
    let left = AtomicUsize::new(MAX_FRAMES);
    let covered = join_all(frames.iter().map(|frame| shows_secret(reader, frame, masker, &left, 1))).await;
    for (frame, _) in frames.iter().zip(covered).filter(|(_, shows_secret)| *shows_secret) {
        let owner = match reader.owner(main, frame).await {
            Ok(owner) => owner,
            // The frame is gone, also from the screenshot.
            Err(_) if !reader.context.frames_of(main).iter().any(|left| left.frame == frame.frame) => continue,
            Err(error) => return Err(error.into()),
        };
        let (_, Boxes { boxes }) =
            reader.worlds.call(main, "elementBox", &json!({ "id": owner.0 }), reader.limit).await?;
        all.extend(boxes);
    }
    Ok(all)
}

/// Whether a frame or a descendant shows a secret, or does not return its text in time.
fn shows_secret<'a>(
    reader: FrameReader<'a>,
    frame: &'a Document,
    masker: &'a Arc<Masker>,
    left: &'a AtomicUsize,
    depth: usize,
) -> BoxFuture<'a, bool> {
    async move {
        let reader = FrameReader { limit: reader.limit.min(FRAME_LIMIT), ..reader };
        let is_one_too_many = left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_err();
        // Deeper frames are masked with their parents.
        if depth > MAX_DEPTH || is_one_too_many {
            return true;
        }
        let found = shown(reader, frame, masker, MAX_FRAME_TEXT).await;
        if !matches!(found, Ok(Shown::Within(boxes)) if boxes.is_empty()) {
            return true;
        }
        let inner = reader.context.frames_of(frame);
        join_all(inner.iter().map(|inner| shows_secret(reader, inner, masker, left, depth + 1))).await.contains(&true)
    }
    .boxed()
}

/// The secrets in a document's texts. A value counts as covered only if it is whole in one text of one block or field,
/// and painted nowhere else; of others, such as one that is split between slots, nobody knows where all of it is.
async fn shown(
    reader: FrameReader<'_>,
    document: &Document,
    masker: &Arc<Masker>,
    limit: usize,
) -> Result<Shown, ScriptError> {
    reader.open_closed_trees(document).await?;
    let argument = json!({ "limit": limit });
    let (_, Texts { texts, running }) = reader.worlds.call(document, "shownTexts", &argument, reader.limit).await?;
    let Some(texts) = texts else { return Ok(Shown::TooMuch) };
    let of = masker.clone();
    let Some(ranges) = run_blocking(move || secret_ranges(&texts, &of)).await else { return Ok(Shown::TooMuch) };
    let mut cover = Cover { boxes: Vec::new(), certain: true, running };
    if !ranges.is_empty() {
        (_, cover) = reader.worlds.call(document, "textBoxes", &json!({ "ranges": ranges }), reader.limit).await?;
    }
    let (of, running) = (masker.clone(), cover.running);
    let is_left = run_blocking(move || running.iter().any(|text| !of.find(text).is_empty())).await;
    Ok(if cover.certain && !is_left { Shown::Within(cover.boxes) } else { Shown::Uncertain })
}

fn secret_ranges(texts: &[String], masker: &Masker) -> Option<Vec<TextRange>> {
    let mut ranges = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let (mut at, mut units) = (0, 0);
        let mut units_to = |end: usize| {
            units += text[at..end].encode_utf16().count();
            at = end;
            units
        };
        ranges.extend(masker.find(text).into_iter().map(|place| (number, units_to(place.start), units_to(place.end))));
        if ranges.len() > MAX_RANGES {
            return None;
        }
    }
    Some(ranges)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masker() -> Masker {
        Masker::new([("<m>".to_owned(), "hunter22")])
    }

    #[test]
    fn ranges_are_in_utf_16_units() {
        let texts = ["none".to_owned(), "ü😀 hunter22 😀hunter22".to_owned()];
        assert_eq!(secret_ranges(&texts, &masker()), Some(vec![(1, 4, 12), (1, 15, 23)]));
    }

    #[test]
    fn too_many_secrets_prevent_a_screenshot() {
        let all = |count: usize| secret_ranges(&["hunter22😀".repeat(count)], &masker());
        assert_eq!(all(MAX_RANGES).map(|ranges| ranges.len()), Some(MAX_RANGES));
        assert_eq!(all(50_000), None);
        let apart = vec!["hunter22".to_owned(); MAX_RANGES + 1];
        assert_eq!(secret_ranges(&apart, &masker()), None);
    }
}
