//! Opens, reads and closes dropdown lists.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::executor::{Executor, Target, reject};
use super::mouse::Press;
use super::text::clip;
use agent::ports::ActionError;

/// How long a list may take to open or to show suggestions.
pub(super) const LIST_TIMEOUT: Duration = Duration::from_millis(1_500);
/// Maximum number of pages of a lazily filled list.
const MAX_LIST_PAGES: usize = 60;

/// What `options` found.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Options {
    pub(super) native: Option<Vec<String>>,
    pub(super) open: Option<OpenList>,
}

/// An open dropdown list.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct OpenList {
    list: u32,
    /// Multiple selection.
    pub(super) several: bool,
    pub(super) options: Vec<ListOption>,
    /// The element has `aria-expanded`.
    expanded: bool,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct ListOption {
    pub(super) id: u32,
    pub(super) text: String,
    pub(super) value: String,
    /// None if the option does not say.
    pub(super) selected: Option<bool>,
    pub(super) disabled: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ListScrolled {
    moved: bool,
}

impl Executor<'_> {
    /// The open list that belongs to an element; waits for one up to `limit`.
    pub(super) async fn list_of(&self, target: &Target, limit: Duration) -> Result<Option<OpenList>, ActionError> {
        Ok(self.options(target, limit).await?.open)
    }

    pub(super) async fn options(&self, target: &Target, limit: Duration) -> Result<Options, ActionError> {
        let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        self.call_target(target, "options", &json!({ "id": target.place.id, "limit": limit, "news": false })).await
    }

    /// An element's list, and whether it had to be opened.
    pub(super) async fn shown_list(&self, target: &Target) -> Result<(OpenList, bool), ActionError> {
        match self.list_of(target, Duration::ZERO).await? {
            Some(list) => Ok((list, false)),
            None => Ok((self.open_list(target).await?, true)),
        }
    }

    /// Opens an element's list by clicking it.
    async fn open_list(&self, target: &Target) -> Result<OpenList, ActionError> {
        let located = self.locate(target).await?;
        if located.disabled {
            reject!("element {} is disabled", target.index);
        }
        self.press_on(target, &located, Press::default()).await?;
        match self.list_of(target, LIST_TIMEOUT).await? {
            Some(list) => Ok(list),
            None => reject!("element {} shows no options when it is clicked; look at what it does", target.index),
        }
    }

    pub(super) async fn close_list(&self, target: &Target) -> Result<(), ActionError> {
        match self.list_of(target, Duration::ZERO).await? {
            Some(list) if list.expanded => {
                let located = self.locate(target).await?;
                self.press_on(target, &located, Press::default()).await
            }
            Some(_) => self.press_keys("Escape").await,
            None => Ok(()),
        }
    }

    /// Scrolls through a list, from its start, until `look` finds something.
    pub(super) async fn scan_list<T>(
        &self,
        target: &Target,
        list: &OpenList,
        mut look: impl FnMut(&OpenList) -> Option<T>,
    ) -> Result<Option<T>, ActionError> {
        if let Some(found) = look(list) {
            return Ok(Some(found));
        }
        for page in 0..MAX_LIST_PAGES {
            let argument = json!({ "id": list.list, "start": page == 0 });
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
            self.options.iter().take(6).map(|option| format!("'{}'", clip(&option.text, 60))).collect();
        match self.options.len() - first.len() {
            0 => format!("it suggests {}", first.join(", ")),
            more => format!("it suggests {} and {more} more", first.join(", ")),
        }
    }
}
