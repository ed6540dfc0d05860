//! The limits of a run: warns when most of one is used, and asks for the answer while there is room for one.

use tokio::time::Instant;

use super::state::AgentLoop;
use crate::budget::Limit;
use crate::control::Deadline;
use crate::report::{LogLevel, StopReason};

/// The fraction of a limit at which the caller is warned.
const NEARLY: f64 = 0.8;

impl AgentLoop {
    /// Why a step may only decide on `done`.
    pub(super) fn forced_stop(&self, step: u32) -> Option<StopReason> {
        if step == self.last_step() {
            return Some(StopReason::MaxSteps);
        }
        if self.failures >= self.settings.max_failures.max(1) {
            return Some(StopReason::Failures);
        }
        // There is time for one more step like the last one, and for none after it.
        let too_late = |deadline: &Deadline| {
            self.last_duration.is_some_and(|duration| Instant::now() + duration * 2 > deadline.instant())
        };
        let limit = match &self.model {
            Some(_) if self.task.budget.deadline.as_ref().is_some_and(too_late) => Some(Limit::Time),
            Some(model) => model.nearly_reached(),
            None => None,
        };
        limit.map(stop_reason)
    }

    /// Adds the reminder that the limits call for, to those of the last step.
    pub(super) async fn add_reminder(&mut self, step: u32, forced: Option<StopReason>) {
        let (used, max) = (u64::from(step - 1 - self.requested_steps), u64::from(self.task.max_steps));
        let three_quarters = (3 * max).div_ceil(4);
        let reminder = match forced {
            Some(StopReason::MaxSteps) => {
                "This is the last step: only done is possible. Answer with what you have.".into()
            }
            Some(StopReason::Failures) => {
                format!("{} steps in a row failed, so only done is possible: say what was reached.", self.failures)
            }
            Some(budget) => {
                let message = format!("{}: there is room for one more call, for the answer", budget.name());
                self.log(LogLevel::Warning, message).await;
                "The run's budget is used up: only done is possible. Answer with what you have.".into()
            }
            None if used == three_quarters => format!("{used} of {max} steps are used: come to an end."),
            None => return,
        };
        self.reminders.push(reminder);
    }

    pub(super) async fn warn_of_steps(&mut self, step: u32) {
        let (used, max) = (step - 1 - self.requested_steps, self.task.max_steps);
        self.warn(Limit::Steps, f64::from(used), f64::from(max)).await;
    }

    pub(super) async fn warn_of_spending(&mut self) {
        let (tally, budget) = (self.ledger.entries().tally, self.task.budget.clone());
        if let Some(max) = budget.tokens {
            self.warn(Limit::Tokens, tally.tokens() as f64, max as f64).await;
        }
        if let (Some(max), Some(cost)) = (budget.cost, tally.cost()) {
            self.warn(Limit::Cost, cost, max).await;
        }
    }

    /// Warns once per limit.
    async fn warn(&mut self, limit: Limit, used: f64, max: f64) {
        if used >= max * NEARLY && self.warned.insert(limit) {
            let percent = (used / max * 100.0).round();
            let rounded = |amount: f64| (amount * 1e6).round() / 1e6;
            let (used, max) = (rounded(used), rounded(max));
            self.log(LogLevel::Warning, format!("{percent}% of the {limit} budget is used: {used} of {max}")).await;
        }
    }
}

pub(super) fn stop_reason(limit: Limit) -> StopReason {
    match limit {
        Limit::Steps => StopReason::MaxSteps,
        Limit::Tokens => StopReason::BudgetTokens,
        Limit::Cost => StopReason::BudgetCost,
        Limit::Time => StopReason::BudgetTime,
    }
}
