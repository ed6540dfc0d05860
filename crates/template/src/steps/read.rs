//! Reads answers off the page, checks statements about it, and counts or lists its elements.

use super::{Look, Move, Scene};
use crate::answer::{self, Certainty, Found, Question, Things, Wanted};
use crate::find;
use crate::lines::{self, Line};
use crate::statement::Statement;
use crate::text::{collapse, quote};
use agent::action::Action;
use agent::observation::Element;

/// Longest list returned.
const MAX_LISTED: usize = 100;

/// What the page in sight answers, without another look.
pub(crate) fn read_at_once(question: &Question, scene: &Scene<'_>) -> Option<String> {
    match question.wanted {
        Wanted::Title => Some(scene.observation.title.clone()),
        Wanted::Address => Some(scene.observation.url.clone()),
        Wanted::Count(_) | Wanted::List(_) => match scene.read(question) {
            Move::Finished(answer) => answer,
            Move::Act(_) | Move::Impossible(_) => None,
        },
        _ => question.answer(scene.lines).filter(|found| found.certainty > Certainty::Guess).map(|found| found.text),
    }
}

impl Scene<'_> {
    pub(super) fn read(&self, question: &Question) -> Move {
        match question.wanted {
            Wanted::Title => return Move::Finished(Some(self.observation.title.clone())),
            Wanted::Address => return Move::Finished(Some(self.observation.url.clone())),
            Wanted::Count(things) => return self.count(things),
            Wanted::List(things) => return self.list(things),
            _ => {}
        }
        let in_view = question.answer(self.lines);
        if let Some(found) = in_view.as_ref().filter(|found| found.certainty == Certainty::Sure) {
            return Move::Finished(Some(found.text.clone()));
        }
        let Some(extracted) = &self.progress.extracted else {
            if self.progress.failures.is_empty() {
                let query = (question.wanted != Wanted::Page).then(|| question.text.clone());
                return Move::look(Action::Extract { query, schema: None, index: None, again: None }, Look::Text);
            }
            return finish_reading(question, in_view, &self.page());
        };
        let found = question.answer(&lines::of_text(extracted));
        finish_reading(question, found.or(in_view), &self.page())
    }

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

    pub(super) fn count(&self, things: Things) -> Move {
        if things == Things::Rows {
            if let (false, Some(rows)) = (self.is_cut(), rows(self.lines)) {
                return Move::Finished(Some(rows.to_string()));
            }
            // The view folds long tables, the text does not.
            let Some(text) = &self.progress.extracted else {
                return match self.progress.failures.is_empty() {
                    true => Move::look(Action::extract(None), Look::Text),
                    false => self.given_up(),
                };
            };
            return match rows(&lines::of_text(text)) {
                Some(rows) => Move::Finished(Some(rows.to_string())),
                None => Move::Impossible(format!("there is no table on {}", self.page())),
            };
        }
        if self.is_cut() {
            return Move::Impossible(format!("{} is too long to see all {} at once", self.page(), things.name()));
        }
        Move::Finished(Some(self.of_kind(things).count().to_string()))
    }

    pub(super) fn list(&self, things: Things) -> Move {
        let names: Vec<String> = self
            .of_kind(things)
            .map(|element| collapse(&element.name))
            .filter(|name| !name.is_empty())
            .take(MAX_LISTED)
            .collect();
        match (names.is_empty(), self.is_cut()) {
            (true, _) => Move::Impossible(format!("there are no {} on {}", things.name(), self.page())),
            (false, false) => Move::Finished(Some(names.join("\n"))),
            (false, true) => {
                Move::Finished(Some(format!("{}\n(and more further up or down the page)", names.join("\n"))))
            }
        }
    }

    fn of_kind(&self, things: Things) -> impl Iterator<Item = &Element> {
        self.observation.view.elements.iter().filter(move |element| match things {
            Things::Links => element.tag == "a" || element.role == "link",
            Things::Buttons => find::is_button(element),
            Things::Checkboxes => element.role == "checkbox" || element.input_type == "checkbox",
            Things::Fields => find::is_text_field(element) || find::is_select(element),
            Things::Rows => false,
        })
    }

    /// Whether the view leaves out something of the page.
    fn is_cut(&self) -> bool {
        let mut lines = self.observation.view.text.lines().map(str::trim_start);
        lines.any(|line| line.starts_with("... ") && (line.contains(" more ") || line.contains("not listed")))
    }
}

fn finish_reading(question: &Question, found: Option<Found>, page: &str) -> Move {
    match found {
        Some(found) if found.certainty > Certainty::Guess => Move::Finished(Some(found.text)),
        Some(found) => Move::Impossible(format!(
            "{page} has no clear answer to {question}; the closest it says is {}",
            quote(&found.text)
        )),
        None => Move::Impossible(format!("{page} says nothing about {question}")),
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
