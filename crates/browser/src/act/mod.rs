//! The hands: carries out actions with real input events and tells what came of them.

mod click;
mod clipboard;
mod dialog;
mod drag;
mod evaluate;
mod files;
mod find;
mod input;
pub(super) mod keys;
mod mouse;
mod navigate;
mod navigation_guard;
mod page_diff;
mod pages;
mod read;
mod scroll;
mod secret;
mod select_option;
mod selector;
mod tabs;

use crate::error::browser_error;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(crate) use self::clipboard::Clipboard;
use self::mouse::{Press, bits};
use self::page_diff::{ActionStart, DocumentDiff, join_effects};
use crate::context::Context;
use crate::isolated_world::{Document, IsolatedWorlds, ScriptError};
use crate::observe::element_map::{ElementMap, MappedElement};
use crate::observe::frame_reader::FrameReader;
use crate::observe::{NodeId, WorldId, relocate};
use crate::wait::pending_navigation;
use crate::wait::settle::{self, Settled};
use agent::action::{Action, MouseButton};
use agent::locator::Locator;
use agent::observation::Element;
use agent::ports::{ActionError, ActionOutcome, BrowserError};
use agent::secrets::Secrets;
use agent::text::shorten;
use cdp::CdpError;

/// One run's hands: everything an action works with.
pub(crate) struct Executor<'a> {
    pub(crate) context: &'a Context,
    pub(crate) worlds: &'a IsolatedWorlds,
    /// What the agent was last shown; its indices are what actions name.
    pub(crate) elements: &'a ElementMap,
    pub(crate) clipboard: &'a Clipboard,
    /// What it may type under other names.
    pub(crate) secrets: &'a Secrets,
}

/// Where an element is: the document whose world knows it, and its id there.
#[derive(Clone)]
pub(crate) struct ElementRef {
    pub(crate) document: Document,
    /// The world that gave the id; in another one it means nothing.
    pub(crate) world: WorldId,
    pub(crate) id: u32,
}

/// An element an action names, resolved.
struct Target {
    index: Locator,
    element: Element,
    place: ElementRef,
}

