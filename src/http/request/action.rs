//! One of the caller's actions: `{"type": "click", "selector": "#go"}`.

use agent::RequestedAction;
use agent::action::Action;
use agent::locator::Locator;
use agent::observation::{ElementIndex, VIEWPORT_HEIGHT};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::input::{Input, Parsed, Problems, not_null, object, one_of};
use super::values::{Millis, Pixels, Selector};
use crate::http::error::Problem;

/// Which fields an action needs depends on its type; others are ignored.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["type"]))]
pub(super) struct ActionBody {
    #[serde(rename = "type", default, deserialize_with = "not_null")]
    #[schemars(with = "ActionType")]
    kind: Option<Parsed<ActionType>>,
    /// Accepted for `type`.
    #[schemars(with = "Option<ActionType>")]
    action: Option<Parsed<ActionType>>,
    #[schemars(with = "Option<String>", length(min = 1, max = 1_000))]
    selector: Option<Parsed<Selector>>,
    #[schemars(with = "Option<u32>", range(min = 1))]
    index: Option<Parsed<ElementIndex>>,
    /// The text to type, the direction to scroll in, or the part of the URL to wait for.
    #[schemars(with = "Option<String>")]
    text: Option<Value>,
    #[schemars(with = "Option<u32>", range(min = 1, max = 90_000))]
    pixels: Option<Parsed<Pixels>>,
    #[schemars(with = "Option<u32>", range(max = 60_000))]
    delay_ms: Option<Parsed<Millis>>,
    #[schemars(with = "Option<u32>", range(max = 60_000))]
    timeout_ms: Option<Parsed<Millis>>,
}

#[derive(Clone, Copy, PartialEq, JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum ActionType {
    WaitFor,
    Click,
    Type,
    Scroll,
    Wait,
    ExtractText,
    PressEnter,
    WaitForUrlContains,
}

impl ActionType {
    const NAMES: [(&str, Self); 8] = [
        ("wait_for", Self::WaitFor),
        ("click", Self::Click),
        ("type", Self::Type),
        ("scroll", Self::Scroll),
        ("wait", Self::Wait),
        ("extract_text", Self::ExtractText),
        ("press_enter", Self::PressEnter),
        ("wait_for_url_contains", Self::WaitForUrlContains),
    ];

    fn name(self) -> &'static str {
        let (name, _) = Self::NAMES.into_iter().find(|(_, named)| *named == self).expect("every type has a name");
        name
    }
}

impl Input for ActionType {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        one_of(value, &Self::NAMES)
    }
}

impl Input for RequestedAction {
    fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let mut body: ActionBody = object(value)?;
        let requested = body.kind(&mut problems).and_then(|kind| {
            let action = body.into_action(kind, &mut problems)?;
            Some(Self { name: kind.name().to_owned(), action })
        });
        match requested {
            Some(requested) if problems.0.is_empty() => Ok(requested),
            _ => Err(problems.0),
        }
    }
}

impl ActionBody {
    fn kind(&mut self, problems: &mut Problems) -> Option<ActionType> {
        match self.action.take() {
            Some(action) if self.kind.is_none() => problems.require("action", Some(action)),
            _ => problems.require("type", self.kind.take()),
        }
    }

    /// None if a field is missing or invalid, which is among the problems then.
    fn into_action(mut self, kind: ActionType, problems: &mut Problems) -> Option<Action> {
        Some(match kind {
            ActionType::WaitFor => {
                let (selector, seconds) = (problems.require("selector", self.selector.take()), self.limit(problems));
                let selector = Some(selector?.0);
                Action::Wait { seconds: Some(seconds), text: None, gone: None, selector, url: None }
            }
            ActionType::Click => Action::click(self.element(problems)?),
            ActionType::Type => {
                let (element, text) = (self.element(problems), self.text(problems));
                Action::Input { index: element?, text: text?, clear: None, submit: None }
            }
            ActionType::Scroll => {
                let direction = self.text(problems);
                let pixels = problems.take("pixels", self.pixels);
                let pages = pixels.map(|Pixels(pixels)| f64::from(pixels) / f64::from(VIEWPORT_HEIGHT));
                Action::Scroll { direction: direction?, pages, index: None }
            }
            ActionType::Wait => Action::wait(problems.require("delay_ms", self.delay_ms)?.0.as_secs_f64()),
            ActionType::ExtractText => Action::extract(Some(self.by_selector(problems)?)),
            ActionType::PressEnter => {
                Action::SendKeys { keys: "Enter".into(), index: Some(self.by_selector(problems)?) }
            }
            ActionType::WaitForUrlContains => {
                let (text, seconds) = (self.text(problems), self.limit(problems));
                let Selector(url) = text?;
                Action::Wait { seconds: Some(seconds), text: None, gone: None, selector: None, url: Some(url) }
            }
        })
    }

    /// The text, parsed as what this type of action takes it for.
    fn text<T: Input>(&mut self, problems: &mut Problems) -> Option<T> {
        let text = self.text.take().map(|text| Parsed(T::parse(&text)));
        problems.require("text", text)
    }

    fn by_selector(&mut self, problems: &mut Problems) -> Option<Locator> {
        problems.require("selector", self.selector.take()).map(|Selector(selector)| Locator::Selector(selector))
    }

    /// By selector or by index, not both.
    fn element(&mut self, problems: &mut Problems) -> Option<Locator> {
        if self.index.is_none() {
            return self.by_selector(problems);
        }
        if self.selector.is_some() {
            problems.add("index", "value_error", "Value error, give a selector or an index, not both");
            return None;
        }
        problems.take("index", self.index.take()).map(Into::into)
    }

    /// In seconds.
    fn limit(&mut self, problems: &mut Problems) -> f64 {
        let limit = problems.take("timeout_ms", self.timeout_ms.take()).map(|Millis(limit)| limit);
        limit.unwrap_or(RequestedAction::DEFAULT_WAIT).as_secs_f64()
    }
}
