//! Holding what the task says of the page against it.

use super::{Look, Move, Scene};
use crate::lines;
use crate::statement::Statement;
use agent::action::Action;

impl Scene<'_> {
    /// Whether a condition holds on what is in sight; it decides on what follows and looks for nothing.
    pub(crate) fn holds(&self, condition: &Statement) -> bool {
        condition.sees(self.observation, self.lines) != condition.absent
    }

    /// A check fails the task when it fails; a question is answered either way.
    pub(super) fn expect(&self, statement: &Statement, question: bool) -> Move {
        let mut seen = statement.sees(self.observation, self.lines);
        if !seen {
            let Some(text) = &self.progress.extracted else {
                return match self.progress.failures.is_empty() {
                    true => Move::look(Action::extract(None), Look::Text),
                    false => self.given_up(),
                };
            };
            seen = statement.sees(self.observation, &lines::of_text(text));
        }
        let is = if seen { "is" } else { "is not" };
        let finding = format!("'{}' {is} on {}", statement.what, self.page());
        match (seen != statement.absent, question) {
            (true, false) => Move::Finished(None),
            (true, true) => Move::Finished(Some(format!("Yes: {finding}"))),
            (false, true) => Move::Finished(Some(format!("No: {finding}"))),
            (false, false) => Move::Impossible(finding),
        }
    }
}
