//! Choosing options: of a native select by value, of everything else by opening its list and clicking in it.

use super::prepend_note;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::mouse::{Press, press};
use super::{ElementRef, Executor, Target, clip, label};
use crate::wait::settle;
use agent::locator::Locator;
use agent::observation::Element;
use agent::ports::{ActionError, ActionOutcome, BrowserError};

/// How long a list may take to open, or to show what was typed for.
pub(super) const LIST_TIMEOUT: Duration = Duration::from_millis(1_500);
/// Pages of a list that is filled as it is scrolled.
const MAX_LIST_PAGES: usize = 60;
/// Options told of one element.
const MAX_OPTIONS: usize = 500;

#[derive(Serialize)]
struct ChooseArgument<'a> {
    id: u32,
    options: &'a [String],
}

/// What `selectOptions` made of a native select.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NativeSelection {
    gone: bool,
    unfit: bool,
    disabled: bool,
    single: bool,
    unknown: Option<String>,
    options: Vec<String>,
    chosen: Vec<String>,
}

#[derive(Serialize)]
struct OptionsArgument {
    id: u32,
    /// Milliseconds to wait for the list.
    limit: u64,
}

/// What `options` found.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Options {
    gone: bool,
    native: Option<Vec<String>>,
    open: Option<OpenList>,
}

/// A list on the page, open.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct OpenList {
    list: u32,
    /// Several options may be chosen.
    several: bool,
    options: Vec<ListOption>,
    /// Its element says that it is expanded.
    expanded: bool,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
struct ListOption {
    id: u32,
    text: String,
    value: String,
    /// None when it does not say.
    selected: Option<bool>,
    disabled: bool,
}

#[derive(Serialize)]
struct ScrollListArgument {
    id: u32,
    start: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ListScrolled {
    moved: bool,
}

impl Executor<'_> {
    pub(super) async fn select(&self, index: &Locator, options: &[String]) -> Result<ActionOutcome, ActionError> {
        if options.is_empty() {
            return Err(ActionError::NotPossible("name at least one option".into()));
        }
        let target = self.target(index).await?;
        let start = self.start_filling(&target).await?;
        let place = &target.place;
        let chosen: NativeSelection =
            self.call_at(place, "selectOptions", &ChooseArgument { id: place.id, options }).await?;
        if chosen.gone {
            return Err(ActionError::ElementGone { index: index.clone() });
        }
        let problem = match chosen {
            NativeSelection { unfit: true, .. } => {
                let note = self.choose_from_list(&target, options).await?;
                let description = described(options, &target);
                let mut outcome = self.settle(description, &start).await?;
                if let Some(note) = note.filter(|_| !outcome.page_changed) {
                    prepend_note(&mut outcome, note);
                }
                return Ok(outcome);
            }
            NativeSelection { disabled: true, .. } => Some(format!("element {index} is disabled")),
            NativeSelection { single: true, .. } => Some(takes_one(index)),
            NativeSelection { unknown: Some(unknown), options, .. } => Some(no_such(index, &unknown, &options)),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(ActionError::NotPossible(problem));
        }
        self.settle(described(&chosen.chosen, &target), &start).await
    }

