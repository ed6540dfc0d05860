//! Answers questions, counts and lists elements, checks statements.

use super::{Move, Purpose, Scene};
use crate::answer::{self, Certainty, Question, Wanted};
use crate::find;
use crate::lines::{self, Line};
use crate::statement::Statement;
use crate::text::{collapse, quote};
use agent::action::Action;
use agent::observation::Element;

const MAX_LISTED: usize = 100;

impl Scene<'_> {
    /// Reads the view, and the page's text if it `may_extract` it.
    pub(crate) fn read(&self, question: &Question, may_extract: bool) -> Move {
        let in_view = match question.wanted {
            Wanted::Title => return Move::Finished(Some(self.observation.title.clone())),
            Wanted::Address => return Move::Finished(Some(self.observation.url.clone())),
            Wanted::Count("rows") => return self.count_rows().unwrap_or_else(|elsewhere| elsewhere),
            Wanted::Count(things) if self.is_cut() => {
                return Move::Impossible(format!("{} is too long to see all {things} at once", self.page()));
            }
            Wanted::Count(things) => return Move::Finished(Some(self.of_kind(things).count().to_string())),
            Wanted::List(things) => return self.list(things),
            _ => question.answer(self.lines),
        };
        let found = match (&self.progress.extracted, in_view) {
            (_, Some(found)) if found.certainty == Certainty::Sure => Some(found),
            (Some(text), in_view) => question.answer(&lines::of_text(text)).or(in_view),
            (None, _) if may_extract && self.progress.failures.is_empty() => {
                let query = (question.wanted != Wanted::Page).then(|| question.text.clone());
                let action = Action::Extract { query, schema: None, index: None, again: None };
                return Move::look(action, Purpose::Extracts);
            }
            (None, in_view) => in_view,
        };
        match found {
            Some(found) if found.certainty > Certainty::Guess => Move::Finished(Some(found.text)),
            Some(found) => Move::Impossible(format!(
                "{} has no clear answer to {question}; the closest it says is {}",
                self.page(),
                quote(&found.text)
            )),
            None => Move::Impossible(format!("{} says nothing about {question}", self.page())),
        }
    }

    fn count_rows(&self) -> Result<Move, Move> {
        // The view folds long tables, the text does not.
        let count = match rows(self.lines).filter(|_| !self.is_cut()) {
            Some(rows) => Some(rows),
            None => rows(&self.text()?),
        };
        Ok(match count {
            Some(rows) => Move::Finished(Some(rows.to_string())),
            None => Move::Impossible(format!("there is no table on {}", self.page())),
        })
    }

    fn list(&self, things: &str) -> Move {
        let names = self.of_kind(things).map(|element| collapse(&element.name)).filter(|name| !name.is_empty());
        let names = names.take(MAX_LISTED).collect::<Vec<_>>().join("\n");
        match (names.as_str(), self.is_cut()) {
            ("", _) => Move::Impossible(format!("there are no {things} on {}", self.page())),
            (_, false) => Move::Finished(Some(names)),
            (_, true) => Move::Finished(Some(format!("{names}\n(and more further up or down the page)"))),
        }
    }

    fn of_kind(&self, things: &str) -> impl Iterator<Item = &Element> {
        self.observation.view.elements.iter().filter(move |element| match things {
            "links" => find::is_link(element),
            "buttons" => find::is_button(element),
            "checkboxes" => element.role == "checkbox" || element.input_type == "checkbox",
            _ => find::is_text_field(element) || find::is_select(element),
        })
    }

    fn is_cut(&self) -> bool {
        let mut lines = self.observation.view.text.lines().map(str::trim_start);
        lines.any(|line| line.starts_with("... ") && (line.contains(" more ") || line.contains("not listed")))
    }

    /// The text of the whole page, or the move that gets it.
    fn text(&self) -> Result<Vec<Line>, Move> {
        match &self.progress.extracted {
            Some(text) => Ok(lines::of_text(text)),
            None if self.progress.failures.is_empty() => Err(Move::look(Action::extract(None), Purpose::Extracts)),
            None => Err(self.given_up()),
        }
    }

    pub(crate) fn holds(&self, condition: &Statement) -> bool {
        condition.sees(self.observation, self.lines) != condition.absent
    }

    pub(super) fn expect(&self, statement: &Statement, question: bool) -> Result<Move, Move> {
        let seen = statement.sees(self.observation, self.lines) || statement.sees(self.observation, &self.text()?);
        let is = if seen { "is" } else { "is not" };
        let finding = format!("'{}' {is} on {}", statement.what, self.page());
        Ok(match (seen != statement.absent, question) {
            (true, false) => Move::Finished(None),
            (true, true) => Move::Finished(Some(format!("Yes: {finding}"))),
            (false, true) => Move::Finished(Some(format!("No: {finding}"))),
            (false, false) => Move::Impossible(finding),
        })
    }
}

/// The rows of the longest table, without its heading.
fn rows(lines: &[Line]) -> Option<usize> {
    let mut longest = 0;
    let mut rows = 0;
    for line in lines {
        rows = if answer::cells(&line.text).len() > 1 { rows + 1 } else { 0 };
        longest = longest.max(rows);
    }
    (longest > 1).then(|| longest - 1)
}
