//! Counting and listing what a page is made of.

use super::{Look, Move, Scene};
use crate::answer::Things;
use crate::lines::{self, Line};
use crate::text::collapse;
use crate::{answer, find};
use agent::action::Action;
use agent::observation::Element;

/// Longest list told.
const MAX_LISTED: usize = 100;

impl Scene<'_> {
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
