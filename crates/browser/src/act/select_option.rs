//! Selects options: of a `<select>` by value, of custom dropdowns by opening the list and clicking.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::dropdown::{LIST_TIMEOUT, ListOption};
use super::executor::{Executor, Target, reject};
use super::mouse::Press;
use super::outcome::prepend_note;
use super::text::{clip, label};
use crate::isolated_world::ElementRef;
use crate::wait::settle;
use agent::locator::Locator;
use agent::observation::Element;
use agent::ports::{ActionError, ActionOutcome, BrowserError};

/// Maximum number of options reported.
const MAX_OPTIONS: usize = 500;

/// The result for a `<select>`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NativeSelection {
    /// It is not a `<select>`.
    unfit: bool,
    disabled: bool,
    single: bool,
    unknown: Option<String>,
    options: Vec<String>,
    chosen: Vec<String>,
}

impl Executor<'_> {
    pub(super) async fn select(&self, index: &Locator, options: &[String]) -> Result<ActionOutcome, ActionError> {
        if options.is_empty() {
            reject!("name at least one option");
        }
        let target = self.target(index).await?;
        let start = self.start_filling(&target).await?;
        let limit = u64::try_from(LIST_TIMEOUT.as_millis()).unwrap_or(u64::MAX);
        let argument = json!({ "id": target.place.id, "options": options, "limit": limit });
        let selection: NativeSelection = self.call_target(&target, "selectOptions", &argument).await?;
        match selection {
            NativeSelection { unfit: true, .. } => {
                let note = self.select_in_list(&target, options).await?;
                let mut outcome = self.settle(described(options, &target), &start).await?;
                if let Some(note) = note.filter(|_| !outcome.page_changed) {
                    prepend_note(&mut outcome, note);
                }
                Ok(outcome)
            }
            NativeSelection { disabled: true, .. } => reject!("element {index} is disabled"),
            NativeSelection { single: true, .. } => reject!("element {index} takes one option only"),
            NativeSelection { unknown: Some(unknown), options, .. } => Err(no_such(index, &unknown, &options)),
            NativeSelection { chosen, .. } => {
                let mut outcome = self.settle(described(&chosen, &target), &start).await?;
                if !outcome.page_changed
                    && let Some(now) = self.selected(&target).await
                    && now != chosen
                {
                    let now = clip(&now.join("', '"), 80);
                    prepend_note(&mut outcome, format!("the page did not keep that: '{now}' is selected now"));
                }
                Ok(outcome)
            }
        }
    }

    /// What a `<select>` has selected; none if it is gone.
    async fn selected(&self, target: &Target) -> Option<Vec<String>> {
        let argument = json!({ "id": target.place.id });
        self.call_target::<NativeSelection>(target, "selected", &argument).await.ok().map(|selection| selection.chosen)
    }

    pub(super) async fn dropdown_options(&self, index: &Locator) -> Result<ActionOutcome, ActionError> {
        let target = self.target(index).await?;
        let start = self.start_on(&target).await?;
        let description = format!("List the options of {}", label(&target.element));
        let options = match self.options(&target, Duration::ZERO).await?.native {
            Some(options) => options,
            None => {
                let (list, opened) = self.shown_list(&target).await?;
                let mut texts: Vec<String> = Vec::new();
                self.scan_list(&target, &list, |list| {
                    remember_texts(&mut texts, &list.options, usize::MAX);
                    (texts.len() >= MAX_OPTIONS).then_some(())
                })
                .await?;
                if opened {
                    self.close_list(&target).await?;
                }
                texts
            }
        };
        let mut outcome = self.settle(description, &start).await?;
        outcome.effect = format!("{} options", options.len());
        outcome.extracted = Some(options.join("\n"));
        Ok(outcome)
    }

    /// Selects the named options, and in a multiple list deselects the others. Returns a note if the page does not confirm
    /// a selection.
    async fn select_in_list(&self, target: &Target, wanted: &[String]) -> Result<Option<String>, ActionError> {
        let index = &target.index;
        let (mut list, opened) = self.shown_list(target).await?;
        if wanted.len() > 1 && !list.several {
            if opened {
                self.close_list(target).await?;
            }
            reject!("element {index} takes one option only");
        }
        let mut unconfirmed = None;
        for name in wanted {
            // Selecting one may have closed the list.
            list = self.shown_list(target).await?.0;
            let mut known: Vec<String> = Vec::new();
            let found = self
                .scan_list(target, &list, |list| {
                    remember_texts(&mut known, &list.options, MAX_OPTIONS);
                    matching(&list.options, name).cloned()
                })
                .await?;
            let Some(option) = found.filter(|option| !option.disabled) else {
                if opened {
                    self.close_list(target).await?;
                }
                return Err(no_such(index, name, &known));
            };
            if !(list.several && option.selected == Some(true)) {
                self.click_option(target, &option).await?;
            }
            let now = self.list_of(target, Duration::ZERO).await.ok().flatten();
            let now = now.and_then(|list| list.options.into_iter().find(|now| now.id == option.id));
            let is_unconfirmed = match now {
                Some(ListOption { selected: Some(is_selected), .. }) => !is_selected,
                // It says nothing: a list that was opened for it and stays open has not heard of it, unless the text is shown.
                Some(_) if opened && !list.several => {
                    let shown = self.value(target, "").await?.value.unwrap_or_default();
                    !shown.contains(option.text.as_str())
                }
                _ => false,
            };
            if is_unconfirmed {
                unconfirmed = Some(format!("the list is still open and '{}' is not chosen in it", clip(name, 60)));
            }
        }
        if list.several {
            self.deselect_others(target, wanted).await?;
            if opened {
                self.close_list(target).await?;
            }
        }
        Ok(unconfirmed)
    }

    /// Deselects options of a multiple list that are not wanted.
    async fn deselect_others(&self, target: &Target, wanted: &[String]) -> Result<(), ActionError> {
        let Some(list) = self.list_of(target, Duration::ZERO).await? else { return Ok(()) };
        let is_wanted =
            |option: &ListOption| wanted.iter().any(|name| matching(std::slice::from_ref(option), name).is_some());
        for option in list.options.iter().filter(|option| option.selected == Some(true) && !is_wanted(option)) {
            self.click_option(target, option).await?;
        }
        Ok(())
    }

    async fn click_option(&self, target: &Target, option: &ListOption) -> Result<(), ActionError> {
        let element = Element { role: "option".into(), name: option.text.clone(), ..Element::default() };
        let place = ElementRef { id: option.id, ..target.place.clone() };
        let option = Target { index: target.index.clone(), element, place };
        let located = self.locate(&option).await?;
        let point = self.reach(&option, &located).await?;
        let mut baseline = settle::baseline(self.context).ok_or(BrowserError::PageCrashed)?;
        baseline.also_wait_for(target.place.document.clone());
        super::mouse::press(&self.active()?.session, point, Press::default()).await?;
        settle::settle(self.context, self.worlds, &baseline, None).await?;
        Ok(())
    }
}

