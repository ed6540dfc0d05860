//! Finds the elements that match a label.

use super::lines::Line;
use super::target::{ElementKind, Target};
use super::text::{fold, quote};
use agent::observation::{Element, PageView};

/// What will be done with the element, which decides which elements fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Click,
    Type,
    Choose,
    Tick,
    Set,
    Upload,
}

/// The elements that match equally well, in document order.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Matches<'a> {
    pub(super) elements: Vec<&'a Element>,
    /// The label matches exactly, so no other element can match better.
    pub(super) exact: bool,
    pub(super) too_few: bool,
}

/// How well a label fits, with its weight: outside the name (placeholder, value, address), by its letters, by the
/// beginnings of its words, by whole words, as the name's start, except for spaces ("Log in" and "Login"), exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Aside = 30,
    Contains = 40,
    Prefixes = 55,
    Words = 70,
    Start = 80,
    Spaced = 95,
    Exact = 100,
}

pub(super) fn find<'a>(view: &'a PageView, lines: &[Line], target: &Target, use_: Use) -> Matches<'a> {
    // An element called "First name" is meant by "First name", though that reads like an ordinal as well.
    let narrowed = target.ordinal.is_some() || target.kind.is_some();
    if narrowed && target.whole != target.label {
        let literal = best(view, &Target::named(&target.whole), use_, Rank::Start);
        if !literal.elements.is_empty() {
            return literal;
        }
    }
    let mut matches = best(view, target, use_, Rank::Aside);
    if let Some(near) = &target.near {
        sort_by_distance(&mut matches.elements, lines, near);
    }
    let picked = match target.ordinal {
        None => return matches,
        Some(ordinal) => ordinal.of(&matches.elements),
    };
    Matches {
        too_few: picked.is_none() && !matches.elements.is_empty(),
        elements: picked.into_iter().collect(),
        ..matches
    }
}

/// Suggestions for a label without a match: similar ones, else the first ones.
pub(super) fn similar(view: &PageView, target: &Target, use_: Use) -> Vec<String> {
    const SHOWN: usize = 5;
    let wanted = fold(&target.label);
    let fitting = view.elements.iter().filter(|element| fit(element, use_).is_some_and(|fit| fit > 0));
    let mut named: Vec<(usize, &str)> = Vec::new();
    for name in fitting.map(|element| element.name.as_str()).filter(|name| !fold(name).is_empty()) {
        if !named.iter().any(|(_, other)| *other == name) {
            named.push((likeness(&wanted, &fold(name)), name));
        }
    }
    named.sort_by_key(|(likeness, _)| std::cmp::Reverse(*likeness));
    if named.first().is_some_and(|(likeness, _)| *likeness > 0) {
        named.retain(|(likeness, _)| *likeness > 0);
    }
    named.into_iter().take(SHOWN).map(|(_, name)| quote(name)).collect()
}

pub(super) fn search_field(view: &PageView) -> Option<&Element> {
    let fields = || view.elements.iter().filter(|element| is_text_field(element) && !element.disabled);
    let says_search = |element: &&Element| {
        let texts = [&element.name, &element.placeholder];
        let words = ["search", "find", "query", "keyword", "keywords"];
        texts.iter().any(|text| fold(text).split(' ').any(|word| words.contains(&word)))
    };
    let by_role = fields().find(|element| element.role == "searchbox" || element.input_type == "search");
    by_role.or_else(|| fields().find(says_search))
}

pub(super) fn is_text_field(element: &Element) -> bool {
    const NOT_TEXT: [&str; 9] = ["checkbox", "radio", "submit", "button", "image", "reset", "file", "hidden", "color"];
    match element.tag.as_str() {
        "input" => !NOT_TEXT.contains(&element.input_type.as_str()),
        "textarea" => true,
        "select" => false,
        _ => matches!(element.role.as_str(), "textbox" | "searchbox" | "spinbutton"),
    }
}

pub(super) fn is_select(element: &Element) -> bool {
    element.tag == "select" || matches!(element.role.as_str(), "listbox" | "combobox") && !is_text_field(element)
}

pub(super) fn is_tickable(element: &Element) -> bool {
    matches!(element.role.as_str(), "checkbox" | "radio" | "switch" | "menuitemcheckbox" | "menuitemradio")
        || matches!(element.input_type.as_str(), "checkbox" | "radio")
}

pub(super) fn is_link(element: &Element) -> bool {
    element.role == "link" || element.tag == "a"
}

pub(super) fn is_button(element: &Element) -> bool {
    element.role == "button" || element.tag == "button" || matches!(element.input_type.as_str(), "submit" | "image")
}

/// Whether a text contains all words of a label.
pub(super) fn fits_text(label: &str, text: &str) -> bool {
    rank(&fold(label), label, text).is_some_and(|rank| rank >= Rank::Words)
}

