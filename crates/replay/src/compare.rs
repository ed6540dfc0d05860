//! Describes the differences between recorded and current observations and outcomes.

use std::collections::HashMap;

use agent::observation::{Element, Observation};
use agent::ports::ActionOutcome;

/// Missing or new elements listed.
const MAX_LISTED: usize = 5;
/// Longest quote, in characters.
const MAX_QUOTE: usize = 200;

/// Compares two observations. If the elements differ, the text does too and is not reported.
pub(super) fn observations(was: &Observation, is: &Observation) -> Vec<String> {
    let mut differences = Vec::new();
    value(&mut differences, "the URL", &was.url, &is.url);
    value(&mut differences, "the title", &was.title, &is.title);
    let blocker = |observation: &Observation| match &observation.blocker {
        Some(blocker) => blocker.kind.name().to_owned(),
        None => "none".to_owned(),
    };
    value(&mut differences, "the blocker", &blocker(was), &blocker(is));
    let dialog = |observation: &Observation| observation.dialog.as_ref().map_or("none".into(), ToString::to_string);
    value(&mut differences, "the dialog", &dialog(was), &dialog(is));
    let gone = missing(&was.view.elements, &is.view.elements);
    let new = missing(&is.view.elements, &was.view.elements);
    if gone.is_empty() && new.is_empty() {
        lines(&mut differences, "the page", &was.view.text, &is.view.text);
    }
    for (which, elements) in [("missing from", gone), ("new on", new)] {
        if !elements.is_empty() {
            differences.push(format!("{which} the page: {}", list(&elements)));
        }
    }
    let downloads = |observation: &Observation| {
        observation.downloads.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    value(&mut differences, "the downloads", &downloads(was), &downloads(is));
    differences
}

pub(super) fn outcomes(was: &ActionOutcome, is: &ActionOutcome) -> Vec<String> {
    let mut differences = Vec::new();
    value(&mut differences, "the description", &was.description, &is.description);
    value(&mut differences, "the effect", &was.effect, &is.effect);
    let text = |outcome: &ActionOutcome| outcome.extracted.clone().unwrap_or_default();
    lines(&mut differences, "the extracted text", &text(was), &text(is));
    if was.page_changed != is.page_changed {
        differences.push(format!("it {} the page", if is.page_changed { "changed" } else { "did not change" }));
    }
    differences
}

pub(super) fn value(differences: &mut Vec<String>, what: &str, was: &str, is: &str) {
    if was != is {
        differences.push(format!("{what} was {} and is {}", quoted(was), quoted(is)));
    }
}

/// Reports the first line that differs.
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

/// The elements of `first` without a counterpart in `second`.
fn missing<'a>(first: &'a [Element], second: &[Element]) -> Vec<&'a Element> {
    let key = |element: &Element| (element.role.clone(), element.name.clone());
    let mut counts = HashMap::new();
    for element in second {
        *counts.entry(key(element)).or_insert(0_usize) += 1;
    }
    let mut is_missing = |element: &Element| match counts.get_mut(&key(element)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    first.iter().filter(|element| is_missing(element)).collect()
}

fn list(elements: &[&Element]) -> String {
    let names = elements.iter().take(MAX_LISTED).map(|element| label(element)).collect::<Vec<_>>().join(", ");
    match elements.len() {
        count if count > MAX_LISTED => format!("{names} and {} more", count - MAX_LISTED),
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
