//! Reading an answer off the page.

use super::{Look, Move, Scene};
use crate::answer::{Asks, Certainty, Found, Question};
use crate::lines;
use crate::text::quote;
use agent::action::Action;

/// What the page in sight answers, without another look.
pub(crate) fn read_at_once(question: &Question, scene: &Scene<'_>) -> Option<String> {
    match question.asks {
        Asks::Title => Some(scene.observation.title.clone()),
        Asks::Address => Some(scene.observation.url.clone()),
        Asks::Count(_) | Asks::List(_) => match scene.read(question) {
            Move::Finished(answer) => answer,
            Move::Act(_) | Move::Impossible(_) => None,
        },
        _ => question.answer(scene.lines).filter(|found| found.certainty > Certainty::Guess).map(|found| found.text),
    }
}

impl Scene<'_> {
    pub(super) fn read(&self, question: &Question) -> Move {
        match question.asks {
            Asks::Title => return Move::Finished(Some(self.observation.title.clone())),
            Asks::Address => return Move::Finished(Some(self.observation.url.clone())),
            Asks::Count(things) => return self.count(things),
            Asks::List(things) => return self.list(things),
            _ => {}
        }
        let in_view = question.answer(self.lines);
        if let Some(found) = in_view.as_ref().filter(|found| found.certainty == Certainty::Sure) {
            return Move::Finished(Some(found.text.clone()));
        }
        let Some(extracted) = &self.progress.extracted else {
            if self.progress.failures.is_empty() {
                let query = (question.asks != Asks::Page).then(|| question.text.clone());
                return Move::look(Action::Extract { query, schema: None, index: None, again: None }, Look::Text);
            }
            return finish_reading(question, in_view, &self.page());
        };
        let found = question.answer(&lines::of_text(extracted));
        finish_reading(question, found.or(in_view), &self.page())
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
