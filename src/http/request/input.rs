//! Values of a body, parsed as leniently as pydantic's lax mode and with its error types: callers know both.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::http::error::Problem;

/// A value, or what is wrong with it. The locations of problems are relative to the value.
pub(super) type Parsed<T> = Result<T, Vec<Problem>>;

/// A type that fields are declared with: what JSON has, and [`OneOf`] of a few names.
pub(super) trait Input: Sized {
    fn parse(value: Value) -> Parsed<Self>;
}

// A doc comment would be in the schema of every field.
// The value of a field. Deserializing it never fails, so that the problems of all fields are reported together.
#[derive(JsonSchema)]
#[schemars(inline)]
pub(super) struct Field<T>(#[schemars(with = "T")] Parsed<T>);

impl<'de, T: Input> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(T::parse(value)))
    }
}

/// For `deserialize_with`: null is a value, where an `Option` alone takes it for a missing field.
pub(super) fn not_null<'de, D, T>(deserializer: D) -> Result<Option<Field<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Input,
{
    Field::deserialize(deserializer).map(Some)
}

/// Deserializes a type whose fields are all optional [`Field`]s.
pub(super) fn object<T: DeserializeOwned>(value: Value) -> Parsed<T> {
    Map::parse(value).map(|object| T::deserialize(Value::Object(object)).expect("a field takes every value"))
}

/// The problems of an object's fields.
#[derive(Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    /// What the rule makes of the field, if it is there and valid.
    pub(super) fn optional<T, U>(
        &mut self,
        name: &'static str,
        field: Option<Field<T>>,
        rule: impl FnOnce(T) -> Parsed<U>,
    ) -> Option<U> {
        self.made(name, field?.0.and_then(rule))
    }

    /// What was made of a field, if it is valid.
    pub(super) fn made<T>(&mut self, name: &'static str, made: Parsed<T>) -> Option<T> {
        made.map_err(|problems| self.0.extend(problems.into_iter().map(|problem| problem.within(name)))).ok()
    }

    /// As [`optional`](Self::optional); a missing field is a problem.
    pub(super) fn required<T, U>(
        &mut self,
        name: &'static str,
        field: Option<Field<T>>,
        rule: impl FnOnce(T) -> Parsed<U>,
    ) -> Option<U> {
        if field.is_none() {
            self.add(name, "missing", "Field required");
        }
        self.optional(name, field, rule)
    }

    pub(super) fn add(&mut self, name: &'static str, kind: &'static str, message: &'static str) {
        self.0.push(Problem::new(kind, message).within(name));
    }

    /// What was made of the fields, which is none only after a problem.
    pub(super) fn finish<T>(self, made: Option<T>) -> Parsed<T> {
        made.filter(|_| self.0.is_empty()).ok_or(self.0)
    }
}

pub(super) fn one<T>(kind: &'static str, message: impl Into<String>) -> Parsed<T> {
    Err(vec![Problem::new(kind, message.into())])
}

pub(super) fn at_most<T>(max: impl std::fmt::Display) -> Parsed<T> {
    one("less_than_equal", format!("Input should be less than or equal to {max}"))
}

pub(super) fn at_least<T>(min: impl std::fmt::Display) -> Parsed<T> {
    one("greater_than_equal", format!("Input should be greater than or equal to {min}"))
}

pub(super) fn too_many_bytes<T>(max: usize) -> Parsed<T> {
    one("string_too_long", format!("String should have at most {max} bytes"))
}

/// A list of at most `max` items, each by the rule. The problems of all items are reported.
pub(super) fn list<T, U>(items: Vec<Field<T>>, max: usize, rule: impl Fn(T) -> Parsed<U>) -> Parsed<Vec<U>> {
    if items.len() > max {
        return one("too_long", format!("List should have at most {max} items"));
    }
    all(items.into_iter().map(|item| item.0.and_then(&rule)))
}

