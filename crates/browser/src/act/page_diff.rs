//! Describes what an action changed: every document takes a snapshot before it and compares once the page has settled.

use std::time::Duration;

use futures::future::join_all;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::executor::{Executor, Target};
use super::text::clip;
use crate::isolated_world::{Document, ElementRef, ScriptError};
use crate::wait::settle::{self, Baseline};
use agent::ports::{ActionError, BrowserError};
use cdp::CdpError;

/// Maximum number of watched documents; ads rarely come first.
const MAX_WATCHED: usize = 20;
/// Limit for one document's answer. A frame that is slower is ignored.
const FRAME_TIMEOUT: Duration = Duration::from_secs(1);

/// State captured before an action.
pub(super) struct ActionStart {
    pub(super) baseline: Baseline,
    watched: Vec<Document>,
    /// The element the action targets.
    target: Option<ElementRef>,
    /// The action reports the element's value itself.
    reports_value: bool,
    /// Report when nothing changed.
    pub(super) expects_change: bool,
    /// The input event that a document has to see.
    pub(super) input: Option<Input>,
}

/// An input event of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    Press,
    Key,
}

/// A document's answer; see `pageDiff`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DocumentDiff {
    fresh: bool,
    title: String,
    groups: Vec<ChangedGroup>,
    controls: Vec<String>,
    more_controls: usize,
    texts: Vec<String>,
    more_texts: usize,
    gone_groups: Vec<ChangedGroup>,
    gone: Vec<String>,
    more_gone: usize,
    states: Vec<StateChange>,
    /// The target is checkable and did not change.
    unmoved: bool,
    focus: String,
    /// The target moved away from under the pointer before the press was over.
    slipped: bool,
    /// What was pressed in the target's place.
    hit: String,
    /// A box on the page has scrolled after a press or key.
    scrolled_part: bool,
    /// Something happened, whatever it was.
    moved: bool,
    /// A field has the focus now.
    focused: bool,
    scrolled: bool,
    saw_press: bool,
    saw_key: bool,
}

/// A menu, dialog or alert with its content.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ChangedGroup {
    kind: String,
    name: String,
    text: String,
    items: Vec<String>,
    total: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StateChange {
    /// The change concerns the target.
    target: bool,
    name: String,
    key: String,
    value: String,
}

impl Executor<'_> {
    /// Starts an action without a target element.
    pub(super) async fn start_action(&self) -> Result<ActionStart, ActionError> {
        self.start_with(None).await
    }

    /// Starts an action that loads another document: nothing is compared.
    pub(super) fn start_loading(&self) -> Result<ActionStart, ActionError> {
        let mut start = self.unwatched(None)?;
        start.watched.truncate(1);
        Ok(start)
    }

    /// Starts an action on an element.
    pub(super) async fn start_on(&self, target: &Target) -> Result<ActionStart, ActionError> {
        let mut start = self.start_with(Some(target.place.clone())).await?;
        start.expects_change = true;
        Ok(start)
    }

    /// Starts an action that sets an element's value and reports it.
    pub(super) async fn start_filling(&self, target: &Target) -> Result<ActionStart, ActionError> {
        let mut start = self.start_with(Some(target.place.clone())).await?;
        start.reports_value = true;
        Ok(start)
    }

    async fn start_with(&self, target: Option<ElementRef>) -> Result<ActionStart, ActionError> {
        let start = self.unwatched(target)?;
        if self.is_blocked() {
            // Nothing responds; the snapshot of the action that opened the dialog stays in place.
            return Ok(start);
        }
        let watches = start.watched.iter().map(|document| async {
            self.worlds.call::<IgnoredAny>(document, "startPageDiff", &(), FRAME_TIMEOUT).await
        });
        for watch in join_all(watches).await {
            if matches!(watch, Err(ScriptError::Cdp(CdpError::Closed))) {
                return Err(BrowserError::Lost.into());
            }
        }
        Ok(start)
    }

    fn unwatched(&self, target: Option<ElementRef>) -> Result<ActionStart, ActionError> {
        if let Some(tab) = self.context.tabs().active() {
            // Discard a file chooser opened earlier.
            tab.chooser = None;
        }
        let mut baseline = settle::baseline(self.context)
            .ok_or_else(|| ActionError::NotPossible("no tab is open; navigate to open one".into()))?;
        if let Some(place) = &target {
            baseline.also_wait_for(place.document.clone());
        }
        let mut watched = self.documents()?;
        watched.truncate(MAX_WATCHED);
        Ok(ActionStart { baseline, watched, target, reports_value: false, expects_change: false, input: None })
    }

    /// The input event of an action that reached no document, as when a prompt of the browser's own takes all of them. A
    /// document that is new or does not answer may have seen it.
    pub(super) fn unseen_input(start: &ActionStart, diffs: &[DocumentDiff]) -> Option<Input> {
        let input = start.input.filter(|_| start.watched.len() < MAX_WATCHED)?;
        let saw = |diff: &DocumentDiff| match input {
            Input::Press => diff.saw_press,
            Input::Key => diff.saw_key,
        };
        (!diffs.iter().any(|diff| diff.fresh || saw(diff))).then_some(input)
    }

    /// The documents' differences, the main document's first. Documents that are gone or unresponsive report none.
    pub(super) async fn page_diff(&self, start: &ActionStart) -> Vec<DocumentDiff> {
        if self.is_blocked() {
            return vec![DocumentDiff::unknown(false)];
        }
        let asked = start.watched.iter().map(|document| async {
            let here = start.target.as_ref().filter(|place| place.document.frame == document.frame);
            let argument = json!({ "id": here.map(|place| place.id) });
            self.worlds.call::<DocumentDiff>(document, "pageDiff", &argument, FRAME_TIMEOUT).await
        });
        let answers = join_all(asked).await.into_iter().enumerate();
        let diff = |(at, answer)| match answer {
            Ok((_, diff)) => diff,
            // Unknown counts as changed.
            Err(_) => DocumentDiff::unknown(at > 0),
        };
        answers.map(diff).collect()
    }
}

