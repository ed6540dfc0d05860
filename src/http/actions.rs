//! The caller's own actions, as the body has them: `{"type": "click", "selector": "#go"}`.

use std::time::Duration;

use serde_json::Value;

use super::error::{Place, Problem};
use super::fields::{Fields, Wrong, integer, one_of, string, wrong};
use agent::action::{ElementIndex, ScrollDirection};
use agent::explicit::{ExplicitAction, Target};

const DIRECTIONS: [(&str, ScrollDirection); 2] = [("up", ScrollDirection::Up), ("down", ScrollDirection::Down)];

#[derive(Clone, Copy)]
enum Kind {
    WaitFor,
    Click,
    Type,
    Scroll,
    Wait,
    ExtractText,
    PressEnter,
    WaitForUrlContains,
}

const KINDS: [(&str, Kind); 8] = [
    ("wait_for", Kind::WaitFor),
    ("click", Kind::Click),
    ("type", Kind::Type),
    ("scroll", Kind::Scroll),
    ("wait", Kind::Wait),
    ("extract_text", Kind::ExtractText),
    ("press_enter", Kind::PressEnter),
    ("wait_for_url_contains", Kind::WaitForUrlContains),
];

/// Every problem of every action is told.
pub(super) fn actions(value: &Value, at: Place) -> Result<Vec<ExplicitAction>, Vec<Problem>> {
    let Value::Array(list) = value else {
        return Err(vec![Problem::at(at, "list_type", "Input should be a valid list")]);
    };
    if list.len() > ExplicitAction::MAX_COUNT {
        let message = format!("List should have at most {} items", ExplicitAction::MAX_COUNT);
        return Err(vec![Problem::at(at, "too_long", message)]);
    }
    let mut actions = Vec::with_capacity(list.len());
    let mut problems = Vec::new();
    for (index, value) in list.iter().enumerate() {
        match action(value, at.number(index)) {
            Ok(action) => actions.push(action),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(actions) } else { Err(problems) }
}

fn action(value: &Value, at: Place) -> Result<ExplicitAction, Vec<Problem>> {
    let Value::Object(object) = value else {
        return Err(vec![Problem::at(at, "dict_type", "Input should be a valid dictionary")]);
    };
    let mut fields = Fields::at(at, object);
    // `action` is what some callers call it.
    let name = if !fields.has("type") && fields.has("action") { "action" } else { "type" };
    let kind = fields.required(name, |value| one_of(value, &KINDS));
    let action = kind.and_then(|kind| of_kind(kind, &mut fields));
    match action {
        Some(action) if fields.problems.is_empty() => Ok(action),
        _ => Err(fields.problems),
    }
}

/// None when a field is missing or wrong; each such field is among the problems then.
fn of_kind(kind: Kind, fields: &mut Fields<'_>) -> Option<ExplicitAction> {
    Some(match kind {
        Kind::WaitFor => {
            let (selector, limit) = (fields.required("selector", selector), limit(fields));
            ExplicitAction::WaitFor { selector: selector?, limit }
        }
        Kind::Click => ExplicitAction::Click { target: target(fields)? },
        Kind::Type => {
            let (target, text) = (target(fields), fields.required("text", |value| Ok(string(value)?.to_owned())));
            ExplicitAction::Type { target: target?, text: text? }
        }
        Kind::Scroll => {
            let direction = fields.required("text", |value| one_of(value, &DIRECTIONS));
            let pixels = fields.nullable("pixels", |value| within(value, 1, ExplicitAction::MAX_PIXELS));
            ExplicitAction::Scroll { direction: direction?, pixels }
        }
        Kind::Wait => ExplicitAction::Wait { delay: fields.required("delay_ms", wait)? },
        Kind::ExtractText => ExplicitAction::ExtractText { selector: fields.required("selector", selector)? },
        Kind::PressEnter => ExplicitAction::PressEnter { selector: fields.required("selector", selector)? },
        Kind::WaitForUrlContains => {
            let (text, limit) = (fields.required("text", selector), limit(fields));
            ExplicitAction::WaitForUrlContains { text: text?, limit }
        }
    })
}

/// By selector or by index, and not by both.
fn target(fields: &mut Fields<'_>) -> Option<Target> {
    if !fields.has("index") {
        return fields.required("selector", selector).map(Target::Selector);
    }
    if fields.has("selector") {
        fields.problem("index", "value_error", "Value error, give a selector or an index, not both");
        return None;
    }
    let index = fields.required("index", |value| within(value, 1, u32::MAX));
    index.map(|index| Target::Index(ElementIndex(index)))
}

fn limit(fields: &mut Fields<'_>) -> Duration {
    fields.nullable("timeout_ms", wait).unwrap_or(ExplicitAction::DEFAULT_WAIT)
}

/// A short text with something in it; CSS itself is for the browser to judge.
fn selector(value: &Value) -> Result<String, Wrong> {
    let max = ExplicitAction::MAX_SELECTOR;
    match string(value)?.trim() {
        "" => wrong("string_too_short", "String should have at least 1 character"),
        text if text.chars().nth(max).is_some() => {
            wrong("string_too_long", format!("String should have at most {max} characters"))
        }
        text => Ok(text.to_owned()),
    }
}

fn wait(value: &Value) -> Result<Duration, Wrong> {
    let max = u32::try_from(ExplicitAction::MAX_WAIT.as_millis()).expect("a minute is some thousands of milliseconds");
    Ok(Duration::from_millis(within(value, 0, max)?.into()))
}

fn within(value: &Value, min: u32, max: u32) -> Result<u32, Wrong> {
    match integer(value)? {
        number if number < i64::from(min) => {
            wrong("greater_than_equal", format!("Input should be greater than or equal to {min}"))
        }
        number => u32::try_from(number)
            .ok()
            .filter(|number| *number <= max)
            .map_or_else(|| wrong("less_than_equal", format!("Input should be less than or equal to {max}")), Ok),
    }
}
