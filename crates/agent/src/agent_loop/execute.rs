//! Carries out the actions of a decision in order, until one fails, the page changes under them, or the run is done.

use serde_json::Value;

use super::notices;
use super::state::AgentLoop;
use crate::action::Action;
use crate::extract::parts;
use crate::extract::query::{Query, QueryReader};
use crate::observation::PageView;
use crate::planner::ActionResult;
use crate::ports::{ActionError, ActionOutcome, BrowserError};
use crate::script;
use crate::text::shorten;

/// Longest error text kept, in characters.
pub(super) const MAX_ERROR: usize = 500;
/// Longest extract kept, in characters.
pub(super) const MAX_EXTRACT: usize = 100_000;

const USER_SPOKE: &str = "the user has said something";

#[derive(Debug, Default)]
pub(super) struct Execution {
    /// One for each action that was tried.
    pub(super) results: Vec<ActionResult>,
    /// The same in words for a person.
    pub(super) descriptions: Vec<String>,
    pub(super) end: End,
    /// Whether the last action took effect is unknown.
    pub(super) interrupted: bool,
}

/// Why the execution ended.
#[derive(Debug, Default, PartialEq)]
pub(super) enum End {
    /// All actions were carried out.
    #[default]
    Completed,
    /// The agent answered `done`.
    Done(FinalAnswer),
    /// An action failed, with the error as the model reads it.
    Failed(String),
    /// Why the remaining actions were skipped.
    Skipped(String),
}

/// The content of `done`.
#[derive(Debug, PartialEq)]
pub(super) struct FinalAnswer {
    pub(super) text: String,
    pub(super) success: bool,
    /// Not yet checked against the schema.
    pub(super) data: Option<Value>,
}

impl AgentLoop {
    /// Carries out actions until the execution ends. Decided ones are dropped when the user has said something since.
    ///
    /// # Errors
    ///
    /// The browser is gone.
    pub(super) async fn execute(&self, actions: &[Action], is_decided: bool) -> Result<Execution, BrowserError> {
        let limit = usize::try_from(self.settings.max_actions_per_step.max(1)).unwrap_or(usize::MAX);
        let view = &self.observation.view;
        let mut execution = Execution::default();
        for (position, action) in actions.iter().enumerate() {
            if position == limit {
                execution.end = End::Skipped(format!("an answer may hold {limit} actions"));
                break;
            }
            if self.control.checkpoint().await && is_decided {
                execution.end = End::Skipped(USER_SPOKE.into());
                break;
            }
            if let Some(objection) = self.objection(action).await {
                // The built-in planner does not read what the user says.
                match self.model {
                    Some(_) => execution.end = End::Skipped(objection),
                    None => execution.fail(action, view, objection),
                }
                break;
            }
            // It may have been paused meanwhile.
            if self.control.checkpoint().await && is_decided {
                execution.end = End::Skipped(USER_SPOKE.into());
                break;
            }
            if let Action::Done { text, success, data } = action {
                execution.add(action, view, ActionOutcome::default());
                execution.end = End::Done(FinalAnswer { text: text.clone(), success: *success, data: data.clone() });
                break;
            }
            match self.act(action).await {
                Ok(outcome) => {
                    let page_changed = outcome.page_changed;
                    execution.add(action, view, outcome);
                    if page_changed && position + 1 < actions.len() {
                        execution.end = End::Skipped("the page changed".into());
                        break;
                    }
                }
                Err(ActionError::Browser(error)) if error.is_fatal() => return Err(error),
                // The element was there when the actions were decided on, so earlier ones have changed the page.
                Err(error @ (ActionError::ElementGone { .. } | ActionError::ElementChanged { .. })) if position > 0 => {
                    execution.end = End::Skipped(shorten(&error.to_string(), MAX_ERROR));
                    break;
                }
                Err(error) => {
                    tracing::debug!(action = action.name(), ?error, "an action failed");
                    execution.interrupted = error == ActionError::Interrupted;
                    execution.fail(action, view, shorten(&error.to_string(), MAX_ERROR));
                    break;
                }
            }
        }
        Ok(execution)
    }

    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        match action {
            _ if !self.vocabulary.allows(action) => {
                Err(ActionError::NotPossible(format!("`{}` is not allowed here", action.name())))
            }
            Action::Ask { prompt, options, secret } => {
                self.ask(prompt, options.as_deref(), secret.unwrap_or(false)).await
            }
            Action::Script { code } => {
                let confirm = self.task.human.as_ref().map(|human| &human.confirm);
                let limits = script::Allowed { vocabulary: self.vocabulary, confirm };
                script::run(code, &*self.page, &self.observation, limits, &*self.reporter, &self.control).await
            }
            // Models that know no null send 0 and empty texts instead.
            Action::Extract { again: Some(number @ 1..), .. } => self.show_again(*number),
            Action::Extract { query: Some(query), schema, .. } if !query.trim().is_empty() => {
                let outcome = self.page.act(action).await?;
                let query = Query { query, schema: schema.as_deref().filter(|schema| !schema.trim().is_empty()) };
                self.search(outcome, query).await
            }
            _ => self.page.act(action).await,
        }
    }

    fn show_again(&self, number: u32) -> Result<ActionOutcome, ActionError> {
        let text = parts::find(&self.history, number);
        let text = text.ok_or_else(|| ActionError::NotPossible(format!("there is no extract {number}")))?;
        Ok(ActionOutcome { extracted: Some(text.to_owned()), ..ActionOutcome::default() })
    }

    /// Replaces a text that is too long to be shown by what it says to a query.
    async fn search(&self, outcome: ActionOutcome, query: Query<'_>) -> Result<ActionOutcome, ActionError> {
        match &self.query_reader {
            Some(reader) if outcome.extracted.as_deref().is_some_and(QueryReader::is_needed_for) => {
                let (outbox, inbox) = notices::channel();
                inbox.report_during(&*self.reporter, reader.search(outcome, query, &outbox)).await
            }
            _ => Ok(outcome),
        }
    }
}

impl Execution {
    /// A single action that needed no page.
    pub(super) fn succeeded(action: &Action, view: &PageView) -> Self {
        let mut execution = Self::default();
        execution.add(action, view, ActionOutcome::default());
        execution
    }

    fn add(&mut self, action: &Action, view: &PageView, mut outcome: ActionOutcome) {
        if outcome.description.trim().is_empty() {
            outcome.description = action.describe(view);
        }
        outcome.extracted = outcome.extracted.map(|text| shorten(&text, MAX_EXTRACT));
        self.descriptions.push(outcome.description.clone());
        self.results.push(ActionResult { action: action.clone(), outcome: Ok(outcome) });
    }

    fn fail(&mut self, action: &Action, view: &PageView, error: String) {
        self.descriptions.push(format!("{} failed: {error}", action.describe(view)));
        self.results.push(ActionResult { action: action.clone(), outcome: Err(error.clone()) });
        self.end = End::Failed(error);
    }
}
