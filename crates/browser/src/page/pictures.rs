//! Screenshots within their limits: redacted, and with indices drawn on if configured.

use std::time::Duration;

use super::overlay::{self, OverlayError};
use super::redaction::{self, ScreenshotError};
use super::{BrowserPage, screenshot};
use crate::isolated_world::Document;
use crate::observe::element_map::ElementMap;
use crate::observe::frame_reader::FrameReader;
use agent::image::{Image, ImageFormat};

impl BrowserPage {
    /// A screenshot within the size limit and without secrets; none if it would be too large.
    pub(super) async fn screenshot(
        &self,
        document: &Document,
        asked: ImageFormat,
        limit: Duration,
    ) -> Result<Option<Image>, ScreenshotError> {
        let (session, settings) = (&document.session, &self.context.browser().settings);
        if let Some(masker) = self.spec.secrets.masker() {
            // Redaction needs a PNG.
            let reader = FrameReader { context: &self.context, worlds: &self.worlds, limit };
            let picture = redaction::capture(reader, document, masker).await?;
            return Ok(Some(picture).filter(|picture| picture.bytes() <= settings.max_screenshot_bytes));
        }
        if settings.screenshot_marks {
            // The overlay needs a PNG; its size is checked afterwards.
            return Ok(Some(screenshot::capture(session, self.format(asked), limit).await?));
        }
        Ok(screenshot::capture_within(session, self.format(asked), limit, settings.max_screenshot_bytes).await?)
    }

    pub(super) fn too_large(&self) -> String {
        let most = self.context.browser().settings.max_screenshot_bytes;
        format!("No screenshot could be taken: it would have more than {most} bytes.")
    }

    pub(super) fn format(&self, asked: ImageFormat) -> ImageFormat {
        if self.context.browser().settings.screenshot_marks { ImageFormat::Png } else { asked }
    }

    /// Draws the indices of the last view, if configured.
    pub(super) async fn annotated(&self, picture: Image, elements: &ElementMap) -> Result<Image, OverlayError> {
        if !self.context.browser().settings.screenshot_marks {
            return Ok(picture);
        }
        overlay::draw_boxes(picture, elements.index_boxes()).await
    }
}
