//! Filling in fields and choosing options.

use chromiumoxide_cdp::cdp::browser_protocol::input::InsertTextParams;
use serde::{Deserialize, Serialize};

use super::mouse::{Press, press};
use super::{Hands, IdArgument, Target, clip, delivered, label};
use crate::agent::action::ElementIndex;
use crate::agent::ports::{ActionError, ActionOutcome};

#[derive(Serialize)]
struct FocusArgument {
    id: u32,
    clear: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Focused {
    gone: bool,
    focused: bool,
    empty: bool,
}

#[derive(Serialize)]
struct SetArgument<'a> {
    id: u32,
    value: &'a str,
}

#[derive(Serialize)]
struct ChooseArgument<'a> {
    id: u32,
    options: &'a [String],
}

/// A field's value after an action, as far as it may be known.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Value {
    gone: bool,
    secret: bool,
    /// Characters of a secret; its text stays in the page.
    length: usize,
    value: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Chosen {
    gone: bool,
    unfit: Option<String>,
    disabled: bool,
    single: bool,
    unknown: Option<String>,
    options: Vec<String>,
    chosen: Vec<String>,
}

impl Hands<'_> {
    pub(super) async fn input(
        &self,
        index: ElementIndex,
        text: &str,
        clear: bool,
        submit: bool,
    ) -> Result<ActionOutcome, ActionError> {
        let target = self.target(index).await?;
        let before = self.before()?;
        let located = self.locate(&target).await?;
        if located.disabled {
            return Err(ActionError::NotPossible(format!("element {index} is disabled")));
        }
        let secret = target.element.input_type == "password";
        let shown = if secret { "a password".to_owned() } else { format!("'{}'", clip(text, 80)) };
        let description = format!("Type {shown} into {}", label(&target.element));
        let note = match located.kind.as_str() {
            "select" => return self.select(index, &[text.to_owned()]).await,
            "check" | "file" | "button" => {
                let role = &target.element.role;
                return Err(ActionError::NotPossible(format!("element {index} is a {role}, it takes no text")));
            }
            "set" => self.set(&target, text).await?,
            _ => {
                press(&self.active()?.session, self.reach(&target, &located).await?, Press::default()).await?;
                self.type_over(&target, text, clear).await?
            }
        };
        if submit {
            self.press_keys("Enter").await?;
        }
        let mut outcome = self.settle(description, &before).await?;
        let told = match note {
            Some(note) => note,
            // After a submit the field may be anywhere.
            None if submit || outcome.page_changed => return Ok(outcome),
            None => match self.difference(&target, text, clear).await? {
                Some(difference) => difference,
                None => return Ok(outcome),
            },
        };
        outcome.effect = if outcome.effect.is_empty() { told } else { format!("{told}; {}", outcome.effect) };
        Ok(outcome)
    }

    /// Presses keys at an element without a click, which could do something of its own.
    pub(crate) async fn press_at(&self, index: ElementIndex, keys: &str) -> Result<ActionOutcome, ActionError> {
        self.unblocked()?;
        let target = self.target(index).await?;
        let before = self.before()?;
        let place = &target.place;
        let argument = FocusArgument { id: place.id, clear: false };
        let focused: Focused = self.call_at(place, "hands.focus", &argument).await?;
        if focused.gone {
            return Err(ActionError::ElementGone { index: index.0 });
        }
        if !focused.focused {
            return Err(ActionError::NotPossible(format!("element {index} does not take the focus")));
        }
        self.press_keys(keys).await?;
        self.settle(format!("Press {} at {}", clip(keys, 80), label(&target.element)), &before).await
    }

    /// Replaces the focused field's text, or adds to it, in one command: as a paste, which fires one input event.
    async fn type_over(&self, target: &Target, text: &str, clear: bool) -> Result<Option<String>, ActionError> {
        let place = &target.place;
        let focused: Focused = self.call_at(place, "hands.focus", &FocusArgument { id: place.id, clear }).await?;
        if focused.gone {
            return Err(ActionError::ElementGone { index: target.index.0 });
        }
        if text.is_empty() {
            if clear && !focused.empty {
                self.press_keys("Delete").await?;
            }
        } else {
            delivered(place.document.session.call(InsertTextParams::new(text)).await)?;
        }
        let note = (!focused.focused).then(|| "the field did not take the focus".to_owned());
        Ok(note)
    }

    /// Dates, times, colours and ranges have pickers instead of text; they are set by value.
    async fn set(&self, target: &Target, text: &str) -> Result<Option<String>, ActionError> {
        let place = &target.place;
        let value: Value = self.call_at(place, "hands.set", &SetArgument { id: place.id, value: text }).await?;
        if value.gone {
            return Err(ActionError::ElementGone { index: target.index.0 });
        }
        match value.value {
            Some(value) if value == text => Ok(None),
            Some(value) if value.is_empty() => Err(ActionError::NotPossible(format!(
                "element {} does not take {:?}; {}",
                target.index,
                clip(text, 40),
                format_hint(&target.element.input_type)
            ))),
            other => Ok(other.map(|value| format!("the field made {:?} of it", clip(&value, 40)))),
        }
    }

    /// What a field made of the text, if it made something else of it.
    async fn difference(&self, target: &Target, text: &str, clear: bool) -> Result<Option<String>, ActionError> {
        let place = &target.place;
        let now: Value = self.call_at(place, "hands.value", &IdArgument { id: place.id }).await?;
        if now.gone {
            return Ok(Some("the field is gone".into()));
        }
        if now.secret {
            let expected = text.encode_utf16().count();
            return Ok((clear && now.length != expected).then(|| "the field holds another number of characters".into()));
        }
        let value = now.value.unwrap_or_default();
        let same = |left: &str, right: &str| left.split_whitespace().eq(right.split_whitespace());
        let as_asked = if clear { same(&value, text) } else { value.trim_end().ends_with(text.trim_end()) };
        Ok((!as_asked).then(|| format!("the field now holds {:?}", clip(&value, 100))))
    }

    pub(super) async fn select(&self, index: ElementIndex, options: &[String]) -> Result<ActionOutcome, ActionError> {
        if options.is_empty() {
            return Err(ActionError::NotPossible("name at least one option".into()));
        }
        let target = self.target(index).await?;
        let before = self.before()?;
        let place = &target.place;
        let chosen: Chosen = self.call_at(place, "hands.choose", &ChooseArgument { id: place.id, options }).await?;
        if chosen.gone {
            return Err(ActionError::ElementGone { index: index.0 });
        }
        let problem = match chosen {
            Chosen { unfit: Some(_), .. } => {
                Some(format!("element {index} is no native select; click it and then its option"))
            }
            Chosen { disabled: true, .. } => Some(format!("element {index} is disabled")),
            Chosen { single: true, .. } => Some(format!("element {index} takes one option only")),
            Chosen { unknown: Some(unknown), options, .. } => Some(format!(
                "element {index} has no option {:?} to choose; it has: {}",
                clip(&unknown, 60),
                clip(&options.join(", "), 600)
            )),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(ActionError::NotPossible(problem));
        }
        let description = format!("Select '{}' in {}", clip(&chosen.chosen.join("', '"), 80), label(&target.element));
        self.settle(description, &before).await
    }
}

/// The value format that HTML prescribes for an input's type.
fn format_hint(input_type: &str) -> &'static str {
    match input_type {
        "date" => "a date is written YYYY-MM-DD",
        "time" => "a time is written HH:MM",
        "datetime-local" => "a date and time is written YYYY-MM-DDTHH:MM",
        "month" => "a month is written YYYY-MM",
        "week" => "a week is written YYYY-Www",
        "color" => "a colour is written #rrggbb",
        _ => "it takes a number within its bounds",
    }
}
