//! The caller's files, as the body has them: `{"name": "cv.pdf", "content": "<base64>"}`.

use std::collections::HashSet;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::error::{Place, Problem};
use super::fields::{Fields, Wrong, string, wrong};
use agent::files::{FileName, FileNameError, SentFile};

/// Files of one request; their size is bounded by the body's.
const MAX_COUNT: usize = 20;
/// Callers write it with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Every problem of every file is told.
pub(super) fn files(value: &Value, at: Place) -> Result<Vec<SentFile>, Vec<Problem>> {
    let Value::Array(list) = value else {
        return Err(vec![Problem::at(at, "list_type", "Input should be a valid list")]);
    };
    if list.len() > MAX_COUNT {
        return Err(vec![Problem::at(at, "too_long", format!("List should have at most {MAX_COUNT} items"))]);
    }
    let mut files = Vec::with_capacity(list.len());
    let mut names = HashSet::new();
    let mut problems = Vec::new();
    for (index, value) in list.iter().enumerate() {
        match file(value, at.number(index), &mut names) {
            Ok(file) => files.push(file),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

fn file(value: &Value, at: Place, names: &mut HashSet<FileName>) -> Result<SentFile, Vec<Problem>> {
    let Value::Object(object) = value else {
        return Err(vec![Problem::at(at, "dict_type", "Input should be a valid dictionary")]);
    };
    let mut fields = Fields::at(at, object);
    let name = fields.required("name", name);
    if name.as_ref().is_some_and(|name| !names.insert(name.clone())) {
        fields.problem("name", "value_error", "Value error, another file has this name");
    }
    let content = fields.required("content", content);
    match (name, content) {
        (Some(name), Some(content)) if fields.problems.is_empty() => Ok(SentFile { name, content: content.into() }),
        _ => Err(fields.problems),
    }
}

fn name(value: &Value) -> Result<FileName, Wrong> {
    FileName::parse(string(value)?).or_else(|error| match error {
        FileNameError::Empty => wrong("string_too_short", "String should have at least 1 character"),
        FileNameError::TooLong => {
            wrong("string_too_long", format!("String should have at most {} bytes", FileName::MAX_BYTES))
        }
        FileNameError::NotPlain => {
            wrong("value_error", "Value error, a plain file name is needed: no path and no unseen characters")
        }
    })
}

fn content(value: &Value) -> Result<Vec<u8>, Wrong> {
    BASE64.decode(string(value)?).or_else(|_| wrong("base64_decode", "Base64 decoding error"))
}
