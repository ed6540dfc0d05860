//! Carries out the actions of one decision, in order, until one fails, the page changes under them, or the run is
//! done.

use serde_json::Value;

use super::action::Action;
use super::extracts;
use super::notices;
use super::observation::{Observation, PageView};
use super::planner::{ActionResult, PastStep};
use super::ports::{ActionError, ActionOutcome, BrowserError, Page};
use super::reading::{Query, Reading};
use super::report::Reporter;
use super::script;
use super::text::{one_line, shorten};
use super::vocabulary::Vocabulary;

/// Longest error text kept, in characters.
pub(super) const MAX_ERROR: usize = 500;
/// Longest extract kept, in characters.
pub(super) const MAX_EXTRACT: usize = 100_000;
/// Longest label or answer in a description, in characters.
const MAX_LABEL: usize = 80;

/// What came of a decision's actions.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// Of each action that was tried.
    pub(super) results: Vec<ActionResult>,
    /// What was tried, in words a person reads.
    pub(super) descriptions: Vec<String>,
    pub(super) end: End,
    /// Whether the last of them took effect is not known.
    pub(super) interrupted: bool,
}

/// Why the sequence ended.
#[derive(Debug, Default, PartialEq)]
pub(super) enum End {
    /// All actions were carried out.
    #[default]
    Through,
    /// The agent said it is done.
    Done(Answer),
    /// An action failed; its error as the model reads it.
    Failed(String),
    /// What followed was not carried out; says why.
    Skipped(String),
}

/// Where actions are carried out.
#[derive(Clone, Copy)]
pub(super) struct Stage<'a> {
    pub(super) page: &'a dyn Page,
    /// What the actions were decided on.
    pub(super) seen: &'a Observation,
    pub(super) reporter: &'a dyn Reporter,
    pub(super) vocabulary: Vocabulary,
    /// Actions carried out at most.
    pub(super) limit: usize,
    pub(super) history: &'a [PastStep],
    /// Long texts are shown as they are without it.
    pub(super) reading: Option<&'a Reading>,
}

impl Stage<'_> {
    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        match action {
            _ if !self.vocabulary.allows(action) => {
                Err(ActionError::NotPossible(format!("`{}` is not allowed here", action.name())))
            }
            Action::Script { code } => script::run(code, self.page, self.seen, self.vocabulary, self.reporter).await,
            // Models that know no null send 0 and empty texts instead.
            Action::Extract { again: Some(number @ 1..), .. } => self.recall(*number),
            Action::Extract { query: Some(query), schema, .. } if !query.trim().is_empty() => {
                let outcome = self.page.act(action).await?;
                let query = Query { query, schema: schema.as_deref().filter(|schema| !schema.trim().is_empty()) };
                self.search(outcome, query).await
            }
            _ => self.page.act(action).await,
        }
    }

    fn recall(&self, number: u32) -> Result<ActionOutcome, ActionError> {
        let text = extracts::find(self.history, number);
        let text = text.ok_or_else(|| ActionError::NotPossible(format!("there is no extract {number}")))?;
        let description = format!("Read extract {number} again");
        Ok(ActionOutcome { description, extracted: Some(text.to_owned()), ..ActionOutcome::default() })
    }

    /// What a text that was read says to a query, where it is too long to be shown.
    async fn search(&self, outcome: ActionOutcome, query: Query<'_>) -> Result<ActionOutcome, ActionError> {
        match self.reading {
            Some(reading) if outcome.extracted.as_deref().is_some_and(Reading::is_due) => {
                let (outbox, inbox) = notices::channel();
                inbox.report_during(self.reporter, reading.search(outcome, query, &outbox)).await
            }
            _ => Ok(outcome),
        }
    }
}

/// What the agent said at the end.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) success: bool,
    /// As it came, not yet held to a schema.
    pub(super) data: Option<Value>,
}

