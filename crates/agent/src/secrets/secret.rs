//! Names and values of secrets.

use std::time::SystemTime;

use secrecy::{ExposeSecret, SecretString};

use super::totp::TotpSeed;
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
pub struct SecretValue(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Text(SecretString),
    /// What is typed is the code of the moment.
    Totp(TotpSeed),
}

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
    #[error("no seed of one-time codes: {} to {} bytes in base32", TotpSeed::MIN_BYTES, TotpSeed::MAX_BYTES)]
    Seed,
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
            Ok(Self(Kind::Text(raw.to_owned().into())))
        }
    }

    /// The seed of one-time codes (RFC 6238: six digits, 30 s, SHA-1), in base32.
    ///
    /// # Errors
    /// It is none.
    pub fn totp(seed: &str) -> Result<Self, SecretValueError> {
        TotpSeed::parse(seed).map(|seed| Self(Kind::Totp(seed))).ok_or(SecretValueError::Seed)
    }

    /// What must not be shown: for one-time codes the seed.
    pub(super) fn expose(&self) -> &str {
        match &self.0 {
            Kind::Text(text) => text.expose_secret(),
            Kind::Totp(seed) => seed.expose(),
        }
    }

    /// The seed, if what is typed is a one-time code.
    pub(super) fn seed(&self) -> Option<&TotpSeed> {
        match &self.0 {
            Kind::Text(_) => None,
            Kind::Totp(seed) => Some(seed),
        }
    }

    /// What is typed at a moment.
    pub(super) fn typed(&self, at: SystemTime) -> SecretString {
        match &self.0 {
            Kind::Text(text) => text.clone(),
            Kind::Totp(seed) => seed.code(at),
        }
    }
}