impl Executor<'_> {
    pub(crate) async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        if !matches!(action, Action::AnswerDialog { .. }) {
            self.check_no_dialog()?;
        }
        self.check_not_navigating(action).await?;
        match action {
            Action::Navigate { url, new_tab } => self.navigate(url, new_tab.unwrap_or(false)).await,
            Action::Search { query, engine } => self.search(query, *engine).await,
            Action::GoBack {} => self.go_back().await,
            Action::Click { index, x, y, button, count, modifiers } => {
                let press = Press {
                    button: button.unwrap_or(MouseButton::Left),
                    count: count.unwrap_or(1).clamp(1, 3),
                    modifiers: bits(modifiers.as_deref().unwrap_or_default()),
                };
                match (index, x.zip(*y)) {
                    (Some(index), at) => self.click(index, at, press).await,
                    (None, Some(point)) => self.click_at(point, press).await,
                    (None, None) => {
                        Err(ActionError::NotPossible("say what to click: an `index`, or `x` and `y`".into()))
                    }
                }
            }
            Action::Hover { index } => self.hover(index).await,
            Action::Drag { from, x, y, to, path } => {
                self.drag(from, x.zip(*y), to.as_ref(), path.as_deref().unwrap_or_default()).await
            }
            Action::DropdownOptions { index } => self.dropdown_options(index).await,
            Action::ScrollToText { text, select } => self.scroll_to_text(text, select.unwrap_or(false)).await,
            Action::Evaluate { js } => self.evaluate(js).await,
            Action::FindText { pattern, regex } => self.find_text(pattern, regex.unwrap_or(false)).await,
            Action::FindElements { selector } => self.find_elements(selector).await,
            Action::SwitchTab { tab } => self.switch_tab(*tab).await,
            Action::CloseTab { tab } => self.close_tab(*tab).await,
            Action::Input { index, text, clear, submit } if self.secrets.has_placeholder(text) => {
                self.input_secret(index, text, clear.unwrap_or(true), submit.unwrap_or(false)).await
            }
            Action::Input { index, text, clear, submit } => {
                self.input(index, text, clear.unwrap_or(true), submit.unwrap_or(false)).await
            }
            Action::Select { index, options } => self.select(index, options).await,
            Action::Upload { index, files } => self.upload(index, files).await,
            Action::SavePdf {} => self.save_pdf().await,
            Action::SendKeys { keys, index: None } => self.send_keys(keys).await,
            Action::SendKeys { keys, index: Some(index) } => self.press_at(index, keys).await,
            Action::Scroll { direction, pages, index } => {
                self.scroll(*direction, pages.unwrap_or(1.0), index.as_ref()).await
            }
            Action::Wait { seconds, selector: Some(selector), .. } => self.wait_for_element(selector, *seconds).await,
            Action::Wait { seconds, url: Some(url), .. } => self.wait_for_url(url, *seconds).await,
            Action::Wait { seconds, text, gone, .. } => self.wait(*seconds, text.as_deref(), gone.as_deref()).await,
            Action::Extract { query, index, .. } => self.extract(query.as_deref(), index.as_ref()).await,
            Action::AnswerDialog { accept, text } => self.answer_dialog(*accept, text.as_deref()).await,
            // The loop takes the picture; there is nothing to do to the page.
            Action::Screenshot {} => {
                Ok(ActionOutcome { description: "Take a screenshot".into(), ..ActionOutcome::default() })
            }
            Action::Done { .. } | Action::Script { .. } => {
                Err(ActionError::NotPossible("`done` is not done to a page".into()))
            }
        }
    }

    /// A page with a dialog answers nothing else.
    fn check_no_dialog(&self) -> Result<(), ActionError> {
        match self.is_blocked() {
            true => Err(ActionError::NotPossible("a dialog is open; answer it first".into())),
            false => Ok(()),
        }
    }

    fn is_blocked(&self) -> bool {
        self.context.tabs().active().is_some_and(|tab| tab.dialog.is_some())
    }

    /// A page on its way to the next one answers nothing either; what does not ask it may be done.
    async fn check_not_navigating(&self, action: &Action) -> Result<(), ActionError> {
        let asks_nothing = matches!(
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
        if asks_nothing {
            return Ok(());
        }
        match pending_navigation::overdue_navigation(self.context).await? {
            Some(url) => Err(ActionError::NotPossible(format!(
                "the next page, {}, is still loading; wait for it, or open another one",
                clip(&url, 200)
            ))),
            None => Ok(()),
        }
    }

    /// The main document of the active tab.
    fn active(&self) -> Result<Document, ActionError> {
        let mut tabs = self.context.tabs();
        let tab =
            tabs.active().ok_or_else(|| ActionError::NotPossible("no tab is open; navigate to open one".into()))?;
        Ok(tab.document())
    }

    /// The element of an index, if it is still what it was when it was shown, or the one that has taken its place.
    async fn target(&self, index: &Locator) -> Result<Target, ActionError> {
        let gone = || ActionError::ElementGone { index: index.clone() };
        let MappedElement { element, place, signature: was } = self.elements.get(index).ok_or_else(gone)?;
        let now: Identified = self.call_at(&place, "identify", &IdArgument { id: place.id }).await?;
        let Some(now) = now.is else {
            let place = self.relocate(&place).await?.ok_or_else(gone)?;
            return Ok(Target { index: index.clone(), element, place });
        };
        if now != was {
            return Err(ActionError::ElementChanged { index: index.clone(), was: clip(&was, 60), now: clip(&now, 60) });
        }
        Ok(Target { index: index.clone(), element, place })
    }

    /// Where an element is by now whose node is gone; none when that is not certain.
    async fn relocate(&self, place: &ElementRef) -> Result<Option<ElementRef>, ActionError> {
        let Some(earlier) = self.elements.reading(place.world) else { return Ok(None) };
        let reader = FrameReader { context: self.context, worlds: self.worlds, limit: self.command_timeout() };
        let (world, later) = reader.read(&place.document).await.map_err(script_failed)?;
        // In another document nothing is what it was.
        let found = if world == place.world { relocate(earlier, &later, NodeId(place.id)) } else { None };
        Ok(found.map(|node| ElementRef { id: node.0, ..place.clone() }))
    }

    /// Calls one of the functions of `injected` where an element is.
    async fn call_at<R: DeserializeOwned>(
        &self,
        place: &ElementRef,
        function: &str,
        arguments: &(impl Serialize + Sync),
    ) -> Result<R, ActionError> {
        let limit = self.command_timeout();
        let (world, value) =
            self.worlds.call(&place.document, function, arguments, limit).await.map_err(script_failed)?;
        if world == place.world {
            return Ok(value);
        }
        // The frame shows another document by now, in which the id means nothing or something else.
        Err(ActionError::NotPossible("the page has changed since it was shown; look at the current list".into()))
    }

    /// Calls one of the functions of `injected` where an element is, and nowhere else: what is diffs to it is for that document.
    async fn call_known<R: DeserializeOwned>(
        &self,
        place: &ElementRef,
        function: &str,
        arguments: &(impl Serialize + Sync),
    ) -> Result<R, ActionError> {
        let called = self.worlds.call_known(&place.document, place.world, function, arguments, self.command_timeout());
        called.await.map_err(|error| match error {
            ScriptError::Cdp(CdpError::Refused { .. } | CdpError::Detached) => {
                ActionError::NotPossible("the page has changed since it was shown; look at the current list".into())
            }
            error => script_failed(error).into(),
        })
    }

    /// Calls one of the functions of `injected` for a document as a whole.
    async fn call_in<R: DeserializeOwned>(
        &self,
        document: &Document,
        function: &str,
        arguments: &(impl Serialize + Sync),
        limit: Duration,
    ) -> Result<R, ActionError> {
        let called = self.worlds.call(document, function, arguments, limit).await;
        Ok(called.map_err(script_failed)?.1)
    }

    fn command_timeout(&self) -> Duration {
        self.context.browser().settings.command_timeout
    }

    /// Waits for what an action started and puts what came of it into words.
    async fn settle(&self, description: String, start: &ActionStart) -> Result<ActionOutcome, ActionError> {
        let before = &start.baseline;
        let mut settled = settle::settle(self.context, self.worlds, before).await?;
        if let Some(other) = settle::baseline_of_new_tab(self.context, before) {
            // A tab that the action opened is what is looked at next.
            let there = settle::settle(self.context, self.worlds, &other).await?;
            settled.unfinished = settled.unfinished.or(there.unfinished);
        }
        settle::wait_for_downloads(self.context, before).await?;
        let diffs = self.page_diff(start).await;
        Ok(self.outcome(description, start, settled, &diffs))
    }

    fn outcome(
        &self,
        description: String,
        start: &ActionStart,
        settled: Settled,
        diffs: &[DocumentDiff],
    ) -> ActionOutcome {
        let mut tabs = self.context.tabs();
        tabs.expect_no_windows();
        let (mut effects, changes) = start.describe(diffs, settled.new_document);
        let mut other_tab = false;
        match tabs.by_id(start.baseline.tab) {
            None => {
                effects.push("the tab closed".to_owned());
                other_tab = true;
            }
            Some(tab) => {
                effects.append(&mut tab.notices);
                if let Some(dialog) = &tab.dialog {
                    effects.push(dialog.shown.to_string());
                }
                if let Some((url, reason)) = tab.refused.take() {
                    effects.push(format!("{} may not be opened: {reason}", clip(&url, 200)));
                }
                if let Some(chooser) = tab.chooser.take() {
                    effects.push(match chooser.input {
                        Some(_) => "a file chooser opened: to choose files, `upload` to this element".to_owned(),
                        None => "the page asked for a file in a way that is not supported here".to_owned(),
                    });
                }
                if tab.crashed {
                    effects.push("the page crashed; navigate to go on".into());
                } else if let Some(cause) = tab.load.failure().filter(|_| settled.new_document) {
                    effects.push(format!("{} could not be opened: {cause}", clip(&tab.url, 200)));
                } else if settled.new_document || settled.navigated_in_document {
                    effects.push(format!("the page is now {}", clip(&tab.url, 200)));
                }
            }
        }
        if let Some(active) = tabs.active().filter(|active| active.id != start.baseline.tab) {
            effects.push(format!("a new tab is in front: {}", clip(&active.url, 200)));
            other_tab = true;
        }
        effects.append(&mut self.context.files().take_notices());
        effects.extend(self.context.files().in_progress());
        effects.extend(changes);
        if let Some(unfinished) = settled.unfinished {
            effects.push(unfinished.to_string());
        }
        if effects.is_empty() && start.expects_change && ActionStart::is_unchanged(diffs) {
            effects.push("nothing on the page changed".into());
        }
        ActionOutcome {
            description,
            effect: join_effects(&effects),
            extracted: None,
            page_changed: settled.new_document || other_tab,
        }
    }
}

