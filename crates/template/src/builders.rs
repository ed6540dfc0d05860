//! What the rows of the table of phrases make of their slots.

use super::goal::{Asking, Goal, Hidden, Order, Scrolling, WhichTab};
use super::pattern::{Slot, Slots};
use super::statement::Statement;
use super::target::{Ordinal, Target};
use super::values;
use agent::action::ScrollDirection;

pub(super) fn text(slots: &Slots<'_, '_>, slot: usize) -> String {
    slots.taken[slot].text()
}

pub(super) fn hidden(slots: &Slots<'_, '_>, slot: usize) -> Hidden {
    Hidden(text(slots, slot))
}

pub(super) fn target(slots: &Slots<'_, '_>, slot: usize) -> Target {
    Target::parse(slots.taken[slot])
}

pub(super) fn type_into(slots: &Slots<'_, '_>) -> Option<Goal> {
    Some(Goal::Type { text: hidden(slots, 0), into: Some(target(slots, 1)) })
}

pub(super) fn without_article(slot: Slot<'_, '_>) -> String {
    values::after_articles(slot).text()
}

/// "the Express option" is the option "Express".
pub(super) fn option(slot: Slot<'_, '_>) -> String {
    let slot = values::after_articles(slot);
    match slot.tokens {
        [most @ .., last] if !most.is_empty() && matches!(last.folded.as_str(), "option" | "entry") => {
            Slot { tokens: most, ..slot }.text()
        }
        _ => slot.text(),
    }
}

pub(super) fn answer(accept: bool, asking: Asking) -> Option<Goal> {
    Some(Goal::Answer { accept, text: None, asking })
}

/// "the total is 12 EUR": both stand together.
pub(super) fn claim(s: &Slots<'_, '_>) -> Option<Statement> {
    let of = |slot| Statement::of(slot, false);
    let pointing = |text: &str| matches!(text, "it" | "page" | "site");
    let (thing, value) = (of(s.taken[0])?, of(s.taken[1])?);
    if value.what.starts_with("not ") {
        return None;
    }
    Some(match pointing(&thing.what) {
        true => value,
        false => Statement { what: format!("{} {}", thing.what, value.what), ..value },
    })
}

pub(super) fn which_tab(s: &Slots<'_, '_>) -> Option<Goal> {
    let slot = s.taken[0];
    let folded = slot.folded();
    let which = match folded.as_str() {
        _ if slot.is_quoted() => WhichTab::Named(slot.text()),
        "new" | "newest" | "last" | "latest" => WhichTab::Newest,
        "other" => WhichTab::Other,
        "previous" => WhichTab::Before,
        "original" | "old" => WhichTab::At(0),
        word => match Target::ordinal(word) {
            Some(Ordinal::Nth(at)) => WhichTab::At(at),
            _ => WhichTab::Named(slot.text()),
        },
    };
    Some(Goal::SwitchTab(which))
}

/// "price", "price descending", "price in ascending order".
pub(super) fn sorting(s: &Slots<'_, '_>) -> Option<Goal> {
    const ORDERS: [(&str, Order); 8] = [
        ("in ascending order", Order::Ascending),
        ("in descending order", Order::Descending),
        ("ascending", Order::Ascending),
        ("descending", Order::Descending),
        ("lowest first", Order::Ascending),
        ("highest first", Order::Descending),
        ("low to high", Order::Ascending),
        ("high to low", Order::Descending),
    ];
    let slot = values::after_articles(s.taken[0]);
    let words: Vec<&str> = slot.tokens.iter().map(|token| token.folded.as_str()).collect();
    let said = ORDERS.iter().find_map(|(phrase, order)| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        words.ends_with(&phrase).then_some((phrase.len(), *order))
    });
    let (length, order) = said.map_or((0, None), |(length, order)| (length, Some(order)));
    let by = Target::parse(slot.part(0..slot.tokens.len() - length));
    (!by.label.is_empty()).then_some(Goal::Sort { by: by.label, order })
}

pub(super) fn scrolling(how: Slot<'_, '_>) -> Option<Scrolling> {
    let folded = how.folded();
    let words: Vec<&str> = folded.split(' ').collect();
    let says = |word: &str| words.contains(&word);
    if let Some(to) = how.tokens.iter().position(|token| token.folded == "to")
        && !(says("bottom") || says("end") || says("top"))
    {
        return Some(Scrolling::ToText(without_article(how.part(to + 1..how.tokens.len()))));
    }
    let direction = match () {
        () if says("bottom") || says("end") => return Some(Scrolling::ToBottom),
        () if says("top") => return Some(Scrolling::ToTop),
        () if says("up") => ScrollDirection::Up,
        () if says("left") => ScrollDirection::Left,
        () if says("right") => ScrollDirection::Right,
        () if says("down") => ScrollDirection::Down,
        () => return None,
    };
    let pages = words.iter().find_map(|word| values::number(word)).unwrap_or(1.0);
    Some(Scrolling::By { direction, pages })
}
