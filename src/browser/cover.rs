//! Pictures of pages that may show secrets: what holds one is painted over.
//!
//! The page is asked for its texts, and the values are looked for here: no page learns a value by being pictured.

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use serde::{Deserialize, Serialize};
use std::time::Duration;

use super::cdp::CdpError;
use super::gather::Reader;
use super::labels::{self, LabelError};
use super::screenshot;
use super::world::{Document, ScriptError};
use crate::agent::image::{Image, ImageFormat};
use crate::agent::secrets::Masker;

/// Characters of a document's texts; one with more is not pictured, and a frame with more is covered.
const MAX_TEXT: usize = 2_000_000;
/// For a frame to say what it shows; one that does not is covered.
const FRAME_LIMIT: Duration = Duration::from_secs(1);
/// Frames in frames that are looked into; what lies deeper is covered with what holds it.
const MAX_DEPTH: u32 = 5;
/// Pictures taken of a page on which what has to be covered moves, before it goes without one.
const ATTEMPTS: u32 = 3;

/// `[x, y, width, height]` in the viewport.
type Box4 = [i32; 4];

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PictureError {
    #[error(transparent)]
    Cdp(#[from] CdpError),
    #[error(transparent)]
    Drawing(#[from] LabelError),
    #[error("what it shows cannot be told: {0}")]
    Unknown(ScriptError),
    #[error("the page shows a secret that does not hold still")]
    Moving,
    #[error("the page has too much text to look for secrets")]
    TooMuch,
}

impl From<ScriptError> for PictureError {
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
    /// Number of a text, first and last character in UTF-16.
    pieces: Vec<(usize, usize, usize)>,
}

#[derive(Serialize)]
struct BoxArgument {
    id: u32,
}

#[derive(Deserialize)]
struct Boxes {
    boxes: Vec<Box4>,
}

/// A PNG without the secrets that the page's texts and fields show.
///
/// # Errors
/// No picture could be taken, or none that is known to be without them.
pub(crate) async fn capture(reader: Reader<'_>, main: &Document, masker: &Masker) -> Result<Image, PictureError> {
    for _ in 0..ATTEMPTS {
        let before = boxes(reader, main, masker).await?;
        let picture = screenshot::capture(&main.session, ImageFormat::Png, reader.limit).await?;
        if boxes(reader, main, masker).await? == before {
            return if before.is_empty() { Ok(picture) } else { Ok(labels::cover(picture, before).await?) };
        }
    }
    Err(PictureError::Moving)
}

/// What has to be covered: the texts themselves in the main document, whole frames otherwise.
async fn boxes(reader: Reader<'_>, main: &Document, masker: &Masker) -> Result<Vec<Box4>, PictureError> {
    let pieces = pieces(reader, main, masker).await?.ok_or(PictureError::TooMuch)?;
    let mut all = Vec::new();
    if !pieces.is_empty() {
        let (_, Boxes { boxes }) =
            reader.worlds.call(main, "hands.boxesOfTexts", &BoxesArgument { pieces }, reader.limit).await?;
        all.extend(boxes);
    }
    let frames = reader.context.frames_of(main);
    let covered = join_all(frames.iter().map(|frame| holds(reader, frame, masker, 1))).await;
    for (frame, _) in frames.iter().zip(covered).filter(|(_, holds)| *holds) {
        let owner = match reader.owner(main, frame).await {
            Ok(owner) => owner,
            // Gone by now, and its picture with it.
            Err(_) if !reader.context.frames_of(main).iter().any(|left| left.frame == frame.frame) => continue,
            Err(error) => return Err(error.into()),
        };
        let (_, Boxes { boxes }) =
            reader.worlds.call(main, "hands.boxOf", &BoxArgument { id: owner.0 }, reader.limit).await?;
        all.extend(boxes);
    }
    Ok(all)
}

/// Whether a frame, or one in it, shows a secret or does not say what it shows.
fn holds<'a>(reader: Reader<'a>, frame: &'a Document, masker: &'a Masker, depth: u32) -> BoxFuture<'a, bool> {
    async move {
        let reader = Reader { limit: reader.limit.min(FRAME_LIMIT), ..reader };
        if depth > MAX_DEPTH || !matches!(pieces(reader, frame, masker).await, Ok(Some(pieces)) if pieces.is_empty()) {
            return true;
        }
        let inner = reader.context.frames_of(frame);
        join_all(inner.iter().map(|inner| holds(reader, inner, masker, depth + 1))).await.contains(&true)
    }
    .boxed()
}

/// The secret pieces of a document's texts; none when there is too much text.
async fn pieces(
    reader: Reader<'_>,
    document: &Document,
    masker: &Masker,
) -> Result<Option<Vec<(usize, usize, usize)>>, ScriptError> {
    reader.open_closed_trees(document).await?;
    let argument = TextsArgument { limit: MAX_TEXT };
    let (_, Texts { texts }) = reader.worlds.call(document, "hands.shownTexts", &argument, reader.limit).await?;
    let Some(texts) = texts else { return Ok(None) };
    let in_text = |(number, text): (usize, &String)| -> Vec<(usize, usize, usize)> {
        let units = |end: usize| text[..end].encode_utf16().count();
        masker.places(text).into_iter().map(|place| (number, units(place.start), units(place.end))).collect()
    };
    Ok(Some(texts.iter().enumerate().flat_map(in_text).collect()))
}
