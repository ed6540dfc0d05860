//! Pictures of pages that may show secrets: what shows_secret one is painted over.
//!
//! The page is asked for its texts, and the values are looked for here: no page learns a value by being pictured.

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use crate::isolated_world::{Document, ScriptError};
use crate::observe::frame_reader::FrameReader;
use crate::page::overlay::{self, OverlayError};
use crate::page::screenshot;
use agent::image::{Image, ImageFormat};
use agent::secrets::{Masker, run_blocking};
use cdp::CdpError;

/// Characters of a document's texts; one with more is not pictured.
const MAX_TEXT: usize = 2_000_000;
/// The same of a frame's; one with more is covered.
const MAX_FRAME_TEXT: usize = 200_000;
/// Frames that are looked into; further ones are covered.
const MAX_FRAMES: usize = 100;
/// Secret ranges that are covered one by one; a document with more is not pictured.
const MAX_RANGES: usize = 2_000;
/// For a frame to say what it shows; one that does not is covered.
const FRAME_LIMIT: Duration = Duration::from_secs(1);
/// Frames in frames that are looked into; what lies deeper is covered with what shows_secret it.
const MAX_DEPTH: u32 = 5;
/// Pictures taken of a page on which what has to be covered moves, before it goes without one.
const ATTEMPTS: u32 = 3;

/// Of a text: its number, and the piece's first character and the one after its last, in UTF-16.
type TextRange = (usize, usize, usize);

/// `[x, y, width, height]` in the viewport.
type Rect = [i32; 4];

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScreenshotError {
    #[error(transparent)]
    Cdp(#[from] CdpError),
    #[error(transparent)]
    Drawing(#[from] OverlayError),
    #[error("what it shows cannot be told: {0}")]
    Unknown(ScriptError),
    #[error("the page shows a secret that does not hold still")]
    Moving,
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

#[derive(Serialize)]
struct TextsArgument {
    limit: usize,
}

#[derive(Deserialize)]
struct Texts {
    texts: Option<Vec<String>>,
}

#[derive(Serialize)]
struct BoxesArgument {
    ranges: Vec<TextRange>,
}

#[derive(Serialize)]
struct BoxArgument {
    id: u32,
}

#[derive(Deserialize)]
struct Boxes {
    boxes: Vec<Rect>,
}

/// A PNG without the secrets that the page's texts and fields show.
///
/// # Errors
/// No picture could be taken, or none that is known to be without them.
pub(crate) async fn capture(
    reader: FrameReader<'_>,
    main: &Document,
    masker: &Arc<Masker>,
) -> Result<Image, ScreenshotError> {
    for _ in 0..ATTEMPTS {
        let before = boxes(reader, main, masker).await?;
        let picture = screenshot::capture(&main.session, ImageFormat::Png, reader.limit).await?;
        if boxes(reader, main, masker).await? == before {
            return if before.is_empty() { Ok(picture) } else { Ok(overlay::mask(picture, before).await?) };
        }
    }
    Err(ScreenshotError::Moving)
}

/// What has to be covered: the texts themselves in the main document, whole frames otherwise.
async fn boxes(reader: FrameReader<'_>, main: &Document, masker: &Arc<Masker>) -> Result<Vec<Rect>, ScreenshotError> {
    let ranges = ranges(reader, main, masker, MAX_TEXT).await?.ok_or(ScreenshotError::TooMuch)?;
    let mut all = Vec::new();
    if !ranges.is_empty() {
        let (_, Boxes { boxes }) =
            reader.worlds.call(main, "textBoxes", &BoxesArgument { ranges }, reader.limit).await?;
        all.extend(boxes);
    }
    let frames = reader.context.frames_of(main);
    let left = AtomicUsize::new(MAX_FRAMES);
    let covered = join_all(frames.iter().map(|frame| shows_secret(reader, frame, masker, &left, 1))).await;
    for (frame, _) in frames.iter().zip(covered).filter(|(_, shows_secret)| *shows_secret) {
        let owner = match reader.owner(main, frame).await {
            Ok(owner) => owner,
            // Gone by now, and its picture with it.
            Err(_) if !reader.context.frames_of(main).iter().any(|left| left.frame == frame.frame) => continue,
            Err(error) => return Err(error.into()),
        };
        let (_, Boxes { boxes }) =
            reader.worlds.call(main, "elementBox", &BoxArgument { id: owner.0 }, reader.limit).await?;
        all.extend(boxes);
    }
    Ok(all)
}

/// Whether a frame, or one in it, shows a secret or does not say what it shows. As many as are left are asked.
fn shows_secret<'a>(
    reader: FrameReader<'a>,
    frame: &'a Document,
    masker: &'a Arc<Masker>,
    left: &'a AtomicUsize,
    depth: u32,
) -> BoxFuture<'a, bool> {
    async move {
        let reader = FrameReader { limit: reader.limit.min(FRAME_LIMIT), ..reader };
        let is_one_too_many = left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_err();
        if depth > MAX_DEPTH || is_one_too_many {
            return true;
        }
        if !matches!(ranges(reader, frame, masker, MAX_FRAME_TEXT).await, Ok(Some(ranges)) if ranges.is_empty()) {
            return true;
        }
        let inner = reader.context.frames_of(frame);
        join_all(inner.iter().map(|inner| shows_secret(reader, inner, masker, left, depth + 1))).await.contains(&true)
    }
    .boxed()
}

/// The secret ranges of a document's texts; none when it has more than so many characters, or too many ranges.
async fn ranges(
    reader: FrameReader<'_>,
    document: &Document,
    masker: &Arc<Masker>,
    limit: usize,
) -> Result<Option<Vec<TextRange>>, ScriptError> {
    reader.open_closed_trees(document).await?;
    let argument = TextsArgument { limit };
    let (_, Texts { texts }) = reader.worlds.call(document, "shownTexts", &argument, reader.limit).await?;
    let Some(texts) = texts else { return Ok(None) };
    let masker = masker.clone();
    Ok(run_blocking(move || secret_ranges(&texts, &masker)).await)
}

/// The number of a text and the first and last character in UTF-16 of each secret piece; none when there are too many.
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
    fn pieces_are_told_by_the_characters_of_a_page() {
        let texts = ["none".to_owned(), "ü😀 hunter22 😀hunter22".to_owned()];
        assert_eq!(secret_ranges(&texts, &masker()), Some(vec![(1, 4, 12), (1, 15, 23)]));
    }

    #[test]
    fn a_page_that_repeats_a_value_without_end_is_not_pictured() {
        let all = |count: usize| secret_ranges(&["hunter22😀".repeat(count)], &masker());
        assert_eq!(all(MAX_RANGES).map(|ranges| ranges.len()), Some(MAX_RANGES));
        assert_eq!(all(50_000), None);
        let apart = vec!["hunter22".to_owned(); MAX_RANGES + 1];
        assert_eq!(secret_ranges(&apart, &masker()), None);
    }
}
