//! The caller's secrets: `{"https://shop.example": {"password": "...", "code": {"totp": "SEED"}}}`. Locations contain numbers instead of keys: a
//! caller that confuses names and values must not get a value back.

use agent::secrets::{
    HttpCredentials, OriginSecrets, SecretName, SecretValue, SecretValueError, Secrets, SecretsError,
};
use serde_json::{Map, Value};

use super::input::{Input, Parsed, all, both, one, too_many_bytes};

/// The field of a seed.
const TOTP: &str = "totp";
/// What names of seeds end in, when the value is a text. Others that write so have a text of another form.
const SEED_NAME: &str = "bu_2fa_code";

pub(super) fn secrets(origins: Map<String, Value>) -> Parsed<Secrets> {
    let origins = at_most(Secrets::MAX_ORIGINS, origins)?;
    let origins = all(origins.into_iter().map(|(origin, values)| of_origin(origin, values)))?;
    Secrets::new(origins).or_else(rejected)
}

/// The secrets with the passwords for HTTP authentication, which are secrets, too.
pub(super) fn with_http_credentials(secrets: Secrets, credentials: Vec<HttpCredentials>) -> Parsed<Secrets> {
    secrets.with_http_credentials(credentials).or_else(rejected)
}

fn rejected<T>(error: SecretsError) -> Parsed<T> {
    let kind = match error {
        SecretsError::TooManyOrigins | SecretsError::TooMany => "too_long",
        SecretsError::SameOrigin | SecretsError::NameHoldsValue => "value_error",
    };
    one(kind, format!("Value error, {error}"))
}

fn at_most(max: usize, items: Map<String, Value>) -> Parsed<Map<String, Value>> {
    if items.len() > max {
        return one("too_long", format!("Dictionary should have at most {max} items"));
    }
    Ok(items)
}

fn of_origin(origin: String, values: Value) -> Parsed<OriginSecrets> {
    let origin = origin.parse().or_else(|error| one("value_error", format!("Value error, {error}")));
    let values = Map::parse(values).and_then(|values| at_most(Secrets::MAX_COUNT, values)).and_then(|values| {
        all(values.into_iter().map(|(raw_name, value)| both(name(&raw_name), named(&raw_name, value))))
    });
    let (origin, values) = both(origin, values)?;
    Ok(OriginSecrets { origin, values })
}

fn name(raw: &str) -> Parsed<SecretName> {
    SecretName::parse(raw).or_else(|error| one("value_error", format!("Value error, {error}")))
}

/// A text, or the seed of one-time codes.
fn named(name: &str, value: Value) -> Parsed<SecretValue> {
    match value {
        Value::Object(mut fields) => {
            let Some(seed) = fields.remove(TOTP).filter(|_| fields.is_empty()) else {
                return one("value_error", "Value error, an object other than {\"totp\": \"SEED\"}");
            };
            String::parse(seed).and_then(|seed| {
                SecretValue::totp(&seed).or_else(|error| one("value_error", format!("Value error, it is {error}")))
            })
        }
        value => {
            let text = String::parse(value)?;
            match SecretValue::totp(&text) {
                Ok(seed) if name.ends_with(SEED_NAME) => Ok(seed),
                _ => secret(text),
            }
        }
    }
}

pub(super) fn secret(value: String) -> Parsed<SecretValue> {
    SecretValue::parse(&value).or_else(|error| match error {
        SecretValueError::TooShort => one(
            "string_too_short",
            format!("String should have at least {} characters apart from blanks", SecretValue::MIN_CHARS),
        ),
        SecretValueError::TooLong => too_many_bytes(SecretValue::MAX_BYTES),
        SecretValueError::Control | SecretValueError::Placeholder | SecretValueError::Seed => {
            one("value_error", format!("Value error, it holds {error}"))
        }
    })
}
