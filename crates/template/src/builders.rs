//! Goals from the slots of the table of phrases.

use super::goal::{Asking, Goal, Hidden, Order, Scrolling, WhichTab};
use super::pattern::{Slot, Slots};
use super::statement::Statement;
use super::target::{Ordinal, Target};
use super::text::is_listed;
use super::values;
use agent::action::ScrollDirection;

impl Slots<'_, '_> {
    pub(super) fn text(&self, slot: usize) -> String {
        self.taken[slot].text()
    }

    pub(super) fn hidden(&self, slot: usize) -> Hidden {
        Hidden(self.text(slot))
    }

    pub(super) fn target(&self, slot: usize) -> Target {
        Target::parse(self.taken[slot])
    }

    pub(super) fn bare(&self, slot: usize) -> String {
        values::after_articles(self.taken[slot]).text()
    }
}

pub(super) fn click(label: &str) -> Goal {
    Goal::Click(Target::named(label))
}

pub(super) fn open(place: Slot<'_, '_>, new_tab: bool) -> Option<Goal> {
    Some(Goal::Open { address: values::address(place)?, new_tab })
}

pub(super) fn type_into(slots: &Slots<'_, '_>) -> Goal {
    Goal::Type { text: slots.hidden(0), into: Some(slots.target(1)) }
}

/// "the Express option" is the option "Express".
pub(super) fn option(slot: Slot<'_, '_>) -> String {
    let slot = values::after_articles(slot);
    let noun = slot.tokens.len() > 1 && slot.tokens.last().is_some_and(|last| is_listed(&last.folded, "option|entry"));
    slot.part(0..slot.tokens.len() - usize::from(noun)).text()
}

pub(super) fn answer(accept: bool, asking: Asking) -> Goal {
    Goal::Answer { accept, text: None, asking }
}

/// "the total is 12 EUR": both are shown together.
pub(super) fn claim(s: &Slots<'_, '_>) -> Option<Statement> {
    let (thing, value) = (Statement::of(s.taken[0], false)?, Statement::of(s.taken[1], false)?);
    let what = match thing.what.as_str() {
        _ if value.what.starts_with("not ") => return None,
        "it" | "page" | "site" => value.what,
        thing => format!("{thing} {}", value.what),
    };
    Some(Statement { what, ..value })
}

pub(super) fn which_tab(slot: Slot<'_, '_>) -> Goal {
    let which = match slot.folded().as_str() {
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
    Goal::SwitchTab(which)
}

/// "price", "price descending", "price in ascending order".
pub(super) fn sorting(slot: Slot<'_, '_>) -> Option<Goal> {
    let slot = values::after_articles(slot);
    let words: Vec<&str> = slot.tokens.iter().map(|token| token.folded.as_str()).collect();
    let said = Order::BOTH.into_iter().find_map(|order| {
        let phrases = order.names().map(|name| name.split(' ').collect::<Vec<_>>());
        let longest = phrases.filter(|phrase| words.ends_with(phrase)).max_by_key(Vec::len)?;
        Some((longest.len(), order))
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
        return Some(Scrolling::ToText(values::after_articles(how.part(to + 1..how.tokens.len())).text()));
    }
    let direction = match () {
        () if says("bottom") || says("end") => return Some(Scrolling::ToBottom),
        () if says("top") => return Some(Scrolling::ToTop),
        () if says("up") => ScrollDirection::Up,
        () if says("left") => ScrollDirection::Left,
        () if says("right") => ScrollDirection::Right,
        () => says("down").then_some(ScrollDirection::Down)?,
    };
    let pages = words.iter().find_map(|word| values::number(word)).unwrap_or(1.0);
    Some(Scrolling::By { direction, pages })
}