/// All items, or the problems of all, located by number.
pub(super) fn all<T>(items: impl Iterator<Item = Parsed<T>>) -> Parsed<Vec<T>> {
    let (mut valid, mut problems) = (Vec::new(), Vec::new());
    for (number, item) in items.enumerate() {
        match item {
            Ok(item) => valid.push(item),
            Err(found) => problems.extend(found.into_iter().map(|problem| problem.within(number))),
        }
    }
    if problems.is_empty() { Ok(valid) } else { Err(problems) }
}

/// Both, or the problems of both.
pub(super) fn both<A, B>(first: Parsed<A>, second: Parsed<B>) -> Parsed<(A, B)> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (first, second) => Err(first.err().into_iter().chain(second.err()).flatten().collect()),
    }
}

pub(super) fn within(number: i64, min: u32, max: u32) -> Parsed<u32> {
    match number {
        number if number < i64::from(min) => at_least(min),
        number => u32::try_from(number).ok().filter(|number| *number <= max).map_or_else(|| at_most(max), Ok),
    }
}

impl Input for Value {
    fn parse(value: Value) -> Parsed<Self> {
        Ok(value)
    }
}

impl Input for Map<String, Value> {
    fn parse(value: Value) -> Parsed<Self> {
        match value {
            Value::Object(object) => Ok(object),
            _ => one("dict_type", "Input should be a valid dictionary"),
        }
    }
}

impl<T: Input> Input for Vec<Field<T>> {
    fn parse(value: Value) -> Parsed<Self> {
        match value {
            Value::Array(items) => Ok(items.into_iter().map(|item| Field(T::parse(item))).collect()),
            _ => one("list_type", "Input should be a valid list"),
        }
    }
}

impl Input for bool {
    fn parse(value: Value) -> Parsed<Self> {
        let unclear = || one("bool_parsing", "Input should be a valid boolean, unable to interpret input");
        match value {
            Value::Bool(flag) => Ok(flag),
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

impl Input for String {
    fn parse(value: Value) -> Parsed<Self> {
        match value {
            Value::String(text) => Ok(text),
            _ => one("string_type", "Input should be a valid string"),
        }
    }
}

impl Input for i64 {
    fn parse(value: Value) -> Parsed<Self> {
        match value {
            Value::Bool(flag) => Ok(Self::from(flag)),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => Ok(integer),
                // Saturates, which is as far out of every range.
                (None, Some(float)) if float.fract() == 0.0 => Ok(float as Self),
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
}

/// A finite number.
impl Input for f64 {
    fn parse(value: Value) -> Parsed<Self> {
        let number = match value {
            Value::Bool(flag) => Self::from(u8::from(flag)),
            Value::Number(number) if number.as_f64().is_some() => number.as_f64().unwrap_or_default(),
            Value::String(text) => text.trim().parse().or_else(|_| {
                one("float_parsing", "Input should be a valid number, unable to parse string as a number")
            })?,
            _ => return one("float_type", "Input should be a valid number"),
        };
        if number.is_finite() { Ok(number) } else { one("finite_number", "Input should be a finite number") }
    }
}

/// A value that callers choose by its name.
pub(super) trait Choice: Copy {
    fn choices() -> Vec<(&'static str, Self)>;
}

#[derive(JsonSchema)]
#[schemars(inline, extend("enum" = T::choices().into_iter().map(|(name, _)| name).collect::<Vec<_>>()))]
pub(super) struct OneOf<T: Choice>(#[schemars(with = "String")] pub(super) T);

impl<T: Choice> Input for OneOf<T> {
    fn parse(value: Value) -> Parsed<Self> {
        let choices = T::choices();
        let chosen = value.as_str().and_then(|name| choices.iter().find(|(choice, _)| *choice == name));
        let Some((_, choice)) = chosen else {
            let names: Vec<String> = choices.iter().map(|(name, _)| format!("'{name}'")).collect();
            let (last, others) = names.split_last().expect("there is a choice");
            return one("literal_error", format!("Input should be {} or {last}", others.join(", ")));
        };
        Ok(Self(*choice))
    }
}
