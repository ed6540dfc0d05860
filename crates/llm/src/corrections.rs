//! What models turned out not to support, contrary to the table. Remembered for the life of the process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::capabilities::{Capabilities, Family, Feature, Streaming};

/// Features that one model is found not to support. After that a rejected request is an error.
pub(crate) const MAX_CORRECTIONS: u32 = 2;

/// Models remembered per endpoint. The names come from callers, so their number must be limited.
const MAX_MODELS: usize = 256;

/// The models of one endpoint.
pub(crate) struct Corrections {
    families: &'static [Family],
    models: Mutex<HashMap<String, Known>>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    capabilities: Capabilities,
    corrections: u32,
    /// The model has accepted an image.
    images_accepted: bool,
    /// The server has said whether the model takes images.
    images_queried: bool,
}

impl Corrections {
    pub(crate) fn new(families: &'static [Family]) -> Self {
        Self { families, models: Mutex::default() }
    }

    pub(crate) fn capabilities(&self, model: &str) -> Capabilities {
        self.known(model).capabilities
    }

    /// Whether to ask the server about image support before sending an image.
    pub(crate) fn must_query_images(&self, model: &str) -> bool {
        let known = self.known(model);
        known.capabilities.images && !known.images_queried
    }

    pub(crate) fn set_images(&self, model: &str, supported: bool) {
        self.update(model, |known| {
            known.images_queried = true;
            known.capabilities.images &= supported;
        });
    }

    /// Removes `feature` from later requests, since the server rejected it in `sent`. Returns what to send instead;
    /// `None` if the model cannot do without it or has been corrected too often.
    pub(crate) fn correct(&self, model: &str, sent: Capabilities, feature: Feature) -> Option<Capabilities> {
        self.update(model, |known| {
            // A concurrent call may have learned the same.
            if known.capabilities.describe(feature) != sent.describe(feature) {
                return Some(known.capabilities);
            }
            // A model that has accepted an image rejects this image, not images in general.
            let final_rejection = feature == Feature::Images && known.images_accepted;
            if final_rejection || known.corrections == MAX_CORRECTIONS {
                return None;
            }
            known.capabilities = known.capabilities.without(feature)?;
            known.corrections += 1;
            Some(known.capabilities)
        })
    }

    /// Notes that the model answered.
    pub(crate) fn answered(&self, model: &str, sent: Capabilities, with_image: bool, streamed: bool) {
        self.update(model, |known| {
            known.images_accepted |= with_image && sent.images;
            let events = matches!(sent.streaming, Streaming::Events | Streaming::EventsWithUsage);
            if events && !streamed {
                known.capabilities.streaming = Streaming::Off;
            }
        });
    }

    fn known(&self, model: &str) -> Known {
        self.lock().get(model).copied().unwrap_or_else(|| self.assumed(model))
    }

    fn assumed(&self, model: &str) -> Known {
        let capabilities = Family::capabilities(self.families, model);
        Known { capabilities, corrections: 0, images_accepted: false, images_queried: false }
    }

    fn update<T>(&self, model: &str, change: impl FnOnce(&mut Known) -> T) -> T {
        let mut models = self.lock();
        if models.len() >= MAX_MODELS && !models.contains_key(model) {
            models.clear();
        }
        change(models.entry(model.to_owned()).or_insert_with(|| self.assumed(model)))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::OutputMode;
    use crate::openai::PROTOCOL;

    fn corrections() -> (Corrections, Capabilities) {
        let corrections = Corrections::new(PROTOCOL.families);
        let sent = corrections.capabilities("m");
        (corrections, sent)
    }

    #[test]
    fn concurrent_calls_make_the_same_correction_once() {
        let (corrections, sent) = corrections();
        for _ in 0..2 {
            let corrected = corrections.correct("m", sent, Feature::Output).unwrap();
            assert_eq!(corrected, Capabilities { output: OutputMode::JsonMode, ..sent });
        }
    }

    #[test]
    fn a_correction_survives_the_answer_to_another_call() {
        let (corrections, sent) = corrections();
        corrections.correct("m", sent, Feature::Temperature);
        corrections.answered("m", sent, false, true);
        assert!(!corrections.capabilities("m").temperature);
    }

    #[test]
    fn there_are_two_corrections_per_model() {
        let (corrections, sent) = corrections();
        let sent = corrections.correct("m", sent, Feature::Temperature).unwrap();
        let sent = corrections.correct("m", sent, Feature::Output).unwrap();
        assert_eq!(corrections.correct("m", sent, Feature::Output), None);
        assert_eq!(corrections.capabilities("m"), sent);
        assert!(corrections.capabilities("another").temperature);
    }

    #[test]
    fn images_are_dropped_only_for_a_model_that_never_accepted_one() {
        let (corrections, sent) = corrections();
        corrections.answered("m", sent, true, true);
        assert_eq!(corrections.correct("m", sent, Feature::Images), None);
        assert!(corrections.correct("another", sent, Feature::Images).is_some());
    }

    #[test]
    fn the_number_of_models_remembered_is_limited() {
        let (corrections, sent) = corrections();
        for n in 0..10 * MAX_MODELS {
            corrections.answered(&n.to_string(), sent, false, true);
        }
        assert!(corrections.lock().len() <= MAX_MODELS);
    }
}
