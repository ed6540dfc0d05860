//! The loop: observe, decide, act, report, until the agent is done or cannot continue.

mod attempt;
mod ending;
mod execute;
mod limits;
mod loop_guard;
mod notices;
mod person;
mod picture;
mod requested;
mod state;
mod step;
pub(crate) mod url_in_task;

use std::ops::ControlFlow;

use tokio::time::Instant;
use tracing::Instrument;

use self::ending::Ending;
use self::execute::MAX_ERROR;
use self::requested::RequestedResult;
pub(crate) use self::state::AgentLoop;
use self::url_in_task::url_in_task;
use crate::action::Action;
use crate::ledger::without_credentials;
use crate::planner::{ActionResult, Decision, PastStep};
use crate::ports::ActionError;
use crate::report::{AgentError, AgentResult, LogLevel, StopReason};
use crate::text::shorten;

impl AgentLoop {
    /// Carries out the requested actions, then decides step by step.
    pub(crate) async fn run(mut self) -> Result<AgentResult, AgentError> {
        let ending = self.run_steps().await;
        for used in self.ledger.entries().tally.usage {
            tracing::info!(
                provider = used.name.provider,
                model = used.name.model,
                model_calls = used.usage.calls,
                prompt_tokens = used.usage.prompt_tokens,
                cached_tokens = used.usage.cached_tokens,
                completion_tokens = used.usage.completion_tokens,
                "agent finished"
            );
        }
        Ok(self.result(ending?))
    }

    /// Carries out the requested actions and nothing else.
    pub(crate) async fn run_requested_only(mut self) -> Result<AgentResult, AgentError> {
        let requested = self.start().await?;
        let success = requested.is_complete();
        tracing::info!(success, "requested actions finished");
        let reason = if success { StopReason::ActionsComplete } else { StopReason::ActionsFailed };
        Ok(self.result(Ending { reason, text: requested.text(), success, output: None }))
    }

    async fn run_steps(&mut self) -> Result<Ending, AgentError> {
        self.start().await?;
        for step in self.requested_steps + 1..=self.last_step() {
            let (span, started) = (tracing::info_span!("step", step), Instant::now());
            let rested = self.control.rested_for();
            if let ControlFlow::Break(ending) = self.step(step).instrument(span).await? {
                return Ok(ending);
            }
            self.last_duration = Some(started.elapsed().saturating_sub(self.control.rested_for() - rested));
        }
        self.log(LogLevel::Warning, format!("all {} steps are used up", self.task.max_steps)).await;
        Ok(StopReason::MaxSteps.into())
    }

    async fn start(&mut self) -> Result<RequestedResult, AgentError> {
        let opened = self.open_start_page().await?;
        if let Some(error) = self.observe().await? {
            self.add_error(error);
        }
        self.run_requested(opened).await
    }

    /// Opens the start page as step 0 of the history; false if it failed, which is the model's to deal with.
    async fn open_start_page(&mut self) -> Result<bool, AgentError> {
        self.control.checkpoint().await;
        let Some(url) = self.task.start_url.clone().or_else(|| url_in_task(&self.task.task)) else { return Ok(true) };
        let shown = without_credentials(&url);
        self.log(LogLevel::Info, format!("opening {shown}")).await;
        let outcome = match self.page.open(&url).await {
            Ok(outcome) => Ok(outcome),
            Err(ActionError::Browser(error)) if error.is_fatal() => return Err(error.into()),
            Err(error) => {
                let error = shorten(&error.to_string(), MAX_ERROR);
                self.log(LogLevel::Warning, error.clone()).await;
                self.add_error(error.clone());
                Err(error)
            }
        };
        let opened = outcome.is_ok();
        let action = Action::Navigate { url: shown, new_tab: None };
        let decision =
            Decision { next_goal: "open the start page".into(), actions: vec![action.clone()], ..Decision::default() };
        let results = vec![ActionResult { action, outcome }];
        self.history.push(PastStep { step: 0, decision, results, error: None, interrupted: false });
        Ok(opened)
    }

    fn result(self, ending: Ending) -> AgentResult {
        let Ending { reason, text, success, output } = ending;
        let entries = self.ledger.entries();
        AgentResult {
            success,
            final_text: text,
            output,
            stop_reason: reason,
            errors: entries.errors,
            blocker: self.observation.blocker.filter(|_| !success),
            tally: entries.tally,
            kept: Vec::new(),
        }
    }
}
