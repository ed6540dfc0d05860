//! Which parts of its provider's API a model supports. Few providers say so beforehand; it is found out from what is
//! rejected, once for each model, and remembered for the life of the process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Models remembered at one endpoint. Names come from callers, so there must be an end to them.
const MAX_MODELS: usize = 256;

/// How a request is put. The levels of each part are in the order in which they are given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) form: AnswerForm,
    pub(super) temperature: Presence,
    pub(super) limit: Limit,
    pub(super) stream: Streaming,
    pub(super) images: Presence,
}

/// How the model is held to the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AnswerForm {
    StrictSchema,
    /// The same in the words of OpenAPI 3.0.
    OpenApiSchema,
    /// A tool that the model must call.
    ToolCall,
    /// A tool that the model is asked to call.
    ToolOffer,
    /// Any JSON object; the schema stands in the prompt.
    JsonMode,
    /// Nothing holds it but the prompt.
    Plain,
}

/// What bounds the answer's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Limit {
    Full,
    /// By the field's older name.
    OlderName,
    /// What older models can.
    Small,
    Omitted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Streaming {
    /// With a request for the counts of tokens, where they do not come by themselves.
    Counted,
    Bare,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Presence {
    Sent,
    Omitted,
}

/// A part of the request that a server may not support.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feature {
    Form,
    Temperature,
    Limit,
    Stream,
    Images,
}

impl Feature {
    const ALL: [Self; 5] = [Self::Form, Self::Temperature, Self::Limit, Self::Stream, Self::Images];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Form => "this form of answer",
            Self::Temperature => "a temperature",
            Self::Limit => "this limit of the answer's length",
            Self::Stream => "this way of streaming",
            Self::Images => "pictures",
        }
    }
}

/// What a rejection is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// A part of the request that the model may do without.
    Feature(Feature),
    /// Something no other form of the request would mend.
    Elsewhere,
    /// The server does not name it.
    Unnamed,
}

/// The levels that a provider's API has for each part, the most wanted first; at least one each.
pub(super) struct Ladder {
    pub(super) form: &'static [AnswerForm],
    pub(super) temperature: &'static [Presence],
    pub(super) limit: &'static [Limit],
    pub(super) stream: &'static [Streaming],
    pub(super) images: &'static [Presence],
}

/// A part that is sent until it is rejected.
pub(super) const OPTIONAL: &[Presence] = &[Presence::Sent, Presence::Omitted];

impl Ladder {
    /// The dialect to begin with.
    pub(super) fn top(&self) -> Dialect {
        Dialect {
            form: self.form[0],
            temperature: self.temperature[0],
            limit: self.limit[0],
            stream: self.stream[0],
            images: self.images[0],
        }
    }

    /// The dialect with one feature a level lower; none when it is at its lowest.
    fn lower(&self, mut dialect: Dialect, feature: Feature) -> Option<Dialect> {
        fn below<T: PartialEq + Copy>(levels: &[T], now: T) -> Option<T> {
            let at = levels.iter().position(|level| *level == now)?;
            levels.get(at + 1).copied()
        }
        match feature {
            Feature::Form => dialect.form = below(self.form, dialect.form)?,
            Feature::Temperature => dialect.temperature = below(self.temperature, dialect.temperature)?,
            Feature::Limit => dialect.limit = below(self.limit, dialect.limit)?,
            Feature::Stream => dialect.stream = below(self.stream, dialect.stream)?,
            Feature::Images => dialect.images = below(self.images, dialect.images)?,
        }
        Some(dialect)
    }
}

impl Dialect {
    /// This dialect with one feature as in the other.
    fn with(mut self, feature: Feature, other: Self) -> Self {
        match feature {
            Feature::Form => self.form = other.form,
            Feature::Temperature => self.temperature = other.temperature,
            Feature::Limit => self.limit = other.limit,
            Feature::Stream => self.stream = other.stream,
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
            stream: self.stream.max(other.stream),
            images: self.images.max(other.images),
        }
    }