impl ActionStart {
    /// Describes the difference: changes of the target, and everything else, most important first.
    pub(super) fn describe(&self, diffs: &[DocumentDiff], new_document: bool) -> (Vec<String>, Vec<String>) {
        let (mut own, mut rest) = (Vec::new(), Vec::new());
        for (at, diff) in diffs.iter().enumerate() {
            if diff.fresh {
                if at == 0 && new_document && !diff.title.is_empty() {
                    rest.push(format!("its title is '{}'", clip(&diff.title, 100)));
                }
                continue;
            }
            for state in &diff.states {
                if state.target && self.reports_value && matches!(state.key.as_str(), "value" | "filled") {
                    continue;
                }
                let into = if state.target { &mut own } else { &mut rest };
                into.push(state.describe());
            }
            if self.input == Some(Input::Press) && diff.slipped {
                own.push("it moved as it was pressed and got no click; click it again".into());
            }
            if self.input == Some(Input::Press) && !diff.hit.is_empty() {
                own.push(format!("the press hit {} in its place", clip(&diff.hit, 100)));
            }
            let texts = diff.texts.as_slice();
            rest.extend(diff.groups.iter().map(ChangedGroup::appeared));
            if !texts.is_empty() {
                rest.push(format!("new text: {}", list(texts, diff.more_texts)));
            }
            if !diff.controls.is_empty() {
                rest.push(format!("appeared: {}", list(&diff.controls, diff.more_controls)));
            }
            if at == 0 && !diff.title.is_empty() {
                rest.push(format!("the title is now '{}'", clip(&diff.title, 100)));
            }
            let gone: Vec<String> = diff.gone_groups.iter().map(ChangedGroup::named).collect();
            let lost = if diff.gone.is_empty() { String::new() } else { list(&diff.gone, diff.more_gone) };
            let gone = gone.into_iter().chain((!lost.is_empty()).then_some(lost)).collect::<Vec<_>>().join(", ");
            if !gone.is_empty() {
                rest.push(format!("gone: {gone}"));
            }
            if !diff.focus.is_empty() && !self.reports_value {
                rest.push(format!("the focus is on '{}'", clip(&diff.focus, 60)));
            }
        }
        (own, rest)
    }
}

impl DocumentDiff {
    /// Of a document that does not answer.
    fn unknown(fresh: bool) -> Self {
        Self { moved: true, fresh, saw_press: true, saw_key: true, ..Self::default() }
    }

