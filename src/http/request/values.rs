//! The rules of the fields of a body.

use std::time::Duration;

use agent::confirm::ConfirmActions;
use agent::files::SentFile;
use agent::image::ImageFormat;
use agent::output::{OutputSchema, OutputSchemaError, PathSegment, SchemaFault};
use agent::ports::Provider;
use serde_json::{Map, Value};
use url_policy::DomainPattern;

use super::file::{FileBody, file};
use super::input::{Choice, Field, Parsed, at_least, at_most, list, one, too_many_bytes};
use crate::http::error::Problem;
use crate::http::settings::HttpSettings;
use crate::run::{RunRequest, StartUrl, StartUrlError, Task, TaskError};

pub(super) const MAX_MODEL_NAME_BYTES: usize = 256;
pub(super) const MAX_FILES: usize = 20;
pub(super) const MAX_DOMAINS: usize = 200;
/// Names of actions that need consent.
const MAX_CONFIRMED: usize = 50;
/// Keys of a schema are the caller's; longer ones are cut off in locations.
const MAX_KEY_CHARS: usize = 100;

pub(super) fn task(raw: String) -> Parsed<Task> {
    Task::parse(&raw).or_else(|error| match error {
        TaskError::Empty => one("string_too_short", "String should have at least 1 character"),
        TaskError::TooLong => too_many_bytes(Task::MAX_BYTES),
    })
}

/// Names of actions, or `risky` alone or among them.
pub(super) fn confirm(names: Value, human_input: bool) -> Parsed<ConfirmActions> {
    let names = match names {
        Value::String(name) => vec![Value::String(name)],
        Value::Array(names) if names.len() <= MAX_CONFIRMED => names,
        Value::Array(_) => return one("too_long", format!("List should have at most {MAX_CONFIRMED} items")),
        _ => return one("list_type", "Input should be a valid list of names of actions, or \"risky\""),
    };
    let mut confirm = ConfirmActions::default();
    for (index, name) in names.into_iter().enumerate() {
        if !name.as_str().is_some_and(|name| confirm.add(name)) {
            let problem = Problem::new("value_error", "Value error, no action such as \"click\", nor \"risky\"");
            return Err(vec![problem.within(index)]);
        }
    }
    if !human_input {
        return one("value_error", "Value error, nobody can consent: set humanInput to true");
    }
    Ok(confirm)
}

pub(super) fn max_tokens(tokens: i64) -> Parsed<u64> {
    u64::try_from(tokens).ok().filter(|tokens| *tokens > 0).map_or_else(|| at_least(1), Ok)
}

pub(super) fn max_cost(cost: f64) -> Parsed<f64> {
    if cost > 0.0 { Ok(cost) } else { not_above_zero() }
}

pub(super) fn max_time(seconds: f64) -> Parsed<Duration> {
    if seconds > f64::from(RunRequest::MAX_SECONDS) {
        return at_most(RunRequest::MAX_SECONDS);
    }
    // Less than a nanosecond is zero.
    Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero()).map_or_else(not_above_zero, Ok)
}

fn not_above_zero<T>() -> Parsed<T> {
    one("greater_than", "Input should be greater than 0")
}

pub(super) fn temperature(temperature: f64) -> Parsed<f64> {
    match temperature {
        temperature if temperature < 0.0 => at_least(0),
        temperature if temperature > RunRequest::MAX_TEMPERATURE => at_most(RunRequest::MAX_TEMPERATURE),
        temperature => Ok(temperature),
    }
}

pub(super) fn start_url(raw: String) -> Parsed<StartUrl> {
    StartUrl::parse(&raw).or_else(|error| match error {
        StartUrlError::TooLong => one("url_too_long", format!("URL should have at most {} bytes", StartUrl::MAX_BYTES)),
        StartUrlError::NotAUrl(cause) => one("url_parsing", format!("Input should be a valid URL, {cause}")),
        StartUrlError::Scheme => one("url_scheme", "URL scheme should be 'http' or 'https'"),
    })
}

impl Choice for Provider {
    fn choices() -> Vec<(&'static str, Self)> {
        Self::ALL.map(|provider| (provider.name(), provider)).into()
    }
}

/// A model's name; none if blank, for the provider's default.
pub(super) fn model(raw: String) -> Parsed<Option<String>> {
    match raw.trim() {
        "" => Ok(None),
        name if name.len() > MAX_MODEL_NAME_BYTES => too_many_bytes(MAX_MODEL_NAME_BYTES),
        name => Ok(Some(name.to_owned())),
    }
}

/// A format of screenshots; none for no screenshots.
impl Choice for Option<ImageFormat> {
    fn choices() -> Vec<(&'static str, Self)> {
        HttpSettings::SCREENSHOT_FORMATS.into()
    }
}

pub(super) fn files(bodies: Vec<Field<FileBody>>) -> Parsed<Vec<SentFile>> {
    let files = list(bodies, MAX_FILES, file)?;
    for (index, file) in files.iter().enumerate() {
        if files[..index].iter().any(|earlier| earlier.name == file.name) {
            let problem = Problem::new("value_error", "Value error, another file has this name");
            return Err(vec![problem.within("name").within(index)]);
        }
    }
    Ok(files)
}

pub(super) fn domains(patterns: Vec<Field<String>>) -> Parsed<Vec<DomainPattern>> {
    list(patterns, MAX_DOMAINS, |pattern| {
        pattern.parse().or_else(|_| {
            one("value_error", "Value error, not a domain such as example.com, *.example.com or example.com:8443")
        })
    })
}

/// Whether an empty list means nothing or everything would be a guess.
pub(super) fn allowed_domains(patterns: Vec<Field<String>>) -> Parsed<Vec<DomainPattern>> {
    let domains = domains(patterns)?;
    if domains.is_empty() {
        return one("too_short", "List should have at least 1 item after validation, not 0");
    }
    Ok(domains)
}

pub(super) fn output_schema(schema: Map<String, Value>) -> Parsed<OutputSchema> {
    OutputSchema::parse(Value::Object(schema)).map_err(|OutputSchemaError { place, fault }| {
        let problem = match fault {
            SchemaFault::NotAnObject => Problem::new("dict_type", "Input should be a valid dictionary"),
            fault => Problem::new("json_schema", format!("Input should be a JSON Schema that is taken here: {fault}")),
        };
        vec![place.into_iter().rev().fold(problem, |problem, turn| match turn {
            PathSegment::Key(key) => problem.within(key.chars().take(MAX_KEY_CHARS).collect::<String>()),
            PathSegment::Index(index) => problem.within(index),
        })]
    })
}
