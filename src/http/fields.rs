//! Reads the fields of a body's objects, and says what is wrong with them in the words of pydantic.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::error::{Place, Problem};

/// A problem's type and message, before it is known where it is.
pub(super) type Wrong = (&'static str, String);

pub(super) fn wrong<T>(kind: &'static str, message: impl Into<String>) -> Result<T, Wrong> {
    Err((kind, message.into()))
}

/// An object of the body, and what was found wrong with it so far.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    /// Where it is.
    at: Place,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Fields<'a> {
    pub(super) fn of_body(object: &'a Map<String, Value>) -> Self {
        Self { object, at: Place::body(), problems: Vec::new() }
    }

    pub(super) fn at(at: Place, object: &'a Map<String, Value>) -> Self {
        Self { object, at, problems: Vec::new() }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    pub(super) fn problem(&mut self, name: &'static str, kind: &'static str, message: impl Into<Cow<'static, str>>) {
        self.problems.push(Problem::at(self.at.field(name), kind, message));
    }

    /// As [`nullable`](Self::nullable), for a value that is read in parts.
    pub(super) fn take_in<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value, Place) -> Result<T, Vec<Problem>>,
    ) -> Option<T> {
        let value = self.object.get(name).filter(|value| !value.is_null())?;
        read(value, self.at.field(name)).map_err(|problems| self.problems.extend(problems)).ok()
    }

    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Result<T, Wrong>,
    ) -> Option<T> {
        if !self.object.contains_key(name) {
            self.problem(name, "missing", "Field required");
        }
        self.optional(name, read)
    }

    /// None when it is left out or wrong.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Result<T, Wrong>,
    ) -> Option<T> {
        match read(self.object.get(name)?) {
            Ok(value) => Some(value),
            Err((kind, message)) => {
                self.problem(name, kind, message);
                None
            }
        }
    }

    /// As `optional`; null stands for leaving it out.
    pub(super) fn nullable<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Result<T, Wrong>,
    ) -> Option<T> {
        match self.object.get(name)? {
            Value::Null => None,
            _ => self.optional(name, read),
        }
    }
}

pub(super) fn string(value: &Value) -> Result<&str, Wrong> {
    match value {
        Value::String(text) => Ok(text),
        _ => wrong("string_type", "Input should be a valid string"),
    }
}

pub(super) fn integer(value: &Value) -> Result<i64, Wrong> {
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

pub(super) fn number(value: &Value) -> Result<f64, Wrong> {
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

pub(super) fn boolean(value: &Value) -> Result<bool, Wrong> {
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

pub(super) fn one_of<T: Copy>(value: &Value, choices: &[(&'static str, T)]) -> Result<T, Wrong> {
    let chosen = value.as_str().and_then(|name| choices.iter().find(|(choice, _)| *choice == name));
    let Some((_, choice)) = chosen else {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("'{name}'")).collect();
        let (last, others) = names.split_last().expect("there is a choice");
        return wrong("literal_error", format!("Input should be {} or {last}", others.join(", ")));
    };
    Ok(*choice)
}
