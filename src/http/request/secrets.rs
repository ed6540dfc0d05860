//! The caller's secrets: `{"https://shop.example": {"password": "..."}}`. Locations contain numbers instead of keys: a
//! caller that confuses names and values must not get a value back.

use agent::secrets::{OriginSecrets, SecretName, SecretValue, SecretValueError, Secrets, SecretsError};
use serde_json::{Map, Value};

use super::input::{Parsed, all, both, one, string, too_many_bytes};

pub(super) fn secrets(value: &Value) -> Parsed<Secrets> {
    let origins = dictionary(value, Secrets::MAX_ORIGINS)?.iter();
    let origins = all(origins.map(|(origin, values)| of_origin(origin, values)))?;
    Secrets::new(origins).or_else(|error| {
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
    let origin = origin.parse().or_else(|error| one("value_error", format!("Value error, {error}")));
    let values = dictionary(values, Secrets::MAX_COUNT)
        .and_then(|values| all(values.iter().map(|(raw_name, value)| both(name(raw_name), secret(value)))));
    let (origin, values) = both(origin, values)?;
    Ok(OriginSecrets { origin, values })
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