#[derive(Serialize)]
struct IdArgument {
    id: u32,
}

#[derive(Deserialize)]
struct Identified {
    /// Role and name, as the eyes put it.
    is: Option<String>,
}

/// What a script's failure means for the action that needed it.
fn script_failed(error: ScriptError) -> BrowserError {
    match error {
        ScriptError::Cdp(error) => browser_error(error),
        ScriptError::Threw(cause) => BrowserError::Protocol { cause },
    }
}

/// The outcome of an input event. A dialog that the event opened, or a tab that it closed, is an effect, not a failure.
fn delivered<T>(outcome: Result<T, CdpError>) -> Result<(), ActionError> {
    match outcome {
        Ok(_) | Err(CdpError::DialogOpen | CdpError::Detached) => Ok(()),
        Err(error) => Err(ActionError::Browser(browser_error(error))),
    }
}

/// Puts a sentence before the rest of an outcome's effect.
fn prepend_note(outcome: &mut ActionOutcome, note: String) {
    let rest = std::mem::take(&mut outcome.effect);
    outcome.effect = if rest.is_empty() { note } else { join_effects(&[note, rest]) };
}

/// Text for a person or a model, on one line and shortened.
fn clip(text: &str, characters: usize) -> String {
    shorten(&text.split_whitespace().collect::<Vec<_>>().join(" "), characters)
}

/// An element as a description names it: its label, or what it is when it has none.
fn label(element: &Element) -> String {
    let name = [&element.name, &element.placeholder, &element.href].into_iter().find(|text| !text.trim().is_empty());
    match name {
        // The page wrote it: it must not end the quotes that it stands in.
        Some(name) => format!("'{}'", clip(name, 60).replace('\'', "’")),
        None if element.role.is_empty() => format!("<{}>", element.tag),
        None => format!("the {}", element.role),
    }
}
