//! From a body's bytes to a [`RunRequest`], forgiving and strict where the callers' own schema library (pydantic 2, in
//! its lax mode) is, and with its words. All problems of a body are told together, in the order of the fields.

use serde_json::Value;

use super::actions::actions;
use super::domains::{domains, some_domains};
use super::error::Problem;
use super::fields::{Fields, Wrong, boolean, integer, number, one_of, string, wrong};
use super::files::files;
use super::output::output_schema;
use super::secrets::secrets;
use crate::run::{
    DetachTime, MaxCost, MaxSteps, MaxStepsError, MaxTime, MaxTokens, RunRequest, StartUrl, StartUrlError, Task,
    TaskError, Temperature, TemperatureError,
};
use agent::image::ImageFormat;
use agent::ports::{ModelChoice, Provider};
use url_policy::DomainRules;

const MAX_MODEL_NAME_BYTES: usize = 256;

/// `default_screenshots`: what a request gets that names no format. `max_task_bytes`: what the deployment takes of a task.
pub(super) fn parse_run_request(
    body: &[u8],
    default_screenshots: Option<ImageFormat>,
    max_task_bytes: usize,
) -> Result<RunRequest, Vec<Problem>> {
    let body: Value = match serde_json::from_slice(body) {
        Ok(body) => body,
        Err(_) if body.is_empty() => return Err(vec![Problem::of_body("missing", "Field required")]),
        Err(error) => return Err(vec![Problem::not_json(offset_of(&error, body))]),
    };
    let Value::Object(object) = &body else {
        return Err(vec![Problem::of_body("dict_type", "Input should be a valid dictionary")]);
    };

    let mut fields = Fields::of_body(object);
    let task = fields.required("task", |value| task(value, max_task_bytes));
    let max_steps = fields.optional("maxSteps", max_steps);
    let max_tokens = fields.nullable("maxTokens", max_tokens);
    let max_cost = fields.nullable("maxCost", max_cost);
    let max_time = fields.nullable("maxSeconds", max_seconds);
    let model = fields.nullable("model", model_name);
    let provider =
        fields.nullable("provider", |value| one_of(value, &Provider::ALL.map(|provider| (provider.name(), provider))));
    let temperature = fields.optional("temperature", temperature);
    let headless = fields.optional("headless", boolean);
    let start_url = match fields.nullable("startUrl", start_url) {
        None => fields.nullable("baseUrl", start_url),
        given => given,
    };
    let actions = fields.take_in("actions", actions);
    let output = fields.take_in("outputSchema", output_schema);
    let files = fields.take_in("files", files);
    let allowed = fields.take_in("allowedDomains", some_domains);
    let blocked = fields.take_in("blockedDomains", domains);
    let secrets = fields.take_in("sensitiveData", secrets);
    let screenshots = fields.optional("screenshotFormat", |value| one_of(value, &SCREENSHOT_FORMATS));
    let skip_unchanged_screenshots = fields.nullable("skipUnchangedScreenshots", boolean);
    let detach = fields.nullable("detachSeconds", detach_seconds);

    match task {
        Some(task) if fields.problems.is_empty() => Ok(RunRequest {
            task,
            max_steps: max_steps.unwrap_or_default(),
            max_tokens,
            max_cost,
            max_time,
            model: ModelChoice { provider, model: model.flatten() },
            temperature: temperature.unwrap_or_default(),
            headless: headless.unwrap_or(true),
            start_url,
            actions: actions.unwrap_or_default(),
            output,
            files: files.unwrap_or_default(),
            domains: DomainRules { allowed, blocked: blocked.unwrap_or_default() },
            secrets: secrets.unwrap_or_default(),
            screenshots: screenshots.unwrap_or(default_screenshots),
            skip_unchanged_screenshots: skip_unchanged_screenshots.unwrap_or(false),
            detach: detach.unwrap_or_default(),
            caller: None,
        }),
        _ => Err(fields.problems),
    }
}

const SCREENSHOT_FORMATS: [(&str, Option<ImageFormat>); 4] = [
    ("png", Some(ImageFormat::Png)),
    ("jpeg", Some(ImageFormat::Jpeg)),
    ("webp", Some(ImageFormat::Webp)),
    ("none", None),
];

