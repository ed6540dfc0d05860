//! One decision of a step and what came of it.

use super::budget::Limit;
use super::decision::Decision;
use super::sequence::{Answer, Carried, End};

#[derive(Debug, Default)]
pub(super) struct Attempt {
    pub(super) decision: Decision,
    pub(super) carried: Carried,
    /// Why there is no decision.
    pub(super) problem: Option<String>,
    /// The limit, where it is that.
    pub(super) over_budget: Option<Limit>,
    /// The agent said that it succeeded, which the page speaks against, and it could not be asked again.
    pub(super) unconfirmed: bool,
}

impl Attempt {
    pub(super) fn without_decision(problem: String) -> Self {
        Self { problem: Some(problem), ..Self::default() }
    }

    pub(super) fn claims_success(&self) -> bool {
        matches!(self.carried.end, End::Done(Answer { success: true, .. }))
    }

    /// What was done before the `done` it ends with, as the beginning of a text.
    pub(super) fn described_before_done(&self) -> String {
        match self.carried.descriptions.as_slice() {
            [] | [_] => String::new(),
            [before @ .., _done] => format!("{}. ", before.join("; ")),
        }
    }

    /// The two as one, without the `done` that the first ended with.
    pub(super) fn followed_by(mut self, mut later: Self) -> Self {
        self.carried.results.pop();
        self.carried.descriptions.pop();
        self.decision.actions.truncate(self.carried.results.len());
        self.decision.actions.append(&mut later.decision.actions);
        self.carried.results.append(&mut later.carried.results);
        self.carried.descriptions.append(&mut later.carried.descriptions);
        Self {
            decision: Decision { actions: self.decision.actions, ..later.decision },
            carried: Carried { end: later.carried.end, ..self.carried },
            ..later
        }
    }

    /// As it stands when the agent cannot be asked again.
    pub(super) fn unconfirmed(mut self) -> Self {
        if let End::Done(answer) = &mut self.carried.end {
            answer.success = false;
        }
        self.unconfirmed = true;
        self
    }
}
