use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::super::frames::{ChildFrame, FrameReading};
use super::super::invariants;
use super::super::reading::{ElementItem, FrameItem, Item, Reading, TextItem};
use crate::isolated_world::{NodeId, WorldId};

/// Text that imitates the view's syntax.
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
            id: NodeId(id),
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
        1 => (0_u32..6, place(), hostile(), any::<Option<[i32; 4]>>(), any::<u32>(), any::<bool>()).prop_map(|(id, place, name, seen, cover, pdf)| {
            Item::Frame(FrameItem { id: NodeId(id), place, src: name.clone(), name, pdf, seen, cover })
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
        key: WorldId(0),
        reading,
        children: children
            .into_iter()
            .enumerate()
            .map(|(n, (owner, reading))| ChildFrame {
                owner: NodeId(owner),
                content: Some(FrameReading::leaf(WorldId(n as u64 + 1), reading)),
            })
            .collect(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, rng_seed: RngSeed::Fixed(41), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_view_holds_the_invariants(tree in tree(), budget in 200_usize..4000) {
        invariants::hold(&tree, budget);
    }
}
