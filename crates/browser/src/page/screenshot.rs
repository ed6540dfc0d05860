//! Screenshots of the viewport within their limits: redacted, and with indices drawn on if configured.

use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::page::{CaptureScreenshotFormat, CaptureScreenshotParams};

use super::BrowserPage;
use super::overlay::{self, OverlayError};
use super::redaction::{self, ScreenshotError};
use crate::isolated_world::Document;
use crate::observe::element_map::ElementMap;
use crate::observe::frame_reader::FrameReader;
use crate::wait::capture::capture;
use agent::image::{Image, ImageFormat};
use cdp::messages::Screenshot;

/// JPEG quality of the second attempt.
const LOW_QUALITY: i64 = 40;

impl BrowserPage {
    /// A screenshot within the size limit and without secrets; none if it would be too large.
    pub(super) async fn screenshot(
        &self,
        document: &Document,
        asked: ImageFormat,
        limit: Duration,
    ) -> Result<Option<Image>, ScreenshotError> {
        let (session, settings) = (&document.session, &self.context.browser().settings);
        let is_small = |image: &Image| image.bytes() <= settings.max_screenshot_bytes;
        if let Some(masker) = self.spec.secrets.masker() {
            // Redaction needs a PNG.
            let reader = FrameReader { context: &self.context, worlds: &self.worlds, limit };
            return Ok(Some(redaction::capture_redacted(reader, document, &masker).await?).filter(is_small));
        }
        if settings.screenshot_marks {
            // The overlay needs a PNG; its size is checked afterwards.
            return Ok(Some(capture(session, ImageFormat::Png, limit).await?));
        }
        let taken = match self.early_capture(document).await {
            Some(taken) => taken,
            None => capture(session, asked, limit).await?,
        };
        if is_small(&taken) {
            return Ok(Some(taken));
        }
        let smaller =
            CaptureScreenshotParams::builder().format(CaptureScreenshotFormat::Jpeg).quality(LOW_QUALITY).build();
        let taken: Screenshot = session.call_as(smaller, limit).await?;
        Ok(Some(Image { format: ImageFormat::Jpeg, base64: taken.data }).filter(is_small))
    }

    /// The capture that was taken while the page settled, if it still shows the page.
    async fn early_capture(&self, document: &Document) -> Option<Image> {
        let early = self.early_capture.as_ref()?;
        let number = self.context.tabs().active()?.activity.counts().documents;
        early.take(document, number).await
    }

    pub(super) fn too_large(&self) -> String {
        let most = self.context.browser().settings.max_screenshot_bytes;
        format!("No screenshot could be taken: it would have more than {most} bytes.")
    }

    /// Draws the indices of the last view, if configured.
    pub(super) async fn annotated(&self, picture: Image, elements: &ElementMap) -> Result<Image, OverlayError> {
        if !self.context.browser().settings.screenshot_marks {
            return Ok(picture);
        }
        overlay::draw_boxes(picture, elements.index_boxes()).await
    }
}
