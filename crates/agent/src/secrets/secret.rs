//! Names and values of secrets.

use secrecy::{ExposeSecret, SecretString};

use super::{CLOSE, OPEN};
use crate::prompt::fence::is_unseen;

/// A secret's name in placeholders: 1 to 64 ASCII letters, digits, `_`, `.` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretName(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no name: 1 to {} ASCII letters, digits, '_', '.' and '-'", SecretName::MAX_LENGTH)]
pub struct SecretNameError;

impl SecretName {
    pub const MAX_LENGTH: usize = 64;

    pub fn parse(raw: &str) -> Result<Self, SecretNameError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        let is_name = !raw.is_empty() && raw.len() <= Self::MAX_LENGTH && raw.bytes().all(is_plain);
        if is_name { Ok(Self(raw.to_owned())) } else { Err(SecretNameError) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn placeholder(&self) -> String {
        format!("{OPEN}{}{CLOSE}", self.0)
    }
}

/// A value to type. `Debug` does not print it.
#[derive(Debug, Clone)]
pub struct SecretValue(SecretString);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretValueError {
    /// Masking a letter or two everywhere would spoil the texts, and the gaps would reveal it.
    #[error("fewer than {} characters apart from blanks", SecretValue::MIN_CHARS)]
    TooShort,
    #[error("more than {} bytes", SecretValue::MAX_BYTES)]
    TooLong,
    /// Fields do not accept them, or they would act as keys.
    #[error("control characters or line breaks")]
    Control,
    #[error("a placeholder")]
    Placeholder,
}

impl SecretValue {
    /// Apart from blanks and invisible characters.
    pub const MIN_CHARS: usize = 4;
    pub const MAX_BYTES: usize = 1_024;

    pub fn parse(raw: &str) -> Result<Self, SecretValueError> {
        if raw.chars().filter(|c| !c.is_whitespace() && !is_unseen(*c)).count() < Self::MIN_CHARS {
            Err(SecretValueError::TooShort)
        } else if raw.len() > Self::MAX_BYTES {
            Err(SecretValueError::TooLong)
        } else if raw.chars().any(char::is_control) {
            Err(SecretValueError::Control)
        } else if raw.contains(OPEN) || raw.contains(CLOSE) {
            Err(SecretValueError::Placeholder)
        } else {
            Ok(Self(raw.to_owned().into()))
        }
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}
