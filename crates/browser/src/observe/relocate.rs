//! Finds an element again after a framework has replaced its node.

use super::line::signature;
use super::reading::{Item, Reading, Rect};
use crate::isolated_world::NodeId;

/// Maximum movement of an element in CSS pixels, such as a border.
const NEAR: i32 = 8;
/// Number of preceding texts and controls that identify an element.
const WORDS_BEFORE: usize = 3;

struct Candidate<'a> {
    id: NodeId,
    tag: &'a str,
    signature: String,
    /// Relative to the document's origin.
    place: Rect,
    before: Vec<&'a str>,
}

/// The element in a later reading that replaced one of an earlier reading, by tag, role, name and position; none if in
/// doubt. An element with a unique role and name may have moved if the same words precede it. One of several alike must
/// have kept its place and preceding words, and their number must not have changed.
pub fn relocate(earlier: &Reading, later: &Reading, id: NodeId) -> Option<NodeId> {
    let then = candidates(earlier);
    let was = then.iter().find(|known| known.id == id)?;
    let now = candidates(later);
    let alike = |known: &&Candidate<'_>| known.tag == was.tag && known.signature == was.signature;
    let others = then.iter().filter(alike).count();
    let found: Vec<&Candidate<'_>> = now.iter().filter(alike).collect();
    if found.len() != others {
        return None;
    }
    if let [only] = found.as_slice() {
        return (only.is_near(was) || only.before == was.before).then_some(only.id);
    }
    let mut there = found.into_iter().filter(|known| known.is_near(was) && known.before == was.before);
    there.next().filter(|_| there.next().is_none()).map(|known| known.id)
}

fn candidates(reading: &Reading) -> Vec<Candidate<'_>> {
    let [scroll_x, scroll_y] = reading.scroll;
    let mut words: Vec<&str> = Vec::new();
    let mut known = Vec::new();
    for item in &reading.items {
        let word = match item {
            Item::Text(text) => &text.text,
            Item::Element(element) => {
                let [x, y, width, height] = element.place;
                if !element.covered {
                    known.push(Candidate {
                        id: element.id,
                        tag: &element.tag,
                        signature: signature(element),
                        place: [x.saturating_add(scroll_x), y.saturating_add(scroll_y), width, height],
                        before: words.iter().rev().take(WORDS_BEFORE).copied().collect(),
                    });
                }
                &element.name
            }
            _ => continue,
        };
        words.push(word);
    }
    known
}

impl Candidate<'_> {
    fn is_near(&self, other: &Self) -> bool {
        let apart = |side: usize| self.place[side].saturating_sub(other.place[side]).saturating_abs();
        apart(0) <= NEAR && apart(1) <= NEAR
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{button, page, text};
    use super::*;

    fn reading(items: Vec<Item>) -> Reading {
        page(items).reading
    }

    #[test]
    fn a_unique_element_is_found_by_position_or_preceding_words() {
        let earlier = reading(vec![text(0, "Total 1"), button(1, 20, "Pay")]);
        let there = reading(vec![text(0, "Total 2"), button(7, 22, "Pay")]);
        assert_eq!(relocate(&earlier, &there, NodeId(1)), Some(NodeId(7)));
        let moved = reading(vec![text(0, "A notice"), text(200, "Total 1"), button(7, 220, "Pay")]);
        assert_eq!(relocate(&earlier, &moved, NodeId(1)), None, "the words before are others by the notice");
        let below = reading(vec![text(200, "Total 1"), button(7, 220, "Pay")]);
        assert_eq!(relocate(&earlier, &below, NodeId(1)), Some(NodeId(7)));
        let another = reading(vec![text(0, "A gift"), button(7, 400, "Pay")]);
        assert_eq!(relocate(&earlier, &another, NodeId(1)), None);
    }

    #[test]
    fn similar_elements_are_found_by_position_and_preceding_words() {
        let rows = |names: &[&str], first: u32| {
            let row = |(n, name): (u32, &&str)| {
                let y = i32::try_from(20 * n).unwrap();
                [text(y, name), button(first + n, y, "Delete")]
            };
            reading((0..).zip(names).flat_map(row).collect())
        };
        let earlier = rows(&["Tea", "Milk", "Rice"], 1);
        assert_eq!(relocate(&earlier, &rows(&["Tea", "Milk", "Rice"], 11), NodeId(2)), Some(NodeId(12)));
        assert_eq!(relocate(&earlier, &rows(&["Milk", "Rice"], 11), NodeId(2)), None, "one is gone");
        assert_eq!(relocate(&earlier, &rows(&["Tea", "Rice", "Milk"], 11), NodeId(2)), None, "another is there");
    }

    #[test]
    fn unread_elements_are_not_found() {
        let earlier = reading(vec![button(1, 0, "Pay")]);
        assert_eq!(relocate(&earlier, &earlier, NodeId(2)), None);
        assert_eq!(relocate(&earlier, &reading(vec![button(3, 0, "Refund")]), NodeId(1)), None);
        assert_eq!(relocate(&earlier, &reading(Vec::new()), NodeId(1)), None);
    }
}
