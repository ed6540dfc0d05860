//! Filling in fields.

use super::prepend_note;
use chromiumoxide_cdp::cdp::browser_protocol::input::InsertTextParams;
use serde::{Deserialize, Serialize};

use super::mouse::{Press, press};
use super::select_option::LIST_TIMEOUT;
use super::{Executor, Target, clip, delivered, label};
use agent::locator::Locator;
use agent::ports::{ActionError, ActionOutcome};

/// Longest text that is typed key by key.
const MAX_KEYS: usize = 500;

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
    value: String,
    /// It says of itself that it proposes what to type.
    suggests: bool,
    /// Characters it takes at most.
    room: Option<usize>,
}

#[derive(Serialize)]
struct SetArgument<'a> {
    id: u32,
    value: &'a str,
}

#[derive(Serialize)]
struct ValueArgument<'a> {
    id: u32,
    /// That was typed.
    text: &'a str,
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
    /// The page has put the text somewhere else.
    elsewhere: bool,
}

impl Executor<'_> {
    pub(super) async fn input(
        &self,
        index: &Locator,
        text: &str,
        clear: bool,
        submit: bool,
    ) -> Result<ActionOutcome, ActionError> {
        let target = self.target(index).await?;
        let before = self.start_filling(&target).await?;
        let located = self.locate(&target).await?;
        if located.disabled {
            return Err(ActionError::NotPossible(format!("element {index} is disabled")));
        }
        let secret = target.element.input_type == "password";
        let shown = if secret { "a password".to_owned() } else { format!("'{}'", clip(text, 80)) };
        let description = format!("Type {shown} into {}", label(&target.element));
        let mut suggestions = None;
        let note = match located.kind.as_str() {
            "select" => return self.select(index, &[text.to_owned()]).await,
            "check" | "file" | "button" => {
                let role = &target.element.role;
                return Err(ActionError::NotPossible(format!("element {index} is a {role}, it takes no text")));
            }
            "set" => self.set(&target, text).await?,
            _ => {
                press(&self.active()?.session, self.reach(&target, &located).await?, Press::default()).await?;
                let focused = self.type_over(&target, text, clear).await?;
                if focused.suggests && !submit && !text.is_empty() {
                    suggestions = self.list_of(&target, LIST_TIMEOUT).await.ok().flatten();
                }
                (!focused.focused).then(|| "the field did not take the focus".to_owned())
            }
        };
        if submit {
            self.press_keys("Enter").await?;
        }
        let mut outcome = self.settle(description, &before).await?;
        if let Some(list) = suggestions.filter(|_| !outcome.page_changed) {
            prepend_note(&mut outcome, list.describe());
        }
        let told = match note {
            Some(note) => note,
            // After a submit the field may be anywhere.
            None if submit || outcome.page_changed => return Ok(outcome),
            None => match self.difference(&target, text, clear).await? {
                Some(difference) => difference,
                None => return Ok(outcome),
            },
        };
        prepend_note(&mut outcome, told);
        Ok(outcome)
    }

    /// Presses keys at an element without a click, which could do something of its own.
    pub(super) async fn press_at(&self, index: &Locator, keys: &str) -> Result<ActionOutcome, ActionError> {
        let target = self.target(index).await?;
        let before = self.start_on(&target).await?;
        let focused = self.focus(&target, false).await?;
        if !focused.focused {
            return Err(ActionError::NotPossible(format!("element {index} does not take the focus")));
        }
        self.press_keys(keys).await?;
        self.settle(format!("Press {} at {}", clip(keys, 80), label(&target.element)), &before).await
    }

    /// Replaces a field's text, or adds to it: in one command but for the last character, which is a key, so that what
    /// listens to keys hears one with the whole text in place. Where the page did not take that (it dropped it or a part of it), everything again key by key.
    async fn type_over(&self, target: &Target, text: &str, clear: bool) -> Result<Focused, ActionError> {
        let focused = self.focus(target, clear).await?;
        if text.is_empty() {
            if clear && !focused.value.is_empty() {
                self.press_keys("Delete").await?;
            }
            return Ok(focused);
        }
        let is_short = text.chars().count() <= MAX_KEYS;
        if is_short && focused.room.is_some_and(|room| text.encode_utf16().count() > room) {
            // The page may pass on what does not fit, as the boxes of a code do.
            self.type_keys(text).await?;
            return Ok(focused);
        }
        let session = &target.place.document.session;
        let last = text.chars().next_back().filter(char::is_ascii_graphic);
        let body = &text[..text.len() - last.map_or(0, char::len_utf8)];
        if !body.is_empty() {
            delivered(session.call(InsertTextParams::new(body)).await)?;
        }
        if let Some(last) = last {
            self.type_keys(last.encode_utf8(&mut [0; 4])).await?;
        }
        if is_short && self.is_ignored(target, &focused.value, text, clear).await {
            self.focus(target, clear).await?;
            self.type_keys(text).await?;
        }
        Ok(focused)
    }

    async fn focus(&self, target: &Target, clear: bool) -> Result<Focused, ActionError> {
        let place = &target.place;
        let focused: Focused = self.call_at(place, "focusField", &FocusArgument { id: place.id, clear }).await?;
        if focused.gone {
            return Err(ActionError::ElementGone { index: target.index.clone() });
        }
        Ok(focused)
    }

    /// Whether a field holds the same as before, or a part of the text alone, and the page did nothing else with it.
    async fn is_ignored(&self, target: &Target, before: &str, text: &str, clear: bool) -> bool {
        // A page that is gone, or blocked by a dialog, has done something.
        let Ok(now) = self.value(target, text).await else { return false };
        if now.gone || now.elsewhere || now.secret {
            return false;
        }
        let value = now.value.unwrap_or_default();
        let (value, wanted) = (letters(&value), letters(text));
        let taken = if clear { value == wanted } else { value.ends_with(&wanted) };
        !taken && (value == letters(before) || wanted.contains(&value))
    }

    async fn value(&self, target: &Target, text: &str) -> Result<Value, ActionError> {
        let place = &target.place;
        self.call_at(place, "fieldValue", &ValueArgument { id: place.id, text }).await
    }

    /// Dates, times, colours and ranges have pickers instead of text; they are set by value.
    async fn set(&self, target: &Target, text: &str) -> Result<Option<String>, ActionError> {
        let place = &target.place;
        let value: Value = self.call_at(place, "setField", &SetArgument { id: place.id, value: text }).await?;
        if value.gone {
            return Err(ActionError::ElementGone { index: target.index.clone() });
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
        let now = self.value(target, text).await?;
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
}

/// What counts of a text whose writing a mask may change.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
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
