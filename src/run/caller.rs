//! Names of callers.

use std::sync::Arc;

/// The name that a caller gives, such as that of a tenant: printable ASCII, so that it is safe in log lines. Unverified: any
/// client with the deployment's key can use any name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CallerId(Arc<str>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a caller's name has 1 to {} printable ASCII characters", CallerId::MAX_BYTES)]
pub struct CallerIdError;

impl CallerId {
    pub const MAX_BYTES: usize = 128;

    /// # Errors
    /// Blank, too long, or with other characters than printable ASCII ones.
    pub fn parse(raw: &[u8]) -> Result<Self, CallerIdError> {
        let printable = |byte: &u8| matches!(byte, b' '..=b'~');
        let raw = std::str::from_utf8(raw).ok().filter(|raw| raw.bytes().all(|byte| printable(&byte)));
        match raw.map(str::trim) {
            Some(name) if (1..=Self::MAX_BYTES).contains(&name.len()) => Ok(Self(name.into())),
            _ => Err(CallerIdError),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_id_is_short_and_printable() {
        for name in ["a", "tenant 7/blue", "~", &"x".repeat(128)] {
            assert_eq!(CallerId::parse(name.as_bytes()).as_ref().map(CallerId::as_str), Ok(name));
        }
        for name in ["", " ", "a\tb", "a\nb", "\u{1b}[31m", "ü", &"x".repeat(129)] {
            assert_eq!(CallerId::parse(name.as_bytes()), Err(CallerIdError), "{name:?}");
        }
    }
}
