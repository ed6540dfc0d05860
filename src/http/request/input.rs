//! Values of a body, parsed as leniently as pydantic's lax mode and with its error types: callers know both.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::http::error::Problem;

/// A type that a JSON value can be parsed into. The locations of problems are relative to the value.
pub(super) trait Input: Sized {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>>;
}

/// A field that keeps its problems, so that those of all fields can be reported together.
pub(super) struct Parsed<T>(pub(super) Result<T, Vec<Problem>>);

impl<'de, T: Input> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(T::parse(&Value::deserialize(deserializer)?)))
    }
}

/// For `deserialize_with`: null is a value to parse, where an `Option` alone takes it for a missing field.
pub(super) fn not_null<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Deserializes an object whose fields are all [`Parsed`].
pub(super) fn object<T: DeserializeOwned>(value: &Value) -> Result<T, Vec<Problem>> {
    match value {
        // Through a value, since a repeated key is an error to serde and not to callers.
        Value::Object(_) => Ok(T::deserialize(value).expect("every field takes every value")),
        _ => one("dict_type", "Input should be a valid dictionary"),
    }
}

/// Collects the problems of an object's fields.
#[derive(Default)]
pub(super) struct Problems(pub(super) Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, field: &'static str, kind: &'static str, message: impl Into<String>) {
        self.0.push(Problem::new(kind, message.into()).within(field));
    }

    /// The value, if the field is there and valid.
    pub(super) fn take<T>(&mut self, name: &'static str, field: Option<Parsed<T>>) -> Option<T> {
        match field?.0 {
            Ok(value) => Some(value),
            Err(problems) => {
                self.0.extend(problems.into_iter().map(|problem| problem.within(name)));
                None
            }
        }
    }

    /// As [`take`](Self::take); a missing field is a problem.
    pub(super) fn require<T>(&mut self, name: &'static str, field: Option<Parsed<T>>) -> Option<T> {
        if field.is_none() {
            self.add(name, "missing", "Field required");
        }
        self.take(name, field)
    }
}

pub(super) fn one<T>(kind: &'static str, message: impl Into<String>) -> Result<T, Vec<Problem>> {
    Err(vec![Problem::new(kind, message.into())])
}

pub(super) fn at_least<T>(min: impl std::fmt::Display) -> Result<T, Vec<Problem>> {
    one("greater_than_equal", format!("Input should be greater than or equal to {min}"))
}

pub(super) fn at_most<T>(max: impl std::fmt::Display) -> Result<T, Vec<Problem>> {
    one("less_than_equal", format!("Input should be less than or equal to {max}"))
}

/// A list of at most `MAX` items. The problems of all items are reported.
pub(super) struct List<T, const MAX: usize>(pub(super) Vec<T>);

impl<T: Input, const MAX: usize> Input for List<T, MAX> {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        let Value::Array(values) = value else { return one("list_type", "Input should be a valid list") };
        if values.len() > MAX {
            return one("too_long", format!("List should have at most {MAX} items"));
        }
        let (mut items, mut problems) = (Vec::with_capacity(values.len()), Vec::new());
        for (index, value) in values.iter().enumerate() {
            match T::parse(value) {
                Ok(item) => items.push(item),
                Err(found) => problems.extend(found.into_iter().map(|problem| problem.within(index))),
            }
        }
        if problems.is_empty() { Ok(Self(items)) } else { Err(problems) }
    }
}

impl Input for String {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        string(value).map(str::to_owned)
    }
}

impl Input for bool {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        let unclear = || one("bool_parsing", "Input should be a valid boolean, unable to interpret input");
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
            _ => one("bool_type", "Input should be a valid boolean"),
        }
    }
}

pub(super) fn string(value: &Value) -> Result<&str, Vec<Problem>> {
    value.as_str().map_or_else(|| one("string_type", "Input should be a valid string"), Ok)
}

pub(super) fn integer(value: &Value) -> Result<i64, Vec<Problem>> {
    match value {
        Value::Bool(flag) => Ok(i64::from(*flag)),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Ok(integer),
            // Saturates, which is as far out of every range.
            (None, Some(float)) if float.fract() == 0.0 => Ok(float as i64),
            _ => one("int_from_float", "Input should be a valid integer, got a number with a fractional part"),
        },
        Value::String(text) => {
            let text = text.trim();
            // `20.0` is an integer.
            let whole = match text.split_once('.') {
                Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => whole,
                _ => text,
            };
            whole.parse().or_else(|_| {
                one("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
            })
        }
        _ => one("int_type", "Input should be a valid integer"),
    }
}

pub(super) fn integer_within(value: &Value, min: u32, max: u32) -> Result<u32, Vec<Problem>> {
    match integer(value)? {
        number if number < i64::from(min) => at_least(min),
        number => u32::try_from(number).ok().filter(|number| *number <= max).map_or_else(|| at_most(max), Ok),
    }
}

/// A finite number.
pub(super) fn number(value: &Value) -> Result<f64, Vec<Problem>> {
    let number = match value {
        Value::Bool(flag) => f64::from(u8::from(*flag)),
        Value::Number(number) if number.as_f64().is_some() => number.as_f64().unwrap_or_default(),
        Value::String(text) => text
            .trim()
            .parse()
            .or_else(|_| one("float_parsing", "Input should be a valid number, unable to parse string as a number"))?,
        _ => return one("float_type", "Input should be a valid number"),
    };
    if number.is_finite() { Ok(number) } else { one("finite_number", "Input should be a finite number") }
}

pub(super) fn one_of<T: Copy>(value: &Value, choices: &[(&'static str, T)]) -> Result<T, Vec<Problem>> {
    let chosen = value.as_str().and_then(|name| choices.iter().find(|(choice, _)| *choice == name));
    let Some((_, choice)) = chosen else {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("'{name}'")).collect();
        let (last, others) = names.split_last().expect("there is a choice");
        return one("literal_error", format!("Input should be {} or {last}", others.join(", ")));
    };
    Ok(*choice)
}
