//! Values of a body, parsed as leniently as pydantic's lax mode and with its error types: callers know both.

use serde_json::{Map, Value};

use crate::http::error::Problem;

/// A value, or what is wrong with it. The locations of problems are relative to the value.
pub(super) type Parsed<T> = Result<T, Vec<Problem>>;

/// Parses the fields of an object and collects their problems, so that all are reported together.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    not_null: &'static [&'static str],
    problems: Vec<Problem>,
}

impl<'a> Fields<'a> {
    /// Null is the same as a missing field, except for those that are `not_null`.
    pub(super) fn of(value: &'a Value, not_null: &'static [&'static str]) -> Parsed<Self> {
        match value {
            Value::Object(object) => Ok(Self { object, not_null, problems: Vec::new() }),
            _ => one("dict_type", "Input should be a valid dictionary"),
        }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null() || self.not_null.contains(&name))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The value, if the field is there and valid.
    pub(super) fn optional<T>(&mut self, name: &'static str, parse: impl FnOnce(&'a Value) -> Parsed<T>) -> Option<T> {
        let parsed = parse(self.get(name)?);
        parsed.map_err(|problems| self.problems.extend(problems.into_iter().map(|problem| problem.within(name)))).ok()
    }

    /// As [`optional`](Self::optional); a missing field is a problem.
    pub(super) fn required<T>(&mut self, name: &'static str, parse: impl FnOnce(&'a Value) -> Parsed<T>) -> Option<T> {
        if !self.has(name) {
            self.add(name, "missing", "Field required");
        }
        self.optional(name, parse)
    }

    pub(super) fn add(&mut self, name: &'static str, kind: &'static str, message: &'static str) {
        self.problems.push(Problem::new(kind, message).within(name));
    }

    /// What was made of the fields, which is none only after a problem.
    pub(super) fn finish<T>(self, made: Option<T>) -> Parsed<T> {
        made.filter(|_| self.problems.is_empty()).ok_or(self.problems)
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

/// A list of at most `max` items. The problems of all items are reported.
pub(super) fn list<'a, T>(value: &'a Value, max: usize, item: impl Fn(&'a Value) -> Parsed<T>) -> Parsed<Vec<T>> {
    let Value::Array(values) = value else { return one("list_type", "Input should be a valid list") };
    if values.len() > max {
        return one("too_long", format!("List should have at most {max} items"));
    }
    all(values.iter().map(item))
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

pub(super) fn boolean(value: &Value) -> Parsed<bool> {
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

pub(super) fn string(value: &Value) -> Parsed<&str> {
    value.as_str().map_or_else(|| one("string_type", "Input should be a valid string"), Ok)
}

pub(super) fn integer(value: &Value) -> Parsed<i64> {
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

pub(super) fn integer_within(value: &Value, min: u32, max: u32) -> Parsed<u32> {
    match integer(value)? {
        number if number < i64::from(min) => at_least(min),
        number => u32::try_from(number).ok().filter(|number| *number <= max).map_or_else(|| at_most(max), Ok),
    }
}

/// A finite number.
pub(super) fn number(value: &Value) -> Parsed<f64> {
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

pub(super) fn one_of<T: Copy>(value: &Value, choices: &[(&'static str, T)]) -> Parsed<T> {
    let chosen = value.as_str().and_then(|name| choices.iter().find(|(choice, _)| *choice == name));
    let Some((_, choice)) = chosen else {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("'{name}'")).collect();
        let (last, others) = names.split_last().expect("there is a choice");
        return one("literal_error", format!("Input should be {} or {last}", others.join(", ")));
    };
    Ok(*choice)
}
