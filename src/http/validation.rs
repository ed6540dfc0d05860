//! From a body's bytes to a [`RunRequest`], forgiving and strict where the callers' own schema library (pydantic 2, in
//! its lax mode) is, and with its words. All problems of a body are told together, in the order of the fields.

use serde_json::{Map, Value};

use super::error::Problem;
use crate::agent::image::ImageFormat;
use crate::agent::ports::{ModelChoice, Provider};
use crate::run::{
    MaxSteps, MaxStepsError, RunRequest, StartUrl, StartUrlError, Task, TaskError, Temperature, TemperatureError,
};

const MAX_MODEL_NAME_BYTES: usize = 256;

/// `default_screenshots`: what a request gets that names no format.
pub(super) fn parse_run_request(
    body: &[u8],
    default_screenshots: Option<ImageFormat>,
) -> Result<RunRequest, Vec<Problem>> {
    let body: Value = match serde_json::from_slice(body) {
        Ok(body) => body,
        Err(_) if body.is_empty() => return Err(vec![Problem::of_body("missing", "Field required")]),
        Err(error) => return Err(vec![Problem::not_json(offset_of(&error, body))]),
    };
    let Value::Object(object) = &body else {
        return Err(vec![Problem::of_body("dict_type", "Input should be a valid dictionary")]);
    };

    let mut fields = Fields { object, problems: Vec::new() };
    let task = fields.required("task", task);
    let max_steps = fields.optional("maxSteps", max_steps);
    let model = fields.nullable("model", model_name);
    let provider =
        fields.nullable("provider", |value| one_of(value, &Provider::ALL.map(|provider| (provider.name(), provider))));
    let temperature = fields.optional("temperature", temperature);
    let headless = fields.optional("headless", boolean);
    let start_url = match fields.nullable("startUrl", start_url) {
        None => fields.nullable("baseUrl", start_url),
        given => given,
    };
    let screenshots = fields.optional("screenshotFormat", |value| one_of(value, &SCREENSHOT_FORMATS));

    match task {
        Some(task) if fields.problems.is_empty() => Ok(RunRequest {
            task,
            max_steps: max_steps.unwrap_or_default(),
            model: ModelChoice { provider, model: model.flatten() },
            temperature: temperature.unwrap_or_default(),
            headless: headless.unwrap_or(true),
            start_url,
            screenshots: screenshots.unwrap_or(default_screenshots),
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

/// A problem's type and message, before it is known where it is.
type Wrong = (&'static str, String);

fn wrong<T>(kind: &'static str, message: impl Into<String>) -> Result<T, Wrong> {
    Err((kind, message.into()))
}

/// The body's object, and what was found wrong with it so far.
struct Fields<'a> {
    object: &'a Map<String, Value>,
    problems: Vec<Problem>,
}

impl Fields<'_> {
    fn required<T>(&mut self, name: &'static str, read: impl FnOnce(&Value) -> Result<T, Wrong>) -> Option<T> {
        if !self.object.contains_key(name) {
            self.problems.push(Problem::of_field(name, "missing", "Field required"));
        }
        self.optional(name, read)
    }

    /// None when it is left out or wrong.
    fn optional<T>(&mut self, name: &'static str, read: impl FnOnce(&Value) -> Result<T, Wrong>) -> Option<T> {
        match read(self.object.get(name)?) {
            Ok(value) => Some(value),
            Err((kind, message)) => {
                self.problems.push(Problem::of_field(name, kind, message));
                None
            }
        }
    }

    /// As `optional`; null stands for leaving it out.
    fn nullable<T>(&mut self, name: &'static str, read: impl FnOnce(&Value) -> Result<T, Wrong>) -> Option<T> {
        match self.object.get(name)? {
            Value::Null => None,
            _ => self.optional(name, read),
        }
    }
}

fn task(value: &Value) -> Result<Task, Wrong> {
    Task::parse(string(value)?).or_else(|error| match error {
        TaskError::Empty => wrong("string_too_short", "String should have at least 1 character"),
        TaskError::TooLong => wrong("string_too_long", format!("String should have at most {} bytes", Task::MAX_BYTES)),
    })
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

fn string(value: &Value) -> Result<&str, Wrong> {
    match value {
        Value::String(text) => Ok(text),
        _ => wrong("string_type", "Input should be a valid string"),
    }
}

fn integer(value: &Value) -> Result<i64, Wrong> {
    match value {
        Value::Bool(flag) => Ok(i64::from(*flag)),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Ok(integer),
            // Saturates, which is as far out of every range.
            (None, Some(float)) if float.fract() == 0.0 => Ok(float as i64),
            _ => wrong("int_from_float", "Input should be a valid integer, got a number with a fractional part"),
        },
        Value::String(text) => {
            let text = text.trim();
            // `20.0` is an integer in writing, too.
            let whole = match text.split_once('.') {
                Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => whole,
                _ => text,
            };
            whole.parse().or_else(|_| {
                wrong("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
            })
        }
        _ => wrong("int_type", "Input should be a valid integer"),
    }
}

fn number(value: &Value) -> Result<f64, Wrong> {
    match value {
        Value::Bool(flag) => Ok(f64::from(u8::from(*flag))),
        Value::Number(number) => number.as_f64().map_or_else(|| wrong("float_type", NOT_A_NUMBER), Ok),
        Value::String(text) => text
            .trim()
            .parse()
            .or_else(|_| wrong("float_parsing", "Input should be a valid number, unable to parse string as a number")),
        _ => wrong("float_type", NOT_A_NUMBER),
    }
}

const NOT_A_NUMBER: &str = "Input should be a valid number";

fn boolean(value: &Value) -> Result<bool, Wrong> {
    let unclear = || wrong("bool_parsing", "Input should be a valid boolean, unable to interpret input");
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::Number(number) => match number.as_f64() {
            Some(0.0) => Ok(false),
            Some(1.0) => Ok(true),
            _ => unclear(),
        },
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "t" | "yes" | "y" | "on" => Ok(true),
            "0" | "false" | "f" | "no" | "n" | "off" => Ok(false),
            _ => unclear(),
        },
        _ => wrong("bool_type", "Input should be a valid boolean"),
    }
}

fn one_of<T: Copy>(value: &Value, choices: &[(&'static str, T)]) -> Result<T, Wrong> {
    let chosen = value.as_str().and_then(|name| choices.iter().find(|(choice, _)| *choice == name));
    let Some((_, choice)) = chosen else {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("'{name}'")).collect();
        let (last, others) = names.split_last().expect("there is a choice");
        return wrong("literal_error", format!("Input should be {} or {last}", others.join(", ")));
    };
    Ok(*choice)
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
