//! The caller's secrets: `{"https://shop.example": {"password": "..."}}`. Locations contain numbers instead of keys: a
//! caller that confuses names and values must not get a value back.

use agent::secrets::{OriginSecrets, SecretName, SecretValue, SecretValueError, Secrets, SecretsError};
use serde_json::{Map, Value};

use super::input::{Parsed, one, string, too_many_bytes};

pub(super) fn secrets(value: &Value) -> Parsed<Secrets> {
    let (mut all, mut problems) = (Vec::new(), Vec::new());
    for (number, (origin, values)) in dictionary(value, Secrets::MAX_ORIGINS)?.iter().enumerate() {
        match of_origin(origin, values) {
            Ok(secrets) => all.push(secrets),
            Err(found) => problems.extend(found.into_iter().map(|problem| problem.within(number))),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Secrets::new(all).or_else(|error| {
        let kind = match error {
            SecretsError::TooManyOrigins | SecretsError::TooMany => "too_long",
            SecretsError::SameOrigin | SecretsError::NameHoldsValue => "value_error",
        };
        one(kind, format!("Value error, {error}"))
    })
}

fn dictionary(value: &Value, max: usize) -> Parsed<&Map<String, Value>> {
    match value {
        Value::Object(object) if object.len() <= max => Ok(object),
        Value::Object(_) => one("too_long", format!("Dictionary should have at most {max} items")),
        _ => one("dict_type", "Input should be a valid dictionary"),
    }
}

fn of_origin(origin: &str, values: &Value) -> Parsed<OriginSecrets> {
    let mut problems = Vec::new();
    let origin = origin.parse().or_else(|error| one("value_error", format!("Value error, {error}")));
    let origin = origin.map_err(|found| problems.extend(found)).ok();
    let mut named = Vec::new();
    match dictionary(values, Secrets::MAX_COUNT) {
        Err(found) => problems.extend(found),
        Ok(values) => {
            for (number, (raw_name, raw_value)) in values.iter().enumerate() {
                match (name(raw_name), secret(raw_value)) {
                    (Ok(name), Ok(value)) => named.push((name, value)),
                    (name, value) => {
                        let found = name.err().into_iter().chain(value.err()).flatten();
                        problems.extend(found.map(|problem| problem.within(number)));
                    }
                }
            }
        }
    }
    match origin {
        Some(origin) if problems.is_empty() => Ok(OriginSecrets { origin, values: named }),
        _ => Err(problems),
    }
}

fn name(raw: &str) -> Parsed<SecretName> {
    SecretName::parse(raw).or_else(|error| one("value_error", format!("Value error, {error}")))
}

fn secret(value: &Value) -> Parsed<SecretValue> {
    SecretValue::parse(string(value)?).or_else(|error| match error {
        SecretValueError::TooShort => one(
            "string_too_short",
            format!("String should have at least {} characters apart from blanks", SecretValue::MIN_CHARS),
        ),
        SecretValueError::TooLong => too_many_bytes(SecretValue::MAX_BYTES),
        SecretValueError::Control | SecretValueError::Placeholder => {
            one("value_error", format!("Value error, it holds {error}"))
        }
    })
}
