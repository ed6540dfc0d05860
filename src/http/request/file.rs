//! One of the caller's files: `{"name": "cv.pdf", "content": "<base64>"}`.

use agent::files::{FileName, FileNameError, SentFile};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::input::{Field, Input, Parsed, Problems, not_null, object, one, too_many_bytes};

/// Callers send it with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["name", "content"]))]
pub(super) struct FileBody {
    /// A plain file name, without a path; unique in the request.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String", length(min = 1, max = FileName::MAX_BYTES))]
    name: Option<Field<String>>,
    /// Base64, with padding or without.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String")]
    content: Option<Field<String>>,
}

impl Input for FileBody {
    fn parse(value: Value) -> Parsed<Self> {
        object(value)
    }
}

pub(super) fn file(body: FileBody) -> Parsed<SentFile> {
    let mut problems = Problems::default();
    let name = problems.required("name", body.name, name);
    let content = problems.required("content", body.content, content);
    problems.finish(name.zip(content).map(|(name, content)| SentFile { name, content: content.into() }))
}

fn name(raw: String) -> Parsed<FileName> {
    FileName::parse(&raw).or_else(|error| match error {
        FileNameError::Empty => one("string_too_short", "String should have at least 1 character"),
        FileNameError::TooLong => too_many_bytes(FileName::MAX_BYTES),
        FileNameError::NotPlain => {
            one("value_error", "Value error, a plain file name is needed: no path and no unseen characters")
        }
    })
}

fn content(raw: String) -> Parsed<Vec<u8>> {
    BASE64.decode(raw).or_else(|_| one("base64_decode", "Base64 decoding error"))
}