fn best<'a>(view: &'a PageView, target: &Target, use_: Use, least: Rank) -> Matches<'a> {
    let scored = view.elements.iter().filter_map(|element| {
        let fit = fit(element, use_)?;
        let rank = element_rank(target, element).filter(|rank| *rank >= least)?;
        let kind = if target.kind.is_some_and(|kind| is_kind(element, kind)) { 40 } else { 0 };
        // A disabled element is taken only if no enabled one fits nearly as well.
        let enabled = if element.disabled { 0 } else { 15 };
        Some((rank as u32 + fit + kind + enabled, rank, element))
    });
    let scored: Vec<_> = scored.collect();
    let top = scored.iter().map(|(weight, ..)| *weight).max();
    let best = scored.into_iter().filter(|(weight, ..)| Some(*weight) == top);
    let (ranks, elements): (Vec<Rank>, Vec<&Element>) = best.map(|(_, rank, element)| (rank, element)).unzip();
    Matches { elements, exact: ranks.iter().any(|rank| *rank >= Rank::Spaced), too_few: false }
}

/// How well an element suits the use; none if it does not.
fn fit(element: &Element, use_: Use) -> Option<u32> {
    const RIGHT: u32 = 25;
    match use_ {
        Use::Click => Some(match () {
            () if is_button(element) || is_tickable(element) => RIGHT,
            () if is_text_field(element) || is_select(element) => 0,
            () if matches!(element.role.as_str(), "link" | "menuitem" | "tab" | "option") => RIGHT,
            () if matches!(element.tag.as_str(), "a" | "summary") => RIGHT,
            () => RIGHT - 10,
        }),
        Use::Type => (is_text_field(element) || element.input_type == "color").then_some(RIGHT),
        // A field that opens a list counts as one, after real lists.
        Use::Choose if is_text_field(element) => (element.role == "combobox").then_some(RIGHT - 15),
        Use::Choose => is_select(element).then_some(RIGHT),
        Use::Tick => is_tickable(element).then_some(RIGHT),
        Use::Set => {
            (is_text_field(element) || element.input_type == "color" || is_select(element) || is_tickable(element))
                .then_some(RIGHT)
        }
        // A button may open a file chooser.
        Use::Upload => match () {
            () if element.input_type == "file" => Some(RIGHT),
            () if is_button(element) || element.tag == "label" => Some(RIGHT - 15),
            () => None,
        },
    }
}

fn is_kind(element: &Element, kind: ElementKind) -> bool {
    match kind {
        ElementKind::Button => is_button(element),
        ElementKind::Link | ElementKind::Result => is_link(element),
        ElementKind::Field => is_text_field(element),
        ElementKind::Dropdown => is_select(element),
        ElementKind::Checkbox => is_tickable(element) && element.role != "radio",
        ElementKind::Radio => element.role == "radio" || element.input_type == "radio",
        ElementKind::Tab => element.role == "tab",
        ElementKind::Other => true,
    }
}

fn element_rank(target: &Target, element: &Element) -> Option<Rank> {
    if target.label.is_empty() {
        return target.kind.filter(|kind| is_kind(element, *kind)).map(|_| Rank::Exact);
    }
    let wanted = fold(&target.label);
    let by_name = rank(&wanted, &target.label, &element.name);
    by_name.or_else(|| {
        let path = element.href.split(['?', '#']).next().unwrap_or_default();
        let asides = [element.placeholder.as_str(), element.value.as_str(), path];
        asides.into_iter().any(|text| rank(&wanted, &target.label, text) >= Some(Rank::Words)).then_some(Rank::Aside)
    })
}

/// `wanted` is the folded label. A label without letters and digits ("+") is compared as it is.
fn rank(wanted: &str, label: &str, text: &str) -> Option<Rank> {
    if wanted.is_empty() {
        return (label.trim() == text.trim()).then_some(Rank::Exact);
    }
    let name = fold(text);
    let (compact_name, compact_wanted) = (name.replace(' ', ""), wanted.replace(' ', ""));
    let words: Vec<&str> = name.split(' ').collect();
    let all = |fits: fn(&str, &str) -> bool| wanted.split(' ').all(|word| words.iter().any(|held| fits(held, word)));
    Some(match () {
        () if name.is_empty() => return None,
        () if name == wanted => Rank::Exact,
        () if compact_name == compact_wanted => Rank::Spaced,
        () if name.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(' ')) => Rank::Start,
        () if all(|held, word| held == word) => Rank::Words,
        () if all(|held, word| word.len() > 1 && held.starts_with(word)) => Rank::Prefixes,
        () if compact_wanted.chars().count() >= 3 && compact_name.contains(&compact_wanted) => Rank::Contains,
        () => return None,
    })
}

/// Sorts by the distance after the text: a card's button is below its heading.
fn sort_by_distance(elements: &mut [&Element], lines: &[Line], near: &str) {
    let places = lines.iter().enumerate().filter(|(_, line)| fits_text(near, &line.text));
    let places: Vec<usize> = places.map(|(at, _)| at).collect();
    elements.sort_by_key(|element| {
        let at = lines.iter().position(|line| line.indices.contains(&element.index)).unwrap_or(usize::MAX / 4);
        let distance = |place: &usize| at.checked_sub(*place).unwrap_or(place.saturating_sub(at) + 1_000);
        places.iter().map(distance).min()
    });
}

/// Shared words count most, then shared beginnings.
fn likeness(wanted: &str, name: &str) -> usize {
    let shared_start = |a: &str, b: &str| a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let shared = |word: &str| name.split(' ').map(|held| shared_start(held, word)).max().unwrap_or(0);
    wanted.split(' ').map(shared).filter(|length| *length >= 3).sum()
}