    pub(super) async fn dropdown_options(&self, index: &Locator) -> Result<ActionOutcome, ActionError> {
        let target = self.target(index).await?;
        let start = self.start_on(&target).await?;
        let description = format!("List the options of {}", label(&target.element));
        let found = self.options(&target, Duration::ZERO).await?;
        let options = match (found.native, found.open) {
            (Some(options), _) => options,
            (None, open) => {
                let (list, opened) = match open {
                    Some(list) => (list, false),
                    None => (self.open_list(&target).await?, true),
                };
                let mut texts: Vec<String> = Vec::new();
                self.scan_list(&target, &list, |list| {
                    for choice in &list.options {
                        if !texts.contains(&choice.text) {
                            texts.push(choice.text.clone());
                        }
                    }
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

    /// The open list that belongs to an element, once there is one.
    pub(super) async fn list_of(&self, target: &Target, limit: Duration) -> Result<Option<OpenList>, ActionError> {
        Ok(self.options(target, limit).await?.open)
    }

    async fn options(&self, target: &Target, limit: Duration) -> Result<Options, ActionError> {
        let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let argument = OptionsArgument { id: target.place.id, limit };
        let options: Options = self.call_at(&target.place, "options", &argument).await?;
        if options.gone {
            return Err(ActionError::ElementGone { index: target.index.clone() });
        }
        Ok(options)
    }

    /// Opens an element's list as a person would.
    async fn open_list(&self, target: &Target) -> Result<OpenList, ActionError> {
        let located = self.locate(target).await?;
        if located.disabled {
            return Err(ActionError::NotPossible(format!("element {} is disabled", target.index)));
        }
        press(&self.active()?.session, self.reach(target, &located).await?, Press::default()).await?;
        match self.list_of(target, LIST_TIMEOUT).await? {
            Some(list) => Ok(list),
            None => Err(ActionError::NotPossible(format!(
                "element {} shows no options when it is clicked; look at what it does",
                target.index
            ))),
        }
    }

    /// Closes a list that was opened and is of no more use.
    async fn close_list(&self, target: &Target) -> Result<(), ActionError> {
        match self.list_of(target, Duration::ZERO).await? {
            Some(list) if list.expanded => {
                let located = self.locate(target).await?;
                press(&self.active()?.session, self.reach(target, &located).await?, Press::default()).await
            }
            Some(_) => self.press_keys("Escape").await,
            None => Ok(()),
        }
    }

    /// Makes what is named the choice, and nothing else where several may be chosen. Answers what the page does not
    /// confirm.
    async fn choose_from_list(&self, target: &Target, wanted: &[String]) -> Result<Option<String>, ActionError> {
        let standing = self.list_of(target, Duration::ZERO).await?;
        let opened = standing.is_none();
        let mut list = match standing {
            Some(list) => list,
            None => self.open_list(target).await?,
        };
        if wanted.len() > 1 && !list.several {
            if opened {
                self.close_list(target).await?;
            }
            return Err(ActionError::NotPossible(takes_one(&target.index)));
        }
        let mut unconfirmed = None;
        for name in wanted {
            // Choosing one may have closed the list.
            list = match self.list_of(target, Duration::ZERO).await? {
                Some(list) => list,
                None => self.open_list(target).await?,
            };
            let mut known: Vec<String> = Vec::new();
            let found = self
                .scan_list(target, &list, |list| {
                    for choice in &list.options {
                        if !known.contains(&choice.text) && known.len() < MAX_OPTIONS {
                            known.push(choice.text.clone());
                        }
                    }
                    matching(&list.options, name).cloned()
                })
                .await?;
            let Some(choice) = found.filter(|choice| !choice.disabled) else {
                if opened {
                    self.close_list(target).await?;
                }
                return Err(ActionError::NotPossible(no_such(&target.index, name, &known)));
            };
            if !(list.several && choice.selected == Some(true)) {
                self.click_choice(target, &choice).await?;
            }
            let now = self.list_of(target, Duration::ZERO).await.ok().flatten();
            let unmarked = now.and_then(|list| list.options.into_iter().find(|option| option.id == choice.id));
            if unmarked.is_some_and(|option| option.selected == Some(false)) {
                unconfirmed = Some(format!("the list is still open and '{}' is not chosen in it", clip(name, 60)));
            }
        }
        if list.several {
            self.drop_others(target, wanted).await?;
        }
        if opened && list.several {
            self.close_list(target).await?;
        }
        Ok(unconfirmed)
    }

    /// Takes back what was chosen before in a list that takes several.
    async fn drop_others(&self, target: &Target, wanted: &[String]) -> Result<(), ActionError> {
        let Some(list) = self.list_of(target, Duration::ZERO).await? else { return Ok(()) };
        let is_wanted =
            |choice: &ListOption| wanted.iter().any(|name| matching(std::slice::from_ref(choice), name).is_some());
        for choice in list.options.iter().filter(|choice| choice.selected == Some(true) && !is_wanted(choice)) {
            self.click_choice(target, choice).await?;
        }
        Ok(())
    }

    async fn click_choice(&self, target: &Target, choice: &ListOption) -> Result<(), ActionError> {
        let element = Element { role: "option".into(), name: choice.text.clone(), ..Element::default() };
        let place = ElementRef { id: choice.id, ..target.place.clone() };
        let option = Target { index: target.index.clone(), element, place };
        let located = self.locate(&option).await?;
        let point = self.reach(&option, &located).await?;
        let mut before = settle::baseline(self.context).ok_or(BrowserError::PageCrashed)?;
        before.also_wait_for(target.place.document.clone());
        press(&self.active()?.session, point, Press::default()).await?;
        settle::settle(self.context, self.worlds, &before).await?;
        Ok(())
    }

    /// Looks at a list page by page, from its start when it is longer than what it shows, until something is found.
    async fn scan_list<T>(
        &self,
        target: &Target,
        list: &OpenList,
        mut look: impl FnMut(&OpenList) -> Option<T>,
    ) -> Result<Option<T>, ActionError> {
        if let Some(found) = look(list) {
            return Ok(Some(found));
        }
        for page in 0..MAX_LIST_PAGES {
            let argument = ScrollListArgument { id: list.list, start: page == 0 };
            let scrolled: ListScrolled = self.call_at(&target.place, "scrollList", &argument).await?;
            if page > 0 && !scrolled.moved {
                break;
            }
            let Some(now) = self.list_of(target, Duration::ZERO).await? else { break };
            if let Some(found) = look(&now) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

impl OpenList {
    /// The first options in words.
    pub(super) fn describe(&self) -> String {
        let first: Vec<String> =
            self.options.iter().take(6).map(|choice| format!("'{}'", clip(&choice.text, 60))).collect();
        match self.options.len() - first.len() {
            0 => format!("it suggests {}", first.join(", ")),
            more => format!("it suggests {} and {more} more", first.join(", ")),
        }
    }
}

/// The option that a text or value names: as it stands, else whatever the case and the blanks.
fn matching<'a>(options: &'a [ListOption], wanted: &str) -> Option<&'a ListOption> {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let wanted = wanted.trim();
    let exact = options.iter().find(|option| option.text == wanted || (!wanted.is_empty() && option.value == wanted));
    exact.or_else(|| options.iter().find(|option| plain(&option.text) == plain(wanted)))
}

fn described(chosen: &[String], target: &Target) -> String {
    format!("Select '{}' in {}", clip(&chosen.join("', '"), 80), label(&target.element))
}

fn takes_one(index: &Locator) -> String {
    format!("element {index} takes one option only")
}

fn no_such(index: &Locator, unknown: &str, options: &[String]) -> String {
    let choices = clip(&options.join(", "), 600);
    format!("element {index} has no option {:?} to choose; it has: {choices}", clip(unknown, 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_named_by_its_text_its_value_or_nearly_so() {
        let choice = |id, text: &str, value: &str| ListOption {
            id,
            text: text.into(),
            value: value.into(),
            ..ListOption::default()
        };
        let options = [choice(1, "Large", "s"), choice(2, "s", "x"), choice(3, "Extra  large", "")];
        let found = |wanted| matching(&options, wanted).map(|choice| choice.id);
        assert_eq!(found("s"), Some(1), "the first that is called so or stands for it");
        assert_eq!(found("x"), Some(2));
        assert_eq!(found(" extra large "), Some(3));
        assert_eq!((found("Larg"), found("")), (None, None));
    }
}
