//! Types into fields.

use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::input::InsertTextParams;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::dropdown::LIST_TIMEOUT;
use super::executor::{Executor, Target, reject};
use super::mouse::Press;
use super::outcome::{delivered, prepend_note};
use super::text::{clip, label};
use agent::locator::Locator;
use agent::ports::{ActionError, ActionOutcome};

/// How long a field that lost some of a text may take to deal with each character of it.
const PAUSE: Duration = Duration::from_millis(80);
/// Longest text typed with pauses.
const MAX_PAUSED: usize = 40;
/// Longest text typed key by key.
pub(super) const MAX_KEYS: usize = 500;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Focused {
    pub(super) focused: bool,
    value: String,
    /// The field offers suggestions (combobox, datalist).
    suggests: bool,
    /// `maxlength`, in UTF-16 units.
    room: Option<usize>,
    /// The page moves the focus on, and the text was inserted all the same.
    inserted: bool,
}

/// A field's value after an action.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Value {
    gone: bool,
    secret: bool,
    /// Length of a secret in characters; the secret itself stays in the page.
    length: usize,
    pub(super) value: Option<String>,
    /// The page moved the text elsewhere.
    elsewhere: bool,
    /// The field holds the text, and the page moved the focus.
    away: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pasted {
    focused: bool,
    /// The field's value before.
    value: String,
    /// The page took the text.
    pasted: bool,
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
        let start = self.start_filling(&target).await?;
        let located = self.locate(&target).await?;
        if located.disabled {
            reject!("element {index} is disabled");
        }
        let secret = located.secret || target.element.input_type == "password";
        let shown = if secret { "a password".to_owned() } else { format!("'{}'", clip(text, 80)) };
        let description = format!("Type {shown} into {}", label(&target.element));
        let mut suggests = false;
        let note = match located.kind.as_str() {
            "select" => return self.select(index, &[text.to_owned()]).await,
            "check" | "file" | "button" => {
                reject!("element {index} is a {}, it takes no text", target.element.role);
            }
            "set" => self.set(&target, text).await?,
            "slider" => self.slide(&target, text).await?,
            "code" => {
                if clear || !located.focused {
                    self.press_on(&target, &located, Press::FOCUS).await?;
                }
                self.type_into_editor(&target, text, clear).await?
            }
            _ => {
                // A press would move the caret.
                if clear || !located.focused {
                    self.press_on(&target, &located, Press::FOCUS).await?;
                }
                let focused = match located.kind == "editable" && text.contains('\n') {
                    true => self.type_lines(&target, text, clear).await?,
                    false => self.type_over(&target, text, clear).await?,
                };
                suggests = focused.suggests && !submit && !text.is_empty();
                (!focused.focused).then(|| "the field did not take the focus".to_owned())
            }
        };
        if submit {
            self.press_keys("Enter").await?;
        }
        if suggests {
            self.wait_for_suggestions(&target).await?;
        }
        let mut outcome = self.settle(description, &start).await?;
        if suggests
            && !outcome.page_changed
            && let Some(list) = self.list_of(&target, Duration::ZERO).await.ok().flatten()
        {
            prepend_note(&mut outcome, list.describe());
        }
        let note = match note {
            Some(note) => Some(note),
            // After a submit the field may be gone. An editor shows a part of its text.
            None if submit || outcome.page_changed || matches!(located.kind.as_str(), "code" | "slider") => None,
            None => self.difference(&target, text, clear).await?,
        };
        if let Some(note) = note {
            prepend_note(&mut outcome, note);
        }
        Ok(outcome)
    }

    /// Presses keys at an element, focusing it without a click.
    pub(super) async fn press_at(&self, index: &Locator, keys: &str) -> Result<ActionOutcome, ActionError> {
        let target = self.target(index).await?;
        let start = self.start_on(&target).await?;
        if !self.focus(&target, false).await?.focused {
            reject!("element {index} does not take the focus");
        }
        self.press_keys(keys).await?;
        self.settle(format!("Press {} at {}", clip(keys, 80), label(&target.element)), &start).await
    }

    /// Replaces a field's text, or inserts text at its caret. Everything but the last character is inserted at once; the
    /// last is a key press, so key listeners fire with the whole text in place. If the page drops text, types all of it
    /// key by key.
    async fn type_over(&self, target: &Target, text: &str, clear: bool) -> Result<Focused, ActionError> {
        let length = text.chars().count();
        let may_type_keys = length <= MAX_KEYS;
        let units = text.encode_utf16().count();
        let last = text.chars().next_back().filter(char::is_ascii_graphic);
        let body = &text[..text.len() - last.map_or(0, char::len_utf8)];
        if text.is_empty() {
            let focused = self.focus(target, clear).await?;
            if clear && !focused.value.is_empty() {
                self.press_keys("Delete").await?;
            }
            return Ok(focused);
        }
        let argument = json!({ "id": target.place.id, "clear": clear, "text": text });
        let focused: Focused = self.call_target(target, "focusToType", &argument).await?;
        if focused.inserted {
            return Ok(focused);
        }
        if may_type_keys && focused.room.is_some_and(|room| units > room) {
            // The page may distribute what exceeds `maxlength`, as one-time-code inputs do.
            self.type_paced(target, text).await?;
            return Ok(focused);
        }
        if !body.is_empty() {
            delivered(target.place.document.session.call(InsertTextParams::new(body)).await)?;
        }
        // A field that has refused the text would take its last character alone.
        let mut is_refused = false;
        let mut is_away = false;
        if !body.is_empty() && may_type_keys {
            let now = self.value(target, body).await.unwrap_or_default();
            is_away = now.away;
            is_refused = is_ignored(&now, &focused.value, body, clear);
        }
        if let Some(last) = last.filter(|_| !is_refused) {
            let last = last.to_string();
            match is_away {
                false => self.type_keys(&last).await?,
                // A key would go to another field.
                true => {
                    let argument = json!({ "id": target.place.id, "clear": false, "text": last });
                    let _inserted: IgnoredAny = self.call_target(target, "insertText", &argument).await?;
                }
            }
        }
        if is_refused || (may_type_keys && self.ignores(target, &focused.value, text, clear).await) {
            if !self.pause(target).await? {
                return Ok(focused);
            }
            if clear {
                self.empty(target).await?;
            }
            self.type_paced(target, text).await?;
        }
        Ok(focused)
    }

    /// Puts a text of several lines into an editable element. It is pasted, as a person would; where the page does not
    /// take that, its lines are typed. Enter alone sends in many chats.
    async fn type_lines(&self, target: &Target, text: &str, clear: bool) -> Result<Focused, ActionError> {
        let argument = json!({ "id": target.place.id, "clear": clear, "text": text });
        let Pasted { focused, value, pasted } = self.call_target(target, "pasteText", &argument).await?;
        if focused && (!pasted || self.ignores(target, &value, text, clear).await) {
            self.focus(target, clear).await?;
            for (number, line) in text.split('\n').enumerate() {
                if number > 0 {
                    self.press_keys("Shift+Enter").await?;
                }
                if !line.is_empty() {
                    delivered(target.place.document.session.call(InsertTextParams::new(line)).await)?;
                }
            }
        }
        Ok(Focused { focused, value, ..Focused::default() })
    }

    /// Replaces an editor's text, or inserts text at its caret. The editor selects all by its own key, since its textarea
    /// does not hold the text.
    async fn type_into_editor(&self, target: &Target, text: &str, clear: bool) -> Result<Option<String>, ActionError> {
        let focused: Focused =
            self.call_target(target, "focusField", &json!({ "id": target.place.id, "clear": false })).await?;
        if !focused.focused {
            return Ok(Some("the editor did not take the focus".into()));
        }
        if clear {
            self.press_keys("Control+a").await?;
            if text.is_empty() {
                self.press_keys("Delete").await?;
            }
        }
        // Typed lines would be indented.
        let is_pasted = text.contains('\n') && {
            let argument = json!({ "id": target.place.id, "clear": false, "text": text });
            self.call_target::<Pasted>(target, "pasteText", &argument).await?.pasted
        };
        if !is_pasted && !text.is_empty() {
            delivered(target.place.document.session.call(InsertTextParams::new(text)).await)?;
        }
        if !self.pause(target).await? {
            return Ok(None);
        }
        if let Some(model) = self.editor_model(target).await? {
            let holds = if clear { model.text.trim_end() == text.trim_end() } else { model.text.contains(text) };
            return Ok((!holds).then(|| format!("the editor now holds {:?}", clip(&model.text, 100))));
        }
        let first = text.trim().lines().next().unwrap_or_default().trim();
        let shown = self.value(target, text).await?.value.unwrap_or_default();
        Ok((!shown.contains(first)).then(|| format!("the editor now shows {:?}", clip(&shown, 100))))
    }

    /// Types a text key by key, at the page's pace if it is short.
    async fn type_paced(&self, target: &Target, text: &str) -> Result<(), ActionError> {
        if text.chars().count() > MAX_PAUSED {
            return self.type_keys(text).await;
        }
        for character in text.chars() {
            self.type_keys(character.encode_utf8(&mut [0; 4])).await?;
            if !self.pause(target).await? {
                break;
            }
        }
        Ok(())
    }

    /// Gives the page time for a character, until it moves the focus. Returns whether it takes more of them: not if a
    /// dialog has opened, or if the document is another one, as after a code that sends itself.
    async fn pause(&self, target: &Target) -> Result<bool, ActionError> {
        let limit = u64::try_from(PAUSE.as_millis()).unwrap_or(u64::MAX);
        match self.call_at::<IgnoredAny>(&target.place, "focusMove", &json!({ "limit": limit })).await {
            Ok(_) => Ok(true),
            Err(ActionError::Browser(error)) if error.is_fatal() => Err(error.into()),
            Err(_) => Ok(false),
        }
    }

    /// Selects what a field holds, to be typed over. A mask that keeps what is selected is emptied key by key.
    async fn empty(&self, target: &Target) -> Result<(), ActionError> {
        let length = async || {
            Ok::<_, ActionError>(letters(&self.value(target, "").await?.value.unwrap_or_default()).chars().count())
        };
        self.focus(target, true).await?;
        if length().await? == 0 {
            return Ok(());
        }
        // Not Delete: masks leave their slots in place with this key alone.
        self.press_keys("Backspace").await?;
        for _ in 0..length().await?.min(MAX_PAUSED) {
            self.press_keys("End Backspace").await?;
        }
        self.pause(target).await?;
        self.focus(target, true).await?;
        Ok(())
    }

    /// Waits for suggestions to what was typed: others than those that the focus alone had shown.
    async fn wait_for_suggestions(&self, target: &Target) -> Result<(), ActionError> {
        let limit = u64::try_from(LIST_TIMEOUT.as_millis()).unwrap_or(u64::MAX);
        let argument = json!({ "id": target.place.id, "limit": limit, "news": true });
        match self.call_at::<IgnoredAny>(&target.place, "options", &argument).await {
            Err(ActionError::Browser(error)) if error.is_fatal() => Err(error.into()),
            // A field that is gone suggests nothing.
            _ => Ok(()),
        }
    }

    pub(super) async fn focus(&self, target: &Target, clear: bool) -> Result<Focused, ActionError> {
        self.call_target(target, "focusField", &json!({ "id": target.place.id, "clear": clear })).await
    }

    /// Whether the field does not take a text, as it is now.
    async fn ignores(&self, target: &Target, before: &str, text: &str, clear: bool) -> bool {
        // A page that is gone or blocked by a dialog has reacted.
        self.value(target, text).await.is_ok_and(|now| is_ignored(&now, before, text, clear))
    }

    /// The field's value after `text` was typed.
    pub(super) async fn value(&self, target: &Target, text: &str) -> Result<Value, ActionError> {
        self.call_at(&target.place, "fieldValue", &json!({ "id": target.place.id, "text": text })).await
    }

    /// Date, time, colour and range inputs have pickers; their value is set directly.
    async fn set(&self, target: &Target, text: &str) -> Result<Option<String>, ActionError> {
        let argument = json!({ "id": target.place.id, "value": text });
        let value: Value = self.call_target(target, "setField", &argument).await?;
        match value.value {
            Some(value) if value == text => Ok(None),
            Some(value) if value.is_empty() => {
                let hint = format_hint(&target.element.input_type);
                reject!("element {} does not take {:?}; {hint}", target.index, clip(text, 40));
            }
            other => Ok(other.map(|value| format!("the field made {:?} of it", clip(&value, 40)))),
        }
    }

    /// How the field's value differs from the text.
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

/// Whether a field is unchanged or holds only part of the text, and the page did nothing else with it.
fn is_ignored(now: &Value, before: &str, text: &str, clear: bool) -> bool {
    let Some(value) = now.value.as_deref().map(letters) else { return false };
    if now.gone || now.elsewhere || now.secret {
        return false;
    }
    let wanted = letters(text);
    let taken = if clear { value == wanted } else { value.ends_with(&wanted) };
    !taken && (value == letters(before) || wanted.contains(&value))
}

/// The characters that survive an input mask.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The value format that HTML prescribes for an input type.
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
