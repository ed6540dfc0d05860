//! Finds the element that a person means by a label.

use super::lines::Line;
use super::target::{ElementKind, Ordinal, Target};
use super::text::{fold, quote};
use agent::observation::{Element, PageView};

/// What is to be done with the element; decides which ones fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Click,
    Type,
    Choose,
    Tick,
    /// Whatever takes a value.
    Set,
    Upload,
}

/// The elements that match equally well, in document order.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Matches<'a> {
    pub(super) elements: Vec<&'a Element>,
    /// Their label is just the one asked for; nothing better can be somewhere else.
    pub(super) exact: bool,
    /// An ordinal asked for more than these.
    pub(super) too_few: bool,
}

/// How well a label fits; the better one is the greater one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// By something else than its name: placeholder, value, address.
    Aside,
    /// The letters are in it.
    Contains,
    /// Every word begins one of its words.
    Prefixes,
    /// Every word is one of its words.
    Words,
    Start,
    /// The same but for blanks: "Log in" and "Login".
    Spaced,
    Exact,
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
        Some(Ordinal::Nth(nth)) => matches.elements.get(nth).copied(),
        Some(Ordinal::Last) => matches.elements.last().copied(),
    };
    Matches {
        too_few: picked.is_none() && !matches.elements.is_empty(),
        elements: picked.into_iter().collect(),
        ..matches
    }
}

/// Labels a person may have meant instead: similar ones, else the first ones there are.
pub(super) fn similar(view: &PageView, target: &Target, use_: Use) -> Vec<String> {
    const SHOWN: usize = 5;
    let wanted = fold(&target.label);
    let fitting = view.elements.iter().filter(|element| fit(element, use_).is_some_and(|fit| fit > 0));
    let mut named: Vec<(usize, &Element)> = Vec::new();
    for element in fitting.filter(|element| !fold(&element.name).is_empty()) {
        if !named.iter().any(|(_, other)| other.name == element.name) {
            named.push((likeness(&wanted, &fold(&element.name)), element));
        }
    }
    if named.iter().any(|(likeness, _)| *likeness > 0) {
        named.retain(|(likeness, _)| *likeness > 0);
        named.sort_by_key(|(likeness, _)| std::cmp::Reverse(*likeness));
    }
    named.into_iter().take(SHOWN).map(|(_, element)| quote(&element.name)).collect()
}

/// A text field meant for searching.
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

/// A field that takes text. Passwords are among them.
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

pub(super) fn is_button(element: &Element) -> bool {
    element.role == "button" || element.tag == "button" || matches!(element.input_type.as_str(), "submit" | "image")
}

/// How well a label fits a text: none when it does not.
pub(super) fn fits_text(label: &str, text: &str) -> bool {
    rank(&fold(label), label, text).is_some_and(|rank| rank >= Rank::Words)
}

fn best<'a>(view: &'a PageView, target: &Target, use_: Use, least: Rank) -> Matches<'a> {
    let scored: Vec<(u32, Rank, &Element)> = view
        .elements
        .iter()
        .filter_map(|element| {
            let fit = fit(element, use_)?;
            let rank = element_rank(target, element).filter(|rank| *rank >= least)?;
            let kind = target.kind.is_some_and(|kind| is_kind(element, kind));
            Some((weight(rank) + fit + if kind { 40 } else { 0 }, rank, element))
        })
        .collect();
    // A disabled element is taken only when no enabled one comes close.
    let worth = |(weight, _, element): &(u32, Rank, &Element)| weight + if element.disabled { 0 } else { 15 };
    let Some(top) = scored.iter().map(worth).max() else { return Matches::default() };
    let exact = scored.iter().any(|entry| worth(entry) == top && entry.1 >= Rank::Spaced);
    let elements = scored.into_iter().filter(|entry| worth(entry) == top).map(|(_, _, element)| element).collect();
    Matches { elements, exact, too_few: false }
}

fn weight(rank: Rank) -> u32 {
    match rank {
        Rank::Exact => 100,
        Rank::Spaced => 95,
        Rank::Start => 80,
        Rank::Words => 70,
        Rank::Prefixes => 55,
        Rank::Contains => 40,
        Rank::Aside => 30,
    }
}

/// How well an element suits the use; none when it does not at all.
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
        // A field that opens a list is a list too, after the real ones.
        Use::Choose if is_text_field(element) => (element.role == "combobox").then_some(RIGHT - 15),
        Use::Choose => is_select(element).then_some(RIGHT),
        Use::Tick => is_tickable(element).then_some(RIGHT),
        Use::Set => {
            (is_text_field(element) || element.input_type == "color" || is_select(element) || is_tickable(element))
                .then_some(RIGHT)
        }
        // A button that opens a chooser is a field to the reader.
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
        ElementKind::Link | ElementKind::Result => element.role == "link" || element.tag == "a",
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

/// `wanted` is the folded label; a label of mere signs ("+") is compared as it is.
fn rank(wanted: &str, label: &str, text: &str) -> Option<Rank> {
    if wanted.is_empty() {
        return (label.trim() == text.trim()).then_some(Rank::Exact);
    }
    let name = fold(text);
    if name.is_empty() {
        return None;
    }
    if name == wanted {
        return Some(Rank::Exact);
    }
    let (compact_name, compact_wanted) = (name.replace(' ', ""), wanted.replace(' ', ""));
    if compact_name == compact_wanted {
        return Some(Rank::Spaced);
    }
    if name.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(' ')) {
        return Some(Rank::Start);
    }
    let words: Vec<&str> = name.split(' ').collect();
    if wanted.split(' ').all(|word| words.contains(&word)) {
        return Some(Rank::Words);
    }
    if wanted.split(' ').all(|word| words.iter().any(|held| word.len() > 1 && held.starts_with(word))) {
        return Some(Rank::Prefixes);
    }
    (compact_wanted.chars().count() >= 3 && compact_name.contains(&compact_wanted)).then_some(Rank::Contains)
}

/// Those that follow the text most closely come first: a card's button stands below its heading.
fn sort_by_distance(elements: &mut [&Element], lines: &[Line], near: &str) {
    let places: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| fits_text(near, &line.text)).map(|(at, _)| at).collect();
    elements.sort_by_key(|element| {
        let at = lines.iter().position(|line| line.indices.contains(&element.index)).unwrap_or(usize::MAX / 4);
        places
            .iter()
            .map(|place| if at >= *place { at - place } else { (place - at) + 1_000 })
            .min()
            .unwrap_or(usize::MAX)
    });
}

/// Shared words count most, then shared beginnings.
fn likeness(wanted: &str, name: &str) -> usize {
    let shared = |word: &str| {
        name.split(' ')
            .map(|held| held.chars().zip(word.chars()).take_while(|(a, b)| a == b).count())
            .max()
            .unwrap_or(0)
    };
    wanted.split(' ').map(shared).filter(|length| *length >= 3).sum()
}
