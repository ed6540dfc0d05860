//! One of the caller's actions: `{"type": "click", "selector": "#go"}`.

use std::time::Duration;

use agent::RequestedAction;
use agent::action::{Action, ScrollDirection};
use agent::locator::Locator;
use agent::observation::{ElementIndex, VIEWPORT_HEIGHT};
use serde_json::Value;

use super::input::{Fields, Parsed, integer_within, one, one_of, string};

/// Reads the fields that a type of action needs; the others are ignored. None if one is missing or invalid, which is then
/// among the problems.
type Read = fn(&mut Fields<'_>) -> Option<Action>;

const TYPES: [(&str, Read); 8] = [
    ("wait_for", wait_for),
    ("click", |fields| Some(Action::click(element(fields)?))),
    ("type", type_text),
    ("scroll", scroll),
    ("wait", |fields| Some(Action::wait(fields.required("delay_ms", wait_time)?.as_secs_f64()))),
    ("extract_text", |fields| Some(Action::extract(Some(by_selector(fields)?)))),
    ("press_enter", |fields| Some(Action::SendKeys { keys: "Enter".into(), index: Some(by_selector(fields)?) })),
    ("wait_for_url_contains", wait_for_url),
];

pub(super) fn action(value: &Value) -> Parsed<RequestedAction> {
    let mut fields = Fields::of(value, &["type"])?;
    let type_field = if fields.has("action") && !fields.has("type") { "action" } else { "type" };
    let types = TYPES.map(|(name, read)| (name, (name, read)));
    let requested = fields.required(type_field, |value| one_of(value, &types)).and_then(|(name, read)| {
        let action = read(&mut fields)?;
        Some(RequestedAction { name: name.to_owned(), action })
    });
    fields.finish(requested)
}

fn wait_for(fields: &mut Fields<'_>) -> Option<Action> {
    let (selector, seconds) = (fields.required("selector", selector), timeout(fields));
    Some(Action::Wait { seconds: Some(seconds), text: None, gone: None, selector: Some(selector?), url: None })
}

fn wait_for_url(fields: &mut Fields<'_>) -> Option<Action> {
    let (url, seconds) = (fields.required("text", selector), timeout(fields));
    Some(Action::Wait { seconds: Some(seconds), text: None, gone: None, selector: None, url: Some(url?) })
}

fn type_text(fields: &mut Fields<'_>) -> Option<Action> {
    let (element, text) = (element(fields), fields.required("text", string));
    Some(Action::Input { index: element?, text: text?.to_owned(), clear: None, submit: None })
}

fn scroll(fields: &mut Fields<'_>) -> Option<Action> {
    let directions = [("up", ScrollDirection::Up), ("down", ScrollDirection::Down)];
    let direction = fields.required("text", |value| one_of(value, &directions));
    let pixels = fields.optional("pixels", |value| integer_within(value, 1, RequestedAction::MAX_PIXELS));
    let pages = pixels.map(|pixels| f64::from(pixels) / f64::from(VIEWPORT_HEIGHT));
    Some(Action::Scroll { direction: direction?, pages, index: None })
}

fn by_selector(fields: &mut Fields<'_>) -> Option<Locator> {
    fields.required("selector", selector).map(Locator::Selector)
}

/// By selector or by index, not both.
fn element(fields: &mut Fields<'_>) -> Option<Locator> {
    if !fields.has("index") {
        return by_selector(fields);
    }
    if fields.has("selector") {
        fields.add("index", "value_error", "Value error, give a selector or an index, not both");
        return None;
    }
    fields.optional("index", |value| Ok(ElementIndex(integer_within(value, 1, u32::MAX)?).into()))
}

/// In seconds.
fn timeout(fields: &mut Fields<'_>) -> f64 {
    fields.optional("timeout_ms", wait_time).unwrap_or(RequestedAction::DEFAULT_WAIT).as_secs_f64()
}

/// In milliseconds.
fn wait_time(value: &Value) -> Parsed<Duration> {
    let max = u32::try_from(RequestedAction::MAX_WAIT.as_millis()).expect("a minute is some thousand milliseconds");
    Ok(Duration::from_millis(integer_within(value, 0, max)?.into()))
}

/// A CSS selector, checked only by the browser, or a part of a URL; trimmed and not empty.
fn selector(value: &Value) -> Parsed<String> {
    let max = RequestedAction::MAX_SELECTOR;
    match string(value)?.trim() {
        "" => one("string_too_short", "String should have at least 1 character"),
        text if text.chars().nth(max).is_some() => {
            one("string_too_long", format!("String should have at most {max} characters"))
        }
        text => Ok(text.to_owned()),
    }
}
