//! One of the caller's files: `{"name": "cv.pdf", "content": "<base64>"}`.

use agent::files::{FileName, FileNameError, SentFile};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::input::{Input, Parsed, Problems, not_null, object, one, string};
use super::values::too_many_bytes;
use crate::http::error::Problem;

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
    #[schemars(with = "String", length(min = 1, max = 200))]
    name: Option<Parsed<FileName>>,
    /// Base64.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String")]
    content: Option<Parsed<Content>>,
}

struct Content(Vec<u8>);

impl Input for SentFile {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        let FileBody { name, content } = object(value)?;
        let mut problems = Problems::default();
        match (problems.require("name", name), problems.require("content", content)) {
            (Some(name), Some(Content(content))) => Ok(Self { name, content: content.into() }),
            _ => Err(problems.0),
        }
    }
}

impl Input for FileName {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        Self::parse(string(value)?).or_else(|error| match error {
            FileNameError::Empty => one("string_too_short", "String should have at least 1 character"),
            FileNameError::TooLong => too_many_bytes(Self::MAX_BYTES),
            FileNameError::NotPlain => {
                one("value_error", "Value error, a plain file name is needed: no path and no unseen characters")
            }
        })
    }
}

impl Input for Content {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        BASE64.decode(string(value)?).map(Self).or_else(|_| one("base64_decode", "Base64 decoding error"))
    }
}
