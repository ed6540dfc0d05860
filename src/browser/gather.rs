//! Reads a page: every document of it that can be asked.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;

use super::observe::{FrameKey, FrameReading, Reading};
use super::world::{Document, ScriptError, Worlds};

/// A reading, and where each of its documents is asked.
pub(crate) struct Gathered {
    pub(crate) page: FrameReading,
    pub(crate) documents: HashMap<FrameKey, Document>,
}

/// The reading script's own defaults.
#[derive(Serialize)]
struct ReadOptions {}

/// Reads a tab's main document.
pub(crate) async fn gather(worlds: &Worlds, main: &Document, limit: Duration) -> Result<Gathered, ScriptError> {
    let (key, json): (_, String) = worlds.call(main, "__eyes.read", &ReadOptions {}, limit).await?;
    let reading = Reading::parse(&json).map_err(|error| ScriptError::Threw(error.to_string()))?;
    let documents = HashMap::from([(key, main.clone())]);
    Ok(Gathered { page: FrameReading::leaf(key, reading), documents })
}
