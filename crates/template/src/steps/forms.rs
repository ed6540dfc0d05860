//! Goals that take a whole form: logging in, filling the cart, submitting.

use super::fill::{input, is_plain_text_field, submit_input};
use super::{Move, Planned, Purpose, Scene};
use crate::find::{self, Use};
use crate::target::Target;
use crate::text::{fold, is_listed};
use agent::action::Action;
use agent::observation::Element;

const USER_WORDS: &str = "user|username|email|mail|login|account|phone|name";
const LOGIN_BUTTONS: &str = "log in|login|log on|sign in|submit|continue|next|enter";
const SUBMIT_BUTTONS: &str = "submit|send|save|continue|confirm|apply|ok|go|log in|sign in|sign up|place order|next";

const UNDOING_BUTTONS: &str = "cancel|reset|clear|back|previous|close|delete|remove";

impl Scene<'_> {
    pub(super) fn log_in(&self, user: &str, password: &str) -> Move {
        let elements = &self.observation.view.elements;
        let secret_at = elements.iter().position(|element| element.input_type == "password" && !element.disabled);
        let before = &elements[..secret_at.unwrap_or(elements.len())];
        let search = find::search_field(&self.observation.view);
        let fields = || before.iter().filter(|field| is_plain_text_field(field) && search != Some(field));
        let says_user = |field: &&Element| {
            let words = fold(&format!("{} {}", field.name, field.placeholder));
            field.input_type == "email" || words.split(' ').any(|word| is_listed(word, USER_WORDS))
        };
        match secret_at {
            Some(at) => {
                let mut actions = Vec::new();
                // The nearest one before the password: a page may ask for an address for its newsletter as well.
                if let Some(field) = fields().rfind(says_user).or_else(|| fields().next_back()) {
                    actions.push(Planned { action: input(field.index, user), purpose: Purpose::Prepares, sure: true });
                }
                let secret = elements[at].index;
                let button = elements[at + 1..].iter().find(|element| is_button_named(element, LOGIN_BUTTONS));
                match button {
                    Some(button) => {
                        actions.push(Planned {
                            action: input(secret, password),
                            purpose: Purpose::Prepares,
                            sure: true,
                        });
                        let click = Action::click(button.index);
                        actions.push(Planned { action: click, purpose: Purpose::Completes, sure: true });
                    }
                    None => {
                        let action = submit_input(secret, password);
                        actions.push(Planned { action, purpose: Purpose::Completes, sure: true });
                    }
                }
                Move::Act(actions)
            }
            None => {
                // Some sites ask for the name first and for the password on the next page.
                if let Some(field) = fields().find(says_user).filter(|_| self.progress.prepared < 2) {
                    return Move::prepare(submit_input(field.index, user));
                }
                let openers = ["log in", "sign in", "account"].map(Target::named);
                let opener = openers
                    .iter()
                    .find_map(|target| self.pick(&find::find(&self.observation.view, self.lines, target, Use::Click)));
                match opener {
                    Some(opener) if self.progress.prepared == 0 => Move::prepare(Action::click(opener.index)),
                    _ => self.look_around(|| format!("there is no password field on {}", self.page())),
                }
            }
        }
    }

    pub(super) fn add_to_cart(&self, item: Option<&str>) -> Move {
        let view = &self.observation.view;
        let buttons = ["add to cart", "add to basket", "add to bag"].map(|label| {
            let near = item.map(str::to_owned);
            find::find(view, self.lines, &Target { near, ..Target::named(label) }, Use::Click)
        });
        let button = buttons.iter().find_map(|matches| self.pick(matches));
        let Some(item) = item else {
            return match button {
                Some(button) => Move::on(Action::click(button.index), false),
                None => self.look_around(|| self.missing(&Target::named("Add to cart"), Use::Click, false)),
            };
        };
        let shown = find::fits_text(item, &self.observation.title)
            || self.lines.iter().any(|line| find::fits_text(item, &line.text));
        if let (Some(button), true) = (button, shown) {
            return Move::on(Action::click(button.index), false);
        }
        let link = find::find(view, self.lines, &Target::named(item), Use::Click);
        match (self.pick(&link), find::search_field(view)) {
            (Some(link), _) if self.progress.prepared < 3 => Move::prepare(Action::click(link.index)),
            (None, Some(field)) if self.progress.prepared == 0 => Move::prepare(submit_input(field.index, item)),
            _ => self.look_around(|| self.missing(&Target::named(item), Use::Click, false)),
        }
    }

    /// The form's own button: the first one after the field last filled in, else any, else Enter in that field.
    pub(super) fn submit(&self, what: Option<&str>) -> Move {
        let elements = &self.observation.view.elements;
        let last_field =
            self.trail.last_field.and_then(|index| elements.iter().position(|element| element.index == index));
        let after = &elements[last_field.map_or(0, |at| at + 1)..];
        let says = |element: &&Element| {
            what.is_some_and(|what| find::is_button(element) && find::fits_text(what, &element.name))
        };
        let submits = |element: &&Element| element.input_type == "submit" || is_button_named(element, SUBMIT_BUTTONS);
        let button = after.iter().find(says).or_else(|| after.iter().find(submits));
        // Whatever it is called, as long as it does not undo: "Book now".
        let next = |element: &&Element| {
            find::is_button(element) && !element.disabled && !is_button_named(element, UNDOING_BUTTONS)
        };
        let button = button.or_else(|| after.iter().filter(|_| last_field.is_some()).find(next));
        let button = button.or_else(|| elements.iter().find(says)).or_else(|| elements.iter().find(submits));
        match button {
            Some(button) => Move::on(Action::click(button.index), true),
            None if last_field.is_some() => Move::complete(Action::keys("Enter")),
            None => self.look_around(|| format!("there is no button that submits a form on {}", self.page())),
        }
    }
}

fn is_button_named(element: &Element, names: &str) -> bool {
    find::is_button(element) && !element.disabled && names.split('|').any(|name| find::fits_text(name, &element.name))
}
