//! Captures of the viewport. Chromium answers with the next frame, and a page that settles waits for the same one.

use std::sync::Mutex;
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::page::{CaptureScreenshotFormat, CaptureScreenshotParams};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::isolated_world::Document;
use crate::process::panics::lock;
use agent::image::{Image, ImageFormat};
use cdp::messages::Screenshot;
use cdp::{CdpError, Session};

/// JPEG and WebP quality: text stays readable, and a photo-like page takes some 200 kB.
const QUALITY: i64 = 80;

/// How long after the page has settled an early capture still shows it.
const MAX_AGE: Duration = Duration::from_millis(100);

/// Captures the viewport. The command is sent at once. Takes 33 to 50 ms, as it waits for a frame.
pub(crate) fn capture(
    session: &Session,
    format: ImageFormat,
    limit: Duration,
) -> impl Future<Output = Result<Image, CdpError>> + use<> {
    let capture = CaptureScreenshotParams::builder();
    let capture = match format {
        // Twice as fast, for files a tenth larger.
        ImageFormat::Png => capture.format(CaptureScreenshotFormat::Png).optimize_for_speed(true),
        ImageFormat::Jpeg => capture.format(CaptureScreenshotFormat::Jpeg).quality(QUALITY),
        ImageFormat::Webp => capture.format(CaptureScreenshotFormat::Webp).quality(QUALITY),
    };
    let taken = session.call_as::<Screenshot, _>(capture.build(), limit);
    async move { Ok(Image { format, base64: taken.await?.data }) }
}

/// A capture requested when the page began to settle. It counts only if nothing changed from then on.
pub(crate) struct EarlyCapture {
    format: ImageFormat,
    limit: Duration,
    pending: Mutex<Option<Pending>>,
}

struct Pending {
    capture: BoxFuture<'static, Result<Image, CdpError>>,
    document: Document,
    /// When the document turned out not to have changed, and its number in the tab.
    confirmed: Option<(Instant, u64)>,
}

impl EarlyCapture {
    pub(crate) fn new(format: ImageFormat, limit: Duration) -> Self {
        Self { format, limit, pending: Mutex::default() }
    }

    /// Requests a capture of a document that begins to settle, in place of any earlier one.
    pub(crate) fn request(&self, document: &Document) {
        let capture = capture(&document.session, self.format, self.limit).boxed();
        self.set(Some(Pending { capture, document: document.clone(), confirmed: None }));
    }

    /// The document has settled and did not change meanwhile.
    pub(crate) fn confirm(&self, number: u64) {
        if let Some(pending) = &mut *lock(&self.pending) {
            pending.confirmed = Some((Instant::now(), number));
        }
    }

    pub(crate) fn discard(&self) {
        self.set(None);
    }

    /// The capture, if it shows the document as it is now. None if it failed.
    pub(crate) async fn take(&self, document: &Document, number: u64) -> Option<Image> {
        let pending = lock(&self.pending).take()?;
        let (at, before) = pending.confirmed?;
        let is_same = pending.document.is(document) && before == number && at.elapsed() <= MAX_AGE;
        if is_same { pending.capture.await.ok() } else { None }
    }

    fn set(&self, pending: Option<Pending>) {
        *lock(&self.pending) = pending;
    }
}
