//! Goals that take several elements: logging in, filling the cart, submitting, sorting.

use super::element::{choose, input, is_plain_text_field};
use super::{Move, Planned, Purpose, Scene};
use crate::find::{self, Use};
use crate::goal::Order;
use crate::target::Target;
use crate::text::{fold, is_listed, quote};
use agent::action::Action;
use agent::observation::{Element, ElementIndex};

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
        let Some(at) = secret_at else {
            // Some sites ask for the password on the next page.
            if let Some(field) = fields().find(says_user).filter(|_| self.progress.prepared < 2) {
                return Move::prepare(input(field.index, user, Some(true)));
            }
            let openers = ["log in", "sign in", "account"].map(Target::named);
            let opener = openers.iter().find_map(|target| self.pick(&self.find(target, Use::Click)));
            return match opener.filter(|_| self.progress.prepared == 0) {
                Some(opener) => Move::prepare(Action::click(opener.index)),
                None => self.look_around(|| format!("there is no password field on {}", self.page())),
            };
        };
        let mut actions = Vec::new();
        // The nearest one before the password: a page may also have a newsletter form.
        if let Some(field) = fields().rfind(says_user).or_else(|| fields().next_back()) {
            actions.push(Planned::new(input(field.index, user, None), Purpose::Prepares, true));
        }
        let secret = elements[at].index;
        match elements[at + 1..].iter().find(|element| is_button_named(element, LOGIN_BUTTONS)) {
            Some(button) => {
                actions.push(Planned::new(input(secret, password, None), Purpose::Prepares, true));
                actions.push(Planned::new(Action::click(button.index), Purpose::Completes, true));
            }
            None => actions.push(Planned::new(input(secret, password, Some(true)), Purpose::Completes, true)),
        }
        Move::Act(actions)
    }

    pub(super) fn add_to_cart(&self, item: Option<&str>) -> Move {
        let buttons = ["add to cart", "add to basket", "add to bag"].map(|label| {
            let near = item.map(str::to_owned);
            self.find(&Target { near, ..Target::named(label) }, Use::Click)
        });
        let button = buttons.iter().find_map(|matches| self.pick(matches));
        let Some(item) = item else {
            return self.click_or(button, || self.missing(&Target::named("Add to cart"), Use::Click, false));
        };
        let shown = find::fits_text(item, &self.observation.title) || self.shows(item);
        if let (Some(button), true) = (button, shown) {
            return Move::on(Action::click(button.index), false);
        }
        let link = self.find(&Target::named(item), Use::Click);
        match (self.pick(&link), find::search_field(&self.observation.view)) {
            (Some(link), _) if self.progress.prepared < 3 => Move::prepare(Action::click(link.index)),
            (None, Some(field)) if self.progress.prepared == 0 => Move::prepare(input(field.index, item, Some(true))),
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
        // Any label, such as "Book now", unless it undoes something.
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

    /// By a list labelled "sort", else by the column's heading. A second click reverses the order of most tables.
    pub(super) fn sort(&self, by: &str, order: Option<Order>) -> Move {
        let elements = &self.observation.view.elements;
        let sorts = |name: &str| fold(name).split(' ').any(|word| is_listed(word, "sort|sorted|order|sorting"));
        if let Some(list) = elements.iter().find(|element| find::is_select(element) && sorts(&element.name)) {
            let fits = |option: &&String| find::fits_text(by, option) && order.is_none_or(|order| says(order, option));
            return match list.options.iter().find(fits) {
                Some(option) => choose(list, option, false),
                None => Move::Impossible(format!("{} has no such order", quote(&list.name))),
            };
        }
        self.with(&Target::named(by), Use::Click, |heading, _| {
            let Some(order) = order else { return Move::on(Action::click(heading.index), false) };
            match (self.sorted(heading.index), self.progress.prepared) {
                (Some(now), _) if now == order => Move::Finished(None),
                (_, 0 | 1) => Move::prepare(Action::click(heading.index)),
                _ => Move::Impossible(format!("the column '{by}' does not say that it is sorted {}", order.name())),
            }
        })
    }

    fn sorted(&self, heading: ElementIndex) -> Option<Order> {
        let (_, after) = self.observation.view.text.split_once(&format!("{heading}<"))?;
        let tag = after.split(" />").next()?;
        Order::BOTH.into_iter().find(|order| tag.contains(&format!(" sort={}", order.name())))
    }
}

fn is_button_named(element: &Element, names: &str) -> bool {
    find::is_button(element) && !element.disabled && names.split('|').any(|name| find::fits_text(name, &element.name))
}

/// Whether a list's option names the order: "Price, low to high".
fn says(order: Order, option: &str) -> bool {
    let folded = fold(option);
    order.names().any(|name| find::fits_text(name, &folded) && folded.contains(name))
}