fn task(value: &Value, max_bytes: usize) -> Result<Task, Wrong> {
    match Task::parse(string(value)?) {
        Ok(task) if task.as_str().len() <= max_bytes => Ok(task),
        Err(TaskError::Empty) => wrong("string_too_short", "String should have at least 1 character"),
        Ok(_) | Err(TaskError::TooLong) => {
            wrong("string_too_long", format!("String should have at most {max_bytes} bytes"))
        }
    }
}

fn max_steps(value: &Value) -> Result<MaxSteps, Wrong> {
    MaxSteps::parse(integer(value)?).or_else(|error| match error {
        MaxStepsError::TooFew => {
            wrong("greater_than_equal", format!("Input should be greater than or equal to {}", MaxSteps::MIN))
        }
        MaxStepsError::TooMany => {
            wrong("less_than_equal", format!("Input should be less than or equal to {}", MaxSteps::MAX))
        }
    })
}

fn max_tokens(value: &Value) -> Result<MaxTokens, Wrong> {
    MaxTokens::parse(integer(value)?)
        .map_or_else(|| wrong("greater_than_equal", "Input should be greater than or equal to 1"), Ok)
}

fn max_cost(value: &Value) -> Result<MaxCost, Wrong> {
    MaxCost::parse(finite(value)?).map_or_else(|| wrong("greater_than", "Input should be greater than 0"), Ok)
}

fn max_seconds(value: &Value) -> Result<MaxTime, Wrong> {
    let seconds = finite(value)?;
    MaxTime::parse(seconds).map_or_else(
        || match seconds > 1.0 {
            true => wrong("less_than_equal", format!("Input should be less than or equal to {}", MaxTime::MAX_SECONDS)),
            false => wrong("greater_than", "Input should be greater than 0"),
        },
        Ok,
    )
}

/// How much of it a deployment allows, the run's start says.
fn detach_seconds(value: &Value) -> Result<DetachTime, Wrong> {
    let seconds = integer(value)?;
    DetachTime::parse(seconds).map_or_else(
        || match seconds {
            ..0 => wrong("greater_than_equal", "Input should be greater than or equal to 0"),
            _ => wrong("less_than_equal", format!("Input should be less than or equal to {}", DetachTime::MAX_SECONDS)),
        },
        Ok,
    )
}

fn finite(value: &Value) -> Result<f64, Wrong> {
    match number(value)? {
        number if number.is_finite() => Ok(number),
        _ => wrong("finite_number", "Input should be a finite number"),
    }
}

fn temperature(value: &Value) -> Result<Temperature, Wrong> {
    Temperature::parse(number(value)?).or_else(|error| match error {
        TemperatureError::NotFinite => wrong("finite_number", "Input should be a finite number"),
        TemperatureError::TooLow => {
            wrong("greater_than_equal", format!("Input should be greater than or equal to {}", Temperature::MIN))
        }
        TemperatureError::TooHigh => {
            wrong("less_than_equal", format!("Input should be less than or equal to {}", Temperature::MAX))
        }
    })
}

/// None for a blank name: the provider's default.
fn model_name(value: &Value) -> Result<Option<String>, Wrong> {
    match string(value)?.trim() {
        "" => Ok(None),
        name if name.len() > MAX_MODEL_NAME_BYTES => {
            wrong("string_too_long", format!("String should have at most {MAX_MODEL_NAME_BYTES} bytes"))
        }
        name => Ok(Some(name.to_owned())),
    }
}

fn start_url(value: &Value) -> Result<StartUrl, Wrong> {
    StartUrl::parse(string(value)?).or_else(|error| match error {
        StartUrlError::TooLong => {
            wrong("url_too_long", format!("URL should have at most {} bytes", StartUrl::MAX_BYTES))
        }
        StartUrlError::NotAUrl(cause) => wrong("url_parsing", format!("Input should be a valid URL, {cause}")),
        StartUrlError::Scheme => wrong("url_scheme", "URL scheme should be 'http' or 'https'"),
    })
}

/// How many characters of the body are in order.
fn offset_of(error: &serde_json::Error, body: &[u8]) -> usize {
    let before: usize =
        body.split(|byte| *byte == b'\n').take(error.line().saturating_sub(1)).map(|l| l.len() + 1).sum();
    // At the end of the input the column is that of the last character read, else that of the wrong one.
    let column = error.column().saturating_sub(usize::from(!error.is_eof()));
    let offset = (before + column).min(body.len());
    String::from_utf8_lossy(&body[..offset]).chars().count()
}
