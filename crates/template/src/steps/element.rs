//! Clicking, pointing at, filling in and choosing one element.

use super::{Move, Scene};
use crate::dates;
use crate::find::{self, Matches, Use};
use crate::target::{ElementKind, Ordinal, Target};
use crate::text::{fold, is_listed};
use agent::action::{Action, MouseButton};
use agent::observation::{Element, ElementIndex};

impl<'a> Scene<'a> {
    pub(super) fn click(&self, target: &Target) -> Move {
        if target.kind == Some(ElementKind::Result) && target.label.is_empty() {
            return self.click_or(self.result(target.ordinal), || self.missing(target, Use::Click, false));
        }
        self.with(target, Use::Click, |element, exact| Move::on(Action::click(element.index), exact))
    }

    /// An entry of a result list: a link that fits the last query, else one below a line that says "results".
    fn result(&self, ordinal: Option<Ordinal>) -> Option<&'a Element> {
        let links = || self.observation.view.elements.iter().filter(|element| find::is_link(element));
        let query = self.trail.last_query.as_deref().unwrap_or_default();
        let mut results: Vec<&Element> = links().filter(|link| find::fits_text(query, &link.name)).collect();
        if results.is_empty() || fold(query).is_empty() {
            let heading =
                self.lines.iter().position(|line| fold(&line.text).split(' ').any(|word| word.starts_with("result")));
            let below = &self.lines[heading.map_or(0, |at| at + 1)..];
            results = links().filter(|link| below.iter().any(|line| line.indices.contains(&link.index))).collect();
        }
        ordinal.unwrap_or(Ordinal::Nth(0)).of(&results)
    }

    pub(super) fn click_with(&self, target: &Target, button: Option<MouseButton>, count: Option<u8>) -> Move {
        self.with(target, Use::Click, |element, exact| {
            let index = Some(element.index.into());
            Move::on(Action::Click { index, x: None, y: None, button, count, modifiers: None }, exact)
        })
    }

    pub(super) fn drag(&self, from: &Target, to: &Target) -> Move {
        self.with(from, Use::Click, |from, _| {
            self.with(to, Use::Click, |to, _| {
                let (from, to) = (from.index.into(), Some(to.index.into()));
                Move::on(Action::Drag { from, x: None, y: None, to, to_x: None, to_y: None, path: None }, false)
            })
        })
    }

    pub(super) fn fill(&self, target: &Target, value: &str, use_: Use) -> Move {
        // "Fill in Country" may mean a list.
        if use_ == Use::Type && self.find(target, use_).elements.is_empty() {
            let lists = self.find(target, Use::Choose);
            if let Some(list) = self.pick(&lists) {
                return put(list, value, lists.exact);
            }
        }
        self.with(target, use_, |element, exact| put(element, value, exact))
    }

    pub(super) fn fill_any(&self, text: &str) -> Move {
        let fields = || self.observation.view.elements.iter().filter(|element| is_plain_text_field(element));
        match fields().find(|field| field.value.is_empty()).or_else(|| fields().next()) {
            Some(field) => Move::on(input(field.index, text, None), false),
            None => self.look_around(|| format!("there is no text field on {}", self.page())),
        }
    }

    pub(super) fn select(&self, option: &str, from: Option<&Target>) -> Move {
        let listed = match from {
            Some(target) => self.find(target, Use::Choose),
            None => self.all(|element| exact_option(element, option).is_some()),
        };
        if let Some(element) = self.pick(&listed) {
            return choose(element, option, listed.exact);
        }
        // A group of radio buttons or a menu of links may look like a list.
        let named = Target::named(option);
        let others: &[Use] = if from.is_some() { &[Use::Tick] } else { &[Use::Tick, Use::Click] };
        for use_ in others {
            let matches = self.find(&named, *use_);
            if let Some(element) = self.pick(&matches) {
                return tick(element, true, matches.exact);
            }
        }
        self.look_around(|| self.missing(from.unwrap_or(&named), Use::Choose, listed.too_few))
    }

    pub(super) fn upload(&self, files: &[String], to: Option<&Target>) -> Move {
        let upload = |element: &Element| Action::Upload { index: element.index.into(), files: files.to_vec() };
        if let Some(target) = to {
            return self.with(target, Use::Upload, |element, exact| Move::on(upload(element), exact));
        }
        match self.pick(&self.all(|element| element.input_type == "file")) {
            Some(field) => Move::on(upload(field), false),
            None => self.look_around(|| format!("there is no file field on {}", self.page())),
        }
    }

    pub(super) fn check(&self, target: &Target, on: bool) -> Move {
        self.with(target, Use::Tick, |element, exact| tick(element, on, exact))
    }

    fn all(&self, fits: impl Fn(&Element) -> bool) -> Matches<'a> {
        let elements = self.observation.view.elements.iter().filter(|element| fits(element)).collect();
        Matches { elements, ..Matches::default() }
    }
}

fn put(element: &Element, value: &str, sure: bool) -> Move {
    if find::is_tickable(element) {
        return tick(element, !is_listed(&fold(value), "off|no|false|unchecked|0"), sure);
    }
    if find::is_select(element) {
        return choose(element, value, sure);
    }
    let converted = match element.input_type.as_str() {
        "date" => dates::date(value),
        "time" => dates::time(value),
        _ => None,
    };
    Move::on(input(element.index, converted.as_deref().unwrap_or(value), None), sure)
}

/// An unknown option is passed on: the view may truncate the list, and the browser has all options.
pub(super) fn choose(element: &Element, option: &str, sure: bool) -> Move {
    let option = exact_option(element, option).unwrap_or(option);
    Move::on(Action::Select { index: element.index.into(), options: vec![option.to_owned()] }, sure)
}

fn tick(element: &Element, on: bool, sure: bool) -> Move {
    match element.checked == Some(on) {
        true => Move::Finished(None),
        false => Move::on(Action::click(element.index), sure),
    }
}

fn exact_option<'a>(element: &'a Element, wanted: &str) -> Option<&'a str> {
    let options = || element.options.iter().map(String::as_str);
    let folded = fold(wanted);
    options()
        .find(|option| option.trim() == wanted.trim())
        .or_else(|| options().find(|option| !folded.is_empty() && fold(option) == folded))
        .or_else(|| options().find(|option| find::fits_text(wanted, option)))
}

pub(super) fn input(index: ElementIndex, text: &str, submit: Option<bool>) -> Action {
    Action::Input { index: index.into(), text: text.to_owned(), clear: None, submit }
}

pub(super) fn is_plain_text_field(element: &Element) -> bool {
    find::is_text_field(element) && element.input_type != "password" && !element.disabled
}
