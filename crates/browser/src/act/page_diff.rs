//! What an action brought about: every document is looked at before it and again when the page has come to rest, and
//! the difference put into words.

use std::time::Duration;

use futures::future::join_all;
use serde::Deserialize;

use super::{ElementRef, Executor, Target, clip};
use crate::isolated_world::{Document, ScriptError};
use crate::wait::settle::{self, Baseline};
use agent::ports::{ActionError, BrowserError};
use cdp::CdpError;

/// Documents watched at most; a page of a hundred advertisements has its own in the first ones.
const MAX_WATCHED: usize = 20;
/// For a frame to answer. One that does not is none that the action was about.
const FRAME_TIMEOUT: Duration = Duration::from_secs(1);
/// Characters of all that is told of one action.
const MAX_WORDS: usize = 480;

/// The start before an action.
pub(super) struct ActionStart {
    pub(super) baseline: Baseline,
    watched: Vec<Document>,
    /// The element that is acted on.
    acted: Option<ElementRef>,
    /// Whether the action tells by itself what its element holds afterwards.
    reports_value: bool,
    /// Whether it is worth a word when nothing changes.
    pub(super) expects_change: bool,
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
    /// The element acted on can be checked and is as it was.
    unmoved: bool,
    focus: String,
    /// Anything at all happened.
    moved: bool,
}

/// A menu, a dialog, an alert, with what is in it.
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
    /// Of the element acted on.
    target: bool,
    name: String,
    key: String,
    value: String,
}

impl Executor<'_> {
    /// The start before an action that is about no element.
    pub(super) async fn start_action(&self) -> Result<ActionStart, ActionError> {
        self.start_with(None).await
    }

    /// The start before something is done to an element.
    pub(super) async fn start_on(&self, target: &Target) -> Result<ActionStart, ActionError> {
        let mut start = self.start_with(Some(target.place.clone())).await?;
        start.expects_change = true;
        Ok(start)
    }

    /// The same, for an action that puts a value into the element and tells of it itself.
    pub(super) async fn start_filling(&self, target: &Target) -> Result<ActionStart, ActionError> {
        let mut start = self.start_with(Some(target.place.clone())).await?;
        start.reports_value = true;
        Ok(start)
    }

    async fn start_with(&self, acted: Option<ElementRef>) -> Result<ActionStart, ActionError> {
        if let Some(tab) = self.context.tabs().active() {
            // A file chooser that opened before is of no action that could use it.
            tab.chooser = None;
        }
        let mut before = settle::baseline(self.context)
            .ok_or_else(|| ActionError::NotPossible("no tab is open; navigate to open one".into()))?;
        if let Some(place) = &acted {
            before.also_wait_for(place.document.clone());
        }
        let mut watched = self.documents()?;
        watched.truncate(MAX_WATCHED);
        let make =
            |watched| ActionStart { baseline: before, watched, acted, reports_value: false, expects_change: false };
        if self.is_blocked() {
            // Nothing answers; the watch of the action that opened the dialog goes on.
            return Ok(make(watched));
        }
        let watches = watched.iter().map(|document| async {
            self.worlds.call::<serde::de::IgnoredAny>(document, "startPageDiff", &(), FRAME_TIMEOUT).await
        });
        for watch in join_all(watches).await {
            if matches!(watch, Err(ScriptError::Cdp(CdpError::Closed))) {
                return Err(BrowserError::Lost.into());
            }
        }
        Ok(make(watched))
    }

    /// What the documents say, the main one first. One that is gone or silent says nothing.
    pub(super) async fn page_diff(&self, start: &ActionStart) -> Vec<DocumentDiff> {
        if self.is_blocked() {
            return vec![DocumentDiff { moved: true, ..DocumentDiff::default() }];
        }
        let asked = start.watched.iter().map(|document| async {
            let here = start.acted.as_ref().filter(|place| place.document.frame == document.frame);
            let argument = serde_json::json!({ "id": here.map(|place| place.id) });
            self.worlds.call::<DocumentDiff>(document, "pageDiff", &argument, FRAME_TIMEOUT).await
        });
        let mut told = Vec::new();
        for (at, answer) in join_all(asked).await.into_iter().enumerate() {
            match answer {
                Ok((_, answer)) => told.push(answer),
                // What is not known to be unchanged counts as changed.
                Err(_) => told.push(DocumentDiff { moved: true, fresh: at > 0, ..DocumentDiff::default() }),
            }
        }
        told
    }
}

impl ActionStart {
    /// The difference in words, most telling first: what became of the element acted on, and the rest.
    pub(super) fn describe(&self, told: &[DocumentDiff], new_document: bool) -> (Vec<String>, Vec<String>) {
        let (mut own, mut rest) = (Vec::new(), Vec::new());
        for (at, told) in told.iter().enumerate() {
            if told.fresh {
                if at == 0 && new_document && !told.title.is_empty() {
                    rest.push(format!("its title is '{}'", clip(&told.title, 100)));
                }
                continue;
            }
            for state in &told.states {
                if state.target && self.reports_value && matches!(state.key.as_str(), "value" | "filled") {
                    continue;
                }
                let into = if state.target { &mut own } else { &mut rest };
                into.push(state.describe());
            }
            if told.unmoved && !told.states.iter().any(|state| state.target) {
                own.push("its state did not change".into());
            }
            let texts = told.texts.as_slice();
            rest.extend(told.groups.iter().map(ChangedGroup::appeared));
            if !texts.is_empty() {
                rest.push(format!("new text: {}", list(texts, told.more_texts)));
            }
            if !told.controls.is_empty() {
                rest.push(format!("appeared: {}", list(&told.controls, told.more_controls)));
            }
            if at == 0 && !told.title.is_empty() {
                rest.push(format!("the title is now '{}'", clip(&told.title, 100)));
            }
            let gone: Vec<String> = told.gone_groups.iter().map(ChangedGroup::named).collect();
            let lost = if told.gone.is_empty() { String::new() } else { list(&told.gone, told.more_gone) };
            let gone = gone.into_iter().chain((!lost.is_empty()).then_some(lost)).collect::<Vec<_>>().join(", ");
            if !gone.is_empty() {
                rest.push(format!("gone: {gone}"));
            }
            if !told.focus.is_empty() && !self.reports_value {
                rest.push(format!("the focus is on '{}'", clip(&told.focus, 60)));
            }
        }
        (own, rest)
    }

    /// Whether every document is as it was before.
    pub(super) fn is_unchanged(told: &[DocumentDiff]) -> bool {
        told.iter().all(|told| !told.fresh && !told.moved && told.states.is_empty() && told.focus.is_empty())
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

/// Names in quotes, and how many there are beyond them.
fn list(names: &[String], more: usize) -> String {
    let named: Vec<String> = names.iter().map(|name| format!("'{}'", clip(name, 100))).collect();
    match more {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// Parts of an effect in one line, as many as there is room for.
pub(super) fn join_effects(parts: &[String]) -> String {
    clip(&parts.join("; "), MAX_WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_appeared_is_named_with_what_is_in_it() {
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
    fn states_are_told_as_a_person_would() {
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

    #[test]
    fn whatever_a_page_says_the_effect_stays_short() {
        let parts = vec!["x".repeat(300); 50];
        assert_eq!(join_effects(&parts).chars().count(), MAX_WORDS);
    }
}