    /// What this dialect does about a feature, in words that complete a sentence.
    pub(super) fn instead_of(self, feature: Feature) -> &'static str {
        match feature {
            Feature::Form => match self.form {
                AnswerForm::StrictSchema => "asking for the strict schema",
                AnswerForm::OpenApiSchema => "sending the schema in its older form instead",
                AnswerForm::ToolCall => "asking for a tool call instead",
                AnswerForm::ToolOffer => "offering the tool instead",
                AnswerForm::JsonMode => "asking for its JSON mode instead",
                AnswerForm::Plain => "asking for JSON in the prompt instead",
            },
            Feature::Limit => match self.limit {
                Limit::Full => "sending the limit",
                Limit::OlderName => "sending the limit by its older name",
                Limit::Small => "asking for shorter answers",
                Limit::Omitted => "going on without the limit",
            },
            Feature::Stream => match self.stream {
                Streaming::Counted => "asking for a stream with counts",
                Streaming::Bare => "streaming without counts",
                Streaming::Off => "going on without streaming",
            },
            Feature::Temperature => "going on without a temperature",
            Feature::Images => "going on without pictures",
        }
    }
}

/// What is known of one model.
#[derive(Debug, Clone, Copy)]
pub(super) struct Knowledge {
    pub(super) dialect: Dialect,
    proven: Proven,
}

/// What has been seen working in the known dialect; a later rejection that names no cause is not about it.
#[derive(Debug, Clone, Copy, Default)]
struct Proven {
    request: bool,
    images: bool,
    /// Asked at the provider, where it can be.
    eyes: bool,
}

impl Knowledge {
    /// Whether a rejection that names this feature can mean that the model lacks it. A picture rejected after others
    /// were accepted is a bad picture.
    pub(super) fn may_lack(&self, feature: Feature, with_image: bool) -> bool {
        feature != Feature::Images || (with_image && !self.proven.images)
    }

    /// Whether it has to be asked first if the model takes pictures.
    pub(super) fn eyes_unknown(&self) -> bool {
        !self.proven.eyes && self.dialect.images == Presence::Sent
    }

    /// The dialects to try after a rejection that names no cause, each lower than the known one in a single feature, so
    /// that only what the server really rejects is given up.
    pub(super) fn guesses(&self, ladder: &Ladder, with_image: bool) -> Vec<(Feature, Dialect)> {
        let in_doubt = |feature: &Feature| match feature {
            Feature::Images => with_image && !self.proven.images,
            _ => !self.proven.request,
        };
        let levels = |feature: Feature| {
            std::iter::successors(ladder.lower(self.dialect, feature), move |dialect| ladder.lower(*dialect, feature))
                .map(move |dialect| (feature, dialect))
        };
        Feature::ALL.into_iter().filter(in_doubt).flat_map(levels).collect()
    }
}

/// What is known of the models of one endpoint.
pub(super) struct Memory {
    ladder: &'static Ladder,
    models: Mutex<HashMap<String, Knowledge>>,
}

impl Memory {
    pub(super) fn new(ladder: &'static Ladder) -> Self {
        Self { ladder, models: Mutex::default() }
    }

    pub(super) fn recall(&self, model: &str) -> Knowledge {
        self.lock().get(model).copied().unwrap_or_else(|| self.nothing())
    }

    fn nothing(&self) -> Knowledge {
        Knowledge { dialect: self.ladder.top(), proven: Proven::default() }
    }

