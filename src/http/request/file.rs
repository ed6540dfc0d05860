//! One of the caller's files: `{"name": "cv.pdf", "content": "<base64>"}`.

use agent::files::{FileName, FileNameError, SentFile};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::input::{Fields, Parsed, one, string, too_many_bytes};

/// Callers send it with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn file(value: &Value) -> Parsed<SentFile> {
    let mut fields = Fields::of(value, &["name", "content"])?;
    let (name, content) = (fields.required("name", name), fields.required("content", content));
    fields.finish(name.zip(content).map(|(name, content)| SentFile { name, content: content.into() }))
}

fn name(value: &Value) -> Parsed<FileName> {
    FileName::parse(string(value)?).or_else(|error| match error {
        FileNameError::Empty => one("string_too_short", "String should have at least 1 character"),
        FileNameError::TooLong => too_many_bytes(FileName::MAX_BYTES),
        FileNameError::NotPlain => {
            one("value_error", "Value error, a plain file name is needed: no path and no unseen characters")
        }
    })
}

fn content(value: &Value) -> Parsed<Vec<u8>> {
    BASE64.decode(string(value)?).or_else(|_| one("base64_decode", "Base64 decoding error"))
}