/// Adds the texts of options that are not known yet, up to a number of texts.
fn remember_texts(texts: &mut Vec<String>, options: &[ListOption], most: usize) {
    for option in options {
        if texts.len() < most && !texts.contains(&option.text) {
            texts.push(option.text.clone());
        }
    }
}

/// The option with this text or value: an exact match, else one that differs in case or blanks.
fn matching<'a>(options: &'a [ListOption], wanted: &str) -> Option<&'a ListOption> {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let wanted = wanted.trim();
    let exact = options.iter().find(|option| option.text == wanted || (!wanted.is_empty() && option.value == wanted));
    exact.or_else(|| options.iter().find(|option| plain(&option.text) == plain(wanted)))
}

fn described(chosen: &[String], target: &Target) -> String {
    format!("Select '{}' in {}", clip(&chosen.join("', '"), 80), label(&target.element))
}

fn no_such(index: &Locator, unknown: &str, options: &[String]) -> ActionError {
    let choices = clip(&options.join(", "), 600);
    let unknown = clip(unknown, 60);
    ActionError::NotPossible(format!("element {index} has no option {unknown:?} to choose; it has: {choices}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_match_by_text_value_or_loosely() {
        let option = |id, text: &str, value: &str| ListOption {
            id,
            text: text.into(),
            value: value.into(),
            ..ListOption::default()
        };
        let options = [option(1, "Large", "s"), option(2, "s", "x"), option(3, "Extra  large", "")];
        let found = |wanted| matching(&options, wanted).map(|option| option.id);
        assert_eq!(found("s"), Some(1), "the first with this text or value");
        assert_eq!(found("x"), Some(2));
        assert_eq!(found(" extra large "), Some(3));
        assert_eq!((found("Larg"), found("")), (None, None));
    }
}