    /// Remembers that the server rejects, by name, a feature of a dialect it was sent. Gives the dialect to go on with;
    /// none when the feature was at its lowest already.
    pub(super) fn give_up(&self, model: &str, sent: Dialect, feature: Feature) -> Option<Dialect> {
        let lowered = self.ladder.top().with(feature, self.ladder.lower(sent, feature)?);
        let mut models = self.lock();
        let known = self.entry(&mut models, model);
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
        let known = self.entry(&mut models, model);
        // Another call may have learned something else in the meantime.
        known.dialect = known.dialect.common(dialect);
        if known.dialect == dialect {
            known.proven.request = true;
            known.proven.images |= with_image && dialect.images == Presence::Sent;
        }
    }

    /// Remembers that an answer came in one piece although a stream was asked for: the next one is waited for as long as
    /// it takes.
    pub(super) fn does_not_stream(&self, model: &str) {
        if self.ladder.stream.contains(&Streaming::Off) {
            self.entry(&mut self.lock(), model).dialect.stream = Streaming::Off;
        }
    }

    /// Remembers what the provider says about pictures.
    pub(super) fn asked_about_eyes(&self, model: &str, sighted: bool) {
        let mut models = self.lock();
        let known = self.entry(&mut models, model);
        known.proven.eyes = true;
        if !sighted {
            known.dialect.images = Presence::Omitted;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Knowledge>> {
        // Every entry is valid on its own, so a panic elsewhere leaves nothing half done.
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entry<'a>(&self, models: &'a mut HashMap<String, Knowledge>, model: &str) -> &'a mut Knowledge {
        if models.len() >= MAX_MODELS && !models.contains_key(model) {
            // What is forgotten is found out again at the price of a rejected request.
            models.clear();
        }
        models.entry(model.to_owned()).or_insert_with(|| self.nothing())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static LADDER: Ladder = Ladder {
        form: &[AnswerForm::StrictSchema, AnswerForm::ToolCall, AnswerForm::JsonMode, AnswerForm::Plain],
        temperature: OPTIONAL,
        limit: &[Limit::Full, Limit::OlderName, Limit::Omitted],
        stream: &[Streaming::Counted, Streaming::Bare, Streaming::Off],
        images: OPTIONAL,
    };

    #[test]
    fn two_calls_that_learn_the_same_at_once_lower_it_once() {
        let memory = Memory::new(&LADDER);
        let sent = memory.recall("m").dialect;
        for _ in 0..2 {
            let lower = memory.give_up("m", sent, Feature::Form).unwrap();
            assert_eq!(lower, Dialect { form: AnswerForm::ToolCall, ..LADDER.top() });
        }
    }

    #[test]
    fn what_one_call_learns_is_not_undone_by_another_that_worked_without_knowing() {
        let memory = Memory::new(&LADDER);
        let sent = memory.recall("m").dialect;
        memory.give_up("m", sent, Feature::Temperature);
        memory.worked("m", sent, false);
        assert_eq!(memory.recall("m").dialect.temperature, Presence::Omitted);
        let known = memory.recall("m");
        assert!(!known.guesses(&LADDER, false).is_empty(), "the known dialect has not been seen working");
    }

    #[test]
    fn guesses_lower_one_feature_each_and_leave_out_what_has_worked() {
        let memory = Memory::new(&LADDER);
        let features = |with_image| {
            let guesses = memory.recall("m").guesses(&LADDER, with_image);
            guesses.into_iter().map(|(feature, _)| feature).collect::<Vec<_>>()
        };
        use Feature::{Form, Images, Limit, Stream, Temperature};
        assert_eq!(features(true), [Form, Form, Form, Temperature, Limit, Limit, Stream, Stream, Images]);
        memory.worked("m", LADDER.top(), false);
        assert_eq!(features(true), [Images]);
        memory.worked("m", LADDER.top(), true);
        assert_eq!(features(true), []);
    }

    #[test]
    fn models_without_end_are_not_remembered() {
        let memory = Memory::new(&LADDER);
        for n in 0..10 * MAX_MODELS {
            memory.worked(&n.to_string(), LADDER.top(), false);
        }
        assert!(memory.lock().len() <= MAX_MODELS);
    }
}
