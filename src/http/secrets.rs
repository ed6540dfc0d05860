//! The caller's secrets, as the body has them: `{"https://shop.example": {"password": "..."}}`. Places are counted, not
//! named: whoever mixes up names and values is not told a value.

use serde_json::Value;

use super::error::{Place, Problem};
use super::fields::{Wrong, string, wrong};
use agent::secrets::{OriginSecrets, SecretName, SecretValue, SecretValueError, Secrets, SecretsError};

/// Every problem of every secret is told.
pub(super) fn secrets(value: &Value, at: Place) -> Result<Secrets, Vec<Problem>> {
    let Value::Object(origins) = value else {
        return Err(vec![Problem::at(at, "dict_type", "Input should be a valid dictionary")]);
    };
    if origins.len() > Secrets::MAX_ORIGINS {
        let message = format!("Dictionary should have at most {} items", Secrets::MAX_ORIGINS);
        return Err(vec![Problem::at(at, "too_long", message)]);
    }
    let mut places = Vec::with_capacity(origins.len());
    let mut problems = Vec::new();
    for (number, (origin, values)) in origins.iter().enumerate() {
        match of_origin(origin, values, &at.number(number)) {
            Ok(place) => places.push(place),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Secrets::new(places).map_err(|error| {
        let kind = match error {
            SecretsError::TooManyOrigins | SecretsError::TooMany => "too_long",
            SecretsError::SameOrigin | SecretsError::NameHoldsValue => "value_error",
        };
        vec![Problem::at(at, kind, format!("Value error, {error}"))]
    })
}

fn of_origin(origin: &str, values: &Value, at: &Place) -> Result<OriginSecrets, Vec<Problem>> {
    let mut problems = Vec::new();
    let origin = origin.parse();
    if let Err(error) = &origin {
        problems.push(Problem::at(at.clone(), "value_error", format!("Value error, {error}")));
    }
    let Value::Object(values) = values else {
        problems.push(Problem::at(at.clone(), "dict_type", "Input should be a valid dictionary"));
        return Err(problems);
    };
    if values.len() > Secrets::MAX_COUNT {
        let message = format!("Dictionary should have at most {} items", Secrets::MAX_COUNT);
        problems.push(Problem::at(at.clone(), "too_long", message));
        return Err(problems);
    }
    let mut named = Vec::with_capacity(values.len());
    for (number, (raw_name, raw_value)) in values.iter().enumerate() {
        match (name(raw_name), secret(raw_value)) {
            (Ok(name), Ok(value)) => named.push((name, value)),
            (name, value) => {
                let wrong = name.err().into_iter().chain(value.err());
                problems.extend(wrong.map(|(kind, message)| Problem::at(at.number(number), kind, message)));
            }
        }
    }
    match origin {
        Ok(origin) if problems.is_empty() => Ok(OriginSecrets { origin, values: named }),
        _ => Err(problems),
    }
}

fn name(raw: &str) -> Result<SecretName, Wrong> {
    SecretName::parse(raw).or_else(|error| wrong("value_error", format!("Value error, {error}")))
}

fn secret(value: &Value) -> Result<SecretValue, Wrong> {
    SecretValue::parse(string(value)?).or_else(|error| match error {
        SecretValueError::TooShort => wrong(
            "string_too_short",
            format!("String should have at least {} characters apart from blanks", SecretValue::MIN_CHARS),
        ),
        SecretValueError::TooLong => {
            wrong("string_too_long", format!("String should have at most {} bytes", SecretValue::MAX_BYTES))
        }
        SecretValueError::Control | SecretValueError::Placeholder => {
            wrong("value_error", format!("Value error, it holds {error}"))
        }
    })
}
