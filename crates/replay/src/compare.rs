//! What differs between a reading that was recorded and the page as it is now, in words.

use std::collections::HashMap;

use agent::observation::{Element, Observation};
use agent::ports::ActionOutcome;

/// Elements named when some are gone or new.
const NAMED: usize = 5;
/// Longest quote of a page, in characters.
const MAX_QUOTE: usize = 200;

/// Differences of two readings. Where the elements differ, the text does too and is not told again.
pub(super) fn readings(was: &Observation, is: &Observation) -> Vec<String> {
    let mut differences = Vec::new();
    different(&mut differences, "the URL", &was.url, &is.url);
    different(&mut differences, "the title", &was.title, &is.title);
    let blocker = |observation: &Observation| match &observation.blocker {
        Some(blocker) => blocker.kind.name().to_owned(),
        None => "none".to_owned(),
    };
    different(&mut differences, "what blocks the page", &blocker(was), &blocker(is));
    let dialog = |observation: &Observation| observation.dialog.as_ref().map_or("none".into(), ToString::to_string);
    different(&mut differences, "the dialog", &dialog(was), &dialog(is));
    let gone = lacking(&was.view.elements, &is.view.elements);
    let new = lacking(&is.view.elements, &was.view.elements);
    if gone.is_empty() && new.is_empty() {
        lines(&mut differences, "the page", &was.view.text, &is.view.text);
    }
    for (which, elements) in [("gone", gone), ("new", new)] {
        if !elements.is_empty() {
            differences.push(format!("{which} on the page: {}", named(&elements)));
        }
    }
    let downloads = |observation: &Observation| {
        observation.downloads.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    different(&mut differences, "what was downloaded", &downloads(was), &downloads(is));
    differences
}

pub(super) fn outcomes(was: &ActionOutcome, is: &ActionOutcome) -> Vec<String> {
    let mut differences = Vec::new();
    different(&mut differences, "what was done", &was.description, &is.description);
    different(&mut differences, "its effect", &was.effect, &is.effect);
    let text = |outcome: &ActionOutcome| outcome.extracted.clone().unwrap_or_default();
    lines(&mut differences, "what was read", &text(was), &text(is));
    if was.page_changed != is.page_changed {
        differences.push(format!("it {} to another page", if is.page_changed { "led" } else { "did not lead" }));
    }
    differences
}

pub(super) fn different(differences: &mut Vec<String>, what: &str, was: &str, is: &str) {
    if was != is {
        differences.push(format!("{what} was {} and is {}", quoted(was), quoted(is)));
    }
}

/// The first line that differs.
pub(super) fn lines(differences: &mut Vec<String>, what: &str, was: &str, is: &str) {
    if was == is {
        return;
    }
    let (mut before, mut now) = (was.lines(), is.lines());
    for line in 1.. {
        let (before, now) = (before.next(), now.next());
        if before != now || before.is_none() {
            let text = |line: Option<&str>| line.map_or("missing".to_owned(), quoted);
            differences.push(format!("{what}, line {line}, was {} and is {}", text(before), text(now)));
            return;
        }
    }
}

/// Those of the first that the second has not, one for one.
fn lacking<'a>(first: &'a [Element], second: &[Element]) -> Vec<&'a Element> {
    let key = |element: &Element| (element.role.clone(), element.name.clone());
    let mut counts = HashMap::new();
    for element in second {
        *counts.entry(key(element)).or_insert(0_usize) += 1;
    }
    let mut is_lacking = |element: &Element| match counts.get_mut(&key(element)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    first.iter().filter(|element| is_lacking(element)).collect()
}

fn named(elements: &[&Element]) -> String {
    let names = elements.iter().take(NAMED).map(|element| label(element)).collect::<Vec<_>>().join(", ");
    match elements.len() {
        count if count > NAMED => format!("{names} and {} more", count - NAMED),
        _ => names,
    }
}

/// `button 'Save'`.
pub(super) fn label(element: &Element) -> String {
    let name: String = element.name.chars().take(MAX_QUOTE).collect();
    format!("{} '{name}'", if element.role.is_empty() { &element.tag } else { &element.role })
}

pub(super) fn quoted(text: &str) -> String {
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(MAX_QUOTE).collect();
    format!("{start:?}{}", if characters.next().is_some() { "…" } else { "" })
}
