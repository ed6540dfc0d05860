//! Answers dialogs of the browser and of the page.

use super::{Move, Planned, Purpose, Scene};
use crate::find;
use crate::goal::{Asking, Goal};
use crate::statement::is_layer;
use crate::text::{fold, is_listed};
use agent::action::Action;
use agent::observation::Element;

/// Labels of buttons that agree, the likeliest first.
const YES: &str = "accept all|accept all cookies|accept cookies|accept|allow all|allow|i agree|agree|got it|ok|okay|yes|\
    confirm|understood|continue";
/// Labels of buttons that decline, the likeliest first.
const NO: &str = "reject all|reject all cookies|reject|decline|deny|refuse|only necessary|necessary only|no thanks|\
    not now|cancel|no|dismiss|close|x";

impl Scene<'_> {
    /// Answers a dialog of the page. It must lie over the page or be named by the task: a button "OK" alone may belong
    /// to anything.
    pub(super) fn answer(&self, accept: bool, text: Option<&str>, asking: Asking) -> Move {
        let elements = &self.observation.view.elements;
        let there = match asking {
            Asking::Dialog => self.observation.view.text.lines().any(|line| is_layer(line.trim_start())),
            Asking::Cookies => self.lines.iter().any(|line| fold(&line.text).contains("cookie")),
            Asking::ItselfJustSeen => true,
        };
        let missing = || format!("there is no {} on {}", asking.noun(), self.page());
        if !there {
            return Move::Impossible(missing());
        }
        if text.is_some() {
            return Move::Impossible(format!("the dialog on {} is no prompt", self.page()));
        }
        match button(elements, if accept { YES } else { NO }) {
            Some(button) => Move::on(Action::click(button.index), false),
            None => Move::Impossible(format!("{}, or it has no button that does so", missing())),
        }
    }
}

/// The answer to an open dialog of the browser, if the current goal gives one.
pub(crate) fn answer_to_dialog(goal: &Goal) -> Option<Planned> {
    let (accept, text) = match goal {
        Goal::Answer { accept, text, .. } => (*accept, text.clone()),
        Goal::Click(target) if is_listed(&fold(&target.label), YES) => (true, None),
        Goal::Click(target) if is_listed(&fold(&target.label), NO) => (false, None),
        _ => return None,
    };
    Some(Planned::new(Action::AnswerDialog { accept, text }, Purpose::Completes, true))
}

fn button<'a>(elements: &'a [Element], names: &str) -> Option<&'a Element> {
    let clickable = || elements.iter().filter(|element| !element.disabled && !find::is_text_field(element));
    let named = |name: &str| clickable().find(|element| fold(&element.name) == name);
    let begins = |name: &str| {
        // "Accept and continue", but not a link such as "No refunds after 14 days".
        let prefix = format!("{name} ");
        clickable().filter(|element| find::is_button(element)).find(|element| fold(&element.name).starts_with(&prefix))
    };
    names.split('|').find_map(named).or_else(|| names.split('|').find_map(begins))
}
