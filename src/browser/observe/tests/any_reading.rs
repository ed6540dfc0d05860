use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::super::frames::{ChildContent, ChildFrame, FrameKey, FrameReading};
use super::super::index::IndexTable;
use super::super::reading::{ElementItem, FrameItem, Item, LocalId, Reading, TextItem};
use super::super::{compose, notices, tokens};
use super::indices;
use crate::agent::action::ElementIndex;

/// Text that tries to pass for the view's own.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9 ]{0,30}",
        1 => "\\PC{0,12}",
        1 => proptest::collection::vec(any::<char>(), 0..8).prop_map(String::from_iter),
        2 => proptest::collection::vec(
            prop_oneof![
                Just("["), Just("]"), Just("<"), Just("12"), Just("[12]"), Just("[3]<a />"), Just("*"), Just("\n"), Just("\t"), Just("\\"),
                Just("\""), Just("/>"), Just("... "), Just("\u{200b}"), Just("\u{202e}"), Just("\u{200d}"), Just(" | "), Just("x"), Just("👩"),
            ],
            0..14,
        ).prop_map(|parts| parts.concat()),
    ]
}

fn place() -> impl Strategy<Value = [i32; 4]> {
    prop_oneof![
        4 => [0..1200, -1200..2200, 0..400, 0..60],
        1 => [any::<i32>(), any::<i32>(), any::<i32>(), any::<i32>()],
    ]
}

fn element() -> impl Strategy<Value = Item> {
    let identity = (0_u32..400, place(), 0_u8..2, any::<[bool; 8]>());
    let words = (hostile(), hostile(), hostile(), hostile(), proptest::collection::vec(hostile(), 0..14));
    (identity, words).prop_map(|((id, place, seen, flags), (tag, name, value, href, options))| {
        Item::Element(Box::new(ElementItem {
            id: LocalId(id),
            place,
            seen,
            covered: flags[0] && flags[1],
            open: flags[2] && flags[3],
            role: if flags[4] { tag.clone() } else { String::new() },
            input_type: if flags[5] { tag.clone() } else { String::new() },
            placeholder: if flags[6] { value.clone() } else { String::new() },
            invalid: if flags[7] { value.clone() } else { String::new() },
            total: options.len() as u32 * 3,
            scroll: flags[0].then_some([0.5, f64::MAX, 0.0, 1.0]),
            tag,
            name,
            value: Some(value),
            href,
            options,
            ..ElementItem::default()
        }))
    })
}

fn item() -> impl Strategy<Value = Item> {
    prop_oneof![
        4 => (place(), 0_u8..2, hostile(), 0_u8..9)
            .prop_map(|([x, y, width, height], seen, text, level)| Item::Text(TextItem { x, y, width, height, seen, text, level })),
        4 => element(),
        1 => (0_u32..6, place(), hostile(), any::<Option<[i32; 4]>>(), any::<u32>()).prop_map(|(id, place, name, seen, cover)| {
            Item::Frame(FrameItem { id: LocalId(id), place, src: name.clone(), name, seen, cover })
        }),
        2 => (prop_oneof![Just("list".to_owned()), Just("row".to_owned()), Just("sub".to_owned()), Just("nav".to_owned()), hostile()], hostile())
            .prop_map(|(kind, name)| Item::Open(kind, name)),
        2 => Just(Item::Close),
        2 => Just(Item::Next),
        2 => Just(Item::Cell),
    ]
}

fn reading() -> impl Strategy<Value = Reading> {
    (proptest::collection::vec(item(), 0..40), any::<[i32; 2]>(), [0..2000, 0..2000], hostile()).prop_map(
        |(items, scroll, viewport, url)| Reading {
            url,
            scroll,
            viewport,
            page: scroll,
            range: [-900, 1800],
            items,
            ..Reading::default()
        },
    )
}

fn tree() -> impl Strategy<Value = FrameReading> {
    (reading(), proptest::collection::vec((0_u32..6, reading()), 0..3)).prop_map(|(reading, children)| FrameReading {
        key: FrameKey(0),
        reading,
        children: children
            .into_iter()
            .enumerate()
            .map(|(n, (owner, reading))| ChildFrame {
                owner: LocalId(owner),
                content: ChildContent::Read(Box::new(FrameReading::leaf(FrameKey(n as u64 + 1), reading))),
            })
            .collect(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, rng_seed: RngSeed::Fixed(41), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_index_in_the_text_is_an_element_and_resolves(tree in tree(), budget in 0_usize..4000) {
        let mut table = IndexTable::new();
        let view = compose(&tree, &mut table, budget);
        let offered: Vec<u32> = view.elements.iter().map(|element| element.index.0).collect();
        prop_assert_eq!(indices(&view.text), offered.clone(), "{}", view.text);
        let unique: std::collections::HashSet<u32> = offered.iter().copied().collect();
        prop_assert_eq!(unique.len(), offered.len());
        for index in &offered {
            prop_assert!(table.resolve(ElementIndex(*index)).is_some());
        }
        let highest = offered.iter().max().copied().unwrap_or_default();
        prop_assert!(table.resolve(ElementIndex(highest + 1)).is_none());
    }

    #[test]
    fn the_budget_is_kept(tree in tree(), budget in 200_usize..3000) {
        let view = compose(&tree, &mut IndexTable::new(), budget);
        prop_assert!(tokens(&view.text) <= budget, "{} tokens\n{}", tokens(&view.text), view.text);
    }

    #[test]
    fn page_text_adds_no_line_and_no_unseen_character(tree in tree()) {
        let view = compose(&tree, &mut IndexTable::new(), 100_000);
        prop_assert!(!view.text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
        let unseen = ['\u{200b}', '\u{202e}', '\u{feff}'];
        prop_assert!(!view.text.contains(unseen));
        let notes = view.text.lines().filter(|line| line.trim_start().starts_with("...")).count();
        prop_assert!(notes <= 2, "{}", view.text);
    }

    #[test]
    fn the_same_reading_comes_to_the_same_view(tree in tree()) {
        let mut table = IndexTable::new();
        let first = compose(&tree, &mut table, 2000);
        let second = compose(&tree, &mut table, 2000);
        prop_assert_eq!(&first.text, &second.text);
        prop_assert_eq!(first.fingerprint, second.fingerprint);
        prop_assert_eq!(&first.elements, &second.elements);
        notices(&tree, &second);
    }
}
