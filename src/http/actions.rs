//! The caller's own actions, as the body has them: `{"type": "click", "selector": "#go"}`.

use std::time::Duration;

use serde_json::Value;

use super::error::{Place, Problem};
use super::fields::{Fields, Wrong, integer, one_of, string, wrong};
use agent::RequestedAction;
use agent::action::{Action, ScrollDirection};
use agent::locator::Locator;
use agent::observation::{ElementIndex, VIEWPORT_HEIGHT};

const DIRECTIONS: [(&str, ScrollDirection); 2] = [("up", ScrollDirection::Up), ("down", ScrollDirection::Down)];

#[derive(Clone, Copy, PartialEq)]
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

/// Reports every problem of every action.
pub(super) fn actions(value: &Value, at: Place) -> Result<Vec<RequestedAction>, Vec<Problem>> {
    let Value::Array(list) = value else {
        return Err(vec![Problem::at(at, "list_type", "Input should be a valid list")]);
    };
    if list.len() > RequestedAction::MAX_COUNT {
        let message = format!("List should have at most {} items", RequestedAction::MAX_COUNT);
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

fn action(value: &Value, at: Place) -> Result<RequestedAction, Vec<Problem>> {
    let Value::Object(object) = value else {
        return Err(vec![Problem::at(at, "dict_type", "Input should be a valid dictionary")]);
    };
    let mut fields = Fields::at(at, object);
    // Some callers call it `action`.
    let field = if !fields.has("type") && fields.has("action") { "action" } else { "type" };
    let kind = fields.required(field, |value| one_of(value, &KINDS));
    let action = kind.and_then(|kind| of_kind(kind, &mut fields));
    match (kind, action) {
        (Some(kind), Some(action)) if fields.problems.is_empty() => Ok(RequestedAction { name: name(kind), action }),
        _ => Err(fields.problems),
    }
}

/// None when a field is missing or wrong; each such field is among the problems then.
fn of_kind(kind: Kind, fields: &mut Fields<'_>) -> Option<Action> {
    Some(match kind {
        Kind::WaitFor => {
            let (selector, seconds) = (fields.required("selector", selector), limit(fields));
            Action::Wait { seconds: Some(seconds), text: None, gone: None, selector: Some(selector?), url: None }
        }
        Kind::Click => Action::click(element(fields)?),
        Kind::Type => {
            let (element, text) = (element(fields), fields.required("text", |value| Ok(string(value)?.to_owned())));
            Action::Input { index: element?, text: text?, clear: None, submit: None }
        }
        Kind::Scroll => {
            let direction = fields.required("text", |value| one_of(value, &DIRECTIONS));
            let pixels = fields.nullable("pixels", |value| within(value, 1, RequestedAction::MAX_PIXELS));
            let pages = pixels.map(|pixels| f64::from(pixels) / f64::from(VIEWPORT_HEIGHT));
            Action::Scroll { direction: direction?, pages, index: None }
        }
        Kind::Wait => Action::wait(fields.required("delay_ms", wait)?.as_secs_f64()),
        Kind::ExtractText => Action::extract(Some(by_selector(fields)?)),
        Kind::PressEnter => Action::SendKeys { keys: "Enter".into(), index: Some(by_selector(fields)?) },
        Kind::WaitForUrlContains => {
            let (url, seconds) = (fields.required("text", selector), limit(fields));
            Action::Wait { seconds: Some(seconds), text: None, gone: None, selector: None, url: Some(url?) }
        }
    })
}

fn name(kind: Kind) -> String {
    KINDS.iter().find(|(_, known)| *known == kind).map_or_else(String::new, |(name, _)| (*name).to_owned())
}

/// By selector or by index, and not by both.
fn element(fields: &mut Fields<'_>) -> Option<Locator> {
    if !fields.has("index") {
        return by_selector(fields);
    }
    if fields.has("selector") {
        fields.problem("index", "value_error", "Value error, give a selector or an index, not both");
        return None;
    }
    let index = fields.required("index", |value| within(value, 1, u32::MAX));
    index.map(|index| ElementIndex(index).into())
}

fn by_selector(fields: &mut Fields<'_>) -> Option<Locator> {
    fields.required("selector", selector).map(Locator::Selector)
}

/// In seconds.
fn limit(fields: &mut Fields<'_>) -> f64 {
    fields.nullable("timeout_ms", wait).unwrap_or(RequestedAction::DEFAULT_WAIT).as_secs_f64()
}

/// A short text with something in it; CSS itself is for the browser to judge.
fn selector(value: &Value) -> Result<String, Wrong> {
    let max = RequestedAction::MAX_SELECTOR;
    match string(value)?.trim() {
        "" => wrong("string_too_short", "String should have at least 1 character"),
        text if text.chars().nth(max).is_some() => {
            wrong("string_too_long", format!("String should have at most {max} characters"))
        }
        text => Ok(text.to_owned()),
    }
}

fn wait(value: &Value) -> Result<Duration, Wrong> {
    let max = u32::try_from(RequestedAction::MAX_WAIT.as_millis()).expect("a minute is some thousands of milliseconds");
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
