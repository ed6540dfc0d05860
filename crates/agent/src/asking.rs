//! What a run asks a person, and what comes back.

use std::time::SystemTime;

use secrecy::SecretString;
use strum::IntoStaticStr;
use uuid::Uuid;

use crate::secrets::{SecretValue, SecretValueError};

/// The answers to a request for consent.
pub(crate) const CONSENT: [&str; 2] = ["Yes", "No"];

/// What a person is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum InputKind {
    /// Words, or one of the options.
    Question,
    /// Consent to an action.
    Confirm,
    /// A value to type that no model sees.
    Secret,
    /// To do what only a person can.
    Takeover,
}

impl InputKind {
    /// A stable snake_case name, part of the wire contract.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// An open question of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputRequest {
    pub id: Uuid,
    pub kind: InputKind,
    pub prompt: String,
    /// The only answers; none: any.
    pub options: Vec<String>,
    /// The step that waits for the answer.
    pub step: u32,
    /// When the run goes on without an answer.
    pub expires_at: SystemTime,
}

/// A question before it is asked.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) kind: InputKind,
    pub(crate) prompt: String,
    pub(crate) options: Vec<String>,
    pub(crate) step: u32,
}

/// What became of a question.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Given(SecretString),
    /// Nobody answered in time, or has answered the last questions.
    Nobody,
    /// The task that it was asked for was replaced.
    Withdrawn,
}

/// Why an input is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitInput {
    #[error("it is none of the options")]
    NotAnOption,
    #[error("it is empty")]
    Empty,
    #[error("it is longer than {} bytes", InputRequest::MAX_BYTES)]
    TooLong,
    /// It could not be masked or typed.
    #[error("it holds {0}")]
    Secret(SecretValueError),
}

impl InputRequest {
    /// Bytes of an answer in words.
    pub const MAX_BYTES: usize = 32_768;

    /// The answer that an input is.
    pub(crate) fn read(&self, input: &str) -> Result<SecretString, UnfitInput> {
        let trimmed = input.trim();
        if self.kind == InputKind::Secret {
            return SecretValue::parse(input).map(|_| input.into()).map_err(UnfitInput::Secret);
        }
        if trimmed.len() > Self::MAX_BYTES {
            return Err(UnfitInput::TooLong);
        }
        if !self.options.is_empty() {
            let same = |option: &&String| option.trim().to_lowercase() == trimmed.to_lowercase();
            return self.options.iter().find(same).map(|option| option.as_str().into()).ok_or(UnfitInput::NotAnOption);
        }
        // A person who has done what was to be done need not say more.
        if trimmed.is_empty() && self.kind != InputKind::Takeover {
            return Err(UnfitInput::Empty);
        }
        Ok(trimmed.into())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn an_answer_fits_its_question() {
        let request = |kind, options: &[&str]| InputRequest {
            id: Uuid::nil(),
            kind,
            prompt: String::new(),
            options: options.iter().map(|&option| option.to_owned()).collect(),
            step: 1,
            expires_at: SystemTime::UNIX_EPOCH,
        };
        let read = |kind, options: &[&str], input: &str| {
            request(kind, options).read(input).map(|answer| answer.expose_secret().to_owned())
        };
        use InputKind::{Confirm, Question, Secret, Takeover};
        let long = "x".repeat(InputRequest::MAX_BYTES + 1);
        for (kind, options, input, expected) in [
            (Question, &[][..], " blue \n", Ok("blue")),
            (Question, &[], " ", Err(UnfitInput::Empty)),
            (Question, &[], &long, Err(UnfitInput::TooLong)),
            (Question, &["Red", "Blue"], "blue", Ok("Blue")),
            (Question, &["Red", "Blue"], "green", Err(UnfitInput::NotAnOption)),
            (Confirm, &CONSENT, "YES", Ok("Yes")),
            (Confirm, &CONSENT, "", Err(UnfitInput::NotAnOption)),
            (Secret, &[], " hunter22 ", Ok(" hunter22 ")),
            (Secret, &[], "abc", Err(UnfitInput::Secret(SecretValueError::TooShort))),
            (Takeover, &[], "", Ok("")),
        ] {
            assert_eq!(read(kind, options, input), expected.map(str::to_owned), "{kind:?} {options:?}");
        }
    }
}
