//! One of the caller's actions: `{"type": "click", "selector": "#go"}`.

use std::time::Duration;

use agent::RequestedAction;
use agent::action::{Action, ScrollDirection};
use agent::locator::Locator;
use agent::observation::{ElementIndex, VIEWPORT_HEIGHT};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::input::{Choice, Field, Input, OneOf, Parsed, Problems, not_null, object, one, within};

const MAX_WAIT_MS: u32 = RequestedAction::MAX_WAIT.as_millis() as u32;

/// Which fields an action needs depends on its type; others are ignored.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("anyOf" = [{ "required": ["type"] }, { "required": ["action"] }]))]
pub(super) struct ActionBody {
    #[serde(rename = "type", default, deserialize_with = "not_null")]
    #[schemars(with = "OneOf<ActionType>")]
    kind: Option<Field<OneOf<ActionType>>>,
    /// Accepted for `type`.
    action: Option<Field<OneOf<ActionType>>>,
    /// A CSS selector.
    #[schemars(length(min = 1, max = RequestedAction::MAX_SELECTOR))]
    selector: Option<Field<String>>,
    /// An element by its number instead of a selector.
    #[schemars(range(min = 1, max = u32::MAX))]
    index: Option<Field<i64>>,
    /// The text to type, the direction to scroll in, or the part of the URL to wait for.
    #[schemars(with = "Option<String>")]
    text: Option<Field<Value>>,
    /// How far to scroll.
    #[schemars(range(min = 1, max = RequestedAction::MAX_PIXELS))]
    pixels: Option<Field<i64>>,
    /// How long to wait.
    #[schemars(range(min = 0, max = MAX_WAIT_MS))]
    delay_ms: Option<Field<i64>>,
    /// How long to wait at most.
    #[schemars(range(min = 0, max = MAX_WAIT_MS))]
    timeout_ms: Option<Field<i64>>,
}

impl Input for ActionBody {
    fn parse(value: Value) -> Parsed<Self> {
        object(value)
    }
}

/// A type's name, and what reads the fields that it needs: none if one is missing or invalid, which is then among the
/// problems.
type ActionType = (&'static str, fn(ActionBody, &mut Problems) -> Option<Action>);

const TYPES: [ActionType; 8] = [
    ("wait_for", wait_for),
    ("click", |body, problems| Some(Action::click(element(body.selector, body.index, problems)?))),
    ("type", type_text),
    ("scroll", scroll),
    ("wait", |body, problems| {
        Some(Action::wait(problems.required("delay_ms", body.delay_ms, wait_time)?.as_secs_f64()))
    }),
    ("extract_text", |body, problems| Some(Action::extract(Some(by_selector(body.selector, problems)?)))),
    ("press_enter", |body, problems| {
        Some(Action::SendKeys { keys: "Enter".into(), index: Some(by_selector(body.selector, problems)?) })
    }),
    ("wait_for_url_contains", wait_for_url),
];

impl Choice for ActionType {
    fn choices() -> Vec<(&'static str, Self)> {
        TYPES.map(|choice| (choice.0, choice)).into()
    }
}

impl Choice for ScrollDirection {
    fn choices() -> Vec<(&'static str, Self)> {
        vec![("up", Self::Up), ("down", Self::Down)]
    }
}

pub(super) fn action(mut body: ActionBody) -> Parsed<RequestedAction> {
    let mut problems = Problems::default();
    let (name, kind) = match (body.kind.take(), body.action.take()) {
        (None, Some(action)) => ("action", Some(action)),
        (kind, _) => ("type", kind),
    };
    let requested = problems.required(name, kind, |OneOf(kind)| Ok(kind)).and_then(|(name, read)| {
        let action = read(body, &mut problems)?;
        Some(RequestedAction { name: name.to_owned(), action })
    });
    problems.finish(requested)
}

fn wait_for(body: ActionBody, problems: &mut Problems) -> Option<Action> {
    let selector = problems.required("selector", body.selector, selector);
    let seconds = timeout(body.timeout_ms, problems);
    Some(Action::Wait { seconds: Some(seconds), text: None, gone: None, selector: Some(selector?), url: None })
}

fn wait_for_url(body: ActionBody, problems: &mut Problems) -> Option<Action> {
    let url = problems.required("text", body.text, |text| selector(String::parse(text)?));
    let seconds = timeout(body.timeout_ms, problems);
    Some(Action::Wait { seconds: Some(seconds), text: None, gone: None, selector: None, url: Some(url?) })
}

fn type_text(body: ActionBody, problems: &mut Problems) -> Option<Action> {
    let element = element(body.selector, body.index, problems);
    let text = problems.required("text", body.text, String::parse);
    Some(Action::Input { index: element?, text: text?, clear: None, submit: None })
}

fn scroll(body: ActionBody, problems: &mut Problems) -> Option<Action> {
    let direction = problems.required("text", body.text, OneOf::parse);
    let pixels = problems.optional("pixels", body.pixels, |pixels| within(pixels, 1, RequestedAction::MAX_PIXELS));
    let pages = pixels.map(|pixels| f64::from(pixels) / f64::from(VIEWPORT_HEIGHT));
    Some(Action::Scroll { direction: direction?.0, pages, index: None })
}

fn by_selector(field: Option<Field<String>>, problems: &mut Problems) -> Option<Locator> {
    problems.required("selector", field, selector).map(Locator::Selector)
}

/// By selector or by index, not both.
fn element(selector: Option<Field<String>>, index: Option<Field<i64>>, problems: &mut Problems) -> Option<Locator> {
    if index.is_none() {
        return by_selector(selector, problems);
    }
    if selector.is_some() {
        problems.add("index", "value_error", "Value error, give a selector or an index, not both");
        return None;
    }
    problems.optional("index", index, |index| Ok(ElementIndex(within(index, 1, u32::MAX)?).into()))
}

/// In seconds.
fn timeout(field: Option<Field<i64>>, problems: &mut Problems) -> f64 {
    problems.optional("timeout_ms", field, wait_time).unwrap_or(RequestedAction::DEFAULT_WAIT).as_secs_f64()
}

fn wait_time(milliseconds: i64) -> Parsed<Duration> {
    Ok(Duration::from_millis(within(milliseconds, 0, MAX_WAIT_MS)?.into()))
}

/// A CSS selector, checked only by the browser, or a part of a URL; trimmed and not empty.
fn selector(raw: String) -> Parsed<String> {
    let max = RequestedAction::MAX_SELECTOR;
    match raw.trim() {
        "" => one("string_too_short", "String should have at least 1 character"),
        text if text.chars().nth(max).is_some() => {
            one("string_too_long", format!("String should have at most {max} characters"))
        }
        text => Ok(text.to_owned()),
    }
}
