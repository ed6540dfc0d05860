//! Clicks, fills in, selects, ticks one element.

use super::{Move, Scene};
use crate::dates;
use crate::find::{self, Matches, Use};
use crate::target::{ElementKind, Ordinal, Target};
use crate::text::fold;
use agent::action::Action;
use agent::observation::{Element, ElementIndex};

impl<'a> Scene<'a> {
    pub(super) fn click(&self, target: &Target) -> Move {
        if target.kind == Some(ElementKind::Result) && target.label.is_empty() {
            return match self.result(target.ordinal) {
                Some(result) => Move::on(Action::click(result.index), false),
                None => self.look_around(|| self.missing(target, Use::Click, false)),
            };
        }
        self.with(target, Use::Click, |element, exact| Move::on(Action::click(element.index), exact))
    }

    /// An entry of a result list: a link about what was searched for, else one below a line that says "results".
    pub(super) fn result(&self, ordinal: Option<Ordinal>) -> Option<&'a Element> {
        let view = &self.observation.view;
        let links = || view.elements.iter().filter(|element| element.role == "link" || element.tag == "a");
        let query = self.trail.last_query.as_deref().unwrap_or_default();
        let mut results: Vec<&Element> = links().filter(|link| find::fits_text(query, &link.name)).collect();
        if results.is_empty() || fold(query).is_empty() {
            let heading =
                self.lines.iter().position(|line| fold(&line.text).split(' ').any(|word| word.starts_with("result")));
            let below = &self.lines[heading.map_or(0, |at| at + 1)..];
            results = links().filter(|link| below.iter().any(|line| line.indices.contains(&link.index))).collect();
        }
        match ordinal {
            Some(Ordinal::Last) => results.last().copied(),
            Some(Ordinal::Nth(nth)) => results.get(nth).copied(),
            None => results.first().copied(),
        }
    }

    pub(super) fn fill(&self, target: &Target, value: &str, use_: Use) -> Move {
        let mut matches = find::find(&self.observation.view, self.lines, target, use_);
        if matches.elements.is_empty() && use_ == Use::Type {
            // "Fill in Country" is said of a list as well.
            matches = find::find(&self.observation.view, self.lines, target, Use::Choose);
        }
        match self.pick(&matches) {
            Some(element) => put(element, value, matches.exact),
            None => self.look_around(|| self.missing(target, use_, matches.too_few)),
        }
    }

    pub(super) fn fill_any(&self, text: &str) -> Move {
        let fields = || self.observation.view.elements.iter().filter(|element| is_plain_text_field(element));
        match fields().find(|field| field.value.is_empty()).or_else(|| fields().next()) {
            Some(field) => Move::on(input(field.index, text), false),
            None => self.look_around(|| format!("there is no text field on {}", self.page())),
        }
    }

    pub(super) fn select(&self, option: &str, from: Option<&Target>) -> Move {
        let view = &self.observation.view;
        let listed = match from {
            Some(target) => find::find(view, self.lines, target, Use::Choose),
            None => Matches {
                elements: view.elements.iter().filter(|element| exact_option(element, option).is_some()).collect(),
                ..Matches::default()
            },
        };
        if let Some(element) = self.pick(&listed) {
            return choose(element, option, listed.exact);
        }
        // A group of radio buttons is a list to the reader, and so is a menu of links.
        let named = Target::named(option);
        let others: &[Use] = if from.is_some() { &[Use::Tick] } else { &[Use::Tick, Use::Click] };
        for use_ in others {
            let matches = find::find(view, self.lines, &named, *use_);
            match self.pick(&matches) {
                Some(element) if element.checked == Some(true) => return Move::Finished(None),
                Some(element) => return Move::on(Action::click(element.index), matches.exact),
                None => {}
            }
        }
        self.look_around(|| self.missing(from.unwrap_or(&named), Use::Choose, listed.too_few))
    }

    pub(super) fn upload(&self, files: &[String], to: Option<&Target>) -> Move {
        let view = &self.observation.view;
        let matches = match to {
            Some(target) => find::find(view, self.lines, target, Use::Upload),
            None => Matches {
                elements: view.elements.iter().filter(|element| element.input_type == "file").collect(),
                ..Matches::default()
            },
        };
        match self.pick(&matches) {
            Some(element) => {
                Move::on(Action::Upload { index: element.index.into(), files: files.to_vec() }, matches.exact)
            }
            None => self.look_around(|| match to {
                Some(target) => self.missing(target, Use::Upload, matches.too_few),
                None => format!("there is no file field on {}", self.page()),
            }),
        }
    }

    pub(super) fn check(&self, target: &Target, on: bool) -> Move {
        self.with(target, Use::Tick, |element, exact| tick(element, on, exact))
    }
}

/// Types, chooses or ticks, whichever the element takes.
fn put(element: &Element, value: &str, sure: bool) -> Move {
    if find::is_tickable(element) {
        let off = matches!(fold(value).as_str(), "off" | "no" | "false" | "unchecked" | "0");
        return tick(element, !off, sure);
    }
    if find::is_select(element) {
        return choose(element, value, sure);
    }
    let value = match element.input_type.as_str() {
        "date" => dates::date(value),
        "time" => dates::time(value),
        _ => None,
    }
    .unwrap_or_else(|| value.to_owned());
    Move::on(input(element.index, &value), sure)
}

/// An option that is not known is passed on as it is: the list may be cut, and the browser knows them all.
fn choose(element: &Element, option: &str, sure: bool) -> Move {
    let option = exact_option(element, option).unwrap_or(option);
    Move::on(Action::Select { index: element.index.into(), options: vec![option.to_owned()] }, sure)
}

fn tick(element: &Element, on: bool, sure: bool) -> Move {
    if element.checked == Some(on) {
        return Move::Finished(None);
    }
    Move::on(Action::click(element.index), sure)
}

/// The option as the page writes it.
fn exact_option<'a>(element: &'a Element, wanted: &str) -> Option<&'a str> {
    let options = || element.options.iter().map(String::as_str);
    let folded = fold(wanted);
    options()
        .find(|option| option.trim() == wanted.trim())
        .or_else(|| options().find(|option| !folded.is_empty() && fold(option) == folded))
        .or_else(|| options().find(|option| find::fits_text(wanted, option)))
}

pub(super) fn input(index: ElementIndex, text: &str) -> Action {
    Action::Input { index: index.into(), text: text.to_owned(), clear: None, submit: None }
}

pub(super) fn submit_input(index: ElementIndex, text: &str) -> Action {
    Action::Input { index: index.into(), text: text.to_owned(), clear: None, submit: Some(true) }
}

pub(super) fn is_plain_text_field(element: &Element) -> bool {
    find::is_text_field(element) && element.input_type != "password" && !element.disabled
}