/// Carries out actions until the sequence ends, for whatever reason.
///
/// # Errors
///
/// The browser is gone.
pub(super) async fn carry_out(stage: Stage<'_>, actions: &[Action]) -> Result<Carried, BrowserError> {
    let Stage { limit, .. } = stage;
    let view = &stage.seen.view;
    let mut carried = Carried::default();
    for (position, action) in actions.iter().enumerate() {
        if position == limit {
            carried.end = End::Skipped(format!("an answer may hold {limit} actions"));
            break;
        }
        if let Action::Done { text, success, data } = action {
            carried
                .succeeded(action, ActionOutcome { description: describe(action, view), ..ActionOutcome::default() });
            carried.end = End::Done(Answer { text: text.clone(), success: *success, data: data.clone() });
            break;
        }
        match stage.act(action).await {
            Ok(outcome) => {
                let page_changed = outcome.page_changed;
                carried.succeeded(action, bounded(outcome, action, view));
                if page_changed && position + 1 < actions.len() {
                    carried.end = End::Skipped("the page changed".into());
                    break;
                }
            }
            Err(ActionError::Browser(error)) if error.is_fatal() => return Err(error),
            // The element was there when the actions were decided on, so the ones before have changed the page.
            Err(error @ (ActionError::ElementGone { .. } | ActionError::ElementChanged { .. })) if position > 0 => {
                carried.end = End::Skipped(shorten(&error.to_string(), MAX_ERROR));
                break;
            }
            Err(error) => {
                tracing::debug!(action = action.name(), ?error, "an action failed");
                carried.interrupted = error == ActionError::Interrupted;
                carried.failed(action, view, shorten(&error.to_string(), MAX_ERROR));
                break;
            }
        }
    }
    Ok(carried)
}

impl Carried {
    fn succeeded(&mut self, action: &Action, outcome: ActionOutcome) {
        self.descriptions.push(outcome.description.clone());
        self.results.push(ActionResult { action: action.clone(), outcome: Ok(outcome) });
    }

    fn failed(&mut self, action: &Action, view: &PageView, error: String) {
        self.descriptions.push(format!("{} failed: {error}", describe(action, view)));
        self.results.push(ActionResult { action: action.clone(), outcome: Err(error.clone()) });
        self.end = End::Failed(error);
    }
}

fn bounded(mut outcome: ActionOutcome, action: &Action, view: &PageView) -> ActionOutcome {
    if outcome.description.trim().is_empty() {
        outcome.description = describe(action, view);
    }
    outcome.extracted = outcome.extracted.map(|text| shorten(&text, MAX_EXTRACT));
    outcome
}

/// An action in words, for where the browser has none: it failed, or was none of the browser's. Typed text is left out,
/// since it may be a secret.
fn describe(action: &Action, view: &PageView) -> String {
    let label = |index| match view.element(index).map(|element| one_line(&element.name, MAX_LABEL)) {
        Some(name) if !name.is_empty() => format!("'{name}'"),
        _ => index.to_string(),
    };
    match action {
        Action::Navigate { url, .. } => format!("Open {}", one_line(url, MAX_LABEL)),
        Action::Search { query, .. } => format!("Search for '{}'", one_line(query, MAX_LABEL)),
        Action::GoBack {} => "Go back".into(),
        Action::Click { index: Some(index), .. } => format!("Click {}", label(*index)),
        Action::Click { index: None, .. } => "Click a point".into(),
        Action::Hover { index } => format!("Point at {}", label(*index)),
        Action::Drag { from, .. } => format!("Drag {}", label(*from)),
        Action::DropdownOptions { index } => format!("List the options of {}", label(*index)),
        Action::ScrollToText { text, .. } => format!("Scroll to '{}'", one_line(text, MAX_LABEL)),
        Action::FindText { pattern, .. } => format!("Find '{}'", one_line(pattern, MAX_LABEL)),
        Action::FindElements { selector } => format!("Find elements '{}'", one_line(selector, MAX_LABEL)),
        Action::SwitchTab { tab } => format!("Switch to tab {tab}"),
        Action::CloseTab { .. } => "Close a tab".into(),
        Action::Input { index, .. } => format!("Type into {}", label(*index)),
        Action::Select { index, options } => {
            format!("Select '{}' in {}", one_line(&options.join("', '"), MAX_LABEL), label(*index))
        }
        Action::Upload { index, files } => {
            format!("Upload '{}' to {}", one_line(&files.join("', '"), MAX_LABEL), label(*index))
        }
        Action::SavePdf {} => "Save the page as PDF".into(),
        Action::SendKeys { .. } => "Press keys".into(),
        Action::Scroll { direction, .. } => format!("Scroll {}", format!("{direction:?}").to_lowercase()),
        Action::Wait { .. } => "Wait".into(),
        Action::Extract { again: Some(number @ 1..), .. } => format!("Read extract {number} again"),
        Action::Extract { index: Some(index), .. } => format!("Read {}", label(*index)),
        Action::Extract { index: None, .. } => "Read the page".into(),
        Action::Screenshot {} => "Take a screenshot".into(),
        Action::AnswerDialog { accept: true, .. } => "Accept the dialog".into(),
        Action::AnswerDialog { accept: false, .. } => "Dismiss the dialog".into(),
        Action::Evaluate { .. } => "Evaluate JavaScript".into(),
        Action::Script { .. } => "Run a script".into(),
        Action::Done { success: true, .. } => "Finish the task".into(),
        Action::Done { success: false, .. } => "End the task unfulfilled".into(),
    }
}
