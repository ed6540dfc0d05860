//! Finding an element again when its node is gone: frameworks draw a list anew and put other nodes in the place of
//! those that were shown.

use super::line::signature;
use super::reading::{Item, NodeId, Reading, Rect};

/// How far an element may have moved and still be at its place, CSS pixels: a border, a rounded line height.
const NEAR: i32 = 8;
/// Words before an element, by which it is told from others like it: those of as many texts and controls.
const WORDS_BEFORE: usize = 3;

/// An element with what it is recognised by.
struct Candidate<'a> {
    id: NodeId,
    tag: &'a str,
    signature: String,
    /// From the document's origin.
    place: Rect,
    before: Vec<&'a str>,
}

/// The element of a later reading of a document that has taken the place of one that an earlier reading had, by tag,
/// role, name and position; none when that is not certain. One whose role and name nothing else has may have moved if
/// it follows the same words; one of several alike must be where it was and follow the same words, in as many as there
/// were.
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
    fn what_is_alone_in_its_name_is_found_where_it_was_or_after_the_same_words() {
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
    fn one_of_several_alike_is_found_by_its_place_and_what_stands_before_it() {
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
    fn what_was_not_read_is_not_found() {
        let earlier = reading(vec![button(1, 0, "Pay")]);
        assert_eq!(relocate(&earlier, &earlier, NodeId(2)), None);
        assert_eq!(relocate(&earlier, &reading(vec![button(3, 0, "Refund")]), NodeId(1)), None);
        assert_eq!(relocate(&earlier, &reading(Vec::new()), NodeId(1)), None);
    }
}
