//! Carries out the actions of the request, before anything is decided.

use std::time::Duration;

use super::execute::{End, Execution, MAX_ERROR, MAX_EXTRACT};
use super::state::AgentLoop;
use crate::action::Action;
use crate::planner::{ActionResult, Decision, PastStep};
use crate::report::AgentError;
use crate::task::RequestedAction;
use crate::text::shorten;

/// How the requested actions went.
#[derive(Debug)]
pub(super) struct RequestedResult {
    total: usize,
    /// Of the actions that succeeded, in order.
    results: Vec<ActionResult>,
}

impl RequestedResult {
    pub(super) fn is_complete(&self) -> bool {
        self.results.len() == self.total
    }

    /// The run's answer: what was read, or how many actions were carried out.
    pub(super) fn text(&self) -> String {
        let outcomes = self.results.iter().filter_map(|result| result.outcome.as_ref().ok());
        let texts: Vec<&str> = outcomes.filter_map(|outcome| outcome.extracted.as_deref()).collect();
        match self.results.len() {
            _ if !texts.is_empty() => shorten(&texts.join("\n"), MAX_EXTRACT),
            done if done == self.total => format!("All actions were carried out, {done} in number."),
            done => format!("{done} of {} actions were carried out.", self.total),
        }
    }
}

impl AgentLoop {
    /// Carries out the requested actions until one fails, a step each; none if the start page did not open. Later
    /// decisions see them as one step.
    pub(super) async fn run_requested(&mut self, opened: bool) -> Result<RequestedResult, AgentError> {
        let actions = std::mem::take(&mut self.task.actions);
        let total = actions.len();
        let mut results = Vec::new();
        let mut problem =
            (!opened).then(|| "the start page did not open, so nothing that was to follow was tried".into());
        for RequestedAction { name, action } in actions.into_iter().take_while(|_| opened) {
            self.control.checkpoint().await;
            if self.ask_to_pass_check().await {
                self.observe().await?;
            }
            self.requested_steps += 1;
            let mut execution = self.execute_requested(&action).await?;
            if matches!(execution.end, End::Failed(_)) && self.is_passed_by_person().await? {
                execution = self.execute_requested(&action).await?;
            }
            let description = execution.descriptions.join("; ");
            if matches!(execution.end, End::Failed(_)) {
                let error = format!("action {} of {total}: {description}", self.requested_steps);
                let error = shorten(&error, MAX_ERROR);
                self.add_error(error.clone());
                problem = Some(error);
            } else {
                results.extend(execution.results);
            }
            let unreadable = self.observe().await?;
            self.report(self.requested_steps, &name, &Decision::default(), description).await;
            if let Some(error) = unreadable {
                self.add_error(error);
            }
            if problem.is_some() {
                break;
            }
        }
        if total > 0 {
            let decision = Decision {
                next_goal: "carry out what was laid down for the start".into(),
                actions: results.iter().map(|result| result.action.clone()).collect(),
                ..Decision::default()
            };
            let (step, results) = (self.requested_steps, results.clone());
            self.history.push(PastStep { step, decision, results, error: problem, interrupted: false });
        }
        Ok(RequestedResult { total, results })
    }

    /// Whether a person has dealt with what stops the actions.
    async fn is_passed_by_person(&mut self) -> Result<bool, AgentError> {
        if self.task.human.is_none() {
            return Ok(false);
        }
        self.observe().await?;
        let Some(blocker) = self.needs_person() else { return Ok(false) };
        let is_passed = self.ask_for_help(&blocker).await;
        self.observe().await?;
        Ok(is_passed)
    }

    async fn execute_requested(&self, action: &Action) -> Result<Execution, AgentError> {
        if let Action::Wait { seconds: Some(seconds), text: None, gone: None, selector: None, url: None } = action {
            // The caller asked for time, whatever state the page is in.
            tokio::time::sleep(Duration::from_secs_f64(*seconds)).await;
            return Ok(Execution::succeeded(action, &self.observation.view));
        }
        Ok(self.execute(std::slice::from_ref(action), false).await?)
    }
}
