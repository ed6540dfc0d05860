//! Pictures of a page.

use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::page::{CaptureScreenshotFormat, CaptureScreenshotParams};

use agent::image::{Image, ImageFormat};
use cdp::messages::Screenshot;
use cdp::{CdpError, Session};

/// JPEG and WebP quality. At 80 text stays readable and a photo-like page takes some 200 kB.
const QUALITY: i64 = 80;

/// The quality of a picture that was too large.
const LOW_QUALITY: i64 = 40;

/// As [`capture`], of at most so many bytes: one that is larger is taken again as a JPEG of low quality. None when that is
/// still too large.
pub(crate) async fn capture_within(
    session: &Session,
    format: ImageFormat,
    limit: Duration,
    max_bytes: usize,
) -> Result<Option<Image>, CdpError> {
    let taken = capture(session, format, limit).await?;
    if taken.bytes() <= max_bytes {
        return Ok(Some(taken));
    }
    let smaller = CaptureScreenshotParams::builder().format(CaptureScreenshotFormat::Jpeg).quality(LOW_QUALITY).build();
    let taken: Screenshot = session.call_as(smaller, limit).await?;
    Ok(Some(Image { format: ImageFormat::Jpeg, base64: taken.data }).filter(|image| image.bytes() <= max_bytes))
}

/// Takes a picture of the viewport. It waits for a frame, so it takes 33 to 50 ms whatever the page.
pub(crate) async fn capture(session: &Session, format: ImageFormat, limit: Duration) -> Result<Image, CdpError> {
    let capture = CaptureScreenshotParams::builder();
    let capture = match format {
        // Faster by half for a file larger by a tenth.
        ImageFormat::Png => capture.format(CaptureScreenshotFormat::Png).optimize_for_speed(true),
        ImageFormat::Jpeg => capture.format(CaptureScreenshotFormat::Jpeg).quality(QUALITY),
        ImageFormat::Webp => capture.format(CaptureScreenshotFormat::Webp).quality(QUALITY),
    };
    let taken: Screenshot = session.call_as(capture.build(), limit).await?;
    Ok(Image { format, base64: taken.data })
}