    /// Whether the document is another one, has the focus in a field or, if the address has a new fragment, has scrolled:
    /// effects that need no words.
    pub(super) fn is_effect(&self, moved_within: bool) -> bool {
        self.fresh || self.focused || self.scrolled_part || (moved_within && self.scrolled)
    }

    /// Whether the target is checkable and is as it was.
    pub(super) fn is_unmoved(&self) -> bool {
        !self.fresh && self.unmoved && !self.states.iter().any(|state| state.target)
    }

    /// Whether a box on the page has scrolled.
    pub(super) fn has_scrolled_part(&self) -> bool {
        self.scrolled_part
    }

    /// Whether no document changed.
    pub(super) fn none_changed(diffs: &[DocumentDiff]) -> bool {
        diffs.iter().all(|diff| !diff.fresh && !diff.moved && diff.states.is_empty() && diff.focus.is_empty())
    }
}

impl ChangedGroup {
    fn named(&self) -> String {
        let name = if self.name.is_empty() { String::new() } else { format!(" '{}'", clip(&self.name, 60)) };
        format!("the {}{name}", clip(&self.kind, 20))
    }

    fn appeared(&self) -> String {
        let Self { kind, text, items, total, .. } = self;
        if matches!(kind.as_str(), "alert" | "status" | "tooltip") {
            return format!("{}: '{}'", clip(kind, 20), clip(text, 160));
        }
        let mut words = format!("{} appeared", self.named());
        if !text.is_empty() {
            words.push_str(&format!(": '{}'", clip(text, 160)));
        }
        if !items.is_empty() {
            words.push_str(&format!(" with {}", list(items, total.saturating_sub(items.len()))));
        }
        words
    }
}

impl StateChange {
    fn describe(&self) -> String {
        let who = if self.target { "it".to_owned() } else { format!("'{}'", clip(&self.name, 60)) };
        let is_on = self.value != "false";
        let either = |on: &str, off: &str| format!("{who} is now {}", if is_on { on } else { off });
        match self.key.as_str() {
            "value" if self.value.is_empty() => format!("{who} is now empty"),
            "value" => format!("{who} now holds '{}'", clip(&self.value, 100)),
            "checked" if self.value == "mixed" => format!("{who} is now partly checked"),
            "checked" => either("checked", "unchecked"),
            "filled" => either("filled", "empty"),
            "expanded" => either("expanded", "collapsed"),
            "disabled" => either("disabled", "enabled"),
            "invalid" if !matches!(self.value.as_str(), "true" | "false") => {
                format!("{who} is not valid: '{}'", clip(&self.value, 100))
            }
            "invalid" => either("not valid", "valid"),
            state => either(state, &format!("not {state}")),
        }
    }
}

/// Quoted names and the number of further ones.
fn list(names: &[String], more: usize) -> String {
    let named: Vec<String> = names.iter().map(|name| format!("'{}'", clip(name, 100))).collect();
    match more {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_groups_are_described_with_their_items() {
        let group = |kind: &str, text: &str| ChangedGroup {
            kind: kind.into(),
            name: "Sort".into(),
            text: text.into(),
            items: vec!["Price".into(), "Age".into()],
            total: 5,
        };
        assert_eq!(group("menu", "").appeared(), "the menu 'Sort' appeared with 'Price', 'Age' and 3 more");
        assert_eq!(
            group("dialog", "Sure?").appeared(),
            "the dialog 'Sort' appeared: 'Sure?' with 'Price', 'Age' and 3 more"
        );
        assert_eq!(group("alert", "No room").appeared(), "alert: 'No room'");
    }

    #[test]
    fn state_changes_are_described_in_words() {
        let said = |target, key: &str, value: &str| {
            StateChange { target, name: "Date".into(), key: key.into(), value: value.into() }.describe()
        };
        assert_eq!(said(true, "checked", "true"), "it is now checked");
        assert_eq!(said(true, "expanded", "false"), "it is now collapsed");
        assert_eq!(said(false, "value", "2026-03-01"), "'Date' now holds '2026-03-01'");
        assert_eq!(said(false, "disabled", "false"), "'Date' is now enabled");
        assert_eq!(said(false, "invalid", "Too short"), "'Date' is not valid: 'Too short'");
        assert_eq!(said(false, "pressed", "false"), "'Date' is now not pressed");
    }
}
