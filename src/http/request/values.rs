//! How each value of a request is parsed, by its type.

use std::time::Duration;

use agent::RequestedAction;
use agent::action::ScrollDirection;
use agent::image::ImageFormat;
use agent::observation::ElementIndex;
use agent::output::{OutputSchema, OutputSchemaError, PathSegment, SchemaFault};
use agent::ports::Provider;
use serde_json::Value;
use url_policy::DomainPattern;

use super::input::{Input, at_least, at_most, integer, integer_within, number, one, one_of, string};
use crate::http::error::Problem;
use crate::run::{
    DetachTime, MaxCost, MaxSteps, MaxStepsError, MaxTime, MaxTokens, StartUrl, StartUrlError, Task, TaskError,
    Temperature, TemperatureError,
};

const MAX_MODEL_NAME_BYTES: usize = 256;
/// Keys of a schema are the caller's; longer ones are cut off in locations.
const MAX_KEY_CHARS: usize = 100;

impl Input for Task {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        Self::parse(string(value)?).or_else(|error| match error {
            TaskError::Empty => one("string_too_short", "String should have at least 1 character"),
            TaskError::TooLong => too_many_bytes(Self::MAX_BYTES),
        })
    }
}

impl Input for MaxSteps {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        Self::parse(integer(value)?).or_else(|error| match error {
            MaxStepsError::TooFew => at_least(Self::MIN),
            MaxStepsError::TooMany => at_most(Self::MAX),
        })
    }
}

impl Input for MaxTokens {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        Self::parse(integer(value)?).map_or_else(|| at_least(1), Ok)
    }
}

impl Input for MaxCost {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        Self::parse(number(value)?).map_or_else(|| one("greater_than", "Input should be greater than 0"), Ok)
    }
}

impl Input for MaxTime {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        let seconds = number(value)?;
        match Self::parse(seconds) {
            Some(limit) => Ok(limit),
            None if seconds > 1.0 => at_most(Self::MAX_SECONDS),
            None => one("greater_than", "Input should be greater than 0"),
        }
    }
}

/// The deployment's own maximum is checked when the run starts.
impl Input for DetachTime {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        let seconds = integer(value)?;
        match Self::parse(seconds) {
            Some(time) => Ok(time),
            None if seconds < 0 => at_least(0),
            None => at_most(Self::MAX_SECONDS),
        }
    }
}

impl Input for Temperature {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        Self::parse(number(value)?).or_else(|error| match error {
            TemperatureError::NotFinite => one("finite_number", "Input should be a finite number"),
            TemperatureError::TooLow => at_least(Self::MIN),
            TemperatureError::TooHigh => at_most(Self::MAX),
        })
    }
}

impl Input for StartUrl {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        Self::parse(string(value)?).or_else(|error| match error {
            StartUrlError::TooLong => one("url_too_long", format!("URL should have at most {} bytes", Self::MAX_BYTES)),
            StartUrlError::NotAUrl(cause) => one("url_parsing", format!("Input should be a valid URL, {cause}")),
            StartUrlError::Scheme => one("url_scheme", "URL scheme should be 'http' or 'https'"),
        })
    }
}

impl Input for Provider {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        one_of(value, &Self::ALL.map(|provider| (provider.name(), provider)))
    }
}

/// A model's name; none if blank, for the provider's default.
pub(super) struct Model(pub(super) Option<String>);

impl Input for Model {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        match string(value)?.trim() {
            "" => Ok(Self(None)),
            name if name.len() > MAX_MODEL_NAME_BYTES => too_many_bytes(MAX_MODEL_NAME_BYTES),
            name => Ok(Self(Some(name.to_owned()))),
        }
    }
}

/// A format of screenshots; none for no screenshots.
pub(super) struct ScreenshotFormat(pub(super) Option<ImageFormat>);

impl Input for ScreenshotFormat {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        let formats = [
            ("png", Some(ImageFormat::Png)),
            ("jpeg", Some(ImageFormat::Jpeg)),
            ("webp", Some(ImageFormat::Webp)),
            ("none", None),
        ];
        one_of(value, &formats).map(Self)
    }
}

impl Input for DomainPattern {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        string(value)?.parse().or_else(|_| {
            one("value_error", "Value error, not a domain such as example.com, *.example.com or example.com:8443")
        })
    }
}

impl Input for OutputSchema {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        Self::parse(value.clone()).map_err(|OutputSchemaError { place, fault }| {
            let problem = match fault {
                SchemaFault::NotAnObject => Problem::new("dict_type", "Input should be a valid dictionary"),
                fault => {
                    Problem::new("json_schema", format!("Input should be a JSON Schema that is taken here: {fault}"))
                }
            };
            vec![place.into_iter().rev().fold(problem, |problem, turn| match turn {
                PathSegment::Key(key) => problem.within(key.chars().take(MAX_KEY_CHARS).collect::<String>()),
                PathSegment::Index(index) => problem.within(index),
            })]
        })
    }
}

impl Input for ScrollDirection {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        one_of(value, &[("up", Self::Up), ("down", Self::Down)])
    }
}

impl Input for ElementIndex {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        integer_within(value, 1, u32::MAX).map(Self)
    }
}

pub(super) struct Pixels(pub(super) u32);

impl Input for Pixels {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        integer_within(value, 1, RequestedAction::MAX_PIXELS).map(Self)
    }
}

/// A wait in milliseconds.
pub(super) struct Millis(pub(super) Duration);

impl Input for Millis {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        let max = u32::try_from(RequestedAction::MAX_WAIT.as_millis()).expect("a minute is some thousand milliseconds");
        Ok(Self(Duration::from_millis(integer_within(value, 0, max)?.into())))
    }
}

/// A CSS selector, checked only by the browser, or a part of a URL; trimmed and not empty.
pub(super) struct Selector(pub(super) String);

impl Input for Selector {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        let max = RequestedAction::MAX_SELECTOR;
        match string(value)?.trim() {
            "" => one("string_too_short", "String should have at least 1 character"),
            text if text.chars().nth(max).is_some() => {
                one("string_too_long", format!("String should have at most {max} characters"))
            }
            text => Ok(Self(text.to_owned())),
        }
    }
}

pub(super) fn too_many_bytes<T>(max: usize) -> Result<T, Vec<Problem>> {
    one("string_too_long", format!("String should have at most {max} bytes"))
}
