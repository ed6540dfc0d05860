//! Which parts of the API a model supports. No endpoint says so beforehand; it is found out from what it rejects, once
//! for each model, and remembered for the life of the process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Models remembered at one endpoint. Names come from callers, so there must be an end to them.
const MAX_MODELS: usize = 256;

/// How a request is put. Each part goes from the most wanted level to the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Dialect {
    pub(super) form: AnswerForm,
    pub(super) temperature: Presence,
    pub(super) limit: LimitField,
    pub(super) images: Presence,
}

/// How the model is held to the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum AnswerForm {
    #[default]
    StrictSchema,
    ToolCall,
    /// Any JSON object; the schema stands in the prompt.
    JsonMode,
    /// Nothing holds it but the prompt.
    Plain,
}

/// The field that bounds the answer's length: the current one, its predecessor, none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum LimitField {
    #[default]
    MaxCompletionTokens,
    MaxTokens,
    Omitted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Presence {
    #[default]
    Sent,
    Omitted,
}

/// A part of the request that a server may not support.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feature {
    Form,
    Temperature,
    Limit,
    Images,
}

impl Feature {
    const ALL: [Self; 4] = [Self::Form, Self::Temperature, Self::Limit, Self::Images];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Form => "this form of answer",
            Self::Temperature => "a temperature",
            Self::Limit => "this limit of the answer's length",
            Self::Images => "pictures",
        }
    }
}

impl Dialect {
    /// The dialect with one feature a level lower; none when it is at its lowest.
    fn lower(self, feature: Feature) -> Option<Self> {
        let mut lower = self;
        match feature {
            Feature::Form => {
                lower.form = match self.form {
                    AnswerForm::StrictSchema => AnswerForm::ToolCall,
                    AnswerForm::ToolCall => AnswerForm::JsonMode,
                    AnswerForm::JsonMode | AnswerForm::Plain => AnswerForm::Plain,
                }
            }
            Feature::Limit => {
                lower.limit = match self.limit {
                    LimitField::MaxCompletionTokens => LimitField::MaxTokens,
                    LimitField::MaxTokens | LimitField::Omitted => LimitField::Omitted,
                }
            }
            Feature::Temperature => lower.temperature = Presence::Omitted,
            Feature::Images => lower.images = Presence::Omitted,
        }
        (lower != self).then_some(lower)
    }

    /// This dialect with one feature as in the other.
    fn with(mut self, feature: Feature, other: Self) -> Self {
        match feature {
            Feature::Form => self.form = other.form,
            Feature::Temperature => self.temperature = other.temperature,
            Feature::Limit => self.limit = other.limit,
            Feature::Images => self.images = other.images,
        }
        self
    }

    /// What both dialects suppose.
    fn common(self, other: Self) -> Self {
        Self {
            form: self.form.max(other.form),
            temperature: self.temperature.max(other.temperature),
            limit: self.limit.max(other.limit),
            images: self.images.max(other.images),
        }
    }

    /// What this dialect does about a feature, in words that complete a sentence.
    pub(super) fn instead_of(self, feature: Feature) -> &'static str {
        match feature {
            Feature::Form => match self.form {
                AnswerForm::StrictSchema => "asking for the strict schema",
                AnswerForm::ToolCall => "asking for a tool call instead",
                AnswerForm::JsonMode => "asking for its JSON mode instead",
                AnswerForm::Plain => "asking for JSON in the prompt instead",
            },
            Feature::Limit => match self.limit {
                LimitField::MaxCompletionTokens => "sending the limit",
                LimitField::MaxTokens => "sending the limit by its older name",
                LimitField::Omitted => "going on without the limit",
            },
            Feature::Temperature => "going on without a temperature",
            Feature::Images => "going on without pictures",
        }
    }
}

/// What is known of one model.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Knowledge {
    pub(super) dialect: Dialect,
    proven: Proven,
}

/// What has been seen working in the known dialect; a later rejection that names no cause is not about it.
#[derive(Debug, Clone, Copy, Default)]
struct Proven {
    request: bool,
    images: bool,
}

impl Knowledge {
    /// Whether a rejection that names this feature can mean that the model lacks it. A picture rejected after others
    /// were accepted is a bad picture.
    pub(super) fn may_lack(&self, feature: Feature, with_image: bool) -> bool {
        feature != Feature::Images || (with_image && !self.proven.images)
    }

