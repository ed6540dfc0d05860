//! Executes actions with real input events and reports their effects.

pub(super) mod chord;
mod click;
mod clipboard;
mod dialog;
mod documents;
mod drag;
mod dropdown;
mod evaluate;
mod executor;
mod extract;
mod files;
mod find;
mod frames;
mod input;
mod keyboard_layout;
mod keys;
mod mouse;
mod navigate;
mod navigation_guard;
mod outcome;
mod page_diff;
mod scroll;
mod secret;
mod select_option;
mod selector;
mod slider;
mod tabs;
mod text;
mod wait;

pub(crate) use clipboard::Clipboard;
pub(crate) use executor::Executor;

use executor::reject;
use mouse::{Press, bits};

use agent::action::{Action, MouseButton};
use agent::ports::{ActionError, ActionOutcome};

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
                    ..Press::default()
                };
                match (index, x.zip(*y)) {
                    (Some(index), at) => self.click(index, at, press).await,
                    (None, Some(point)) => self.click_at(point, press).await,
                    (None, None) => {
                        reject!("say what to click: an `index`, or `x` and `y`")
                    }
                }
            }
            Action::Hover { index, x, y } => self.hover(index, x.zip(*y)).await,
            Action::Drag { from, x, y, to, to_x, to_y, path } => {
                let to = to.as_ref().map(|to| (to, to_x.zip(*to_y)));
                self.drag((from, x.zip(*y)), to, path.as_deref().unwrap_or_default()).await
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
            Action::Type { text } => self.type_text(text).await,
            Action::Scroll { direction, pages, index } => {
                self.scroll(*direction, pages.unwrap_or(1.0), index.as_ref()).await
            }
            Action::Wait { seconds, selector: Some(selector), .. } => self.wait_for_element(selector, *seconds).await,
            Action::Wait { seconds, url: Some(url), .. } => self.wait_for_url(url, *seconds).await,
            Action::Wait { seconds, text, gone, .. } => self.wait(*seconds, text.as_deref(), gone.as_deref()).await,
            Action::Extract { query, index, .. } => self.extract(query.as_deref(), index.as_ref()).await,
            Action::AnswerDialog { accept, text } => self.answer_dialog(*accept, text.as_deref()).await,
            // The agent loop takes the screenshot.
            Action::Screenshot {} => {
                Ok(ActionOutcome { description: "Take a screenshot".into(), ..ActionOutcome::default() })
            }
            Action::Done { .. } | Action::Script { .. } | Action::Ask { .. } => {
                reject!("this is not done to a page")
            }
        }
    }
}
