//! What every action works with: the run's context, the last view's elements, and script calls.

use std::sync::Mutex;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::clipboard::Clipboard;
use super::text::clip;
use crate::context::Context;
use crate::isolated_world::{Document, ElementRef, IsolatedWorlds, NodeId, ScriptError};
use crate::observe::element_map::{ElementMap, FoundElement, MappedElement};
use crate::observe::frame_reader::FrameReader;
use crate::observe::relocate;
use crate::wait::capture::EarlyCapture;
use crate::wait::pending_navigation;
use agent::action::Action;
use agent::locator::Locator;
use agent::observation::Element;
use agent::ports::ActionError;
use agent::secrets::Secrets;
use cdp::CdpError;

/// Everything that actions of a run need.
pub(crate) struct Executor<'a> {
    pub(crate) context: &'a Context,
    pub(crate) worlds: &'a IsolatedWorlds,
    /// The last view; actions refer to its indices.
    pub(crate) elements: &'a ElementMap,
    pub(crate) clipboard: &'a Clipboard,
    /// Placeholders it may replace while typing.
    pub(crate) secrets: &'a Secrets,
    /// What the last search found, each with its line in the result.
    pub(crate) found: &'a Mutex<Vec<(usize, FoundElement)>>,
    /// Takes a capture while the page settles, if one is likely to be wanted.
    pub(crate) early_capture: Option<&'a EarlyCapture>,
}

/// The element an action refers to.
pub(super) struct Target {
    pub(super) index: Locator,
    pub(super) element: Element,
    pub(super) place: ElementRef,
}

/// A script's reply about an element.
#[derive(Deserialize)]
struct AboutElement<R> {
    #[serde(default)]
    gone: bool,
    #[serde(flatten)]
    reply: R,
}

#[derive(Deserialize)]
struct Identified {
    /// Role and name, as `signature` writes them.
    is: Option<String>,
}

/// Rejects an action with a reason for the model.
macro_rules! reject {
    ($($reason:tt)*) => {
        return Err(agent::ports::ActionError::NotPossible(format!($($reason)*)))
    };
}
pub(super) use reject;

impl Executor<'_> {
    /// A page with an open dialog does not respond.
    pub(super) fn check_no_dialog(&self) -> Result<(), ActionError> {
        if self.is_blocked() {
            reject!("a dialog is open; answer it first");
        }
        Ok(())
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.context.tabs().active().is_some_and(|tab| tab.dialog.is_some())
    }

    /// Rejects actions on a page that is navigating, since it does not respond.
    pub(super) async fn check_not_navigating(&self, action: &Action) -> Result<(), ActionError> {
        let needs_no_page = matches!(
            action,
            Action::Navigate { .. }
                | Action::Search { .. }
                | Action::GoBack {}
                | Action::SwitchTab { .. }
                | Action::CloseTab { .. }
                | Action::Wait { .. }
                | Action::AnswerDialog { .. }
                | Action::Screenshot {}
        );
        if needs_no_page {
            return Ok(());
        }
        if let Some(url) = pending_navigation::overdue_navigation(self.context).await? {
            reject!("the next page, {}, is still loading; wait for it, or open another one", clip(&url, 200));
        }
        Ok(())
    }

    /// The main document of the active tab.
    pub(super) fn active(&self) -> Result<Document, ActionError> {
        match self.context.tabs().active() {
            Some(tab) => Ok(tab.document()),
            None => reject!("no tab is open; navigate to open one"),
        }
    }

    /// The element of an index if it still is what it was when shown, or the one that replaced it.
    pub(super) async fn target(&self, index: &Locator) -> Result<Target, ActionError> {
        let gone = || ActionError::ElementGone { index: index.clone() };
        let MappedElement { element, place, signature: was } = self.elements.get(index).ok_or_else(gone)?;
        let now: Identified = self.call_at(&place, "identify", &json!({ "id": place.id })).await?;
        let Some(now) = now.is else {
            let place = self.relocate(&place).await?.ok_or_else(gone)?;
            return Ok(Target { index: index.clone(), element, place });
        };
        if now != was {
            return Err(ActionError::ElementChanged { index: index.clone(), was: clip(&was, 60), now: clip(&now, 60) });
        }
        Ok(Target { index: index.clone(), element, place })
    }

    /// Finds the replacement of an element whose node is gone; none if in doubt.
    async fn relocate(&self, place: &ElementRef) -> Result<Option<ElementRef>, ActionError> {
        let Some(earlier) = self.elements.reading(place.world) else { return Ok(None) };
        let reader = FrameReader { context: self.context, worlds: self.worlds, limit: self.command_timeout() };
        let (world, later) = reader.read(&place.document).await?;
        // A new document shares no elements with the old one.
        let found = if world == place.world { relocate(earlier, &later, NodeId(place.id)) } else { None };
        Ok(found.map(|node| ElementRef { id: node.0, ..place.clone() }))
    }

    /// Calls a script function on a target; fails if the element is gone.
    pub(super) async fn call_target<R: DeserializeOwned>(
        &self,
        target: &Target,
        function: &str,
        argument: &(impl Serialize + Sync),
    ) -> Result<R, ActionError> {
        let answer: AboutElement<R> = self.call_at(&target.place, function, argument).await?;
        if answer.gone {
            return Err(ActionError::ElementGone { index: target.index.clone() });
        }
        Ok(answer.reply)
    }

    /// Calls a script function in the element's document.
    pub(super) async fn call_at<R: DeserializeOwned>(
        &self,
        place: &ElementRef,
        function: &str,
        argument: &(impl Serialize + Sync),
    ) -> Result<R, ActionError> {
        let limit = self.command_timeout();
        let (world, value) = self.worlds.call(&place.document, function, argument, limit).await?;
        // The frame may have navigated; the id is meaningless in its new document.
        if world == place.world { Ok(value) } else { Err(page_changed()) }
    }

    /// Like `call_at`, but never runs in a later document: the argument is meant for this one.
    pub(super) async fn call_known<R: DeserializeOwned>(
        &self,
        place: &ElementRef,
        function: &str,
        argument: &(impl Serialize + Sync),
    ) -> Result<R, ActionError> {
        let called = self.worlds.call_known(&place.document, place.world, function, argument, self.command_timeout());
        called.await.map_err(|error| match error {
            ScriptError::Cdp(CdpError::Refused { .. } | CdpError::Detached) => page_changed(),
            error => error.into(),
        })
    }

    /// Calls a script function in a document.
    pub(super) async fn call_in<R: DeserializeOwned>(
        &self,
        document: &Document,
        function: &str,
        argument: &(impl Serialize + Sync),
    ) -> Result<R, ActionError> {
        Ok(self.worlds.call(document, function, argument, self.command_timeout()).await?.1)
    }

    pub(super) fn command_timeout(&self) -> Duration {
        self.context.browser().settings.command_timeout
    }
}

fn page_changed() -> ActionError {
    ActionError::NotPossible("the page has changed since it was shown; look at the current list".into())
}
