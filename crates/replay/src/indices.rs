//! Maps the element indices of a live page to those of the recorded one, so that recorded decisions find their elements.

use std::collections::HashMap;

use regex::{Captures, Regex};

use agent::observation::{Element, ElementIndex, Observation, PageView};

/// First index of elements that the recorded page does not have.
const FIRST_NEW: u32 = 1_000_000_000;

/// Live indices by recorded index.
#[derive(Default)]
pub(super) struct Indices {
    live: HashMap<u32, u32>,
}

impl Indices {
    /// Renumbers the elements of `live` as in `recorded`. Elements correspond by role, name and input type, the nth to
    /// the nth.
    pub(super) fn renumber(recorded: &PageView, live: &mut Observation) -> Self {
        let mut recorded_by_kind = nths(&recorded.elements);
        let mut indices = Self::default();
        let mut renumbered = HashMap::new();
        for (kind, nth, own) in numbered(&live.view.elements) {
            let number = recorded_by_kind.remove(&(kind, nth)).unwrap_or_else(|| FIRST_NEW.saturating_add(own));
            indices.live.insert(number, own);
            renumbered.insert(own, number);
        }
        for element in &mut live.view.elements {
            if let Some(number) = renumbered.get(&element.index.0) {
                element.index = ElementIndex(*number);
            }
        }
        let markers = Regex::new(r"\[(\d+)\]<").expect("a valid pattern");
        let text = markers.replace_all(&live.view.text, |found: &Captures<'_>| {
            let own = found[1].parse::<u32>().ok();
            match own.and_then(|own| renumbered.get(&own)) {
                Some(number) => format!("[{number}]<"),
                None => found[0].to_owned(),
            }
        });
        live.view.text = text.into_owned();
        indices
    }

    pub(super) fn live(&self, recorded: ElementIndex) -> Option<ElementIndex> {
        self.live.get(&recorded.0).copied().map(ElementIndex)
    }
}

type Kind = (String, String, String);

/// Each element's kind, its position among those, and its index.
fn numbered(elements: &[Element]) -> Vec<(Kind, usize, u32)> {
    let mut counts: HashMap<Kind, usize> = HashMap::new();
    let mut number = |element: &Element| {
        let kind = (element.role.clone(), element.name.clone(), element.input_type.clone());
        let count = counts.entry(kind.clone()).or_default();
        *count += 1;
        (kind, *count, element.index.0)
    };
    elements.iter().map(&mut number).collect()
}

fn nths(elements: &[Element]) -> HashMap<(Kind, usize), u32> {
    numbered(elements).into_iter().map(|(kind, nth, number)| ((kind, nth), number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(elements: &[(u32, &str, &str)]) -> Observation {
        let element = |(index, role, name): &(u32, &str, &str)| Element {
            index: ElementIndex(*index),
            role: (*role).into(),
            name: (*name).into(),
            ..Element::default()
        };
        let text = elements.iter().map(|(index, role, name)| format!("[{index}]<{role} />{name} [9]\n")).collect();
        let view = PageView { text, elements: elements.iter().map(element).collect(), ..PageView::default() };
        Observation { view, ..Observation::default() }
    }

    #[test]
    fn elements_keep_their_recorded_indices() {
        let recorded = page(&[(1, "link", "Home"), (2, "button", "Buy"), (3, "button", "Buy")]);
        let mut live = page(&[(2, "link", "News"), (1, "button", "Buy"), (9, "button", "Buy")]);
        let mapping = Indices::renumber(&recorded.view, &mut live);
        let indices: Vec<u32> = live.view.elements.iter().map(|element| element.index.0).collect();
        assert_eq!(indices, [FIRST_NEW + 2, 2, 3]);
        assert_eq!(
            live.view.text,
            format!("[{}]<link />News [9]\n[2]<button />Buy [9]\n[3]<button />Buy [9]\n", FIRST_NEW + 2)
        );
        assert_eq!(mapping.live(ElementIndex(3)), Some(ElementIndex(9)));
        assert_eq!(mapping.live(ElementIndex(1)), None, "it is gone");
    }
}
