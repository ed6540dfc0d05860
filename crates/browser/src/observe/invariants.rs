//! Invariants of every view, for the property tests and as a fuzz target.

use std::collections::HashSet;

use super::blocker::blocker;
use super::facts::Facts;
use super::frames::FrameReading;
use super::index::IndexTable;
use super::notice::notices;
use super::reading::Reading;
use super::render::compose;
use super::words::tokens;
use crate::isolated_world::WorldId;
use agent::observation::ElementIndex;

/// Fuzz target: a compromised renderer could write any reply of the reading script.
pub(crate) fn fuzz(data: &[u8]) {
    let Ok(json) = std::str::from_utf8(data) else { return };
    let Ok(reading) = Reading::parse(json) else { return };
    let tree = FrameReading::leaf(WorldId(0), reading);
    hold(&tree, 1_000);
    blocker(&Facts::new(&tree, None, None));
}

/// Checks the invariants for one tree; `budget` in tokens, at least 200.
pub(super) fn hold(tree: &FrameReading, budget: usize) {
    let mut table = IndexTable::default();
    let view = compose(tree, &mut table, budget);
    let text = &view.text;
    assert!(tokens(text) <= budget, "{} tokens of {budget}\n{text}", tokens(text));

    // Exactly the indices in the text are elements, each once, and they resolve.
    let offered: Vec<u32> = view.elements.iter().map(|element| element.index.0).collect();
    assert_eq!(indices(text), offered, "{text}");
    assert_eq!(offered.iter().collect::<HashSet<_>>().len(), offered.len(), "{text}");
    assert!(offered.iter().all(|index| table.resolve(ElementIndex(*index)).is_some()));
    let highest = offered.iter().max().copied().unwrap_or_default();
    assert!(table.resolve(ElementIndex(highest + 1)).is_none());

    // Page text adds no lines, no notes and no invisible characters.
    assert!(!text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{text:?}");
    assert!(!text.contains(['\u{200b}', '\u{202e}', '\u{feff}']), "{text:?}");
    let whole = compose(tree, &mut IndexTable::default(), 1_000_000).text;
    assert!(whole.lines().filter(|line| line.trim_start().starts_with("...")).count() <= 2, "{whole}");

    // The same reading gives the same view.
    let again = compose(tree, &mut table, budget);
    assert_eq!(*text, again.text);
    assert_eq!(view.fingerprint, again.fingerprint);
    assert_eq!(view.elements, again.elements);
    notices(tree, &again);
}

/// The indices in the text, in order, as a planner would read them.
pub(super) fn indices(text: &str) -> Vec<u32> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('[') {
        if text[..at].ends_with('\\') {
            continue;
        }
        let inside = &text[at + 1..];
        let digits = inside.len() - inside.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let Some(rest) = inside[digits..].strip_prefix(']') else { continue };
        if digits > 0 && rest.trim_start().starts_with('<') {
            found.push(inside[..digits].parse().expect("an index fits"));
        }
    }
    found
}
