//! One step: decide, act, observe, report, remember.

use std::ops::ControlFlow;

use super::attempt::Attempt;
use super::ending::Ending;
use super::execute::{End, Execution, MAX_ERROR};
use super::limits::stop_reason;
use super::loop_guard::Verdict;
use super::notices;
use super::state::AgentLoop;
use crate::action::Action;
use crate::control::Deadline;
use crate::observation::Blocker;
use crate::planner::{ActionResult, Decision, PastStep, PlanError, Turn};
use crate::ports::ModelError;
use crate::report::{AgentError, LogLevel, StopReason};
use crate::text::shorten;

impl AgentLoop {
    pub(super) async fn step(&mut self, step: u32) -> Result<ControlFlow<Ending>, AgentError> {
        self.warn_of_steps(step).await;
        if self.ask_to_pass_check().await {
            self.observe().await?;
        }
        let forced = self.forced_stop(step);
        self.add_reminder(step, forced).await;
        let mut attempt = self.attempt(step, forced).await?;
        if let Some(blocker) = self.doubts_success_of(&attempt) {
            attempt = self.ask_again(step, forced, attempt, &blocker).await?;
        }
        if let Some(limit) = attempt.over_budget {
            let problem = attempt.problem.unwrap_or_default();
            self.log(LogLevel::Warning, problem.clone()).await;
            self.add_error(problem);
            return Ok(ControlFlow::Break(stop_reason(limit).into()));
        }
        let Attempt { decision, execution, problem: no_decision, unconfirmed, .. } = attempt;
        let action = decision.actions.first().map_or("", Action::name);
        let mut description = execution.descriptions.join("; ");

        if let End::Done(answer) = execution.end {
            self.report(step, action, &decision, description).await;
            if !answer.success
                && forced.is_none()
                && let Some(blocker) = self.needs_person()
                && self.ask_for_help(&blocker).await
            {
                let unreadable = self.observe().await?;
                let execution = Execution { end: End::Done(answer), ..execution };
                self.remember(step, decision, execution, unreadable);
                return Ok(ControlFlow::Continue(()));
            }
            let forced = if unconfirmed { Some(StopReason::Unconfirmed) } else { forced };
            return Ok(ControlFlow::Break(self.ending(answer, forced)));
        }

        let unreadable = self.observe().await?;
        if let (true, End::Skipped(why)) = (description.is_empty(), &execution.end) {
            description = format!("No action: {why}");
        }
        if let Some(problem) = &no_decision {
            description = format!("No action: {problem}");
        }
        self.report(step, action, &decision, description).await;
        let stuck = self.check_for_loop(&execution.results).await;
        self.remember(step, decision, execution, no_decision.or(unreadable));
        if let Some(reason) = stuck {
            self.add_error(reason);
            return Ok(ControlFlow::Break(StopReason::Loop.into()));
        }
        let Some(reason) = forced.filter(|reason| *reason != StopReason::MaxSteps) else {
            return Ok(ControlFlow::Continue(()));
        };
        let message = match reason {
            StopReason::Failures => format!("giving up after {} failed steps in a row", self.failures),
            _ => "the last call of the budget brought no answer".into(),
        };
        self.log(LogLevel::Warning, message).await;
        Ok(ControlFlow::Break(reason.into()))
    }

    /// Decides and carries out the decision. Reads the page once more after `done`.
    async fn attempt(&mut self, step: u32, forced: Option<StopReason>) -> Result<Attempt, AgentError> {
        let decided = self.decide(step, forced.is_some()).await?;
        self.warn_of_spending().await;
        let decision = match decided {
            Ok(decision) => decision,
            Err(attempt) => return Ok(attempt),
        };
        let execution = self.execute(&decision.actions, true).await?;
        // The answer stands even if the page cannot be read any more.
        if matches!(execution.end, End::Done(_))
            && let Ok(observation) = self.page.observe().await
        {
            self.set_observation(observation);
        }
        Ok(Attempt { decision, execution, ..Attempt::default() })
    }

