//! Saves the steps' screenshots as files.

use std::path::PathBuf;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use agent::image::Image;

/// A folder for the screenshots of one run.
pub(super) struct Screenshots {
    folder: PathBuf,
}

impl Screenshots {
    /// Creates the folder if missing.
    pub(super) fn new(folder: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// Writes `step-01.png` and so on, overwriting earlier files.
    pub(super) async fn save(&self, step: u32, image: &Image) -> anyhow::Result<()> {
        let file = self.folder.join(format!("step-{step:02}.{}", image.format.extension()));
        let bytes = STANDARD.decode(image.base64.as_bytes()).context("a screenshot is not base64")?;
        tokio::fs::write(&file, bytes).await.with_context(|| format!("cannot write {}", file.display()))
    }
}
