//! Viewport screenshots.

use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::page::{CaptureScreenshotFormat, CaptureScreenshotParams};

use agent::image::{Image, ImageFormat};
use cdp::messages::Screenshot;
use cdp::{CdpError, Session};

/// JPEG and WebP quality: text stays readable, and a photo-like page takes some 200 kB.
const QUALITY: i64 = 80;

/// JPEG quality of the second attempt.
const LOW_QUALITY: i64 = 40;

/// Like [`capture`], with a size limit: a larger image is taken again as a JPEG of low quality. None if that is still
/// too large.
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

/// Captures the viewport. Takes 33 to 50 ms, as it waits for a frame.
pub(crate) async fn capture(session: &Session, format: ImageFormat, limit: Duration) -> Result<Image, CdpError> {
    let capture = CaptureScreenshotParams::builder();
    let capture = match format {
        // Twice as fast, for files a tenth larger.
        ImageFormat::Png => capture.format(CaptureScreenshotFormat::Png).optimize_for_speed(true),
        ImageFormat::Jpeg => capture.format(CaptureScreenshotFormat::Jpeg).quality(QUALITY),
        ImageFormat::Webp => capture.format(CaptureScreenshotFormat::Webp).quality(QUALITY),
    };
    let taken: Screenshot = session.call_as(capture.build(), limit).await?;
    Ok(Image { format, base64: taken.data })
}
