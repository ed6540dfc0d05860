//! How the fields of a body are parsed.

use std::time::Duration;

use agent::files::SentFile;
use agent::image::ImageFormat;
use agent::output::{OutputSchema, OutputSchemaError, PathSegment, SchemaFault};
use agent::ports::Provider;
use serde_json::Value;
use url_policy::DomainPattern;

use super::file::file;
use super::input::{Parsed, at_least, at_most, integer, list, number, one, one_of, string, too_many_bytes};
use crate::http::error::Problem;
use crate::http::settings::HttpSettings;
use crate::run::{RunRequest, StartUrl, StartUrlError, Task, TaskError};

const MAX_MODEL_NAME_BYTES: usize = 256;
const MAX_FILES: usize = 20;
const MAX_DOMAINS: usize = 200;
/// Keys of a schema are the caller's; longer ones are cut off in locations.
const MAX_KEY_CHARS: usize = 100;

pub(super) fn task(value: &Value) -> Parsed<Task> {
    Task::parse(string(value)?).or_else(|error| match error {
        TaskError::Empty => one("string_too_short", "String should have at least 1 character"),
        TaskError::TooLong => too_many_bytes(Task::MAX_BYTES),
    })
}

pub(super) fn max_tokens(value: &Value) -> Parsed<u64> {
    u64::try_from(integer(value)?).ok().filter(|tokens| *tokens > 0).map_or_else(|| at_least(1), Ok)
}

pub(super) fn max_cost(value: &Value) -> Parsed<f64> {
    Some(number(value)?).filter(|cost| *cost > 0.0).map_or_else(not_above_zero, Ok)
}

pub(super) fn max_time(value: &Value) -> Parsed<Duration> {
    let seconds = number(value)?;
    if seconds > f64::from(RunRequest::MAX_SECONDS) {
        return at_most(RunRequest::MAX_SECONDS);
    }
    // Less than a nanosecond is zero.
    Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero()).map_or_else(not_above_zero, Ok)
}

fn not_above_zero<T>() -> Parsed<T> {
    one("greater_than", "Input should be greater than 0")
}

pub(super) fn temperature(value: &Value) -> Parsed<f64> {
    match number(value)? {
        temperature if temperature < 0.0 => at_least(0),
        temperature if temperature > RunRequest::MAX_TEMPERATURE => at_most(RunRequest::MAX_TEMPERATURE),
        temperature => Ok(temperature),
    }
}

pub(super) fn start_url(value: &Value) -> Parsed<StartUrl> {
    StartUrl::parse(string(value)?).or_else(|error| match error {
        StartUrlError::TooLong => one("url_too_long", format!("URL should have at most {} bytes", StartUrl::MAX_BYTES)),
        StartUrlError::NotAUrl(cause) => one("url_parsing", format!("Input should be a valid URL, {cause}")),
        StartUrlError::Scheme => one("url_scheme", "URL scheme should be 'http' or 'https'"),
    })
}

pub(super) fn provider(value: &Value) -> Parsed<Provider> {
    one_of(value, &Provider::ALL.map(|provider| (provider.name(), provider)))
}

/// A model's name; none if blank, for the provider's default.
pub(super) fn model(value: &Value) -> Parsed<Option<String>> {
    match string(value)?.trim() {
        "" => Ok(None),
        name if name.len() > MAX_MODEL_NAME_BYTES => too_many_bytes(MAX_MODEL_NAME_BYTES),
        name => Ok(Some(name.to_owned())),
    }
}

/// A format of screenshots; none for no screenshots.
pub(super) fn screenshot_format(value: &Value) -> Parsed<Option<ImageFormat>> {
    one_of(value, &HttpSettings::SCREENSHOT_FORMATS)
}

pub(super) fn files(value: &Value) -> Parsed<Vec<SentFile>> {
    let files = list(value, MAX_FILES, file)?;
    for (index, file) in files.iter().enumerate() {
        if files[..index].iter().any(|earlier| earlier.name == file.name) {
            let problem = Problem::new("value_error", "Value error, another file has this name");
            return Err(vec![problem.within("name").within(index)]);
        }
    }
    Ok(files)
}

pub(super) fn domains(value: &Value) -> Parsed<Vec<DomainPattern>> {
    list(value, MAX_DOMAINS, |value| {
        string(value)?.parse().or_else(|_| {
            one("value_error", "Value error, not a domain such as example.com, *.example.com or example.com:8443")
        })
    })
}

/// Whether an empty list means nothing or everything would be a guess.
pub(super) fn allowed_domains(value: &Value) -> Parsed<Vec<DomainPattern>> {
    let domains = domains(value)?;
    if domains.is_empty() {
        return one("too_short", "List should have at least 1 item after validation, not 0");
    }
    Ok(domains)
}

pub(super) fn output_schema(value: &Value) -> Parsed<OutputSchema> {
    OutputSchema::parse(value.clone()).map_err(|OutputSchemaError { place, fault }| {
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