    /// The decision, or the attempt without one.
    async fn decide(&mut self, step: u32, only_done: bool) -> Result<Result<Decision, Attempt>, AgentError> {
        self.control.checkpoint().await;
        self.take_instructions();
        let picture = self.picture().await?;
        let reminders = std::mem::take(&mut self.reminders);
        let (outbox, inbox) = notices::channel();
        let call = self.planner.decide(Turn {
            task: &self.task.task,
            history: &self.history,
            observation: &self.observation,
            picture: picture.as_ref(),
            step,
            max_steps: self.last_step(),
            only_done,
            reminders: &reminders,
            deadline: self.task.budget.deadline.as_ref().map(Deadline::instant),
            notices: &outbox,
        });
        Ok(match inbox.report_during(&*self.reporter, call).await {
            Ok(decision) => Ok(decision),
            Err(PlanError::Model(error)) if ends_run(&error) => return Err(AgentError::Model(error)),
            Err(error) => {
                let over_budget = match &error {
                    PlanError::OverBudget(limit) => Some(*limit),
                    _ => None,
                };
                let problem = shorten(&error.to_string(), MAX_ERROR);
                Err(Attempt { over_budget, ..Attempt::without_decision(problem) })
            }
        })
    }

    /// Asks whether the run is done although the page is blocked.
    async fn ask_again(
        &mut self,
        step: u32,
        forced: Option<StopReason>,
        attempt: Attempt,
        blocker: &Blocker,
    ) -> Result<Attempt, AgentError> {
        self.log(LogLevel::Info, format!("asking again whether it is done: {blocker}")).await;
        let before = attempt.described_before_done();
        self.reminders.push(format!(
            "{before}You said done with success, but the page is {blocker}. If all that was asked is done even so, say done \
             again; else go on, or end without success."
        ));
        let again = self.attempt(step, forced).await?;
        let Some(problem) = again.problem else { return Ok(attempt.followed_by(again)) };
        self.add_error(shorten(&format!("{blocker}; the agent could not be asked again: {problem}"), MAX_ERROR));
        Ok(attempt.unconfirmed())
    }

    /// Returns the reason when the run has to end because of a loop.
    async fn check_for_loop(&mut self, results: &[ActionResult]) -> Option<String> {
        let actions = results.iter().map(|result| &result.action);
        match self.guard.record(actions, self.observation.view.fingerprint) {
            Verdict::Fine => None,
            Verdict::Repeating(what) => {
                self.log(LogLevel::Warning, format!("going in circles? {what}")).await;
                self.reminders.push(format!("You seem to go in circles: {what}. Try another way, or end with done."));
                None
            }
            Verdict::Stuck(what) => {
                let reason = format!("stopped for going in circles: {what}");
                self.log(LogLevel::Warning, reason.clone()).await;
                Some(reason)
            }
        }
    }

    /// Adds a step to the history. `problem` is an error of the step as a whole.
    fn remember(&mut self, step: u32, decision: Decision, execution: Execution, problem: Option<String>) {
        let Execution { results, end, interrupted, .. } = execution;
        let failed = match end {
            End::Failed(error) => Some(error),
            End::Skipped(why) => {
                let of = decision.actions.len();
                let skipped = of.saturating_sub(results.len());
                self.reminders.push(format!("{skipped} of your {of} actions were skipped: {why}."));
                None
            }
            End::Completed | End::Done(_) => None,
        };
        self.failures = if failed.is_some() || problem.is_some() { self.failures + 1 } else { 0 };
        tracing::debug!(action = decision.actions.first().map(Action::name), failures = self.failures, "step finished");
        // A crash fails the action and then the reading of the page, with the same words.
        let is_repeated = failed == problem;
        self.ledger.add_note(&decision.memory);
        for error in failed.into_iter().chain(problem.clone().filter(|_| !is_repeated)) {
            self.add_error(error);
        }
        self.history.push(PastStep { step, decision, results, error: problem, interrupted });
    }
}

/// Whether the next call would fail too: the adapter has retried what may pass.
fn ends_run(error: &ModelError) -> bool {
    match error {
        ModelError::Unauthorized { .. }
        | ModelError::UnknownModel { .. }
        | ModelError::Rejected { .. }
        | ModelError::RateLimited { .. }
        | ModelError::Unavailable { .. }
        | ModelError::Unreachable { .. }
        | ModelError::TimedOut { .. }
        | ModelError::Interrupted { .. }
        | ModelError::ContextTooLong { .. } => true,
        ModelError::Malformed { .. }
        | ModelError::Empty { .. }
        | ModelError::Refused { .. }
        | ModelError::Filtered { .. }
        | ModelError::CutOff { .. } => false,
    }
}
