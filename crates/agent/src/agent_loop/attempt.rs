//! One decision of a step and the execution of its actions.

use super::execute::{End, Execution, FinalAnswer};
use crate::budget::Limit;
use crate::planner::Decision;

#[derive(Debug, Default)]
pub(super) struct Attempt {
    pub(super) decision: Decision,
    pub(super) execution: Execution,
    /// Why there is no decision.
    pub(super) problem: Option<String>,
    /// The limit, if that is why.
    pub(super) over_budget: Option<Limit>,
    /// The page contradicts the claimed success, and asking again failed.
    pub(super) unconfirmed: bool,
}

impl Attempt {
    pub(super) fn without_decision(problem: String) -> Self {
        Self { problem: Some(problem), ..Self::default() }
    }

    pub(super) fn claims_success(&self) -> bool {
        matches!(self.execution.end, End::Done(FinalAnswer { success: true, .. }))
    }

    /// The actions before the final `done`, as the start of a text.
    pub(super) fn described_before_done(&self) -> String {
        match self.execution.descriptions.as_slice() {
            [] | [_] => String::new(),
            [before @ .., _done] => format!("{}. ", before.join("; ")),
        }
    }

    /// Both attempts as one, without the first one's `done`.
    pub(super) fn followed_by(mut self, mut later: Self) -> Self {
        self.execution.results.pop();
        self.execution.descriptions.pop();
        self.decision.actions.truncate(self.execution.results.len());
        self.decision.actions.append(&mut later.decision.actions);
        self.execution.results.append(&mut later.execution.results);
        self.execution.descriptions.append(&mut later.execution.descriptions);
        Self {
            decision: Decision { actions: self.decision.actions, ..later.decision },
            execution: Execution { end: later.execution.end, ..self.execution },
            ..later
        }
    }

    pub(super) fn unconfirmed(mut self) -> Self {
        if let End::Done(answer) = &mut self.execution.end {
            answer.success = false;
        }
        self.unconfirmed = true;
        self
    }
}
