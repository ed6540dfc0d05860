//! Decides whether the planner gets a picture of the page, and takes it.

use super::state::AgentLoop;
use crate::action::Action;
use crate::image::Image;
use crate::planner::last_decided;
use crate::report::AgentError;
use crate::settings::Vision;

/// A view with less text and fewer elements says too little: a picture may say more.
const SPARSE_TEXT: usize = 200;
const SPARSE_ELEMENTS: usize = 3;
/// Percent of the viewport covered by pictures without words, above which the text does not stand for the page.
const WORDLESS: u8 = 25;

impl AgentLoop {
    /// The picture for the next decision, if it should have one. A page that cannot be captured is decided on by its
    /// text.
    pub(super) async fn picture(&mut self) -> Result<Option<Image>, AgentError> {
        let requested = self.is_picture_requested();
        let wanted = match self.settings.vision {
            Vision::Never => false,
            Vision::Always => true,
            Vision::Auto => requested || self.says_too_little(),
        };
        if !wanted {
            return Ok(None);
        }
        match self.page.picture().await {
            Ok(picture) => {
                let current = (self.observation.view.fingerprint, picture);
                let repeats = self.last_picture.as_ref() == Some(&current);
                let (_, picture) = self.last_picture.insert(current);
                let is_needed = !repeats || requested || self.settings.vision == Vision::Always;
                Ok(is_needed.then(|| picture.clone()))
            }
            Err(error) if error.is_fatal() => Err(error.into()),
            Err(error) => {
                tracing::debug!(%error, "no picture for the model");
                Ok(None)
            }
        }
    }

    fn is_picture_requested(&self) -> bool {
        last_decided(&self.history)
            .is_some_and(|step| step.results.iter().any(|result| result.action == Action::Screenshot {}))
    }

    fn says_too_little(&self) -> bool {
        let view = &self.observation.view;
        let sparse = view.elements.len() < SPARSE_ELEMENTS && view.text.len() < SPARSE_TEXT;
        // A blank tab and an unreadable page have nothing to show.
        self.observation.url.starts_with("http") && (sparse || view.wordless >= WORDLESS)
    }
}