    /// The dialects to try after a rejection that names no cause, each lower than the known one in a single feature, so
    /// that only what the server really rejects is given up.
    pub(super) fn guesses(&self, with_image: bool) -> Vec<(Feature, Dialect)> {
        let in_doubt = |feature: &Feature| match feature {
            Feature::Images => with_image && !self.proven.images,
            _ => !self.proven.request,
        };
        let levels = |feature: Feature| {
            std::iter::successors(self.dialect.lower(feature), move |dialect| dialect.lower(feature))
                .map(move |dialect| (feature, dialect))
        };
        Feature::ALL.into_iter().filter(in_doubt).flat_map(levels).collect()
    }
}

/// What is known of the models of one endpoint.
#[derive(Default)]
pub(super) struct Memory {
    models: Mutex<HashMap<String, Knowledge>>,
}

impl Memory {
    pub(super) fn recall(&self, model: &str) -> Knowledge {
        self.lock().get(model).copied().unwrap_or_default()
    }

    /// Remembers that the server rejects, by name, a feature of a dialect it was sent. Gives the dialect to go on with;
    /// none when the feature was at its lowest already.
    pub(super) fn give_up(&self, model: &str, sent: Dialect, feature: Feature) -> Option<Dialect> {
        let lowered = Dialect::default().with(feature, sent.lower(feature)?);
        let mut models = self.lock();
        let known = entry(&mut models, model);
        // Another call may have learned the same in the meantime; then there is nothing left to lower.
        let dialect = known.dialect.common(lowered);
        if dialect != known.dialect {
            known.dialect = dialect;
            known.proven.request = false;
        }
        Some(dialect)
    }

    /// Remembers that a dialect got an answer.
    pub(super) fn worked(&self, model: &str, dialect: Dialect, with_image: bool) {
        let mut models = self.lock();
        let known = entry(&mut models, model);
        // Another call may have learned something else in the meantime.
        known.dialect = known.dialect.common(dialect);
        if known.dialect == dialect {
            known.proven.request = true;
            known.proven.images |= with_image && dialect.images == Presence::Sent;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Knowledge>> {
        // Every entry is valid on its own, so a panic elsewhere leaves nothing half done.
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry<'a>(models: &'a mut HashMap<String, Knowledge>, model: &str) -> &'a mut Knowledge {
    if models.len() >= MAX_MODELS && !models.contains_key(model) {
        // What is forgotten is found out again at the price of a rejected request.
        models.clear();
    }
    models.entry(model.to_owned()).or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_calls_that_learn_the_same_at_once_lower_it_once() {
        let memory = Memory::default();
        let sent = memory.recall("m").dialect;
        for _ in 0..2 {
            let lower = memory.give_up("m", sent, Feature::Form).unwrap();
            assert_eq!(lower, Dialect { form: AnswerForm::ToolCall, ..Dialect::default() });
        }
    }

    #[test]
    fn what_one_call_learns_is_not_undone_by_another_that_worked_without_knowing() {
        let memory = Memory::default();
        let sent = memory.recall("m").dialect;
        memory.give_up("m", sent, Feature::Temperature);
        memory.worked("m", sent, false);
        assert_eq!(memory.recall("m").dialect.temperature, Presence::Omitted);
        assert!(!memory.recall("m").guesses(false).is_empty(), "the known dialect has not been seen working");
    }

    #[test]
    fn guesses_lower_one_feature_each_and_leave_out_what_has_worked() {
        let memory = Memory::default();
        let features = |with_image| {
            let guesses = memory.recall("m").guesses(with_image);
            guesses.into_iter().map(|(feature, _)| feature).collect::<Vec<_>>()
        };
        use Feature::{Form, Images, Limit, Temperature};
        assert_eq!(features(true), [Form, Form, Form, Temperature, Limit, Limit, Images]);
        memory.worked("m", Dialect::default(), false);
        assert_eq!(features(true), [Images]);
        memory.worked("m", Dialect::default(), true);
        assert_eq!(features(true), []);
    }

    #[test]
    fn models_without_end_are_not_remembered() {
        let memory = Memory::default();
        for n in 0..10 * MAX_MODELS {
            memory.worked(&n.to_string(), Dialect::default(), false);
        }
        assert!(memory.lock().len() <= MAX_MODELS);
    }
}
